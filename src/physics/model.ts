// A model in linear memory: the constants of a compiled file, shared by all simulations of it.

import type { Disposable } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import type { CompiledModel } from "./compiled.js";
import { type Layout, layOut } from "./layout.js";
import { createSimulation, type Simulation } from "./simulation.js";

export class Model implements Disposable {
  readonly runtime: Runtime;
  /** The constants in float64. */
  readonly compiled: CompiledModel;
  /** Sizes of qpos, qvel and ctrl. */
  readonly nq: number;
  readonly nv: number;
  readonly nu: number;
  /** Seconds of a step. */
  readonly timestep: number;
  /** @internal */
  readonly layout: Layout;
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
    this.timestep = compiled.option.timestep;
    this.layout = layOut(compiled, this.runtime.kernels.physics_lanes() === 2 ? 8 : 4);
    const block = this.layout.tables.pack();
    this.tables = scope.tensor([block.length], "u32").write(block);
  }

  /** `batch` copies of the model, at its reference configuration and at rest. */
  simulation(options: { batch: number }): Simulation {
    return createSimulation(this, options);
  }

  dispose(): void {
    this.#scope.dispose();
  }
}

/** A compiled model in the memory of a runtime. */
export function createModel(runtime: Runtime, compiled: CompiledModel): Model {
  return runtime.scoped((scope) => new Model(scope, compiled));
}
