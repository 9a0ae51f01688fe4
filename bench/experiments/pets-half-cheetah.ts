// PETS on half-cheetah, as the paper observes it, with deterministic members and a planner light enough for one core: 15
// trials of 1,000 steps; goal: the mean of the last three trials, over three seeds, is at least 1,000 (the paper has about
// 4,200 after 50,000 steps with probabilistic members, 20 particles, 500 sequences × 5 iterations and horizon 30).

import { halfCheetahPets, makeEnv, pets, type Progress, type Runtime, type SavedState } from "../../src/index.js";
import type { Experiment } from "../experiment.js";
import { meanAndSpread } from "../spread.js";

const GOAL = 1000;

function run(runtime: Runtime, seed: number, trials: number, resume?: SavedState) {
  return pets(runtime, makeEnv(runtime, halfCheetahPets, { seed }), {
    trials,
    seed,
    initialSteps: 1000,
    fitEvery: 250,
    epochs: 20,
    batchSize: 64,
    hidden: [200, 200, 200],
    // the body is deterministic, and with one particle per member sampled noise would drown what sequences differ by
    probabilistic: false,
    // of the paper's half-cheetah
    weightDecay: [2.5e-5, 5e-5, 7.5e-5, 1e-4],
    noDelta: [0],
    planner: "cem",
    horizon: 15,
    population: 64,
    iterations: 2,
    eliteRatio: 0.15,
    ...(resume && { resume }),
  });
}

function lastThree(log: readonly Progress[]): number {
  const last = log.slice(-3);
  return last.reduce((sum, { episodeReturn }) => sum + episodeReturn, 0) / last.length;
}

/** Seconds of a step of a trial, fits included. */
function secondsPerStep(log: readonly Progress[]): number {
  return log[log.length - 1].wallSeconds / log[log.length - 1].envSteps;
}

function experiment(name: string, seeds: number, trials: number): Experiment {
  return {
    name,
    seeds,
    run: (runtime, seed, resume) => run(runtime, seed, trials, resume),
    columns: ["steps", "mean of last 3", "trial returns", "ms per step, fits included"],
    row(log) {
      const all = log.map(({ episodeReturn }) => episodeReturn.toFixed(0)).join(" ");
      const steps = log[log.length - 1].envSteps;
      return [steps, lastThree(log).toFixed(0), all, (1000 * secondsPerStep(log)).toFixed(0)];
    },
    verdict(logs) {
      const spread = `Mean of the last 3 trials over seeds (mean ± standard deviation): ${meanAndSpread(logs.map(lastThree))}`;
      const reached = logs.filter((log) => lastThree(log) >= GOAL).length;
      return `${spread}. At least ${GOAL}: ${reached} of ${logs.length} seeds.`;
    },
  };
}

export const petsHalfCheetah = experiment("pets-half-cheetah", 3, 15);
/** The same for 50,000 steps: a long run, reported as far as it got. */
export const petsHalfCheetahLong = experiment("pets-half-cheetah-50k", 1, 50);
