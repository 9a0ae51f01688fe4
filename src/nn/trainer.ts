// Training steps of an ensemble on tables of examples, each step one region of tasks: gather a minibatch for every member,
// forward, loss, backward, Adam. The same bits as `forward`, `gaussianNll` or `meanSquaredError`, `vjp` and `adam.step` one
// by one, at a fraction of their traffic: rows go through all layers in blocks, large batches in chunks, and gradients
// become steps while they are in the cache.

import { checkInteger, checkNumber, checkOneOf, checkOptions, wrongKind, wrongValue } from "../check.js";
import type { Disposable } from "../types.js";
import { Region, type Scope, type Tensor } from "../wasm/index.js";
import { Adam } from "./adam.js";
import type { Ensemble } from "./ensemble.js";
import { LOSS_ROWS } from "./losses.js";
import type { Workspace } from "./workspace.js";

export interface TrainerOptions {
  /** Examples: inputs [n, in] and targets [n, D], read in place. */
  inputs: Tensor;
  targets: Tensor;
  /** Most rows of a minibatch. */
  batchSize: number;
  /** The ensemble's optimizer. */
  optimizer: Adam;
  /** `squaredError` of the first D outputs, or the Gaussian likelihood of [means D | raw log-variances D] (`gaussianNll`). */
  loss: "squaredError" | "gaussian";
  /** Bounds of the log-variances [2, D] and their optimizer: needed by the Gaussian loss, and only by it. */
  bounds?: Tensor | undefined;
  boundsOptimizer?: Adam | undefined;
  /** Weight of Σmax − Σmin of the bounds. Default 0.01, as PETS. */
  penalty?: number | undefined;
}

// rows that go forward and backward, in blocks of LOSS_ROWS, before their gradients are summed up
const CHUNK_ROWS = 128;
// chunks in memory at a time: one, or enough that threads need not wait for each other
const SLOTS_ALONE = 1;
const SLOTS_TOGETHER = 3;
// place of the one float64 among the 32-bit words of the arguments
const INVERSE = 26;

export class Trainer implements Disposable {
  readonly #scope: Scope;
  readonly #ensemble: Ensemble;
  readonly #options: TrainerOptions;
  readonly #region: Region;
  readonly #workspace: Workspace;
  readonly #batchTargets: Tensor;
  // sums of losses and of bounds' gradients, one row for each block of a minibatch
  readonly #partials: Tensor<"f64">;
  // finished tasks of every chunk of every member: rows, weights
  readonly #finished: Tensor<"i32">;
  readonly #losses: Tensor<"f64">;
  readonly #boundsGradient: Tensor | undefined;
  // only minibatches of several chunks need them
  readonly #gradients: Tensor | undefined;
  readonly #targetSize: number;

  /** Made by `createTrainer`. */
  constructor(scope: Scope, ensemble: Ensemble, options: TrainerOptions) {
    const { batchSize, targets, loss } = options;
    const { members } = ensemble;
    const rows = Math.min(batchSize, CHUNK_ROWS);
    const slots = scope.runtime.threads > 1 ? SLOTS_TOGETHER : SLOTS_ALONE;
    this.#scope = scope;
    this.#ensemble = ensemble;
    this.#options = options;
    this.#targetSize = targets.shape[1];
    this.#region = new Region(scope, "train", INVERSE + 2);
    this.#workspace = scope.hold(ensemble.workspace(rows, slots));
    this.#workspace.prepareGradients(true);
    this.#batchTargets = scope.tensor([slots, rows, this.#targetSize]);
    const bounds = loss === "gaussian" ? 2 * this.#targetSize : 0;
    this.#partials = scope.tensor([members, Math.ceil(batchSize / LOSS_ROWS), 1 + bounds], "f64");
    this.#finished = scope.tensor([members, Math.ceil(batchSize / rows), 2], "i32");
    this.#losses = scope.tensor([members], "f64");
    this.#boundsGradient = bounds > 0 ? scope.tensor([bounds]) : undefined;
    this.#gradients = batchSize > CHUNK_ROWS ? scope.tensor([ensemble.params.size]) : undefined;
  }

