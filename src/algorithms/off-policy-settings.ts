// What the runs that learn an actor and critics from replayed transitions have in common: their settings, and how those are
// completed, checked and kept in checkpoints.

import { checkCallback, checkFlag, checkInteger, checkNumber, checkOptions, wrongKind, wrongValue } from "../check.js";
import type { VectorEnv } from "../envs/index.js";
import { isSparse } from "../learning/index.js";
import type { Activation } from "../nn/index.js";
import type { SavedState } from "../types.js";
import { resumedSettings } from "./saved-settings.js";

/** Settings of `ddpg` and `td3` alike: numbers, strings, flags and lists, kept in checkpoints. */
export interface OffPolicySettings {
  /** Seed of everything random in the run, the environment's episodes included. Default 0. */
  seed: number;
  /** The run ends with the step that reaches so many environment steps, also before `trials`. Default 2⁵³ − 1. */
  totalSteps: number;
  /** Steps by uniform random actions, before the first update. Default 1000. */
  initialSteps: number;
  /** Updates for each environment step after those. Default 1. */
  updatesPerStep: number;
  /** Transitions of a minibatch. Default 256. */
  batchSize: number;
  /** Most transitions kept. Default 1,000,000, or `totalSteps` where that is less. */
  bufferSize: number;
  /** Discount. Default 0.99. */
  gamma: number;
  /** Units of the hidden layers of actor and critics, and their activation. Default [128, 128] and relu. */
  hidden: readonly number[];
  activation: Activation;
  /** Step sizes of Adam. Default 1e-3 both. */
  actorLearningRate: number;
  criticLearningRate: number;
  /** Critics, the least of whose values is the target; the actor climbs the first. Default 1 (DDPG), 2 (TD3). */
  critics: number;
  /** Target networks move by the share `tau` after every so manieth update. Default 0.005; after 1 (DDPG), 2 (TD3). */
  tau: number;
  targetEvery: number;
  /** Updates of the critics for one of the actor. Default 1 (DDPG), 2 (TD3). */
  policyDelay: number;
  /** σ of the normal noise on actions that explore, in units of half the action's range. Default 0.1. */
  noise: number;
  /** Share of the actions that are uniform random instead. Default 0. */
  randomShare: number;
  /** σ of the normal noise on the target's actions, and its limit, in the same units. Default 0 (DDPG), 0.2 (TD3); 0.5. */
  smoothing: number;
  smoothingLimit: number;
  /** Weight of the actions' mean square, in those units, in the actor's loss. Default 0. */
  actionPenalty: number;
  /** Bounds of targets, the lower one first; none where empty. Default none. */
  targetClip: readonly number[];
  /** Normalize observations by running statistics, and clip them to ±`filterClip`. Default false; 5. */
  filter: boolean;
  filterClip: number;
  /** Transitions relabelled with goals that were achieved, for each that is not: hindsight. Default 4 with a sparse goal, else 0. */
  hindsight: number;
}

/** Where a run is. */
export interface OffPolicyStep {
  readonly phase: "random" | "act" | "fit" | "update";
  /** Items of progress so far. */
  readonly trial: number;
  /** Step of the episode, of the fit, or the update of this step, and how many there can be. */
  readonly step: number;
  readonly steps: number;
  readonly envSteps: number;
  /** Return so far of the episode under way in the first environment. */
  readonly episodeReturn: number;
}

/** What a run takes beside its settings. */
export interface OffPolicyRunOptions {
  /** Items of progress: environment steps in which an episode ended. */
  trials: number;
  /** Aborts the run within a tenth of a second; what was learned so far can still be saved. */
  signal?: AbortSignal;
  /** A saved run to continue; options given beside it must agree with the saved ones (`trials` may grow). */
  resume?: SavedState;
  /** Called after every step of the environment and every update. */
  onStep?: (event: OffPolicyStep) => void;
}

/** The names of `OffPolicyRunOptions`. */
const otherNames = ["trials", "signal", "resume", "onStep"];

/** Largest `bufferSize` that is a default, as in OpenAI's baselines. */
const BUFFER = 1_000_000;

/** Defaults of DDPG. */
export const offPolicyDefaults: OffPolicySettings = {
  seed: 0,
  totalSteps: Number.MAX_SAFE_INTEGER,
  initialSteps: 1000,
  updatesPerStep: 1,
  batchSize: 256,
  bufferSize: BUFFER,
  gamma: 0.99,
  hidden: [128, 128],
  activation: "relu",
  actorLearningRate: 1e-3,
  criticLearningRate: 1e-3,
  critics: 1,
  tau: 0.005,
  targetEvery: 1,
  policyDelay: 1,
  noise: 0.1,
  randomShare: 0,
  smoothing: 0,
  smoothingLimit: 0.5,
  actionPenalty: 0,
  targetClip: [],
  filter: false,
  filterClip: 5,
  hindsight: 0,
};

