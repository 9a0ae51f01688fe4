// The options that ME-TRPO and ME-PPO share: defaults (beside them what the authors' code has), checks, and how they are
// kept in a checkpoint.

import { checkFlag, checkInteger, checkNumber, checkOneOf, checkOptions, wrongValue } from "../check.js";
import { completeFitOptions, type FitOptions } from "../models/index.js";
import type { Sampling } from "../learning/index.js";
import type { Activation } from "../nn/index.js";
import type { Env, RewardFunction, SavedState, TerminationFunction } from "../types.js";
import { resumedSettings } from "./saved-settings.js";

/** Options that a checkpoint keeps: numbers, strings and flags. */
export interface MeSettings {
  /** Seed of everything random in the run. Default 0. */
  seed: number;
  /** Real steps of an outer iteration: whole episodes, until there are so many. Default 1000 (paper: 3000). */
  stepsPerIteration: number;
  /**
   * Share of the episodes that explore, spread evenly; the others act by the policy's mode. Default 0.5 (paper: 1). All of
   * the first iteration's explore.
   */
  exploring: number;
  /**
   * Exploring episodes act by parameters θ + paramNoise · Δθ · ε, with Δθ the last iteration's change of θ and standard
   * normals ε drawn for the episode. Default 3, as the paper.
   */
  paramNoise: number;
  /** To each of their actions is added actionNoise · U · ε in halves of the action's range, U uniform. Default 3, as the paper. */
  actionNoise: number;
  /**
   * Steps for which such a draw of U and ε stands. Default 1, as the paper. Bodies that average over independent pushes move
   * widely only when pushed for longer.
   */
  noiseSteps: number;
  /** Transitions kept. Default 100,000 (paper: as many for training, half as many for validation). */
  bufferSize: number;
  /** Ensemble of deterministic networks: 5 members, hidden [128, 128], relu (paper: 5, [1024, 1024] or [512, 512], relu). */
  members: number;
  hidden: readonly number[];
  activation: Activation;
  /** Of Adam. Default 1e-3, as the paper. */
  learningRate: number;
  /** Observation dimensions that are angles (default: what the environment says) or learned as they are (default none). */
  angles: readonly number[];
  noDelta: readonly number[];
  /** Learn the reward instead of using the environment's function of observations. Default: only when it has none. */
  learnReward: boolean;
  /** Most passes over the data, and passes without gain before a fit ends. Default 200 and 25 (paper: 2000 and 25). */
  epochs: number;
  patience: number;
  /** Rows of an optimizer step of a model. Default 128 (paper: 1000). */
  modelBatch: number;
  /** Let the learning rate of a fit fall to zero over its epochs. Default false, as the paper. */
  anneal: boolean;
  /**
   * Steps of the models' loss (see `openLoopLoss`). Above 1, a fit of new models by single steps is followed by `multiStepEpochs`
   * passes by that loss, at a fifth of the learning rate; models of the last outer iteration go on with those alone. `modelLoss` is then
   * an error of so many steps. Defaults 1, as the paper, and 20.
   */
  multiStep: number;
  multiStepEpochs: number;
  /** One trajectory of so many is held out. Default 3, as the paper. */
  holdoutEvery: number;
  /** Members are initialized anew every so many iterations; 0: never. Default 5, as the paper. */
  reinitializeEvery: number;
  /** The policy: tanh network with hidden [32, 32] and a standard deviation of 1 at the start of each iteration, as the paper. */
  policyHidden: readonly number[];
  policyActivation: Activation;
  initialStd: number;
  /** Normalize what the policy observes by statistics of the real data. Default true (paper: no). */
  filter: boolean;
  /** How members meet imagined trajectories: see `createImagination`. Default `step`, as the paper. */
  sampling: Sampling;
  /**
   * Predicted states are clipped to ± this; or, `data`, to what has been observed in each dimension, which keeps a policy from
   * living where the models have seen nothing. Default 100, as the asynchronous ME-TRPO.
   */
  range: number | "data";
  /** Steps of an imagined trajectory. Default the environment's episode, at most 200 (paper: 100, Swimmer 200). */
  horizon: number;
  /** Imagined steps of a policy iteration. Default 10,000 (paper: 50,000). */
  imaginedSteps: number;
  /** Where imagined trajectories start: fresh starts of the environment (default, as the paper) or states seen so far. */
  starts: "reset" | "buffer";
  /** Start states drawn for an iteration when they are the environment's. Default 500. */
  startPool: number;
  /** Discount and λ of advantages. Default 1 and 1 (paper: 1 and 1). */
  gamma: number;
  lambda: number;
  /** What advantages are taken from: linear features (default, as the paper) or a network. */
  baseline: "linear" | "value";
  /** What follows the last imagined step: nothing (default, as the paper) or the value of its state. */
  timeLimit: "terminal" | "bootstrap";
  /** Most policy iterations of an outer iteration. Default 100 (paper: 400). */
  policyIterations: number;
  /** Policy iterations between validations, and those without improvement after which they end. Default 5 and 25, as the paper. */
  validateEvery: number;
  policyPatience: number;
  /** Start states of validation. Default 50 (paper: 500). */
  validationStarts: number;
  /** Share of the members on which the policy may be worse than the best so far and still count as better. Default 0.3, as the paper. */
  worseShare: number;
  /**
   * Begin every improvement with the policy of the first, in models that have learned more: what an early one was led to by wrong
   * models is forgotten, but not what the baseline knows. Parameter noise then grows from the whole way to the new policy. What is kept
   * is the fresh policy where nothing is better (`worseShare`). Default false, as the paper.
   */
  restartPolicy: boolean;
  /**
   * End imagined trajectories where the members disagree by more than so many times what all but 1 % of the real transitions have; 1.5
   * cuts hardly any real ones. Nothing is taken for what might follow, and no penalty either: for tasks whose rewards are positive, as
   * where rewards are negative an end is what a policy would look for. Every step then asks all members. Default 0: never, as the paper.
   */
  disagreement: number;
}

