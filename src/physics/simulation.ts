// A batch of copies of one model, four to a v128 (two in float64), as callers have it: what moves them, by a region whose tasks take
// groups through steps, and what is read of them. What they are made of is in states.ts, what follows from that in evaluation.ts.

import { fill, toFloat64 } from "../array.js";
import {
  checkFinite,
  checkInteger,
  checkMask,
  checkNumber,
  checkOneOf,
  checkOptions,
  DisposedError,
  wrongKind,
  wrongValue,
} from "../check.js";
import type { Disposable, NumericInput, SavedState } from "../types.js";
import { Region, type Scope } from "../wasm/index.js";
import { JointType } from "./compiled.js";
import { type Contact, contactsOf } from "./contacts.js";
import { Evaluation } from "./evaluation.js";
import { jacobianOf } from "./jacobian.js";
import { Lanes, type Mask, QUANTITY, type Reals, realsOf } from "./lanes.js";
import { Header } from "./layout.js";
import type { Model } from "./model.js";
import { normalizePoses, normalizeState } from "./normalize.js";
import { Observe } from "./observe.js";
import { type Quantity, quantityNames, quantityOf, readPoses, readQuantity, rowOf } from "./quantities.js";
import { type BatchState, type Divergence, States } from "./states.js";

/** Bytes of workspaces that make a task worth a thread's claim, and tasks that are enough to be shared evenly. */
const TASK_BYTES = 32_768;
const ENOUGH_TASKS = 16;

/** Steps of one call, which the kernels count in 32 bits. */
const MOST_STEPS = 2 ** 30;

const STEP_OPTIONS = ["repeat"] as const;

/** How many of `groups` a task of a region takes through a step. @internal */
export function groupsOfTask({ layout }: Model, groups: number): number {
  const worthwhile = Math.round(TASK_BYTES / layout.workspace.bytes);
  return Math.max(1, Math.min(worthwhile, Math.ceil(groups / ENOUGH_TASKS)));
}

/**
 * A batch of environments of one model, independent of each other: environment b does bit for bit what it does alone,
 * whatever the batch and the number of threads.
 */
export class Simulation implements Disposable {
  readonly model: Model;
  /** Number of environments, B. */
  readonly batch: number;
  readonly #scope: Scope;
  readonly #taskGroups: number;
  readonly #region: Region;
  /** The region's arguments. */
  readonly #words: number[];
  readonly #ctrlShape: readonly number[];
  readonly #states: States;
  // a workspace for each thread
  readonly #scratch: Reals;
  readonly #evaluation: Evaluation;

  /** @internal Made by `createSimulation`. */
  constructor(scope: Scope, model: Model, batch: number) {
    const { workspace } = model.layout;
    this.model = model;
    this.batch = batch;
    this.#scope = scope;
    this.#states = new States(scope, model, batch);
    this.#taskGroups = groupsOfTask(model, this.#states.groups);
    this.#region = new Region(scope, "physics", 10);
    this.#ctrlShape = [batch, model.nu];
    this.#scratch = this.#workspaces(scope.runtime.threads);
    this.#evaluation = new Evaluation(
      () => new Lanes(this.#workspaces(this.#states.groups), batch, workspace.bytes),
      ({ tensor }, repeat, observe) => this.#run(tensor, repeat, observe),
    );
    this.#words = [model.tables.address, batch, this.#taskGroups, 0, this.#states.controls.address, 0, 0];
    this.#words.push(workspace.bytes, 0, 0);
    this.reset();
  }