/**
 * Defaults where the task has a goal that pays -1 until it is reached, from OpenAI's baselines of hindsight experience replay:
 * γ = 1 − 1/T for episodes of T steps, targets between −1 / (1 − γ) and 0, exploration, penalty, normalized observations. Double Q
 * is the addition of the baseline that value expansion is measured against.
 */
export function goalDefaults<S extends OffPolicySettings>(defaults: S, env: VectorEnv): S {
  const { goal, spec } = env;
  if (!goal || !isSparse(goal)) return defaults;
  const gamma = 1 - 1 / spec.maxEpisodeSteps;
  return {
    ...defaults,
    gamma,
    targetClip: [-1 / (1 - gamma), 0],
    critics: 2,
    noise: 0.2,
    randomShare: 0.3,
    actionPenalty: 1,
    filter: true,
    hindsight: 4,
  };
}

/** All settings: defaults, or a saved run's, or the caller's; throws on unknown, wrong or contradicting ones. */
export function completeOffPolicy<S extends OffPolicySettings>(op: string, defaults: S, options: object): S {
  const names = Object.keys(defaults) as (keyof S & string)[];
  if (options === null || typeof options !== "object") wrongKind(op, "options", "an object with trials", options);
  checkOptions(op, options as Record<string, unknown>, [...names, ...otherNames]);
  const { trials, signal, onStep, resume } = options as Record<string, unknown>;
  checkInteger(op, "trials", trials, 0);
  if (signal !== undefined && !(signal instanceof AbortSignal)) wrongKind(op, "signal", "an AbortSignal", signal);
  checkCallback(op, "onStep", onStep);
  const given = Object.fromEntries(
    Object.entries(options).filter(([name, value]) => value !== undefined && !otherNames.includes(name)),
  );
  if (resume !== undefined) return checked(op, resumedSettings<S>(op, resume as SavedState, names, given));
  const settings = { ...defaults, ...given } as S;
  // bounds that are a default follow the discount
  if (defaults.targetClip.length > 0 && given.targetClip === undefined) {
    if (settings.gamma < 1) settings.targetClip = [-1 / (1 - settings.gamma), 0];
    else if (!settings.targetClip.every(Number.isFinite)) {
      const wanted =
        'a number below 1, or bounds as "targetClip", since episodes have no limit that either could follow from';
      wrongValue(op, "gamma", wanted, settings.gamma);
    }
  }
  if (given.bufferSize === undefined) settings.bufferSize = Math.min(settings.bufferSize, settings.totalSteps);
  return checked(op, settings);
}

function checked<S extends OffPolicySettings>(op: string, settings: S): S {
  const { bufferSize, targetClip, filter } = settings;
  checkInteger(op, "seed", settings.seed, 0, Number.MAX_SAFE_INTEGER);
  for (const name of ["totalSteps", "policyDelay", "targetEvery", "critics"] as const) {
    checkInteger(op, name, settings[name], 1, Number.MAX_SAFE_INTEGER);
  }
  checkInteger(op, "initialSteps", settings.initialSteps, 0, Number.MAX_SAFE_INTEGER);
  checkInteger(op, "batchSize", settings.batchSize, 1, 2 ** 16);
  checkInteger(op, "bufferSize", bufferSize, 1);
  for (const name of ["gamma", "tau", "randomShare"] as const) checkNumber(op, name, settings[name], 0, 1);
  const sizes = ["updatesPerStep", "actorLearningRate", "criticLearningRate", "noise", "smoothing"] as const;
  for (const name of [...sizes, "smoothingLimit", "actionPenalty", "filterClip", "hindsight"] as const) {
    checkNumber(op, name, settings[name], 0);
  }
  checkFlag(op, "filter", filter);
  if (!Array.isArray(targetClip)) wrongKind(op, "targetClip", "a list of two bounds, or an empty one", targetClip);
  for (const bound of targetClip) checkNumber(op, "targetClip", bound);
  const [low, high] = targetClip;
  if (targetClip.length !== 0 && !(targetClip.length === 2 && low <= high)) {
    wrongValue(op, "targetClip", "two bounds, the lower one first, or none", targetClip.join(", "));
  }
  return settings;
}