/** What `meTrpo` and `mePpo` take beside their settings. */
export interface MeCommon {
  /** Outer iterations: collect, fit, improve. */
  trials: number;
  /** Aborts the run within a tenth of a second; what was learned so far can still be saved. */
  signal?: AbortSignal;
  /** A saved run to continue; options given beside it must agree with the saved ones (`trials` may grow). */
  resume?: SavedState;
  /** Another reward than the environment's, e.g. a new goal. Not kept in checkpoints. */
  reward?: RewardFunction;
  /** Another termination than the environment's. Not kept in checkpoints. */
  terminated?: TerminationFunction;
  /** Called after every environment step, optimizer step of the models, and policy iteration. */
  onStep?: (event: MeStep) => void;
  /** Called after every validation with what the policy's mode earns on each member (policy iteration 0: before the first). */
  onValidation?: (event: { trial: number; policyIteration: number; returns: readonly number[] }) => void;
}

/** Where a run is. */
export interface MeStep {
  readonly phase: "collect" | "fit" | "update";
  /** Outer iteration from 0. */
  readonly trial: number;
  /** Step within the episode, optimizer step within the epoch, or policy iteration; and how many there can be. */
  readonly step: number;
  readonly steps: number;
  readonly envSteps: number;
  readonly episodeReturn: number;
}

const defaults: Omit<MeSettings, "angles" | "learnReward" | "horizon"> = {
  seed: 0,
  stepsPerIteration: 1000,
  exploring: 0.5,
  paramNoise: 3,
  actionNoise: 3,
  noiseSteps: 1,
  bufferSize: 100_000,
  members: 5,
  hidden: [128, 128],
  activation: "relu",
  learningRate: 1e-3,
  noDelta: [],
  epochs: 200,
  patience: 25,
  modelBatch: 128,
  anneal: false,
  multiStep: 1,
  multiStepEpochs: 20,
  holdoutEvery: 3,
  reinitializeEvery: 5,
  policyHidden: [32, 32],
  policyActivation: "tanh",
  initialStd: 1,
  filter: true,
  sampling: "step",
  range: 100,
  imaginedSteps: 10_000,
  starts: "reset",
  startPool: 500,
  gamma: 1,
  lambda: 1,
  baseline: "linear",
  timeLimit: "terminal",
  policyIterations: 100,
  validateEvery: 5,
  policyPatience: 25,
  validationStarts: 50,
  worseShare: 0.3,
  restartPolicy: false,
  disagreement: 0,
};
const LONGEST = 200;
const late = ["angles", "learnReward", "horizon"] as const;
const settingNames = [...(Object.keys(defaults) as (keyof typeof defaults)[]), ...late];
const otherNames = ["trials", "signal", "resume", "reward", "terminated", "onStep", "onValidation"] as const;

