// The official MuJoCo build behind the protocol's interface, with Newton run to convergence, so that the answer depends on
// no solver, tolerance or warm start. With `bits` it rounds the state after every step, results, and the mass matrix before it is
// solved with, to that many significant bits: 24 are float32's, and what no float32 engine can beat; 48 are what is left of
// float64's 53 to an engine that adds and multiplies in another order.
// `spoil` alters a model after compilation: the negative controls.
import type { MjData, MjModel } from "@mujoco/mujoco";
import { mujoco, mujocoModel } from "../../support/mujoco.js";
import type { ContactRecord, Engine, Evaluation, Glance, Numbers, Simulated, State } from "./simulated.js";

const NEWTON = 2;
const ENABLE_ENERGY = 2;
const FLOAT64_BITS = 53;

export interface OfficialOptions {
  readonly bits?: number;
  readonly spoil?: (model: MjModel) => void;
}

/** To the nearest number whose significand is 53 − s bits long, for the splitter 2ˢ + 1 (Veltkamp). */
function round(x: number, splitter: number): number {
  const high = splitter * x;
  return high - (high - x);
}

interface Place {
  state: State;
  ctrl: Numbers;
}

export class Official implements Simulated {
  readonly model: MjModel;
  readonly data: MjData;
  readonly #rounded: boolean;
  readonly #splitter: number;
  #places: Place[] = [];

  constructor(xml: string, { bits = FLOAT64_BITS, spoil }: OfficialOptions = {}) {
    // painting a sky takes longer than everything else
    this.model = mujocoModel(xml.replace(/<texture\b[^>]*\btype="skybox"[^>]*>/g, ""));
    const { opt } = this.model;
    opt.solver = NEWTON;
    opt.tolerance = 1e-15;
    opt.iterations = 200;
    opt.ls_iterations = 200;
    opt.ls_tolerance = 1e-6;
    opt.enableflags |= ENABLE_ENERGY;
    spoil?.(this.model);
    this.data = new mujoco.MjData(this.model);
    this.#rounded = bits < FLOAT64_BITS;
    this.#splitter = 2 ** (FLOAT64_BITS - bits) + 1;
  }

  begin(states: readonly State[]): void {
    this.#places = states.map((state) => ({ state: this.#copy(state), ctrl: new Array(this.model.nu).fill(0) }));
  }

  step(ctrl: readonly Numbers[], repeat: number): void {
    const { model, data } = this;
    for (const [b, place] of this.#places.entries()) {
      place.ctrl = ctrl[b];
      this.#put(place);
      for (let i = 0; i < repeat; i++) {
        mujoco.mj_step(model, data);
        if (!this.#rounded) continue;
        data.qpos.set(this.#numbers(data.qpos));
        data.qvel.set(this.#numbers(data.qvel));
      }
      place.state = this.#copy(data);
    }
  }

  states(): State[] {
    return this.#places.map(({ state }) => state);
  }

  evaluate(ctrl: readonly Numbers[]): Evaluation[] {
    return this.#places.map((place, b) => {
      place.ctrl = ctrl[b];
      this.#forward(place);
      return this.#evaluation();
    });
  }

  glance(): Glance[] {
    return this.#places.map((place) => {
      this.#forward(place);
      const { data } = this;
      return {
        distances: this.#contacts().map(({ distance }) => distance),
        height: data.subtree_com[2],
        energy: this.#numbers(data.energy),
      };
    });
  }

  dispose(): void {
    this.data.delete();
    this.model.delete();
  }

  #numbers(values: ArrayLike<number>): Float64Array {
    const copy = Float64Array.from(values);
    return this.#rounded ? copy.map((x) => round(x, this.#splitter)) : copy;
  }

  #copy({ qpos, qvel }: State): State {
    return { qpos: this.#numbers(qpos), qvel: this.#numbers(qvel) };
  }

  #put({ state, ctrl }: Place): void {
    // all that a step depends on; resetting the whole data clears megabytes
    this.data.qpos.set(state.qpos);
    this.data.qvel.set(state.qvel);
    this.data.ctrl.set(ctrl);
    this.data.qacc_warmstart.fill(0);
  }

  #forward(place: Place): void {
    this.#put(place);
    mujoco.mj_forward(this.model, this.data);
  }

  #contacts(): ContactRecord[] {
    const { contact } = this.data;
    const found: ContactRecord[] = [];
    for (let i = 0; i < contact.size(); i++) {
      const item = contact.get(i)!;
      const [geom1, geom2] = item.geom;
      const [distance] = this.#numbers([item.dist]);
      const normal = this.#numbers(item.frame.slice(0, 3));
      found.push({ geom1, geom2, distance, position: this.#numbers(item.pos), normal });
      item.delete();
    }
    contact.delete();
    return found;
  }

  #evaluation(): Evaluation {
    const { model, data } = this;
    const { nv } = model;
    const full = this.#buffer(nv * nv, (buffer) => mujoco.mj_fullM(model, data, buffer));
    const massMatrix = Array.from({ length: nv }, (_, i) => [...full.slice(i * nv, i * nv + i + 1)]).flat();
    const last = model.nbody - 1;
    const qacc = this.#numbers(data.qacc);
    if (this.#rounded) this.#solveRounded();
    return {
      massMatrix,
      qfrcBias: this.#numbers(data.qfrc_bias),
      qfrcPassive: this.#numbers(data.qfrc_passive),
      qfrcActuator: this.#numbers(data.qfrc_actuator),
      qaccSmooth: this.#numbers(data.qacc_smooth),
      qacc,
      xpos: this.#numbers(data.xpos),
      energy: this.#numbers(data.energy),
      jacobian: {
        linear: this.#buffer(3 * nv, (buffer) => mujoco.mj_jacBody(model, data, buffer, null, last)),
        angular: this.#buffer(3 * nv, (buffer) => mujoco.mj_jacBody(model, data, null, buffer, last)),
      },
      contacts: this.#contacts(),
    };
  }

  // the unconstrained acceleration again, by the rounded mass matrix
  #solveRounded(): void {
    const { model, data } = this;
    data.M.set(this.#numbers(data.M));
    mujoco.mj_factorM(model, data);
    data.qacc_smooth.set(this.#buffer(model.nv, (buffer) => mujoco.mj_solveM(model, data, buffer, data.qfrc_smooth)));
  }

  #buffer(length: number, fill: (buffer: unknown) => void): Float64Array {
    const buffer = new mujoco.DoubleBuffer(length);
    try {
      fill(buffer);
      return this.#numbers(buffer.GetView());
    } finally {
      buffer.delete();
    }
  }
}

/** The official build as an engine. */
export function officialEngine(name: string, options: OfficialOptions = {}): Engine {
  return { name, load: (xml) => new Official(xml, options) };
}
