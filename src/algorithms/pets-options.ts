// The options of a PETS run: defaults, checks, and how they are kept in a checkpoint.

import { checkFlag, checkInteger, checkNumber, checkOneOf, checkOptions, wrongValue } from "../check.js";
import { completeFitOptions, type FitOptions, type Propagation } from "../models/index.js";
import { cem, icem, mppi, type Planner, randomShooting } from "../planning/index.js";
import type { Box, RewardFunction, SavedState, TerminationFunction } from "../types.js";
import type { Runtime } from "../wasm/index.js";
import { resumedSettings } from "./saved-settings.js";

/** Options that a checkpoint keeps: numbers, strings and flags. */
export interface PetsSettings {
  /** Seed of everything random in the run. Default 0. */
  seed: number;
  /** Random transitions before the first trial. Default 200 (one cart-pole episode, as mbrl-lib). */
  initialSteps: number;
  /** Fit the model every so many steps of a trial, or at its start only ("trial"), or once for good ("once"). Default 50. */
  fitEvery: number | "trial" | "once";
  /** Actions of a plan that are executed before the next plan. Default 1 (model-predictive control). */
  replanEvery: number;
  /** Transitions kept. Default 100,000. */
  bufferSize: number;
  /** Ensemble: see `createDynamicsModel`. Defaults 5 members, hidden [64, 64], swish, probabilistic, Adam 1e-3. */
  members: number;
  hidden: readonly number[];
  activation: "none" | "relu" | "leakyRelu" | "tanh" | "swish";
  probabilistic: boolean;
  /** Members that predict, chosen by hold-out error. Default: all. */
  elites: number;
  learningRate: number;
  /** Coefficient of ½‖W‖² for each layer, or one for all. Default 1e-4, 2.5e-4, …, 5e-4 as PETS has it for cart-pole. */
  weightDecay: number | readonly number[];
  normalizeTargets: boolean;
  /** Observation dimensions that are angles (default: what the environment says) or learned as they are (default none). */
  angles: readonly number[];
  noDelta: readonly number[];
  /** Learn the reward instead of using the environment's function of observations. Default: only when it has none. */
  learnReward: boolean;
  /** Training: see `FitOptions`, whose defaults they have. */
  epochs: number;
  batchSize: number;
  holdout: number;
  patience: number;
  improvement: number;
  bootstrap: boolean;
  /** Particles: see `learnedRollout`. Default TSinf with one particle per elite, risk 0. */
  propagation: Propagation;
  particles: number;
  risk: number;
  /**
   * Planner and its budget: see `cem`, `icem`, `mppi`, `randomShooting`. Default iCEM with 64 sequences, 3 iterations, horizon 20,
   * elite ratio 0.25, α 0.1: the cheapest of `test/slow/planners-true-dynamics.test.ts`, and the best there on pendulum.
   */
  planner: "cem" | "icem" | "mppi" | "random-shooting";
  horizon: number;
  population: number;
  iterations: number;
  /** Of `cem` and `icem`. */
  eliteRatio: number;
  alpha: number;
  /** Of `mppi`, with its defaults: 1, 0.9, 0.9. */
  rewardWeight: number;
  freshNoise: number;
  noiseScale: number;
}

/** What `pets` takes; every field is optional but `trials`. */
export interface PetsOptions extends Partial<PetsSettings> {
  /** Episodes to act in, after the random start. */
  trials: number;
  /** Aborts the run within a tenth of a second; what was learned so far can still be saved. */
  signal?: AbortSignal;
  /** A saved run to continue; options given beside it must agree with the saved ones (`trials` may grow). */
  resume?: SavedState;
  /** Another reward than the environment's, e.g. a new goal. Not kept in checkpoints. */
  reward?: RewardFunction;
  /** Another termination than the environment's. Not kept in checkpoints. */
  terminated?: TerminationFunction;
  /** Called after every environment step and every optimizer step. */
  onStep?: (event: PetsStep) => void;
}

/** Where a run is. */
export interface PetsStep {
  readonly phase: "random" | "fit" | "act";
  /** Trial from 0; −1 in the random phase. */
  readonly trial: number;
  /** Step within the episode, or optimizer step within the fit. */
  readonly step: number;
  /** Steps an episode can have, or optimizer steps of the epoch. */
  readonly steps: number;
  readonly envSteps: number;
  readonly episodeReturn: number;
}

