// A learned dynamics model: from observation and action to the next observation (and, if asked, the reward).
//   features = standardize(encode(observation, action)),  target = (next − delta · observation [, reward])
// Differences are learned, except in the dimensions of `noDelta`; angles go in as sine and cosine (Chua et al. 2018).

import { rowCount, toFloat32 } from "../array.js";
import { checkCallback, checkFlag, checkInteger, checkOptions, wrongKind, wrongValue } from "../check.js";
import type { ReplayBuffer } from "../data/index.js";
import { joinStates, partState } from "../saved-state.js";
import { finish, inSlices } from "../steps.js";
import type { Disposable, NumericInput, SavedState } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import {
  checkRegressorOptions,
  EnsembleRegressor,
  type MakeTrainee,
  type RegressorOptions,
  regressorOptions,
} from "./ensemble-regressor.js";
import { createFeatureEncoder, type FeatureEncoder } from "./features.js";
import {
  completeFitOptions,
  fitOptionNames,
  type FitOptions,
  type FitProgress,
  type FitReport,
  readying,
} from "./training.js";

export interface DynamicsModelOptions extends Omit<RegressorOptions, "inputSize" | "targetSize"> {
  /** Length of an observation (D) and of an action (A). */
  observationSize: number;
  actionSize: number;
  /** Observation dimensions that are angles in radians. Default none. */
  angles?: readonly number[] | undefined;
  /** Observation dimensions predicted as they are, not as a difference. Default none. */
  noDelta?: readonly number[] | undefined;
  /**
   * Observation dimensions that never change within an episode, as the desired goal: no features, and copied from observation
   * to prediction. Default none.
   */
  constant?: readonly number[] | undefined;
  /** Learn the reward as one more target. Default false: the task's own reward is used. */
  learnReward?: boolean | undefined;
}

/** What a fit minimizes in place of the error of each transition by itself; `openLoopLoss` makes one. */
export type ModelLoss = (model: DynamicsModel, buffer: ReplayBuffer) => MakeTrainee;

export interface ModelFitOptions extends FitOptions {
  /** Default: each transition is predicted by itself. */
  loss?: ModelLoss | undefined;
}

/** Prediction of B transitions, arrays row-major. */
export interface Prediction {
  /** Mean over members of the next observation [B, D]. */
  readonly nextObservation: Float32Array;
  /** Mean reward [B], when the model learned it. */
  readonly reward: Float32Array | undefined;
  /** Variance of the targets that the world's own noise explains [B, T]: mean over members of σ². */
  readonly aleatoric: Float32Array;
  /** Variance that more data would remove [B, T]: variance over members of their means. */
  readonly epistemic: Float32Array;
}

export class DynamicsModel implements Disposable {
  readonly runtime: Runtime;
  readonly observationSize: number;
  readonly actionSize: number;
  readonly featureSize: number;
  readonly learnsReward: boolean;
  /** The ensemble behind the model: features to targets. */
  readonly network: EnsembleRegressor;
  /** The table by which kernels know the model (assembly/models/model.ts). @internal */
  readonly table: Tensor<"u32">;
  /** Observation and action to features. @internal */
  readonly encoder: FeatureEncoder;
  /** 1 where a target is a difference, else 0 [D]. @internal */
  readonly delta: Tensor;
  readonly #scope: Scope;
  readonly #constant: readonly number[];
  readonly #zeros: Tensor;
  readonly #ones: Tensor;

  /** Made by `createDynamicsModel`. */
  constructor(scope: Scope, options: DynamicsModelOptions) {
    const { observationSize: D, actionSize: A, angles = [], noDelta = [], constant = [], ...others } = options;
    const { learnReward = false, ...rest } = others;
    this.runtime = scope.runtime;
    this.#scope = scope;
    this.observationSize = D;
    this.actionSize = A;
    this.learnsReward = learnReward;
    this.#constant = constant;
    this.encoder = createFeatureEncoder(scope, D, A, angles, constant);
    this.featureSize = this.encoder.size;
    const targetSize = D + (learnReward ? 1 : 0);
    const network = { ...rest, inputSize: this.featureSize, targetSize, silent: constant };
    this.network = scope.hold(scope.runtime.scoped((inner) => new EnsembleRegressor(inner, network)));
    const isDelta = (dimension: number) => (noDelta.includes(dimension) ? 0 : 1);
    this.delta = scope.tensor([D]).write(Array.from({ length: D }, (_, i) => isDelta(i)));
    this.table = this.#makeTable(scope);
    this.#zeros = scope.tensor([this.featureSize]);
    this.#ones = scope.tensor([this.featureSize]).write(new Float32Array(this.featureSize).fill(1));
  }

  /** Trains on everything in the buffer; see `FitOptions`. Throws `TrainingDivergedError`, the old parameters kept. */
  fit(buffer: ReplayBuffer, options?: ModelFitOptions): FitReport {
    return finish(this.fitSteps(buffer, options));
  }