  /**
   * Puts environments, all or those of `mask` [B], at `qpos` [B, nq] (metres, radians, unit quaternions w x y z) and `qvel`
   * [B, nv]. The quaternions of free joints are normalized. `time`, one or [B], in seconds, is left as it is when not given.
   * An environment that had diverged goes on from there. Rows of other environments are not looked at.
   * Throws `RangeError` for a wrong shape, a number that is not finite in the lanes, and a quaternion of length zero.
   */
  setState(
    qpos: NumericInput,
    qvel: NumericInput,
    options?: { time?: number | ArrayLike<number>; mask?: ArrayLike<boolean | number> },
  ): void {
    const op = "simulation.setState";
    this.#checkUsable();
    const { time, mask } = checkOptions(op, options, ["time", "mask"]);
    const { batch } = this;
    const { nq, nv } = this.model;
    checkMask(op, mask, batch);
    const positions = fill(op, "qpos", qpos, [batch, nq], new Float64Array(batch * nq));
    const velocities = toFloat64(op, "qvel", qvel, [batch, nv]);
    const times = this.#times(op, time, mask);
    for (let b = 0; b < batch; b++) {
      if (!mask || mask[b]) normalizeState(op, this.model, positions, velocities, b);
    }
    this.#states.put({ qpos: positions, qvel: velocities, time: times }, mask);
    this.#evaluation.stale();
  }

  /** The state of every environment, in new arrays. */
  getState(): BatchState {
    this.#checkUsable();
    return this.#states.get();
  }

  /**
   * Puts the bodies that are moved by hand (`mocap="true"`, in their order in the file) of environments, all or those of
   * `mask` [B], at `poses` [B, nmocap, 7]: position in metres, quaternion w x y z, which is normalized. They stay there until
   * told otherwise. Throws `RangeError` as `setState` does.
   */
  setMocap(poses: NumericInput, options?: { mask?: ArrayLike<boolean | number> }): void {
    const op = "simulation.setMocap";
    this.#checkUsable();
    const { mask } = checkOptions(op, options, ["mask"]);
    const { batch, nmocap } = this.#states.sizes;
    checkMask(op, mask, batch);
    const rows = fill(op, "poses", poses, [batch, nmocap, 7], new Float64Array(batch * nmocap * 7));
    for (let b = 0; b < batch; b++) if (!mask || mask[b]) normalizePoses(op, this.model, rows, b);
    this.#states.putMocap(rows, mask);
    this.#evaluation.stale();
  }

  /** Poses of the bodies that are moved by hand, [B, nmocap, 7], in a new array. */
  getMocap(): Float64Array {
    this.#checkUsable();
    return this.#states.mocap();
  }

  /**
   * Puts environments, all or those of `mask` [B], at the model's reference configuration, at rest, at time 0, with controls 0
   * and what is moved by hand where the file has it.
   */
  reset(mask?: ArrayLike<boolean | number>): void {
    this.#checkUsable();
    checkMask("simulation.reset", mask, this.batch);
    this.#states.reset(mask);
    this.#evaluation.stale();
  }

  /** The complete state, in the numbers of the lanes. */
  snapshot(): SavedState {
    this.#checkUsable();
    return this.#states.save();
  }

  /**
   * Puts back what `snapshot` gave, here or in another simulation of the same model, batch and precision: it continues bit
   * for bit. Throws `FormatError` for anything else, and changes nothing then.
   */
  restore(state: SavedState): void {
    this.#checkUsable();
    this.#states.load(state);
    this.#evaluation.stale();
  }

