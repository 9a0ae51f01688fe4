// Training steps of an ensemble on tables of examples, each step one region of tasks: gather a minibatch for every member,
// forward, loss, backward, Adam. The same bits as `forward`, `gaussianNll` or `meanSquaredError`, `vjp` and `adam.step` one
// by one, at a fraction of their traffic: rows go through all layers in blocks, large batches in chunks, and gradients
// become steps while they are in the cache.

import { checkInteger, checkNumber, checkOneOf, checkOptions, wrongKind, wrongValue } from "../check.js";
import type { Disposable } from "../types.js";
import { Region, type Scope, type Tensor } from "../wasm/index.js";
import { Adam } from "./adam.js";
import { type Ensemble, WeightFlags } from "./ensemble.js";
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

// rows that are in memory at a time, and the blocks of them that are tasks (LOSS_ROWS of assembly/nn/losses.ts)
const CHUNK_ROWS = 128;
const BLOCK_ROWS = 32;
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
    this.#scope = scope;
    this.#ensemble = ensemble;
    this.#options = options;
    this.#targetSize = targets.shape[1];
    this.#region = new Region(scope, "train", INVERSE + 2);
    this.#workspace = scope.hold(ensemble.workspace(rows));
    this.#workspace.prepareGradients(true);
    this.#batchTargets = scope.tensor([members, rows, this.#targetSize]);
    const bounds = loss === "gaussian" ? 2 * this.#targetSize : 0;
    this.#partials = scope.tensor([members, Math.ceil(batchSize / BLOCK_ROWS), 1 + bounds], "f64");
    this.#finished = scope.tensor([members], "i32");
    this.#losses = scope.tensor([members], "f64");
    this.#boundsGradient = bounds > 0 ? scope.tensor([bounds]) : undefined;
    this.#gradients = batchSize > CHUNK_ROWS ? scope.tensor([ensemble.params.size]) : undefined;
  }

  /**
   * One step of every member e on the examples order[e, from … from + rows − 1] (order [E, m], row numbers of the tables).
   * Adds each member's loss, as it was before the step, to `losses` [E].
   */
  step(order: Tensor<"u32">, from: number, rows: number, losses: Float64Array): void {
    const { optimizer, loss, bounds, boundsOptimizer, penalty = 0.01 } = this.#options;
    const { members, runtime } = this.#ensemble;
    const stride = this.#checkStep(order, from, rows);
    const D = this.#targetSize;
    const inverse = 1 / (rows * D);
    const blocks = Math.ceil(rows / BLOCK_ROWS);
    const numbers = optimizer.begin();
    // chunks of equal numbers of blocks, the last one shorter
    const chunk = BLOCK_ROWS * Math.ceil(blocks / Math.ceil(rows / CHUNK_ROWS));
    for (let row = 0; row < rows; row += chunk) {
      const last = row + chunk >= rows;
      const count = Math.min(chunk, rows - row);
      this.#runChunk(order.address + 4 * (from + row), stride, count, row / BLOCK_ROWS, blocks, inverse, numbers, {
        first: row === 0,
        last,
      });
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

  #runChunk(
    order: number,
    orderStride: number,
    rows: number,
    firstBlock: number,
    blocks: number,
    inverse: number,
    numbers: Tensor<"f64">,
    { first, last }: { first: boolean; last: boolean },
  ): void {
    const { inputs, targets, optimizer, loss, bounds } = this.#options;
    const ensemble = this.#ensemble;
    const { members, runtime } = ensemble;
    const { network, scratch, weightTasks } = ensemble.prepareTraining();
    this.#workspace.begin(
      Array.from({ length: members }, (_, e) => e),
      rows,
    );
    this.#finished.view.fill(0);
    const kept = first ? (last ? 0 : WeightFlags.keep) : WeightFlags.accumulate;
    const flags = kept | (last ? WeightFlags.step : 0);
    const weights = [network, this.#workspace.table.address, members, this.#gradients?.address ?? 0, flags, ...scratch];
    const adam = [numbers.address, optimizer.m.address, optimizer.v.address];
    const data = [inputs.address, targets.address, order, orderStride, inputs.shape[1], this.#targetSize];
    const lossWords = [Number(loss === "gaussian"), bounds?.address ?? 0, this.#partials.address, firstBlock, blocks];
    // with other threads about, the rows of the next member come before the weights of this one
    const ahead = runtime.threads > 1 ? 1 : 0;
    const rest = [ahead, this.#finished.address, 0, this.#batchTargets.address];
    const float = new Uint32Array(new Float64Array([inverse]).buffer);
    const tasks = members * (Math.ceil(rows / BLOCK_ROWS) + weightTasks);
    this.#region.run([...weights, ...adam, ...data, ...lossWords, ...rest, 0, ...float], tasks);
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
