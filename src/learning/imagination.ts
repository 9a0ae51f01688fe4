// Imagined trajectories: a policy acts in a learned ensemble instead of the world, whole batches at a time in Wasm. How the
// members of the ensemble meet a trajectory (Kurutach et al. 2018; in brackets the names of the authors' code):
//   step      [step_rand]       another member at every step, at random
//   episode   [eps_rand]        one member, drawn at random, for the whole trajectory
//   mean      [model_mean]      the mean of all members
//   median    [model_med]       their median, dimension by dimension
//   gaussian  [model_mean_std]  drawn from the normal distribution with their mean and standard deviation
//   a number  [one_model]       that member alone, counted from the best
// Members are drawn for blocks of trajectories, not for each: blocks are cut by sizes alone, at least as many as there are
// members, and every so many blocks meet each member once.

import { checkInteger, checkOneOf, checkOptions, wrongKind, wrongValue } from "../check.js";
import { RandomStream } from "../kernels/index.js";
import { checkScores, type DynamicsModel, forwardWork, scoredInside, scoreOutside } from "../models/index.js";
import type { Policy } from "../policies/index.js";
import { metaField } from "../saved-state.js";
import { finish } from "../steps.js";
import type { Disposable, RewardFunction, SavedState, Steps, TerminationFunction } from "../types.js";
import { blockCount, MAX_BLOCK_ROWS, Region, type Runtime, type Scope, type Tensor } from "../wasm/index.js";
import { type Batch, createBatch } from "./batch.js";
import { checkChain } from "./check-chain.js";

/** How members of the ensemble meet trajectories; a number is the place of one member among the elites. */
export type Sampling = "step" | "episode" | "mean" | "median" | "gaussian" | number;

export interface ImaginationOptions {
  /** Reward of a transition. Left out when the model has learned it. */
  reward?: RewardFunction | undefined;
  /** Which next observations end a trajectory; default: none. */
  terminated?: TerminationFunction | undefined;
  /** Default `step`, as ME-TRPO. */
  sampling?: Sampling | undefined;
  /**
   * Predicted states are clipped to it: a number for ± that in all dimensions, or bounds for each. Default 100 (the
   * asynchronous ME-TRPO of Zhang et al. 2019): one trajectory that runs away would rule the fit of the value function.
   */
  range?: number | { readonly low: ArrayLike<number>; readonly high: ArrayLike<number> } | undefined;
  /**
   * A trajectory ends at a step about which the members disagree by more than this (`memberDisagreement`), as in MOReL (Kidambi et al.
   * 2020), but without its penalty: where rewards are negative, such an end is a gain. Default Infinity: never.
   */
  disagreement?: number | undefined;
  /** Seed of actions and members. */
  seed: number;
}

/** What became of a batch of imagined trajectories. */
export interface Imagined {
  /** Sum of rewards of each trajectory [B], discounted where that was asked for. */
  readonly returns: Float64Array;
  /** Steps that count: up to the ends of the trajectories. */
  readonly steps: number;
  /** Trajectories that were cut because a predicted state or a reward was no finite number. */
  readonly diverged: number;
}

export interface ImagineOptions {
  /** Instead of the one given at construction. */
  readonly sampling?: Sampling | undefined;
  /** Act by the mode of the policy (default false: sample). */
  readonly greedy?: boolean | undefined;
  /** Discount of the returns that are reported. Default 1. */
  readonly gamma?: number | undefined;
}

// the codes of assembly/models/imagine.ts; 5 is one member
const samplings = ["step", "episode", "mean", "median", "gaussian"] as const;
const ONE = 5;
// fills of random numbers that a step takes
const FILLS = 3;
// floating-point operations of a slice on each thread: some milliseconds
const SLICE_WORK = 100e6;
// a fill is entered at multiples of 16 elements, on either side
const ENTRY = 32;

export class Imagination implements Disposable {
  readonly model: DynamicsModel;
  readonly policy: Policy;
  readonly #scope: Scope;
  readonly #options: ImaginationOptions;
  readonly #random: RandomStream;
  readonly #region: Region;
  readonly #range: Tensor;
  readonly #limit: Tensor;
  readonly #scratch: Tensor;
  // of validation, for the number of starts and the horizon it was last asked with
  #fixed: { readonly scope: Scope; readonly batch: Batch; readonly starts: Tensor } | undefined;

