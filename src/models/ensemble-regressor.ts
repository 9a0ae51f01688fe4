// An ensemble that learns targets from features with two kinds of uncertainty. A deterministic member outputs ŷ and is
// trained on the squared error; a probabilistic one outputs mean and log-variance and is trained on the Gaussian
// likelihood, its log-variance held between learned soft bounds (Chua et al. 2018, appendix A.1).
//
// Features are standardized anew at each fit, targets by a scale that is kept (target-scale.ts).

import { rowCount, toFloat32 } from "../array.js";
import {
  checkFlag,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  FormatError,
  wrongKind,
  wrongValue,
} from "../check.js";
import { RandomStream } from "../kernels/index.js";
import {
  type Activation,
  type Adam,
  activations,
  createAdam,
  createEnsemble,
  createNormalizer,
  type Ensemble,
  logVarianceBounds,
  type Normalizer,
} from "../nn/index.js";
import { joinStates, loadTensor, metaField, partState, saveTensor } from "../saved-state.js";
import { finish } from "../steps.js";
import type { Disposable, NumericInput, SavedState, Steps } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import { BestMembers } from "./best-members.js";
import { Fitting } from "./fitting.js";
import { TargetScale } from "./target-scale.js";
import {
  type CompleteFitOptions,
  completeFitOptions,
  type FitOptions,
  type FitProgress,
  type FitReport,
  readying,
  type Trainee,
  trainSteps,
} from "./training.js";

export interface RegressorOptions {
  /** Length of a feature row (F) and of a target row (T). */
  inputSize: number;
  targetSize: number;
  /** Networks. Default 5, as PETS. */
  members?: number | undefined;
  /** Units of the hidden layers. Default [64, 64]; PETS has [500, 500, 500] for cart-pole. */
  hidden?: readonly number[] | undefined;
  /** Default `swish`, as PETS. */
  activation?: Activation | undefined;
  /** Learn a variance too. Default true. */
  probabilistic?: boolean | undefined;
  /** Members that predict, those with the lowest hold-out error. Default: all. */
  elites?: number | undefined;
  /** Step size of Adam. Default 1e-3, as PETS. */
  learningRate?: number | undefined;
  /** Coefficient of ½‖W‖² of every layer, or one for all. Default 0. */
  weightDecay?: number | readonly number[] | undefined;
  /** Standardize the targets. Default true. */
  normalizeTargets?: boolean | undefined;
  /** Seed of the initial parameters and of training. Default 0. */
  seed?: number | undefined;
}

/** Options of a model's own regressor. @internal */
export interface OwnRegressorOptions extends RegressorOptions {
  /** Targets that are always 0, and predicted so to the last bit. Default none. */
  silent?: readonly number[] | undefined;
}

/** The names of the options that a model passes on. */
export const regressorOptions = [
  "members",
  "hidden",
  "activation",
  "probabilistic",
  "elites",
  "learningRate",
  "weightDecay",
  "normalizeTargets",
  "seed",
] as const;

/** Another thing to train than the regressor on its rows, made when features and targets have their scales. @internal */
export type MakeTrainee = (
  random: RandomStream,
  options: CompleteFitOptions,
) => Steps<{ readonly trainee: Trainee & Disposable; readonly options: CompleteFitOptions }>;

/** Prediction of B rows [B, T], the variance by its cause. */
export interface Moments {
  /** Mean over members. */
  readonly mean: Float32Array;
  /** The world's own noise: mean over members of σ². */
  readonly aleatoric: Float32Array;
  /** What more data would remove: variance over members of their means. */
  readonly epistemic: Float32Array;
}

export class EnsembleRegressor implements Disposable {
  readonly runtime: Runtime;
  readonly inputSize: number;
  readonly targetSize: number;
  readonly probabilistic: boolean;
  /** Members that predict. */
  readonly eliteCount: number;
  /** Columns of an output row: [mean T | raw log-variance T], rounded up. */
  readonly outputStride: number;
  readonly ensemble: Ensemble;
  /** Statistics of the features. */
  readonly normalizer: Normalizer;
  readonly optimizer: Adam;
  /** Bounds on the log-variance [2, T], max then min, and their optimizer. */
  readonly bounds: Tensor;
  readonly boundsOptimizer: Adam;
  readonly #scope: Scope;
  readonly #random: RandomStream;
  readonly #targetScale: TargetScale;
  readonly #seed: number;
  readonly #startBounds: Float32Array;
  #elites: readonly number[] = [];
  // the same for kernels
  readonly #eliteList: Tensor<"i32">;