  /**
   * One step of every member e on the examples order[e, from … from + rows − 1] (order [E, m], row numbers of the tables).
   * Adds each member's loss, as it was before the step, to `losses` [E]. A `WorkerError` leaves part of the parameters moved
   * and part not: take them from before (a fit of a model does so itself).
   */
  step(order: Tensor<"u32">, from: number, rows: number, losses: Float64Array): void {
    const { loss, bounds, boundsOptimizer, penalty = 0.01 } = this.#options;
    const { members, runtime } = this.#ensemble;
    const stride = this.#checkStep(order, from, rows);
    const D = this.#targetSize;
    const inverse = 1 / (rows * D);
    const blocks = Math.ceil(rows / LOSS_ROWS);
    // chunks of equal numbers of blocks, the last one shorter
    const chunkRows = LOSS_ROWS * Math.ceil(blocks / Math.ceil(rows / CHUNK_ROWS));
    this.#finished.view.fill(0);
    try {
      this.#run(order.address + 4 * from, stride, rows, Math.min(chunkRows, rows), inverse);
    } catch (error) {
      // part of the parameters may have moved, and part of their transposes
      this.#ensemble.changed();
      throw error;
    }
    this.#ensemble.stepped();
    const gradient = this.#boundsGradient;
    gradient?.view.fill(penalty, 0, D).fill(-penalty, D);
    runtime.kernels.loss_reduce(
      this.#losses.address,
      gradient?.address ?? 0,
      this.#partials.address,
      inverse,
      members,
      blocks,
      loss === "gaussian" ? 2 * D : 0,
    );
    if (gradient && bounds) boundsOptimizer?.step(gradient);
    for (let e = 0; e < members; e++) losses[e] += this.#losses.view[e];
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using trainer = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #run(order: number, orderStride: number, rows: number, chunkRows: number, inverse: number): void {
    const { inputs, targets, optimizer, loss, bounds } = this.#options;
    const ensemble = this.#ensemble;
    const { members, runtime } = ensemble;
    const workspace = this.#workspace;
    const { network, scratch, weightTasks } = ensemble.prepareTraining();
    workspace.begin(Array(workspace.slots).fill(0), chunkRows);
    const gradients = this.#gradients?.address ?? 0;
    const adam = [optimizer.begin().address, optimizer.m.address, optimizer.v.address];
    const data = [inputs.address, targets.address, order, orderStride, inputs.shape[1], this.#targetSize];
    const sums = [Number(loss === "gaussian"), bounds?.address ?? 0, this.#partials.address];
    // with other threads about, the rows of the next unit come before the weights of this one
    const ahead = runtime.threads > 1 ? 1 : 0;
    const rest = [rows, chunkRows, ahead, this.#finished.address, this.#batchTargets.address, members, 0];
    const float = new Uint32Array(new Float64Array([inverse]).buffer);
    const units = members * Math.ceil(rows / chunkRows);
    const tasks = members * Math.ceil(rows / LOSS_ROWS) + units * weightTasks;
    const table = workspace.table.address;
    const weights = [network, table, workspace.slots, gradients, 0, ...scratch, ...adam];
    this.#region.run([...weights, ...data, ...sums, ...rest, ...float], tasks);
  }

  #checkStep(order: Tensor<"u32">, from: number, rows: number): number {
    const op = "trainer.step";
    const { members } = this.#ensemble;
    checkInteger(op, "rows", rows, 1, this.#options.batchSize);
    if (order.shape.length !== 2 || order.shape[0] !== members) {
      wrongValue(op, "order", `shape [${members}, rows]`, `[${order.shape.join(", ")}]`);
    }
    checkInteger(op, "from", from, 0, order.shape[1] - rows);
    return order.shape[1];
  }
}

/** A trainer for `ensemble`, to be disposed of by the caller. Throws `TypeError` or `RangeError` on what does not fit together. */
export function createTrainer(ensemble: Ensemble, options: TrainerOptions): Trainer {
  const op = "createTrainer";
  const known = [
    "inputs",
    "targets",
    "batchSize",
    "optimizer",
    "loss",
    "bounds",
    "boundsOptimizer",
    "penalty",
  ] as const;
  const { inputs, targets, batchSize, optimizer, loss, bounds, boundsOptimizer, penalty } = checkOptions(
    op,
    options,
    known,
  );
  const { layers } = ensemble;
  checkOneOf(op, "loss", loss, ["squaredError", "gaussian"]);
  checkInteger(op, "batchSize", batchSize, 1);
  checkNumber(op, "penalty", penalty ?? 0, 0);
  if (!(optimizer instanceof Adam)) wrongKind(op, "optimizer", "an Adam of the ensemble", optimizer);
  if (optimizer.m.size !== ensemble.params.size) {
    wrongValue(op, "optimizer", `one of ${ensemble.params.size} parameters`, optimizer.m.size);
  }
  const columns = targets.shape[1];
  const outputs = layers[layers.length - 1];
  if (inputs.shape.length !== 2 || inputs.shape[1] !== layers[0]) {
    wrongValue(op, "inputs", `shape [n, ${layers[0]}]`, `[${inputs.shape.join(", ")}]`);
  }
  if (targets.shape.length !== 2 || targets.shape[0] !== inputs.shape[0]) {
    wrongValue(op, "targets", `shape [${inputs.shape[0]}, D]`, `[${targets.shape.join(", ")}]`);
  }
  if (outputs < (loss === "gaussian" ? 2 : 1) * columns) {
    wrongValue(op, "targets", `as many columns as the ${outputs} outputs have room for`, columns);
  }
  if (loss === "gaussian") {
    if (bounds?.size !== 2 * columns) wrongValue(op, "bounds", `shape [2, ${columns}]`, bounds?.shape);
    if (!(boundsOptimizer instanceof Adam)) wrongKind(op, "boundsOptimizer", "an Adam of the bounds", boundsOptimizer);
  } else if (bounds !== undefined || boundsOptimizer !== undefined) {
    wrongKind(op, "bounds", "nothing, with squared errors", bounds ?? boundsOptimizer);
  }
  return ensemble.runtime.scoped((scope) => new Trainer(scope, ensemble, options));
}