const defaults: Omit<PetsSettings, "angles" | "learnReward" | "elites" | "particles" | "weightDecay"> = {
  seed: 0,
  initialSteps: 200,
  fitEvery: 50,
  replanEvery: 1,
  bufferSize: 100_000,
  members: 5,
  hidden: [64, 64],
  activation: "swish",
  probabilistic: true,
  learningRate: 1e-3,
  normalizeTargets: true,
  noDelta: [],
  epochs: 50,
  batchSize: 64,
  holdout: 0.1,
  patience: 10,
  improvement: 0.01,
  bootstrap: true,
  propagation: "TSinf",
  risk: 0,
  planner: "icem",
  horizon: 20,
  population: 64,
  iterations: 3,
  eliteRatio: 0.25,
  alpha: 0.1,
  rewardWeight: 1,
  freshNoise: 0.9,
  noiseScale: 0.9,
};
const late = ["angles", "learnReward", "elites", "particles", "weightDecay"] as const;
const settingNames = [...(Object.keys(defaults) as (keyof typeof defaults)[]), ...late];
const otherNames = ["trials", "signal", "resume", "reward", "terminated", "onStep"] as const;

/** What the settings depend on besides the options. */
export interface PetsContext {
  readonly angles: readonly number[];
  readonly hasReward: boolean;
}

/** All settings: defaults, then a saved run's, then the caller's; throws on unknown, wrong or contradicting ones. */
export function petsSettings(options: PetsOptions, context: PetsContext): PetsSettings {
  const op = "pets";
  checkOptions(op, options, [...settingNames, ...otherNames]);
  const given = Object.fromEntries(
    settingNames.filter((name) => options[name] !== undefined).map((n) => [n, options[n]]),
  );
  if (options.resume) return resumedSettings<PetsSettings>(op, options.resume, settingNames, given);
  const members = checkInteger(op, "members", options.members ?? defaults.members, 1, 1000);
  const elites = options.elites ?? members;
  const layers = (options.hidden ?? defaults.hidden).length + 1;
  const settings: PetsSettings = {
    ...defaults,
    angles: context.angles,
    learnReward: !context.hasReward,
    elites,
    particles: options.propagation === "expectation" ? 1 : elites,
    weightDecay: petsWeightDecay(layers),
    ...given,
  };
  checkSettings(op, settings, context);
  return settings;
}

// 1e-4 for the first layer, 2.5e-4 for those between, 5e-4 for the last (handful-of-trials, cart-pole)
function petsWeightDecay(layers: number): number[] {
  return Array.from({ length: layers }, (_, i) => (i === 0 ? 1e-4 : i === layers - 1 ? 5e-4 : 2.5e-4));
}

// what the parts cannot check themselves; their own options are checked where they are built
function checkSettings(op: string, settings: PetsSettings, context: PetsContext): void {
  const { seed, initialSteps, fitEvery, replanEvery, bufferSize, planner, horizon } = settings;
  checkInteger(op, "seed", seed, 0, Number.MAX_SAFE_INTEGER);
  checkInteger(op, "initialSteps", initialSteps, 2);
  if (typeof fitEvery === "string") checkOneOf(op, "fitEvery", fitEvery, ["trial", "once"]);
  else checkInteger(op, "fitEvery", fitEvery, 1);
  checkInteger(op, "horizon", horizon, 1, 1000);
  checkInteger(op, "replanEvery", replanEvery, 1, horizon);
  checkInteger(op, "bufferSize", bufferSize, initialSteps);
  checkOneOf(op, "planner", planner, ["cem", "icem", "mppi", "random-shooting"]);
  checkInteger(op, "elites", settings.elites, 1, settings.members);
  checkNumber(op, "learningRate", settings.learningRate, 0);
  completeFitOptions(fitOptions(settings), op);
  checkFlag(op, "learnReward", settings.learnReward);
  if (!settings.learnReward && !context.hasReward) {
    wrongValue(op, "learnReward", "true, or a reward: there is none", false);
  }
}

/** The training options among the settings. */
export function fitOptions({ epochs, batchSize, holdout, patience, improvement, bootstrap }: PetsSettings): FitOptions {
  return { epochs, batchSize, holdout, patience, improvement, bootstrap };
}

/** The planner that the settings name. */
export function createPlanner(runtime: Runtime, actionSpace: Box, settings: PetsSettings): Planner {
  const { planner, horizon, population, iterations, eliteRatio, alpha, seed } = settings;
  const { rewardWeight, freshNoise, noiseScale } = settings;
  const common = { horizon, population, actionSpace, seed };
  if (planner === "random-shooting") return randomShooting(runtime, common);
  if (planner === "mppi") return mppi(runtime, { ...common, iterations, rewardWeight, freshNoise, noiseScale });
  return (planner === "icem" ? icem : cem)(runtime, { ...common, iterations, eliteRatio, alpha });
}
