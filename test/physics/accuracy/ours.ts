// Our simulator behind the protocol's interface.
import { compileMjcf, loadMjcf, type Model, type Quantity, type Simulation } from "../../../src/physics/index.js";
import type { Runtime } from "../../../src/wasm/index.js";
import type { ContactRecord, Engine, Evaluation, Glance, Numbers, Simulated, State } from "./simulated.js";

const flat = (rows: readonly Numbers[]): Float64Array => Float64Array.from(rows.flatMap((row) => Array.from(row)));

class Ours implements Simulated {
  readonly #model: Model;
  #simulation: Simulation | undefined;

  constructor(model: Model) {
    this.#model = model;
  }

  begin(states: readonly State[]): void {
    if (this.#simulation?.batch !== states.length) {
      this.#simulation?.dispose();
      this.#simulation = this.#model.simulation({ batch: states.length });
    }
    this.#simulation.setState(flat(states.map(({ qpos }) => qpos)), flat(states.map(({ qvel }) => qvel)));
  }

  step(ctrl: readonly Numbers[], repeat: number): void {
    this.#begun.step(flat(ctrl), { repeat });
  }

  states(): State[] {
    const { qpos, qvel } = this.#begun.getState();
    const [positions, velocities] = [this.#rows(qpos), this.#rows(qvel)];
    return positions.map((row, b) => ({ qpos: row, qvel: velocities[b]! }));
  }

  evaluate(ctrl: readonly Numbers[]): Evaluation[] {
    const simulation = this.#begun;
    simulation.forward(flat(ctrl));
    const { nv } = this.#model;
    const read = (name: Quantity) => this.#rows(simulation.read(name));
    const [massMatrix, qfrcBias, qfrcPassive] = [read("massMatrix"), read("qfrcBias"), read("qfrcPassive")];
    const [qfrcActuator, qaccSmooth, qacc] = [read("qfrcActuator"), read("qaccSmooth"), read("qacc")];
    const [xpos, energy] = [read("xpos"), read("energy")];
    return qacc.map((_, b) => ({
      massMatrix: massMatrix[b]!.filter((_, k) => k % nv <= Math.floor(k / nv)),
      qfrcBias: qfrcBias[b]!,
      qfrcPassive: qfrcPassive[b]!,
      qfrcActuator: qfrcActuator[b]!,
      qaccSmooth: qaccSmooth[b]!,
      qacc: qacc[b]!,
      xpos: xpos[b]!,
      energy: energy[b]!,
      jacobian: simulation.jacobian(b, this.#model.nbody - 1),
      contacts: this.#contacts(b),
    }));
  }

  glance(): Glance[] {
    const simulation = this.#begun;
    simulation.forward();
    const [centers, energy] = [this.#rows(simulation.read("subtreeCom")), this.#rows(simulation.read("energy"))];
    return centers.map((center, b) => ({
      distances: this.#contacts(b).map(({ distance }) => distance),
      height: center[2]!,
      energy: energy[b]!,
    }));
  }

  dispose(): void {
    this.#simulation?.dispose();
    this.#model.dispose();
  }

  get #begun(): Simulation {
    if (!this.#simulation) throw new Error("begin() comes first");
    return this.#simulation;
  }

  #rows(values: Float64Array): Float64Array[] {
    const { batch } = this.#begun;
    const width = values.length / batch;
    return Array.from({ length: batch }, (_, b) => values.slice(b * width, (b + 1) * width));
  }

  #contacts(b: number): ContactRecord[] {
    return this.#begun.contacts(b).map(({ geom1, geom2, distance, position, frame }) => ({
      geom1,
      geom2,
      distance,
      position,
      normal: Array.from(frame).slice(0, 3),
    }));
  }
}

/** Our simulator on a runtime. */
export function ourEngine(runtime: Runtime, name = "mbrl-wasm"): Engine {
  return {
    name,
    load: (xml) => new Ours(loadMjcf(runtime, xml)),
    compile: (xml) => compileMjcf(runtime.kernels, xml),
  };
}
