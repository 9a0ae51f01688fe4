// What the runs that improve a policy in an environment have in common: their settings, and how those are completed, checked
// and kept in checkpoints.

import { checkCallback, checkInteger, checkNumber, checkOneOf, checkOptions, wrongKind } from "../check.js";
import type { Activation } from "../nn/index.js";
import type { SavedState } from "../types.js";
import { resumedSettings } from "./saved-settings.js";

/** Settings of `trpo` and `ppo` alike: numbers, strings and flags, kept in checkpoints. */
export interface PolicySettings {
  /** Seed of everything random in the run, the environment's episodes included. Default 0. */
  seed: number;
  /** Steps of each of the environment's copies in a batch. Default 2048 divided by their number. */
  steps: number;
  /** The run ends with the batch that reaches so many environment steps, also before `trials`. Default 2⁵³ − 1. */
  totalSteps: number;
  /** Discount. Default 0.99. */
  gamma: number;
  /** λ of advantages. Default 0.97 (TRPO), 0.95 (PPO). */
  lambda: number;
  /** Distribution of continuous actions: clipped to their range, or squashed into it. Default `gaussian`. */
  policy: "gaussian" | "squashed";
  /** Units of the hidden layers of the policy, and their activation. Default [64, 64] and tanh. */
  hidden: readonly number[];
  activation: Activation;
  /** See `createPolicy`. Defaults 1, state-independent, true. */
  initialStd: number;
  std: "state-independent" | "state-dependent";
  filter: boolean;
  /** What advantages are measured from: a network, or linear features. Default `value`. */
  baseline: "value" | "linear";
  /** The network: units of its hidden layers, step size, passes over a batch and rows of a minibatch. Default [64, 64], 1e-3, … */
  valueHidden: readonly number[];
  valueLearningRate: number;
  valueEpochs: number;
  valueBatchSize: number;
}

/** Where a run is. */
export interface PolicyStep {
  readonly phase: "collect" | "update";
  /** Items of progress so far. */
  readonly trial: number;
  /** Step of the batch, or slice of the update. */
  readonly step: number;
  /** Steps of a batch. */
  readonly steps: number;
  readonly envSteps: number;
  /** Mean return of the episodes that ended in this batch; 0 before the first. */
  readonly episodeReturn: number;
}

/** What a run takes beside its settings. */
export interface PolicyRunOptions {
  /** Items of progress: batches in which an episode ended. */
  trials: number;
  /** Aborts the run within a tenth of a second; what was learned so far can still be saved. */
  signal?: AbortSignal;
  /** A saved run to continue; options given beside it must agree with the saved ones (`trials` may grow). */
  resume?: SavedState;
  /** Called after every step of the environment and every slice of an update. */
  onStep?: (event: PolicyStep) => void;
}

/** The names of `PolicyRunOptions` and of the callback about updates. */
const otherNames = ["trials", "signal", "resume", "onStep", "onUpdate"];

/** Defaults of what is common. */
export const policyDefaults: Omit<PolicySettings, "steps" | "lambda" | "valueEpochs"> = {
  seed: 0,
  totalSteps: Number.MAX_SAFE_INTEGER,
  gamma: 0.99,
  policy: "gaussian",
  hidden: [64, 64],
  activation: "tanh",
  initialStd: 1,
  std: "state-independent",
  filter: true,
  baseline: "value",
  valueHidden: [64, 64],
  valueLearningRate: 1e-3,
  valueBatchSize: 64,
};

/** All settings: defaults, or a saved run's, or the caller's; throws on unknown, wrong or contradicting ones. */
export function completeSettings<S extends PolicySettings>(op: string, defaults: S, options: object): S {
  const names = Object.keys(defaults) as (keyof S & string)[];
  if (options === null || typeof options !== "object") wrongKind(op, "options", "an object with trials", options);
  checkOptions(op, options as Record<string, unknown>, [...names, ...otherNames]);
  const { trials, signal, onStep, onUpdate, resume, ...rest } = options as Record<string, unknown>;
  checkInteger(op, "trials", trials, 0);
  if (signal !== undefined && !(signal instanceof AbortSignal)) wrongKind(op, "signal", "an AbortSignal", signal);
  for (const [name, callback] of Object.entries({ onStep, onUpdate })) checkCallback(op, name, callback);
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const settings: S =
    resume === undefined
      ? ({ ...defaults, ...given } as S)
      : resumedSettings<S>(op, resume as SavedState, names, given);
  checkSettings(op, settings);
  return settings;
}

// what the parts cannot check themselves, or would name otherwise
function checkSettings(op: string, settings: PolicySettings): void {
  checkInteger(op, "seed", settings.seed, 0, Number.MAX_SAFE_INTEGER);
  checkInteger(op, "steps", settings.steps, 1);
  checkInteger(op, "totalSteps", settings.totalSteps, 1, Number.MAX_SAFE_INTEGER);
  checkNumber(op, "gamma", settings.gamma, 0, 1);
  checkNumber(op, "lambda", settings.lambda, 0, 1);
  checkOneOf(op, "policy", settings.policy, ["gaussian", "squashed"]);
  checkOneOf(op, "baseline", settings.baseline, ["value", "linear"]);
  checkNumber(op, "valueLearningRate", settings.valueLearningRate, 0);
  checkInteger(op, "valueEpochs", settings.valueEpochs, 1);
  checkInteger(op, "valueBatchSize", settings.valueBatchSize, 1, 2 ** 16);
}