/**
 * All settings: defaults, then a saved run's, then the caller's; `own` are the algorithm's own defaults, of its own settings and
 * of shared ones.
 * Throws on unknown, wrong or contradicting ones.
 */
export function meSettings<Own extends object>(
  op: string,
  options: Partial<MeSettings & Own> & MeCommon,
  env: Env,
  own: Own,
): MeSettings & Own {
  type All = MeSettings & Own;
  const names = [...settingNames, ...Object.keys(own)] as (keyof All & string)[];
  checkOptions(op, options, [...names, ...otherNames]);
  const given = Object.fromEntries(names.filter((name) => options[name] !== undefined).map((n) => [n, options[n]]));
  if (options.resume) return resumedSettings<All>(op, options.resume, names, given);
  const hasReward = options.reward !== undefined || env.reward !== undefined;
  const settings = {
    ...defaults,
    ...own,
    angles: env.angles ?? [],
    learnReward: !hasReward,
    horizon: Math.min(env.spec.maxEpisodeSteps, (own as Partial<MeSettings>).horizon ?? LONGEST),
    ...given,
  } as All;
  checkSettings(op, settings, hasReward);
  return settings;
}

// what the parts cannot check themselves; their own options are checked where they are built
function checkSettings(op: string, settings: MeSettings, hasReward: boolean): void {
  const counts = [
    "stepsPerIteration",
    "noiseSteps",
    "multiStepEpochs",
    "modelBatch",
    "horizon",
    "imaginedSteps",
    "startPool",
  ] as const;
  if (settings.disagreement > 0 && settings.members < 2) {
    wrongValue(op, "disagreement", "0 of a single member, or more members", settings.disagreement);
  }
  const more = ["policyIterations", "validateEvery", "policyPatience", "validationStarts"] as const;
  checkInteger(op, "multiStep", settings.multiStep, 1, 1000);
  for (const name of [...counts, ...more]) checkInteger(op, name, settings[name], 1);
  checkInteger(op, "seed", settings.seed, 0, Number.MAX_SAFE_INTEGER);
  checkInteger(op, "bufferSize", settings.bufferSize, settings.stepsPerIteration);
  checkInteger(op, "holdoutEvery", settings.holdoutEvery, 2);
  checkInteger(op, "reinitializeEvery", settings.reinitializeEvery, 0);
  for (const name of ["exploring", "gamma", "lambda", "worseShare"] as const)
    checkNumber(op, name, settings[name], 0, 1);
  for (const name of ["paramNoise", "actionNoise", "disagreement"] as const) checkNumber(op, name, settings[name], 0);
  for (const name of ["anneal", "restartPolicy"] as const) checkFlag(op, name, settings[name]);
  const { range } = settings;
  if (range !== "data" && !(typeof range === "number" && range > 0 && range < Infinity)) {
    wrongValue(op, "range", "a number above 0, or data", range);
  }
  checkOneOf(op, "starts", settings.starts, ["reset", "buffer"]);
  checkOneOf(op, "baseline", settings.baseline, ["linear", "value"]);
  checkOneOf(op, "timeLimit", settings.timeLimit, ["terminal", "bootstrap"]);
  completeFitOptions(fitOptions(settings), op);
  if (!settings.learnReward && !hasReward) {
    wrongValue(op, "learnReward", "true, or a reward: there is none", false);
  }
}

/** How the models are fitted: every gain counts, and all members see the same rows. */
export function fitOptions({ epochs, patience, modelBatch, holdoutEvery, anneal }: MeSettings): FitOptions {
  const batchSize = modelBatch;
  return { epochs, patience, batchSize, holdout: 1 / holdoutEvery, improvement: 0, bootstrap: false, anneal };
}
