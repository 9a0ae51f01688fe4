// How an ensemble is trained on a data set: hold-out split, bootstrap, minibatch epochs, the best epoch of each member kept,
// early stop, elites. The procedure of PETS and its successors (Chua et al. 2018; Janner et al. 2019, appendix):
//
//   split off a hold-out set, the same for all members; draw each member's bootstrap once
//   repeat: shuffle; one optimizer step per minibatch; score every member on the hold-out set
//   until no member has improved for `patience` epochs
//   restore each member's best epoch; the members with the lowest hold-out error are the elites

import { checkFlag, checkInteger, checkNumber, checkOptions, wrongKind, wrongValue } from "../check.js";
import type { RandomStream } from "../kernels/index.js";
import { eachInSlices } from "../steps.js";
import type { Steps } from "../types.js";

export interface FitOptions {
  /** Most passes over the data. Default 50, as mbrl-lib's cart-pole notebook. */
  epochs?: number | undefined;
  /** Rows per optimizer step and member. Default 64 (PETS has 32, mbrl-lib 256). */
  batchSize?: number | undefined;
  /** Share of the rows held out for scores, at most 5000 rows. Default 0.1; with 0 the last epoch stands. */
  holdout?: number | undefined;
  /**
   * The rows to hold out, by their numbers, instead of a share drawn anew at each fit: whole trajectories, say, whose
   * neighboring rows would tell of each other. At most 5000 of them, evenly taken, are scored. `holdout` then says nothing.
   */
  holdoutRows?: Uint32Array | undefined;
  /** Epochs without improvement of any member before training stops. Default 10. */
  patience?: number | undefined;
  /** Relative drop of the score that counts as an improvement. Default 0.01 (Janner et al. 2019). */
  improvement?: number | undefined;
  /** Give each member its own sample with replacement of the training rows. Default true, as PETS. */
  bootstrap?: boolean | undefined;
  /**
   * Let the learning rate fall to zero over `epochs`, as (1 − epoch / epochs)². Default false. It bears a higher rate to begin with,
   * and a fit that is not stopped early (`patience`) ends with a smaller error.
   */
  anneal?: boolean | undefined;
}

/** Told after each optimizer step; between steps, where there is much to be made ready for the next one, with `steps` 0. */
export interface FitProgress {
  readonly epoch: number;
  /** Step within the epoch, and steps that an epoch has. */
  readonly step: number;
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
  /** Mean squared error of each member at its best epoch on the hold-out rows (or training rows, if none are held out). */
  readonly score: readonly number[];
  /** All members, lowest score first. */
  readonly ranking: readonly number[];
}

/** What the procedure needs of the thing it trains. Rows are numbers of data rows. */
export interface Trainee {
  readonly members: number;
  /** Takes the order of an epoch: rows [members, n / members], each member's own. */
  startEpoch(order: Uint32Array): void;
  /** One optimizer step on entries `from … from + rows` of each member's order; adds each member's loss to `losses`. */
  step(from: number, rows: number, losses: Float64Array): void;
  /** Mean squared error of each member on the given rows, in slices. */
  scoreSteps(rows: Uint32Array): Steps<Float64Array>;
}

/** What keeps the best parameters of each member, and the learning rate. */
export interface Keeper {
  /** Remembers a member's parameters as its best so far, and brings them back. */
  keep(member: number): void;
  restore(member: number): void;
  /** Throws when a member's loss or score is not finite. */
  check(values: ArrayLike<number>): void;
  /** Optimizers take steps of this share of their rates from now on. */
  setShare(share: number): void;
}

type Complete<T> = { [K in keyof T]-?: NonNullable<T[K]> };

/** Options of a fit with nothing left open but whether rows to hold out are named. */
export type CompleteFitOptions = Complete<Omit<FitOptions, "holdoutRows">> & Pick<FitOptions, "holdoutRows">;

/** Most held-out rows that are scored. */
export const MOST_SCORED = 5000;
/** The names of the options of a fit. */
export const fitOptionNames = [
  "epochs",
  "batchSize",
  "holdout",
  "holdoutRows",
  "patience",
  "improvement",
  "bootstrap",
  "anneal",
] as const;

/** The options with defaults filled in and checked. @internal */
export function completeFitOptions(options: FitOptions | undefined, op = "fit"): CompleteFitOptions {
  const given = checkOptions(op, options, fitOptionNames);
  const { epochs = 50, batchSize = 64, holdout = 0.1, patience = 10, improvement = 0.01, bootstrap = true } = given;
  const { anneal = false, holdoutRows } = given;
  checkInteger(op, "epochs", epochs, 1);
  checkInteger(op, "batchSize", batchSize, 1, 2 ** 16);
  checkNumber(op, "holdout", holdout, 0, 0.9);
  checkInteger(op, "patience", patience, 1);
  checkNumber(op, "improvement", improvement, 0, 1);
  checkFlag(op, "bootstrap", bootstrap);
  checkFlag(op, "anneal", anneal);
  if (holdoutRows !== undefined && !(holdoutRows instanceof Uint32Array)) {
    wrongKind(op, "holdoutRows", "a Uint32Array", holdoutRows);
  }
  return { epochs, batchSize, holdout, holdoutRows, patience, improvement, bootstrap, anneal };
}