  /**
   * Advances every environment by `repeat` (default 1) steps of the model's timestep under `ctrl` [B, nu]; without `ctrl`,
   * under the last controls (0 at first). `repeat` is at most 2³⁰. Controls are clamped to their ranges, and one that is no number makes its
   * environment diverge, alone. An environment that diverges stands still at its last sound state from then on; see
   * `divergence`. Throws `WorkerError` when a thread died; nothing has moved then.
   */
  step(ctrl?: NumericInput, options?: { repeat?: number }): void {
    const op = "simulation.step";
    this.#checkUsable();
    let repeat = 1;
    if (options !== undefined) {
      repeat = checkOptions(op, options, STEP_OPTIONS).repeat ?? 1;
      checkInteger(op, "repeat", repeat, 1, MOST_STEPS);
    }
    if (ctrl !== undefined) fill(op, "ctrl", ctrl, this.#ctrlShape, this.#states.controls.view);
    this.#run(this.#scratch, repeat, 0);
    this.#states.advanced(repeat);
    this.#evaluation.stale();
  }

  /** Evaluates everything at the present state, under `ctrl` [B, nu] or the last controls; nothing moves. */
  forward(ctrl?: NumericInput): void {
    this.#checkUsable();
    if (ctrl !== undefined) fill("simulation.forward", "ctrl", ctrl, this.#ctrlShape, this.#states.controls.view);
    this.#evaluation.stale();
    this.#evaluation.read(0);
  }

  /**
   * A quantity of every environment, row-major, into `out` if given. It is that of the present state under the last
   * controls: after `step` or `setState` the first read evaluates, later ones of the same state do not.
   */
  read(quantity: Quantity, out?: Float64Array): Float64Array {
    const op = "simulation.read";
    this.#checkUsable();
    checkOneOf(op, "quantity", quantity, quantityNames);
    const { size, observe } = quantityOf(this.model, quantity);
    const count = this.batch * size;
    if (out !== undefined && !(out instanceof Float64Array)) wrongKind(op, "out", "a Float64Array", out);
    if (out !== undefined && out.length !== count) wrongValue(op, "out", `${count} elements`, out);
    const rows = out ?? new Float64Array(count);
    readQuantity(this.model, quantity, this.#evaluation.read(observe), this.batch, rows);
    return rows;
  }

  /** Contacts of environment `b` at the present state, under the last controls. */
  contacts(b: number): Contact[] {
    this.#checkUsable();
    checkInteger("simulation.contacts", "b", b, 0, this.batch - 1);
    return contactsOf(this.model, this.#evaluation.read(0), b);
  }

  /**
   * Jacobians of a point fixed to a body, [3, nv] each: its velocity is `linear` · qvel, that of the body's turn `angular` ·
   * qvel. `point` is where it is now, in the world; by default the origin of the body's frame. Body by name or number.
   */
  jacobian(b: number, body: string | number, point?: NumericInput): { linear: Float64Array; angular: Float64Array } {
    const op = "simulation.jacobian";
    this.#checkUsable();
    checkInteger(op, "b", b, 0, this.batch - 1);
    const index = this.#index(op, "body", body);
    const evaluated = this.#evaluation.read(Observe.points);
    const at = point === undefined ? this.bodyPosition(index, b) : toFloat64(op, "point", point, [3]);
    checkFinite(op, "point", at);
    return jacobianOf(this.model, evaluated, b, index, at);
  }

  /** Origin of a body's frame in the world, [3]; body by name or number, environment `b` (default 0). */
  bodyPosition(body: string | number, b = 0): Float64Array {
    return this.#element("simulation.bodyPosition", "body", body, b, "xpos", 3);
  }

  /** Orientation of a body's frame in the world, [4], w x y z. */
  bodyQuaternion(body: string | number, b = 0): Float64Array {
    return this.#element("simulation.bodyQuaternion", "body", body, b, "xquat", 4);
  }

  /** Center of a geom in the world, [3]. */
  geomPosition(geom: string | number, b = 0): Float64Array {
    return this.#element("simulation.geomPosition", "geom", geom, b, "geomXpos", 3);
  }

  /** Place of a site in the world, [3]. */
  sitePosition(site: string | number, b = 0): Float64Array {
    return this.#element("simulation.sitePosition", "site", site, b, "siteXpos", 3);
  }

  /** Elements of qpos that belong to a joint: 1, or 7 of a free joint. */
  jointPosition(joint: string | number, b = 0): Float64Array {
    const j = this.#jointOf("simulation.jointPosition", joint, b);
    const { jntType, jntQposAdr } = this.model.compiled;
    const place = this.model.layout.tables.header[Header.qpos] + QUANTITY * jntQposAdr[j];
    return this.#states.present.row(b, place, jntType[j] === JointType.free ? 7 : 1);
  }

  /** Elements of qvel that belong to a joint: 1, or 6 of a free joint (linear in the world, angular in the body's axes). */
  jointVelocity(joint: string | number, b = 0): Float64Array {
    const j = this.#jointOf("simulation.jointVelocity", joint, b);
    const { jntType, jntDofAdr } = this.model.compiled;
    const place = this.model.layout.tables.header[Header.qvel] + QUANTITY * jntDofAdr[j];
    return this.#states.present.row(b, place, jntType[j] === JointType.free ? 6 : 1);
  }

  /** Poses of all geoms for a viewer, [B, ngeom, 7]: position, quaternion w x y z; into `out` if given. */
  poses(out?: Float32Array): Float32Array {
    const op = "simulation.poses";
    this.#checkUsable();
    const count = this.batch * this.model.compiled.ngeom * 7;
    if (out !== undefined && !(out instanceof Float32Array)) wrongKind(op, "out", "a Float32Array", out);
    if (out !== undefined && out.length !== count) wrongValue(op, "out", `${count} elements`, out);
    const evaluated = this.#evaluation.read(Observe.points | Observe.quaternions);
    return readPoses(this.model, evaluated, this.batch, out ?? new Float32Array(count));
  }

  /** [B], 1 where an environment has diverged. */
  get diverged(): Uint8Array {
    this.#checkUsable();
    return Uint8Array.from(this.#states.diverged(), (dof) => (dof < 0 ? 0 : 1));
  }

  /** Why environment `b` stands still; undefined where it does not. `setState` and `reset` let it go on. */
  divergence(b: number): Divergence | undefined {
    this.#checkUsable();
    checkInteger("simulation.divergence", "b", b, 0, this.batch - 1);
    return this.#states.divergence(b);
  }

  /** Every quantity of the present state, where the layout has it. @internal */
  evaluation(): Lanes {
    this.#checkUsable();
    return this.#evaluation.read(0);
  }

  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using simulation = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #checkUsable(): void {
    if (this.#states.controls.disposed) throw new DisposedError("simulation");
    if (this.model.tables.disposed) throw new DisposedError("model");
  }

  #workspaces(count: number): Reals {
    const { workspace, tables } = this.model.layout;
    const tensor = realsOf(this.#scope, tables.real, count * workspace.bytes);
    for (let i = 0; i < count; i++) workspace.initialize(tensor.view, (i * workspace.bytes) / tables.real);
    return tensor;
  }

  #run(workspaces: Reals, repeat: number, observe: number): void {
    const words = this.#words;
    words[3] = this.#states.present.tensor.address;
    words[5] = repeat;
    words[6] = workspaces.address;
    words[8] = observe;
    words[9] = this.#states.next.tensor.address;
    this.#region.run(words, Math.ceil(this.#states.groups / this.#taskGroups));
  }

  #times(op: string, time: number | ArrayLike<number> | undefined, mask: Mask): Float64Array {
    if (time === undefined) return this.#states.times();
    if (typeof time === "number") return new Float64Array(this.batch).fill(checkNumber(op, "time", time));
    const times = toFloat64(op, "time", time as NumericInput, [this.batch]);
    for (let b = 0; b < this.batch; b++) if (!mask || mask[b]) checkNumber(op, `time[${b}]`, times[b]);
    return times;
  }

  #jointOf(op: string, joint: string | number, b: number): number {
    this.#checkUsable();
    checkInteger(op, "b", b, 0, this.batch - 1);
    return this.#index(op, "joint", joint);
  }

  #element(
    op: string,
    kind: "body" | "geom" | "site",
    element: string | number,
    b: number,
    quantity: "xpos" | "xquat" | "geomXpos" | "siteXpos",
    size: number,
  ): Float64Array {
    this.#checkUsable();
    checkInteger(op, "b", b, 0, this.batch - 1);
    const index = this.#index(op, kind, element);
    const row = rowOf(this.model, quantity, this.#evaluation.read(quantityOf(this.model, quantity).observe), b);
    return row.slice(size * index, size * (index + 1));
  }

  #index(op: string, kind: "body" | "joint" | "geom" | "site", element: string | number): number {
    if (typeof element === "string") return this.model[kind](element);
    const { nbody, njnt, ngeom, nsite } = this.model.compiled;
    return checkInteger(op, kind, element, 0, { body: nbody, joint: njnt, geom: ngeom, site: nsite }[kind] - 1);
  }
}

/** `batch` copies of a model. @internal */
export function createSimulation(model: Model, options: { batch: number }): Simulation {
  const { batch } = checkOptions("model.simulation", options, ["batch"]);
  checkInteger("model.simulation", "batch", batch, 1);
  if (model.tables.disposed) throw new DisposedError("model");
  return model.runtime.scoped((scope) => new Simulation(scope, model, batch));
}