  /**
   * `fit` in slices: one optimizer step, or a part of what must be made ready for it where the buffer is large. The buffer must stay
   * as it is until the first step. A generator that is not run to its end leaves the model as it was.
   */
  *fitSteps(buffer: ReplayBuffer, options?: ModelFitOptions): Generator<FitProgress, FitReport> {
    const op = "dynamicsModel.fit";
    const n = buffer.length;
    if (n < 2) wrongValue(op, "buffer", "at least 2 transitions", n);
    const { loss, ...rest } = checkOptions(op, options, [...fitOptionNames, "loss"]);
    const complete = completeFitOptions(rest, op);
    checkCallback(op, "loss", loss);
    const make = loss?.(this, buffer);
    const { kernels } = this.runtime;
    const scope = this.runtime.scoped((inner) => inner);
    try {
      const { observation, action, nextObservation, reward } = buffer;
      const { observationSize: D, featureSize: F } = this;
      const T = this.network.targetSize;
      const [features, targets] = [scope.tensor([n, F]), scope.tensor([n, T])];
      const encode = (from: number, rows: number): void => {
        const at = (tensor: Tensor, columns: number): number => tensor.address + 4 * from * columns;
        const x = at(observation, D);
        this.encoder.encode(at(features, F), x, at(action, this.actionSize), this.#zeros, this.#ones, rows);
        const next = at(nextObservation, D);
        kernels.model_target(at(targets, T), x, next, at(reward, 1), this.delta.address, rows, D, T);
        const { view } = targets;
        for (const dimension of this.#constant) {
          for (let row = from; row < from + rows; row++) view[row * T + dimension] = 0;
        }
      };
      yield* readying(inSlices(n, F + T, encode));
      return yield* this.network.fitSteps(features, targets, complete, make);
    } finally {
      scope.dispose();
    }
  }

  /** Predicts B transitions with the elite members: observation [B, D], action [B, A]. */
  predict(observation: NumericInput, action: NumericInput): Prediction {
    const op = "dynamicsModel.predict";
    const { observationSize: D, actionSize: A, network } = this;
    const B = rowCount(op, "observation", observation, D);
    const observations = toFloat32(op, "observation", observation, [B, D]);
    const actions = toFloat32(op, "action", action, [B, A]);
    const T = network.targetSize;
    const scope = this.runtime.scoped((inner) => inner);
    try {
      const x = scope.tensor([B, D]).write(observations).address;
      const u = scope.tensor([B, A]).write(actions).address;
      const features = scope.tensor([B, this.featureSize]);
      const [mean, aleatoric, epistemic] = [scope.tensor([B, T]), scope.tensor([B, T]), scope.tensor([B, T])];
      const [next, reward] = [scope.tensor([B, D]), scope.tensor([B])];
      const { mean: shift, inverseStd } = network.normalizer;
      this.encoder.encode(features.address, x, u, shift, inverseStd, B);
      network.moments(mean, aleatoric, epistemic, features, B);
      const learned = this.learnsReward ? reward.address : 0;
      const delta = this.delta.address;
      this.runtime.kernels.apply_target(next.address, learned, x, mean.address, delta, B, D, T);
      return {
        nextObservation: next.read(),
        reward: this.learnsReward ? reward.read() : undefined,
        aleatoric: aleatoric.read(),
        epistemic: epistemic.read(),
      };
    } finally {
      scope.dispose();
    }
  }

  save(): SavedState {
    return joinStates({}, { network: this.network.save() });
  }

  /** Takes over a saved state; throws `FormatError` when it is of another shape. */
  load(state: SavedState): void {
    this.network.load(partState(state, "network"));
  }

  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using model = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  // everything in it stays where it is for the life of the model
  #makeTable(scope: Scope): Tensor<"u32"> {
    const { observationSize: D, actionSize: A, featureSize: F, network } = this;
    const { members, normalizer, head } = network.words;
    const sizes = [D, A, F, network.targetSize, network.outputStride, Number(network.probabilistic)];
    const rest = [...head, this.delta.address, Number(this.learnsReward)];
    const words = [...members, ...sizes, this.encoder.table.address, ...normalizer, ...rest];
    return scope.tensor([words.length], "u32").write(words);
  }
}

/**
 * A dynamics model with fresh parameters.
 * Throws `TypeError` or `RangeError` on options that do not fit together.
 */
export function createDynamicsModel(runtime: Runtime, options: DynamicsModelOptions): DynamicsModel {
  const op = "createDynamicsModel";
  const own = ["observationSize", "actionSize", "angles", "noDelta", "constant", "learnReward"] as const;
  checkOptions(op, options, [...own, ...regressorOptions]);
  checkInteger(op, "observationSize", options.observationSize, 1);
  checkInteger(op, "actionSize", options.actionSize, 0);
  checkRegressorOptions(op, options);
  for (const name of ["noDelta", "constant"] as const) {
    const dimensions = options[name] === undefined ? [] : options[name];
    if (!Array.isArray(dimensions)) wrongKind(op, name, "an array of dimensions", dimensions);
    for (const dimension of dimensions) checkInteger(op, name, dimension, 0, options.observationSize - 1);
  }
  for (const dimension of options.constant ?? []) {
    for (const name of ["noDelta", "angles"] as const) {
      const clashes = options[name]?.includes(dimension);
      if (clashes) wrongValue(op, name, "dimensions that are not constant", dimension);
    }
  }
  checkFlag(op, "learnReward", options.learnReward ?? false);
  return runtime.scoped((scope) => new DynamicsModel(scope, options));
}