  /** Made by `createEnsembleRegressor`. */
  constructor(scope: Scope, options: OwnRegressorOptions) {
    const { inputSize, targetSize, members = 5, hidden = [64, 64], activation = "swish" } = options;
    const { probabilistic = true, elites = members, normalizeTargets = true, seed = 0 } = options;
    const { learningRate = 1e-3, weightDecay = 0, silent = [] } = options;
    const { runtime } = scope;
    this.#scope = scope;
    this.runtime = runtime;
    this.inputSize = inputSize;
    this.targetSize = targetSize;
    this.probabilistic = probabilistic;
    this.eliteCount = elites;
    const layers = [inputSize, ...hidden, probabilistic ? 2 * targetSize : targetSize];
    this.ensemble = scope.hold(createEnsemble(runtime, { members, layers, activation, seed }));
    this.outputStride = this.ensemble.outputStride;
    this.optimizer = scope.hold(createAdam(runtime, this.ensemble, { learningRate, weightDecay }));
    this.bounds = scope.hold(logVarianceBounds(runtime, targetSize));
    this.#seed = seed;
    this.#startBounds = this.bounds.read();
    this.boundsOptimizer = scope.hold(createAdam(runtime, this.bounds, { learningRate }));
    this.normalizer = scope.hold(createNormalizer(runtime, inputSize));
    this.#targetScale = new TargetScale(scope, targetSize, normalizeTargets, silent);
    this.#random = scope.hold(new RandomStream(runtime, seed, "training"));
    this.#eliteList = scope.tensor([elites], "i32");
    this.#choose(Array.from({ length: elites }, (_, e) => e));
  }

  /** The members that predict, best first. */
  get elites(): readonly number[] {
    return this.#elites;
  }

  /** Trains on n rows: features [n, F], targets [n, T]. Throws `TrainingDivergedError`, then everything is as before. */
  fit(features: NumericInput, targets: NumericInput, options?: FitOptions): FitReport {
    const op = "regressor.fit";
    const n = rowCount(op, "features", features, this.inputSize);
    const x = toFloat32(op, "features", features, [n, this.inputSize]);
    const y = toFloat32(op, "targets", targets, [n, this.targetSize]);
    const scope = this.runtime.scoped((inner) => inner);
    try {
      const features = scope.tensor([n, this.inputSize]).write(x);
      return finish(this.fitSteps(features, scope.tensor([n, this.targetSize]).write(y), options));
    } finally {
      scope.dispose();
    }
  }

