// How an ensemble is trained on a data set: hold-out split, bootstrap, minibatch epochs, the best epoch of each member kept,
// early stop, elites. The procedure of PETS and its successors (Chua et al. 2018; Janner et al. 2019, appendix):
//
//   split off a hold-out set, the same for all members; draw each member's bootstrap once
//   repeat: shuffle; one optimizer step per minibatch; score every member on the hold-out set
//   until no member has improved for `patience` epochs
//   restore each member's best epoch; the members with the lowest hold-out error are the elites

import { checkInteger, checkNumber, checkOptions, wrongKind } from "../check.js";
import type { RandomStream } from "../kernels/index.js";

export interface FitOptions {
  /** Most passes over the data. Default 50, as mbrl-lib's cart-pole notebook. */
  epochs?: number | undefined;
  /** Rows per optimizer step and member. Default 256 (mbrl-lib; PETS has 32). */
  batchSize?: number | undefined;
  /** Share of the rows held out for scores, at most 5000 rows. Default 0.1; with 0 the last epoch stands. */
  holdout?: number | undefined;
  /** Epochs without improvement of any member before training stops. Default 10. */
  patience?: number | undefined;
  /** Relative drop of the score that counts as an improvement. Default 0.01 (Janner et al. 2019). */
  improvement?: number | undefined;
  /** Give each member its own sample with replacement of the training rows. Default true, as PETS. */
  bootstrap?: boolean | undefined;
}

/** After each optimizer step. */
export interface FitProgress {
  readonly epoch: number;
  readonly step: number;
  /** Steps of one epoch. */
  readonly steps: number;
}

export interface FitReport {
  /** Epochs run. */
  readonly epochs: number;
  /** Rows trained on and held out. */
  readonly trainRows: number;
  readonly holdoutRows: number;
  /** Training loss of each member, mean over the last epoch. */
  readonly trainLoss: readonly number[];
  /** Hold-out mean squared error of each member at its best epoch; of the training rows when nothing is held out. */
  readonly score: readonly number[];
  /** The members that predict from now on, best first. */
  readonly elites: readonly number[];
}

/** What the procedure needs of the thing it trains. */
export interface Trainee {
  readonly members: number;
  /** One optimizer step on rows `indices[e·stride + from …]` of the data for member e; adds losses to `losses` [members]. */
  step(indices: Uint32Array, stride: number, from: number, rows: number, losses: Float64Array): void;
  /** Mean squared error of each member on the given rows. */
  score(rows: Uint32Array): Float64Array;
  /** Remembers a member's parameters as its best so far; `restoreBest` brings them back. */
  keepBest(member: number): void;
  restoreBest(member: number): void;
  /** Throws `TrainingDivergedError` when a number is not finite. */
  checkFinite(losses: ArrayLike<number>): void;
}

const MOST_HOLDOUT = 5000;
const known = ["epochs", "batchSize", "holdout", "patience", "improvement", "bootstrap"] as const;

/** The options with defaults filled in and checked. */
export function checkFitOptions(
  options: FitOptions | undefined,
): Required<{ [K in keyof FitOptions]: NonNullable<FitOptions[K]> }> {
  const op = "fit";
  const given = checkOptions(op, options, known);
  const { epochs = 50, batchSize = 256, holdout = 0.1, patience = 10, improvement = 0.01, bootstrap = true } = given;
  checkInteger(op, "epochs", epochs, 1);
  checkInteger(op, "batchSize", batchSize, 1, 2 ** 16);
  checkNumber(op, "holdout", holdout, 0, 0.9);
  checkInteger(op, "patience", patience, 1);
  checkNumber(op, "improvement", improvement, 0, 1);
  if (typeof bootstrap !== "boolean") wrongKind(op, "bootstrap", "true or false", bootstrap);
  return { epochs, batchSize, holdout, patience, improvement, bootstrap };
}

/** Runs the procedure over `n` rows, one optimizer step per `next()`. */
export function* trainSteps(
  trainee: Trainee,
  n: number,
  random: RandomStream,
  options: FitOptions | undefined,
): Generator<FitProgress, FitReport> {
  const { epochs, batchSize, holdout, patience, improvement, bootstrap } = checkFitOptions(options);
  const E = trainee.members;
  const order = new Uint32Array(n);
  random.permutation(order);
  const holdoutRows = Math.min(Math.floor(n * holdout), MOST_HOLDOUT, n - 1);
  const held = order.slice(0, holdoutRows);
  const train = order.slice(holdoutRows);
  const scored = holdoutRows > 0 ? held : train;
  const indices = memberIndices(train, E, bootstrap, random);

  const best = trainee.score(scored);
  for (let e = 0; e < E; e++) trainee.keepBest(e);
  const rows = train.length;
  const steps = Math.ceil(rows / batchSize);
  const trainLoss = new Float64Array(E);
  const shuffle = new Uint32Array(rows);
  let epoch = 0;
  for (let stale = 0; epoch < epochs && stale < patience; epoch++) {
    for (let e = 0; e < E; e++) shuffleRows(indices.subarray(e * rows, (e + 1) * rows), shuffle, random);
    trainLoss.fill(0);
    for (let step = 0; step < steps; step++) {
      const from = step * batchSize;
      trainee.step(indices, rows, from, Math.min(batchSize, rows - from), trainLoss);
      trainee.checkFinite(trainLoss);
      yield { epoch, step, steps };
    }
    for (let e = 0; e < E; e++) trainLoss[e] /= steps;
    const scores = trainee.score(scored);
    trainee.checkFinite(scores);
    stale++;
    for (let e = 0; e < E; e++) {
      // without a hold-out set every epoch counts as the best
      if (holdoutRows > 0 && !(scores[e] < best[e] * (1 - improvement))) continue;
      best[e] = scores[e];
      trainee.keepBest(e);
      stale = 0;
    }
  }
  for (let e = 0; e < E; e++) trainee.restoreBest(e);
  const elites = Array.from({ length: E }, (_, e) => e).sort((a, b) => best[a] - best[b] || a - b);
  return {
    epochs: epoch,
    trainRows: rows,
    holdoutRows,
    trainLoss: [...trainLoss],
    score: [...best],
    elites,
  };
}

// [E, rows]: each member's own sample with replacement, or the same rows for all
function memberIndices(train: Uint32Array, E: number, bootstrap: boolean, random: RandomStream): Uint32Array {
  const rows = train.length;
  const indices = new Uint32Array(E * rows);
  for (let i = 0; i < indices.length; i++) indices[i] = train[bootstrap ? random.integer(rows) : i % rows];
  return indices;
}

function shuffleRows(rows: Uint32Array, scratch: Uint32Array, random: RandomStream): void {
  random.permutation(scratch);
  const before = rows.slice();
  for (let i = 0; i < rows.length; i++) rows[i] = before[scratch[i]];
}
