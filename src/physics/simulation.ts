// The state of a batch of copies of one model, four to a v128 (two in float64), and what moves it. A step is a function of
// (qpos, qvel, ctrl) alone: no warm start is carried along.

import { checkInteger, checkOptions, DisposedError } from "../check.js";
import type { Disposable } from "../types.js";
import { Region, type Scope, type Tensor } from "../wasm/index.js";
import { Header } from "./layout.js";
import type { Model } from "./model.js";

/** Groups of a task: enough work to be worth a thread's claim. */
const TASK_GROUPS = 4;
/** Bytes of a quantity of a group. */
const QUANTITY = 16;

type Reals = Tensor<"f32"> | Tensor<"f64">;

export class Simulation implements Disposable {
  readonly model: Model;
  readonly batch: number;
  readonly #scope: Scope;
  readonly #groups: number;
  readonly #region: Region;
  // [groups, state] and [groups, nu] of quantities; a workspace per thread; numbers on their way in or out
  readonly #states: Reals;
  readonly #controls: Reals;
  readonly #scratch: Reals;
  readonly #rows: Tensor<"f64">;
  // a workspace per group, made by the first evaluation
  #evaluated: Reals | undefined;
  #fresh = false;

  /** @internal Made by `createSimulation`. */
  constructor(scope: Scope, model: Model, batch: number) {
    this.model = model;
    this.batch = batch;
    this.#scope = scope;
    this.#groups = Math.ceil(batch / scope.runtime.kernels.physics_lanes());
    this.#region = new Region(scope, "physics", 8);
    this.#states = this.#reals(this.#groups * this.#stateSize * QUANTITY);
    this.#controls = this.#reals(this.#groups * model.nu * QUANTITY);
    this.#scratch = this.#workspaces(scope.runtime.threads);
    this.#rows = scope.tensor([batch, model.layout.workspace.bytes / QUANTITY], "f64");
    this.reset();
  }

  /** qpos [B, nq] and qvel [B, nv]. */
  setState(qpos: ArrayLike<number>, qvel: ArrayLike<number>): void {
    const { nq, nv, layout } = this.model;
    const { header } = layout.tables;
    this.#put(this.#states, header[Header.qpos], this.#stateSize, qpos, nq);
    this.#put(this.#states, header[Header.qvel], this.#stateSize, qvel, nv);
    this.#put(this.#states, header[Header.diverged], this.#stateSize, new Float64Array(this.batch).fill(-1), 1);
    this.#fresh = false;
  }

  /** qpos [B, nq] and qvel [B, nv]. */
  getState(): { qpos: Float64Array; qvel: Float64Array } {
    const { nq, nv, layout } = this.model;
    const { header } = layout.tables;
    return {
      qpos: this.#get(this.#states, header[Header.qpos], this.#stateSize, nq),
      qvel: this.#get(this.#states, header[Header.qvel], this.#stateSize, nv),
    };
  }

  /** To the reference configuration, at rest. */
  reset(): void {
    const { nq, nv, compiled } = this.model;
    const qpos = Float64Array.from({ length: this.batch * nq }, (_, k) => compiled.qpos0[k % nq]);
    this.setState(qpos, new Float64Array(this.batch * nv));
  }

  /** `repeat` (default 1) steps of the timestep under controls [B, nu]. */
  step(ctrl: ArrayLike<number>, options?: { repeat?: number }): void {
    const { repeat = 1 } = checkOptions("simulation.step", options, ["repeat"]);
    checkInteger("simulation.step", "repeat", repeat, 1);
    this.#put(this.#controls, 0, this.model.nu, ctrl, this.model.nu);
    this.#run(this.#scratch, repeat);
    this.#fresh = false;
  }

  /** Every quantity at the present state under controls [B, nu]; nothing moves. */
  forward(ctrl?: ArrayLike<number>): void {
    if (ctrl) this.#put(this.#controls, 0, this.model.nu, ctrl, this.model.nu);
    this.#evaluated ??= this.#workspaces(this.#groups);
    this.#run(this.#evaluated, 0);
    this.#fresh = true;
  }

  /** [B, count] numbers from byte offset `place` of the workspaces. @internal */
  quantities(place: number, count: number): Float64Array {
    if (!this.#fresh) this.forward();
    return this.#get(this.#evaluated as Reals, place, this.model.layout.workspace.bytes / QUANTITY, count);
  }

  dispose(): void {
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  get #stateSize(): number {
    return this.model.layout.tables.header[Header.stateSize];
  }

  #reals(bytes: number): Reals {
    const { real } = this.model.layout.tables;
    return real === 8 ? this.#scope.tensor([bytes / 8], "f64") : this.#scope.tensor([bytes / 4], "f32");
  }

  #workspaces(count: number): Reals {
    const { workspace, tables } = this.model.layout;
    const tensor = this.#reals(count * workspace.bytes);
    for (let i = 0; i < count; i++) workspace.initialize(tensor.view, (i * workspace.bytes) / tables.real);
    return tensor;
  }

  #run(workspaces: Reals, repeat: number): void {
    const { model } = this;
    if (model.tables.disposed) throw new DisposedError("model");
    const args = [model.tables.address, this.#groups, TASK_GROUPS, this.#states.address, this.#controls.address];
    const words = [...args, repeat, workspaces.address, model.layout.workspace.bytes];
    this.#region.run(words, Math.ceil(this.#groups / TASK_GROUPS));
  }

  // rows [B, n] into groups of `stride` quantities each, from byte offset `place` on
  #put(to: Reals, place: number, stride: number, rows: ArrayLike<number>, n: number): void {
    const view = this.#rows.view;
    for (let k = 0; k < this.batch * n; k++) view[k] = rows[k];
    const { kernels } = this.#scope.runtime;
    kernels.lanes_from_rows(to.address + place, stride * QUANTITY, this.#rows.address, this.batch, n);
  }

  #get(from: Reals, place: number, stride: number, n: number): Float64Array {
    const { kernels } = this.#scope.runtime;
    kernels.rows_from_lanes(this.#rows.address, from.address + place, stride * QUANTITY, this.batch, n);
    return this.#rows.view.slice(0, this.batch * n);
  }
}

/** `batch` copies of a model. */
export function createSimulation(model: Model, options: { batch: number }): Simulation {
  const { batch } = checkOptions("model.simulation", options, ["batch"]);
  checkInteger("model.simulation", "batch", batch, 1);
  return model.runtime.scoped((scope) => new Simulation(scope, model, batch));
}
