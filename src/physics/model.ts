// A model in linear memory: the constants of a compiled file, shared by all simulations of it.

import { wrongKind, wrongValue } from "../check.js";
import type { Disposable } from "../types.js";
import { Runtime, type Scope, type Tensor } from "../wasm/index.js";
import type { CompiledModel } from "./compiled.js";
import type { SlotPlaces } from "./contact-slots.js";
import { type Layout, layOut } from "./layout.js";
import { layOutConstraints } from "./layout-constraints.js";
import { layOutDynamics } from "./layout-dynamics.js";
import { checkSimulable, compileMjcf, type MjcfOptions } from "./mjcf/compile.js";
import { placeObservations } from "./observe.js";
import { physicsSelfTest } from "./selftest.js";
import { createSimulation, type Simulation } from "./simulation.js";

/** Names that an error about an unknown one lists at most. */
const LISTED = 40;

export class Model implements Disposable {
  readonly runtime: Runtime;
  /** The constants in float64, in MuJoCo's words. */
  readonly compiled: CompiledModel;
  /** Sizes of qpos, qvel and ctrl. */
  readonly nq: number;
  readonly nv: number;
  readonly nu: number;
  /** Bodies, the world among them as number 0. */
  readonly nbody: number;
  /** Seconds of a step. */
  readonly timestep: number;
  /** @internal */
  readonly layout: Layout;
  /** Where contacts are found after an evaluation. @internal */
  readonly slots: readonly SlotPlaces[];
  /** @internal */
  readonly tables: Tensor<"u32">;
  readonly #scope: Scope;

  /** @internal Made by `createModel`. */
  constructor(scope: Scope, compiled: CompiledModel) {
    this.runtime = scope.runtime;
    this.#scope = scope;
    this.compiled = compiled;
    this.nq = compiled.nq;
    this.nv = compiled.nv;
    this.nu = compiled.nu;
    this.nbody = compiled.nbody;
    this.timestep = compiled.option.timestep;
    this.layout = layOut(compiled, this.runtime.kernels.physics_lanes() === 2 ? 8 : 4);
    layOutDynamics(compiled, this.layout);
    this.slots = layOutConstraints(compiled, this.layout);
    placeObservations(compiled, this.layout, this.slots);
    const block = this.layout.tables.pack();
    this.tables = scope.tensor([block.length], "u32").write(block);
  }

  /** `batch` copies of the model, at its reference configuration and at rest. */
  simulation(options: { batch: number }): Simulation {
    return createSimulation(this, options);
  }

  /** Number of the body of that name; throws a `RangeError` that lists the names there are, as the next three do. */
  body(name: string): number {
    return indexOf("body", this.compiled.bodyName, name);
  }

  /** Number of the joint of that name. */
  joint(name: string): number {
    return indexOf("joint", this.compiled.jntName, name);
  }

  /** Number of the geom of that name. */
  geom(name: string): number {
    return indexOf("geom", this.compiled.geomName, name);
  }

  /** Number of the site of that name. */
  site(name: string): number {
    return indexOf("site", this.compiled.siteName, name);
  }

  /** Gives the memory back. Simulations of the model are of no use any more, but are still to be disposed of. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using model = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

function indexOf(kind: string, names: readonly string[], name: string): number {
  const op = `model.${kind}`;
  if (typeof name !== "string") wrongKind(op, "name", "a string", name);
  const index = name === "" ? -1 : names.indexOf(name);
  if (index >= 0) return index;
  const known = names.filter((other) => other !== "");
  const listed = known.slice(0, LISTED).join(", ") + (known.length > LISTED ? ", …" : "");
  return wrongValue(op, "name", known.length ? `one of ${listed}` : `nothing, as no ${kind} has a name`, name);
}

/**
 * A model of an MJCF document, MuJoCo's format, simulated as MuJoCo's documentation has it: bodies on hinges, slides and free
 * joints, bodies that are moved by hand, actuators, joint limits, welds, contacts of planes, spheres and capsules, the medium. `name` is what messages call the
 * document; `resolve` gives the text of an included file, and without it includes are refused. The first model of a runtime checks the simulation kernels, and throws
 * `CorruptionError` if they do not do what MuJoCo does.
 * Throws `MjcfError` with file, line and element for what is not valid, or would change the physics and is not supported.
 */
export function loadMjcf(runtime: Runtime, xml: string, options?: MjcfOptions): Model {
  if (!(runtime instanceof Runtime)) wrongKind("loadMjcf", "runtime", "a runtime of loadRuntime", runtime);
  const compiled = compileMjcf(runtime.kernels, xml, options);
  checkSimulable(compiled);
  return createModel(runtime, compiled);
}

/** A compiled model in the memory of a runtime. @internal */
export function createModel(runtime: Runtime, compiled: CompiledModel): Model {
  const make = (scope: Scope, constants: CompiledModel) => new Model(scope, constants);
  physicsSelfTest(runtime, make);
  return runtime.scoped((scope) => make(scope, compiled));
}