  /**
   * `fit` on tensors, which it standardizes in place, one optimizer step per `next()`, and slices of what must be made ready for
   * it where that is much. A generator that is not run to its end, by an error or by `return()`, leaves everything as it was.
   */
  *fitSteps(
    features: Tensor,
    targets: Tensor,
    options?: FitOptions,
    make?: MakeTrainee,
  ): Generator<FitProgress, FitReport> {
    const complete = completeFitOptions(options);
    const n = features.shape[0];
    if (n < 2) wrongValue("regressor.fit", "features", "at least 2 rows", n);
    const before = this.save();
    const best = new BestMembers(this);
    let fitting: (Trainee & Disposable) | undefined;
    let report: FitReport | undefined;
    try {
      yield* readying(this.#standardize(features, targets, n));
      const { trainee, options } = make
        ? yield* readying(make(this.#random, complete))
        : {
            trainee: this.runtime.scoped((scope) => new Fitting(scope, this, features, targets, complete.batchSize)),
            options: complete,
          };
      fitting = trainee;
      report = yield* trainSteps(trainee, best, n, this.#random, options);
      this.#choose(report.ranking.slice(0, this.eliteCount));
      return report;
    } finally {
      fitting?.dispose();
      best.dispose();
      if (report === undefined) this.load(before);
    }
  }

  /** Predicts B rows of features [B, F], which it standardizes itself. */
  predict(features: NumericInput): Moments {
    const op = "regressor.predict";
    const B = rowCount(op, "features", features, this.inputSize);
    const T = this.targetSize;
    const values = toFloat32(op, "features", features, [B, this.inputSize]);
    const scope = this.runtime.scoped((inner) => inner);
    try {
      const x = scope.tensor([B, this.inputSize]).write(values);
      const [mean, aleatoric, epistemic] = [scope.tensor([B, T]), scope.tensor([B, T]), scope.tensor([B, T])];
      this.normalizer.standardize(x, x, B);
      this.moments(mean, aleatoric, epistemic, x, B);
      return { mean: mean.read(), aleatoric: aleatoric.read(), epistemic: epistemic.read() };
    } finally {
      scope.dispose();
    }
  }

  /** mean, aleatoric, epistemic [B, T] of standardized features [B, F]. */
  moments(mean: Tensor, aleatoric: Tensor, epistemic: Tensor, features: Tensor, B: number): void {
    const output = this.runtime.tensor([this.eliteCount, B, this.outputStride]);
    try {
      this.ensemble.predict(output, features, B, this.#elites);
      const { head } = this.words;
      this.runtime.kernels.head_moments(
        mean.address,
        aleatoric.address,
        epistemic.address,
        output.address,
        head[0],
        head[1],
        head[2],
        head[3],
        this.eliteCount,
        B,
        this.targetSize,
        this.outputStride,
        this.probabilistic ? 1 : 0,
      );
    } finally {
      output.dispose();
    }
  }

  /** 1 / the standard deviation that targets are divided by [T]. @internal */
  get targetInverseStd(): Tensor {
    return this.#targetScale.inverseStd;
  }

  /** What a model's table holds of its regressor (assembly/models/model.ts). @internal */
  get words(): {
    readonly members: readonly number[];
    readonly normalizer: readonly number[];
    readonly head: readonly number[];
  } {
    const max = this.bounds.address;
    return {
      members: [this.ensemble.table.network, this.#eliteList.address, this.eliteCount],
      normalizer: [this.normalizer.mean.address, this.normalizer.inverseStd.address],
      head: [max, max + 4 * this.targetSize, this.#targetScale.mean.address, this.#targetScale.std.address],
    };
  }

  /**
   * Fresh parameters drawn from `seed` and an optimizer without a past; the next fit takes the scale of the targets anew.
   * The stream of minibatches goes on.
   */
  initialize(seed: number): void {
    checkInteger("regressor.initialize", "seed", seed, 0, Number.MAX_SAFE_INTEGER);
    this.#restart(seed);
    this.#targetScale.renew();
  }

  save(): SavedState {
    const own = {
      meta: { elites: this.#elites, rescale: this.#targetScale.renews, random: this.#random.save() },
      arrays: { bounds: saveTensor(this.bounds) },
    };
    return joinStates(
      {},
      {
        own,
        weights: this.ensemble.weights(),
        optimizer: this.optimizer.save(),
        boundsOptimizer: this.boundsOptimizer.save(),
        normalizer: this.normalizer.save(),
        targetNormalizer: this.#targetScale.save(),
      },
    );
  }

  /** Takes over a saved state; throws `FormatError` when it is of another shape. */
  load(state: SavedState): void {
    const own = partState(state, "own");
    const elites = metaField(own, "elites");
    const isMember = (e: unknown) => Number.isInteger(e) && (e as number) >= 0 && (e as number) < this.ensemble.members;
    if (!Array.isArray(elites) || elites.length !== this.eliteCount || !elites.every(isMember)) {
      throw new FormatError(`saved "elites" are not ${this.eliteCount} of ${this.ensemble.members} members`);
    }
    this.ensemble.setWeights(partState(state, "weights"));
    this.optimizer.load(partState(state, "optimizer"));
    this.boundsOptimizer.load(partState(state, "boundsOptimizer"));
    this.normalizer.load(partState(state, "normalizer"));
    const { rescale } = own.meta as { rescale?: boolean };
    this.#targetScale.load(partState(state, "targetNormalizer"), rescale === true);
    loadTensor(this.bounds, own, "bounds");
    this.#random.load(metaField(own, "random"));
    this.#choose(elites as number[]);
  }

  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using regressor = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #choose(elites: readonly number[]): void {
    this.#elites = elites;
    this.#eliteList.write(elites);
  }

  // both in place
  *#standardize(features: Tensor, targets: Tensor, rows: number): Steps<void> {
    yield* this.normalizer.fitSteps(features, rows);
    yield* this.normalizer.standardizeSteps(features, features, rows);
    const useless = yield* this.#targetScale.suitSteps(targets, rows);
    if (useless) this.#restart(this.#seed);
    yield* this.#targetScale.standardizeSteps(targets, rows);
  }

  #restart(seed: number): void {
    this.ensemble.initialize(seed);
    this.optimizer.reset();
    this.bounds.write(this.#startBounds);
    this.boundsOptimizer.reset();
  }
}

/** Checks the options that a model shares with its regressor. */
export function checkRegressorOptions(op: string, options: Omit<RegressorOptions, "inputSize" | "targetSize">): void {
  const { members = 5, hidden = [], activation = "swish", learningRate = 1e-3, seed = 0 } = options;
  checkInteger(op, "members", members, 1, 1000);
  if (!Array.isArray(hidden)) wrongKind(op, "hidden", "an array of layer sizes", hidden);
  for (const size of hidden) checkInteger(op, "hidden", size, 1);
  checkOneOf(op, "activation", activation, activations);
  checkInteger(op, "elites", options.elites ?? members, 1, members);
  checkNumber(op, "learningRate", learningRate, 0);
  const { weightDecay = 0 } = options;
  if (Array.isArray(weightDecay)) for (const decay of weightDecay) checkNumber(op, "weightDecay", decay, 0);
  else checkNumber(op, "weightDecay", weightDecay, 0);
  checkInteger(op, "seed", seed, 0, Number.MAX_SAFE_INTEGER);
  for (const name of ["probabilistic", "normalizeTargets"] as const) checkFlag(op, name, options[name] ?? true);
}

/** A regressor with fresh parameters. Throws `TypeError` or `RangeError` on options that do not fit together. */
export function createEnsembleRegressor(runtime: Runtime, options: RegressorOptions): EnsembleRegressor {
  const op = "createEnsembleRegressor";
  checkOptions(op, options, ["inputSize", "targetSize", ...regressorOptions]);
  checkInteger(op, "inputSize", options.inputSize, 1);
  checkInteger(op, "targetSize", options.targetSize, 1);
  checkRegressorOptions(op, options);
  return runtime.scoped((scope) => new EnsembleRegressor(scope, options));
}
