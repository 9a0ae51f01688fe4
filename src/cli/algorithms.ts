// The algorithms that the command knows by name. Each entry says what may be set with `--set`, and makes a run; the algorithm
// itself checks the values and has the defaults.

import * as v from "valibot";
import { ddpg, mePpo, meTrpo, mve, pets, ppo, steve, svg, td3, trpo } from "../algorithms/index.js";
import type { VectorEnv } from "../envs/index.js";
import type { Env, Run } from "../types.js";
import type { Runtime } from "../wasm/index.js";
import type { Algorithm, AlgorithmTable, StartOptions } from "./algorithm.js";
import { openContinuousEnv, openContinuousVectorEnv, openEnv, openVectorEnv } from "./world.js";

const number = v.number("a number");
const flag = v.boolean("true or false");
const text = v.string("a name");
const listOfNumbers = "a list of numbers such as [64,64]";
const numbers = v.array(v.number(listOfNumbers), listOfNumbers);

/** Settings of every run that improves a policy in an environment; `envs` is how many copies of it there are. */
const policySettings = {
  activation: text,
  baseline: text,
  envs: number,
  filter: flag,
  gamma: number,
  hidden: numbers,
  initialStd: number,
  lambda: number,
  policy: text,
  std: text,
  steps: number,
  totalSteps: number,
  valueBatchSize: number,
  valueEpochs: number,
  valueHidden: numbers,
  valueLearningRate: number,
};

/** Settings of every run that improves a policy in an ensemble of models. */
const modelEnsembleSettings = {
  actionNoise: number,
  activation: text,
  angles: numbers,
  anneal: flag,
  baseline: text,
  bufferSize: number,
  disagreement: number,
  epochs: number,
  exploring: number,
  filter: flag,
  gamma: number,
  hidden: numbers,
  holdoutEvery: number,
  horizon: number,
  imaginedSteps: number,
  initialStd: number,
  lambda: number,
  learnReward: flag,
  learningRate: number,
  members: number,
  modelBatch: number,
  multiStep: number,
  multiStepEpochs: number,
  noDelta: numbers,
  noiseSteps: number,
  paramNoise: number,
  patience: number,
  policyActivation: text,
  policyHidden: numbers,
  policyIterations: number,
  policyPatience: number,
  range: v.union([number, text], "a number, or data"),
  reinitializeEvery: number,
  restartPolicy: flag,
  sampling: v.union([number, text], "a way to use the members, or the number of one"),
  startPool: number,
  starts: text,
  stepsPerIteration: number,
  timeLimit: text,
  validateEvery: number,
  validationStarts: number,
  worseShare: number,
};

/** Settings of every run that learns from replayed transitions; `envs` is how many copies of the environment there are. */
const offPolicySettings = {
  actionPenalty: number,
  activation: text,
  actorLearningRate: number,
  batchSize: number,
  bufferSize: number,
  criticLearningRate: number,
  critics: number,
  envs: number,
  filter: flag,
  filterClip: number,
  gamma: number,
  hidden: numbers,
  hindsight: number,
  initialSteps: number,
  noise: number,
  policyDelay: number,
  randomShare: number,
  smoothing: number,
  smoothingLimit: number,
  targetClip: numbers,
  targetEvery: number,
  tau: number,
  totalSteps: number,
  updatesPerStep: number,
};

/** Settings of every run that expands values in an ensemble of models. */
const expansionSettings = {
  ...offPolicySettings,
  beta: number,
  horizon: number,
  lambda: number,
  learnReward: flag,
  members: number,
  modelBatch: number,
  modelEvery: number,
  modelHidden: numbers,
  modelLearningRate: number,
  modelPatience: number,
  modelSteps: number,
  multiStep: number,
  range: number,
  targets: text,
  tdk: flag,
  trueModel: flag,
};

type Ways = Pick<Algorithm, "start" | "open">;
type Learn<E> = (runtime: Runtime, env: E, options: StartOptions) => Run;

/** An algorithm that acts in one environment, by actions that are numbers. */
function inOne(learn: Learn<Env>): Ways {
  return {
    start: (runtime, task, options, settings) =>
      learn(runtime, openContinuousEnv(runtime, task, options.seed ?? 0), { ...settings, ...options }),
    open: openContinuousEnv,
  };
}