  /** Made by `createImagination`. */
  constructor(scope: Scope, model: DynamicsModel, policy: Policy, options: ImaginationOptions) {
    const { network, featureSize, observationSize: D } = model;
    const { eliteCount: K, outputStride, targetSize, ensemble } = network;
    this.#scope = scope;
    this.model = model;
    this.policy = policy;
    this.#options = options;
    this.#random = scope.hold(new RandomStream(scope.runtime, options.seed, "imagination"));
    this.#region = new Region(scope, "imagine", 34);
    this.#range = scope.tensor([2, D]).write(stateRange(options.range ?? 100, D));
    this.#limit = scope.tensor([1]).write([options.disagreement ?? Infinity]);
    // of each thread, for each row: what a step of the policy takes, or one of the model by all members; before it noise
    const acting = 2 * policy.network.table.widest + policy.headStride + D + policy.actionSize;
    const predicting = 2 * ensemble.table.widest + K * outputStride + featureSize + 2 * targetSize;
    const floats = Math.max(MAX_BLOCK_ROWS * Math.max(acting, predicting) + ENTRY, K + ENTRY);
    this.#scratch = scope.tensor([scope.runtime.threads, 16 * Math.ceil(floats / 16)]);
  }

  /** A batch of T steps of B trajectories, of the sizes of the model and the policy. */
  createBatch(scope: Scope, T: number, B: number): Batch {
    const { model, policy } = this;
    return createBatch(scope, { T, B, D: model.observationSize, A: policy.actionSize, Aenv: model.actionSize });
  }

  /** Clips predicted states to another range from now on. */
  setRange(range: NonNullable<ImaginationOptions["range"]>): void {
    const D = this.model.observationSize;
    checkRange("imagination.setRange", range, D);
    this.#range.write(stateRange(range, D));
  }

  /** Ends trajectories at another disagreement of the members from now on; Infinity: at none. */
  setDisagreement(limit: number): void {
    checkDisagreement("imagination.setDisagreement", limit);
    this.#limit.write([limit]);
  }

  /** `collectSteps` in one go. */
  collect(batch: Batch, starts: Tensor, options?: ImagineOptions): Imagined {
    return finish(this.collectSteps(batch, starts, options));
  }

