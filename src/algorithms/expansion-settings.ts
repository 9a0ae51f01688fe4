// Settings of the runs that expand values: those of DDPG, and of the ensemble, its fits and its targets.

import { checkFlag, checkInteger, checkNumber, checkOneOf, wrongValue } from "../check.js";
import type { Task, VectorEnv } from "../envs/index.js";
import { type ExpansionRule, expansionRules } from "../learning/index.js";
import type { OffPolicySettings } from "./off-policy-settings.js";

export interface ExpansionSettings extends OffPolicySettings {
  /** Steps that members carry a minibatch on (H); 0: none, the real one-step target. Default 3, as STEVE. */
  horizon: number;
  /** How the targets of the horizons become one. Default `last` (MVE), `steve` (STEVE). */
  targets: ExpansionRule;
  /** λ of the rule `lambda`. Default 0.25. */
  lambda: number;
  /** Share of the rule's target; the rest is the real one-step target. Default 1. */
  beta: number;
  /** Learn at the imagined states too, one member for each start. Default false. */
  tdk: boolean;
  /** Models. Default 5. */
  members: number;
  /** Units of their hidden layers. Default [128, 128]. */
  modelHidden: readonly number[];
  /** Steps of the models' loss: 1, or several open loop. Default 5. */
  multiStep: number;
  /** Step size of Adam; a fifth of it for the loss of several steps. Default 1e-3. */
  modelLearningRate: number;
  /** Rows of the models' minibatches. Default 256. */
  modelBatch: number;
  /** Environment steps from fit to fit. Default 1000. */
  modelEvery: number;
  /**
   * Optimizer steps of a fit, in whole passes over the data; before a loss of several steps as many of one step. Default 500. It
   * ends after so many passes without improvement: default 5.
   */
  modelSteps: number;
  modelPatience: number;
  /** Predicted states are clipped to ± this number. Default 100. */
  range: number;
  /** Learn the reward. Default: where the task has no function for it, nor a goal, whose reward is asked for. */
  learnReward: boolean;
  /** Carry on by the true dynamics instead of models: for diagnosis, where observations tell the state. Default false. */
  trueModel: boolean;
}

/** Defaults of `mve` on top of those of DDPG. */
export function expansionDefaults(env: VectorEnv, base: OffPolicySettings): ExpansionSettings {
  return {
    ...base,
    critics: 2,
    horizon: 3,
    targets: "last",
    lambda: 0.25,
    beta: 1,
    tdk: false,
    members: 5,
    modelHidden: [128, 128],
    multiStep: 5,
    modelLearningRate: 1e-3,
    modelBatch: 256,
    modelEvery: 1000,
    modelSteps: 500,
    modelPatience: 5,
    range: 100,
    learnReward: env.reward === undefined && env.goal === undefined,
    trueModel: false,
  };
}

/** Throws `TypeError` or `RangeError` on settings that do not fit the environment or one another. */
export function checkExpansion(op: string, settings: ExpansionSettings, env: VectorEnv): void {
  checkInteger(op, "horizon", settings.horizon, 0, 100);
  checkOneOf(op, "targets", settings.targets, expansionRules);
  for (const name of ["lambda", "beta"] as const) checkNumber(op, name, settings[name], 0, 1);
  for (const name of ["members", "modelEvery", "modelSteps", "modelPatience"] as const) {
    checkInteger(op, name, settings[name], 1);
  }
  if (settings.horizon > 0 && !settings.trueModel && settings.bufferSize < 2) {
    // which a buffer is no larger than by default
    const name = settings.totalSteps < 2 ? "totalSteps" : "bufferSize";
    wrongValue(op, name, "at least 2, as models are not fitted to one transition", settings[name]);
  }
  // sizes that would only fail when the first model is fitted
  checkInteger(op, "multiStep", settings.multiStep, 1, 1000);
  checkInteger(op, "modelBatch", settings.modelBatch, 1, 2 ** 16);
  if (settings.targets === "steve" && settings.critics < 2) {
    wrongValue(op, "critics", "at least 2, whose disagreement weighs the horizons", settings.critics);
  }
  if (settings.learnReward && env.goal) {
    wrongValue(op, "learnReward", "false, as the reward of a goal is asked for goals that nobody had", true);
  }
  checkNumber(op, "modelLearningRate", settings.modelLearningRate, 0);
  if (!(checkNumber(op, "range", settings.range) > 0)) wrongValue(op, "range", "a number above 0", settings.range);
  for (const name of ["tdk", "learnReward", "trueModel"] as const) checkFlag(op, name, settings[name]);
  const tellsReward = env.reward !== undefined || env.goal !== undefined;
  if (!settings.learnReward && !tellsReward && !settings.trueModel) {
    wrongValue(op, "learnReward", "true, as the environment has no reward function", false);
  }
  if (settings.smoothing > 0) {
    wrongValue(op, "smoothing", "0, as imagined actions have no noise", settings.smoothing);
  }
  if (settings.trueModel && !taskOfBatch(env)?.stateOf) {
    wrongValue(op, "trueModel", "false, as the environment's observation does not tell its state", true);
  }
}

/** The task of a batch of environments, where it is one of ours. */
export function taskOfBatch(env: VectorEnv): Task | undefined {
  return "task" in env ? (env as { readonly task: Task }).task : undefined;
}