/** One that acts in several copies, as many as the setting `envs` says. */
function inBatch(learn: Learn<VectorEnv>, openBatch: typeof openContinuousVectorEnv, open: Algorithm["open"]): Ways {
  return {
    start: (runtime, task, options, { envs, ...settings }) =>
      learn(runtime, openBatch(runtime, task, options, envs as number | undefined), { ...settings, ...options }),
    open,
  };
}

/** All of them. */
export const algorithms: AlgorithmTable = {
  ddpg: {
    description: "deep deterministic policy gradient from replayed transitions; tasks with a goal by hindsight",
    trials: 100,
    settings: offPolicySettings,
    ...inBatch(ddpg, openContinuousVectorEnv, openContinuousEnv),
  },
  "me-ppo": {
    description: "a policy learned in an ensemble of models by PPO",
    settings: {
      ...modelEnsembleSettings,
      clip: number,
      entropy: number,
      policyBatch: number,
      policyEpochs: number,
      policyLearningRate: number,
      targetKl: number,
    },
    ...inOne(mePpo),
  },
  "me-trpo": {
    description: "a policy learned in an ensemble of models by TRPO",
    settings: { ...modelEnsembleSettings, cgIterations: number, damping: number, maxKl: number },
    ...inOne(meTrpo),
  },
  mve: {
    description: "value expansion: DDPG whose targets look several steps ahead in an ensemble of models",
    trials: 100,
    settings: expansionSettings,
    ...inBatch(mve, openContinuousVectorEnv, openContinuousEnv),
  },
  pets: {
    description:
      "probabilistic ensembles with trajectory sampling: plan through a learned ensemble, anew at every step",
    settings: {
      activation: text,
      alpha: number,
      angles: numbers,
      batchSize: number,
      bootstrap: flag,
      bufferSize: number,
      eliteRatio: number,
      elites: number,
      epochs: number,
      fitEvery: v.union([number, text], 'a number of steps, "trial" or "once"'),
      freshNoise: number,
      hidden: numbers,
      holdout: number,
      horizon: number,
      improvement: number,
      initialSteps: number,
      iterations: number,
      learnReward: flag,
      learningRate: number,
      members: number,
      noDelta: numbers,
      noiseScale: number,
      normalizeTargets: flag,
      particles: number,
      patience: number,
      planner: text,
      population: number,
      probabilistic: flag,
      propagation: text,
      replanEvery: number,
      rewardWeight: number,
      risk: number,
      weightDecay: v.union([number, numbers], "a number or a list of numbers"),
    },
    ...inOne(pets),
  },
  ppo: {
    description: "proximal policy optimization in the environment itself, without a model",
    trials: 50,
    settings: {
      ...policySettings,
      batchSize: number,
      clip: number,
      entropy: number,
      epochs: number,
      learningRate: number,
      maxGradNorm: number,
      schedule: text,
      targetKl: number,
    },
    ...inBatch(ppo, openVectorEnv, openEnv),
  },
  steve: {
    description: "value expansion that trusts horizons by how little models and critics disagree about them",
    trials: 100,
    settings: expansionSettings,
    ...inBatch(steve, openContinuousVectorEnv, openContinuousEnv),
  },
  svg: {
    description: "a policy learned by the gradient of its return, back through an ensemble of models",
    settings: { ...modelEnsembleSettings, clipNorm: number, policyKind: text, policyLearningRate: number },
    ...inOne(svg),
  },
  td3: {
    description: "twin delayed DDPG: two critics, the lesser of whose values counts, and a slower policy",
    trials: 100,
    settings: offPolicySettings,
    ...inBatch(td3, openContinuousVectorEnv, openContinuousEnv),
  },
  trpo: {
    description: "trust region policy optimization in the environment itself, without a model",
    trials: 50,
    settings: {
      ...policySettings,
      backtrack: number,
      cgIterations: number,
      cgResidual: number,
      damping: number,
      fisherRows: number,
      maxBacktracks: number,
      maxKl: number,
    },
    ...inBatch(trpo, openVectorEnv, openEnv),
  },
};