  /**
   * Fills a batch with trajectories from `starts` [B, D], in slices. Rows after the end of a trajectory are not `valid`, and
   * their rewards are 0. The random numbers of a batch follow those of the one before.
   */
  *collectSteps(batch: Batch, starts: Tensor, options?: ImagineOptions): Steps<Imagined> {
    const op = "imagination.collect";
    const {
      sampling = this.#options.sampling ?? "step",
      greedy = false,
      gamma = 1,
    } = checkOptions(op, options, ["sampling", "greedy", "gamma"]);
    checkSampling(op, sampling, this.model);
    const { T, B } = batch;
    const D = this.model.observationSize;
    if (starts.size < B * D) wrongValue(op, "starts", `at least ${B} rows of ${D}`, `[${starts.shape.join(", ")}]`);
    const { reward, terminated } = this.#options;
    const inside = scoredInside({ reward, terminated });
    const { key, fill } = this.#random.reserve(FILLS * T);
    const blocks = Math.max(blockCount(1, B), Math.min(B, this.model.network.eliteCount));
    const tensors = [batch.observation, batch.raw, batch.action, batch.logProb, batch.reward, batch.nextObservation];
    const flags = [batch.terminated, batch.ended, batch.valid, batch.time];
    const words = [
      ...[this.model.table.address, this.policy.table.address, B, blocks, T],
      ...[starts.address, this.#range.address, this.#range.address + 4 * D],
      ...[...tensors, ...flags].map(({ address }) => address),
      typeof sampling === "number" ? ONE : samplings.indexOf(sampling),
      typeof sampling === "number" ? sampling : 0,
      ...[Number(greedy), reward?.compiled?.task ?? 0, terminated?.compiled?.task ?? 0, Number(inside)],
      ...[this.#scratch.address, 4 * this.#scratch.shape[1]],
      this.#limit.view[0] < Infinity ? this.#limit.address : 0,
    ];
    const numbers = [...key, fill, Math.floor(fill / 2 ** 32)];
    if (inside) yield* this.#advance(words, numbers, blocks, B, 0, T);
    else {
      for (let t = 0; t < T; t++) {
        yield* this.#advance(words, numbers, blocks, B, t, t + 1);
        this.#score(batch, t);
      }
    }
    return summary(batch, gamma);
  }

  /** `validateSteps` in one go. */
  validate(starts: Float32Array, T: number, options?: { gamma?: number }): Float64Array {
    return finish(this.validateSteps(starts, T, options));
  }

  /**
   * What the policy's mode earns in T steps on each elite member alone, best member first: the mean return over the `starts`
   * [S, D], the same ones at each call if it is to be compared. A member on which a trajectory diverges has −∞.
   */
  *validateSteps(starts: Float32Array, T: number, options?: { gamma?: number }): Steps<Float64Array> {
    const { gamma = 1 } = checkOptions("imagination.validate", options, ["gamma"]);
    const S = starts.length / this.model.observationSize;
    if (!Number.isInteger(S) || S < 1) {
      wrongValue("imagination.validate", "starts", `rows of ${this.model.observationSize} numbers`, starts);
    }
    const { batch, starts: tensor } = this.#fixedBatch(S, T);
    tensor.write(starts);
    const K = this.model.network.eliteCount;
    const means = new Float64Array(K);
    for (let sampling = 0; sampling < K; sampling++) {
      const { returns, diverged } = yield* this.collectSteps(batch, tensor, { sampling, greedy: true, gamma });
      means[sampling] = diverged > 0 ? -Infinity : returns.reduce((sum, value) => sum + value, 0) / S;
    }
    return means;
  }

  save(): SavedState {
    return { meta: { random: this.#random.save() }, arrays: {} };
  }

  load(state: SavedState): void {
    this.#random.load(metaField(state, "random"));
  }

  dispose(): void {
    this.#fixed?.scope.dispose();
    this.#fixed = undefined;
    this.#scope.dispose();
  }

  /** Lets `using imagination = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  // steps first … last − 1 of all trajectories, in slices of bounded work: some blocks, some steps
  *#advance(
    words: readonly number[],
    numbers: readonly number[],
    blocks: number,
    B: number,
    first: number,
    last: number,
  ): Steps<void> {
    const { threads } = this.#scope.runtime;
    const { network } = this.model;
    const rowWork = forwardWork(this.policy.network.layers) + network.eliteCount * forwardWork(network.ensemble.layers);
    const affordable = (SLICE_WORK * threads * blocks) / (rowWork * B);
    const together = Math.min(blocks, Math.max(threads, Math.floor(affordable)));
    const steps = Math.max(1, Math.floor(affordable / together));
    for (let block = 0; block < blocks; block += together) {
      for (let t = first; t < last; t += steps) {
        const when = [t, Math.min(t + steps, last), ...numbers];
        this.#region.run([...words, ...when], Math.min(block + together, blocks), block);
        yield;
      }
    }
  }

  #score({ T, B, ...batch }: Batch, t: number): void {
    const { model } = this;
    const rows = ({ view }: Tensor, columns: number): Float32Array =>
      view.slice(t * B * columns, (t + 1) * B * columns);
    const state = rows(batch.observation, model.observationSize);
    const next = rows(batch.nextObservation, model.observationSize);
    const { rewards, ends } = scoreOutside(this.#options, state, rows(batch.action, model.actionSize), next, B);
    if (rewards) batch.reward.view.set(rewards, t * B);
    // beside those that end where members disagree
    const ended = batch.terminated.view.subarray(t * B, (t + 1) * B);
    ends?.forEach((end, b) => {
      if (end) ended[b] = 1;
    });
    this.#scope.runtime.kernels.imagine_record(
      batch.reward.address + 4 * t * B,
      batch.terminated.address + t * B,
      batch.ended.address + t * B,
      batch.valid.address + 4 * t * B,
      batch.time.address + 4 * t * B,
      t,
      T,
      B,
    );
  }

  #fixedBatch(S: number, T: number): { readonly batch: Batch; readonly starts: Tensor } {
    if (this.#fixed && this.#fixed.batch.T === T && this.#fixed.batch.B === S) return this.#fixed;
    this.#fixed?.scope.dispose();
    this.#fixed = undefined;
    this.#fixed = this.#scope.runtime.scoped((scope) => ({
      scope,
      batch: this.createBatch(scope, T, S),
      starts: scope.tensor([S, this.model.observationSize]),
    }));
    return this.#fixed;
  }
}

// what the trajectories earned and how they ended
function summary({ T, B, ...batch }: Batch, gamma: number): Imagined {
  const [reward, valid, terminated] = [batch.reward.view, batch.valid.view, batch.terminated.view];
  const returns = new Float64Array(B);
  let [steps, diverged] = [0, 0];
  for (let b = 0; b < B; b++) {
    let weight = 1;
    for (let t = 0; t < T; t++, weight *= gamma) {
      if (valid[t * B + b] === 0) {
        if (t === 0 || terminated[(t - 1) * B + b] === 0) diverged++;
        break;
      }
      returns[b] += weight * reward[t * B + b];
      steps++;
    }
  }
  return { returns, steps, diverged };
}

/** Lowest and highest states, from one number or bounds for each dimension. @internal */
export function stateRange(range: NonNullable<ImaginationOptions["range"]>, D: number): number[] {
  if (typeof range === "number") return [...new Array<number>(D).fill(-range), ...new Array<number>(D).fill(range)];
  return [...Array.from(range.low), ...Array.from(range.high)];
}

function checkRange(op: string, range: ImaginationOptions["range"], D: number): void {
  if (range === undefined) return;
  if (typeof range === "number") {
    if (!(range > 0)) wrongValue(op, "range", "a number above 0", range);
    return;
  }
  if (range === null || typeof range !== "object") wrongKind(op, "range", "a number, or low and high", range);
  const { low, high } = range;
  for (const [name, bound] of Object.entries({ low, high })) {
    if (bound?.length !== D) wrongValue(op, `range.${name}`, `${D} numbers`, bound);
  }
  for (let d = 0; d < D; d++) {
    if (!(low[d] <= high[d])) wrongValue(op, `range.low[${d}]`, `a number of at most ${high[d]}`, low[d]);
  }
}

function checkDisagreement(op: string, limit: unknown): void {
  if (typeof limit !== "number") wrongKind(op, "disagreement", "a number", limit);
  if (!(limit > 0)) wrongValue(op, "disagreement", "a number above 0", limit);
}

/** Throws unless `sampling` is a way to use the members of the model. */
export function checkSampling(op: string, sampling: unknown, { network }: DynamicsModel): void {
  if (typeof sampling === "number") checkInteger(op, "sampling", sampling, 0, network.eliteCount - 1);
  else checkOneOf(op, "sampling", sampling, samplings);
}

/**
 * What imagines trajectories of `policy` in `model`. Throws `TypeError` or `RangeError` when the two are of different sizes, and
 * on rewards or terminations that do not fit.
 */
export function createImagination(
  runtime: Runtime,
  model: DynamicsModel,
  policy: Policy,
  options: ImaginationOptions,
): Imagination {
  const op = "createImagination";
  checkOptions(op, options, ["reward", "terminated", "sampling", "range", "disagreement", "seed"]);
  checkInteger(op, "seed", options.seed, 0, Number.MAX_SAFE_INTEGER);
  checkChain(op, model, policy);
  if (runtime !== model.runtime) wrongValue(op, "model", "one of this runtime", "one of another");
  checkScores(op, options, model);
  if (options.sampling !== undefined) checkSampling(op, options.sampling, model);
  checkRange(op, options.range, model.observationSize);
  if (options.disagreement !== undefined) checkDisagreement(op, options.disagreement);
  return runtime.scoped((scope) => new Imagination(scope, model, policy, options));
}