// what a random number costs, in numbers that are only touched
const DRAWN = 16;
/** Products of networks that take as long as a number that is only touched. @internal */
export const PRODUCTS = 64;

/** What is made ready for optimizer steps, in slices of a fit. */
export function* readying<R>(steps: Steps<R>): Generator<FitProgress, R> {
  for (;;) {
    const next = steps.next();
    if (next.done) return next.value;
    yield { epoch: 0, step: 0, steps: 0 };
  }
}

/** Runs the procedure over data rows 0 … n − 1, one optimizer step per `next()`. */
export function* trainSteps(
  trainee: Trainee,
  keeper: Keeper,
  n: number,
  random: RandomStream,
  options: CompleteFitOptions,
): Generator<FitProgress, FitReport> {
  const { epochs, batchSize, patience, improvement, bootstrap, anneal } = options;
  const E = trainee.members;
  const { train, heldOut } = options.holdoutRows
    ? namedSplit(options.holdoutRows, n)
    : drawnSplit(options.holdout, n, random);
  const holdoutRows = heldOut.length;
  const scored = thinned(holdoutRows > 0 ? heldOut : train);
  const samples: Uint32Array[] = [];
  for (let e = 0; e < E; e++) samples.push(bootstrap ? yield* readying(resampled(train, random)) : train);

  const best = yield* readying(trainee.scoreSteps(scored));
  for (let e = 0; e < E; e++) keeper.keep(e);
  const rows = train.length;
  const steps = Math.ceil(rows / batchSize);
  const order = new Uint32Array(E * rows);
  const shuffle = new Uint32Array(rows);
  const losses = new Float64Array(E);
  let epoch = 0;
  for (let stale = 0; epoch < epochs && stale < patience; epoch++) {
    const reorder = (e: number): void => {
      random.permutation(shuffle);
      for (let i = 0; i < rows; i++) order[e * rows + i] = samples[e][shuffle[i]];
    };
    yield* readying(eachInSlices(E, DRAWN * rows, reorder));
    trainee.startEpoch(order);
    const left = 1 - epoch / epochs;
    if (anneal) keeper.setShare(left * left);
    losses.fill(0);
    for (let step = 0; step < steps; step++) {
      trainee.step(step * batchSize, Math.min(batchSize, rows - step * batchSize), losses);
      keeper.check(losses);
      yield { epoch, step, steps };
    }
    const scores = yield* readying(trainee.scoreSteps(scored));
    keeper.check(scores);
    stale++;
    for (let e = 0; e < E; e++) {
      // without a hold-out set there is nothing to tell a better epoch by: the last stands
      if (holdoutRows > 0 && scores[e] >= best[e] * (1 - improvement)) continue;
      best[e] = scores[e];
      keeper.keep(e);
      stale = 0;
    }
  }
  for (let e = 0; e < E; e++) keeper.restore(e);
  return {
    epochs: epoch,
    trainRows: rows,
    holdoutRows,
    trainLoss: Array.from(losses, (loss) => loss / steps),
    score: [...best],
    ranking: Array.from({ length: E }, (_, e) => e).sort((a, b) => best[a] - best[b] || a - b),
  };
}

interface Split {
  readonly train: Uint32Array;
  readonly heldOut: Uint32Array;
}

function drawnSplit(share: number, n: number, random: RandomStream): Split {
  const rows = random.permutation(new Uint32Array(n));
  const count = Math.min(Math.floor(n * share), MOST_SCORED, n - 1);
  return { train: rows.subarray(count), heldOut: rows.subarray(0, count) };
}

function namedSplit(heldOut: Uint32Array, n: number): Split {
  const isOut = new Uint8Array(n);
  for (const row of heldOut) {
    if (row >= n) wrongValue("fit", "holdoutRows", `rows below ${n}`, row);
    if (isOut[row]++) wrongValue("fit", "holdoutRows", "each row once", row);
  }
  if (heldOut.length === n) wrongValue("fit", "holdoutRows", "less than all rows", n);
  const train = new Uint32Array(n - heldOut.length);
  for (let row = 0, at = 0; row < n; row++) if (!isOut[row]) train[at++] = row;
  return { train, heldOut };
}

// as many of the rows as are scored, evenly taken
function thinned(rows: Uint32Array): Uint32Array {
  if (rows.length <= MOST_SCORED) return rows;
  return Uint32Array.from({ length: MOST_SCORED }, (_, i) => rows[Math.floor((i * rows.length) / MOST_SCORED)]);
}

// a bootstrap sample: as many rows, drawn with replacement
function* resampled(rows: Uint32Array, random: RandomStream): Steps<Uint32Array> {
  const sample = new Uint32Array(rows.length);
  yield* eachInSlices(rows.length, DRAWN, (i) => {
    sample[i] = rows[random.integer(rows.length)];
  });
  return sample;
}
