// PETS on Reacher-v5: mean return of the last 5 of 20 trials of 50 steps of at least −6 for 5 of 5 seeds. (At random the
// return is about −43; planning on the true dynamics earns about −4.)

import { makeEnv, pets, type Progress, reacher } from "../../src/index.js";
import type { Experiment } from "../experiment.js";
import { meanAndSpread } from "./spread.js";

const GOAL = -6;

function lastFive(log: readonly Progress[]): number {
  return log.slice(-5).reduce((sum, { episodeReturn }) => sum + episodeReturn, 0) / 5;
}

export const petsReacher: Experiment = {
  name: "pets-reacher",
  seeds: 5,
  run: (runtime, seed, resume) =>
    pets(runtime, makeEnv(runtime, reacher, { seed }), {
      trials: 20,
      seed,
      hidden: [128, 128],
      horizon: 15,
      ...(resume && { resume }),
    }),
  columns: ["mean of last 5", "trial returns", "seconds"],
  row(log) {
    const all = log.map(({ episodeReturn }) => episodeReturn.toFixed(1)).join(" ");
    return [lastFive(log).toFixed(2), all, log[log.length - 1].wallSeconds.toFixed(0)];
  },
  verdict(logs) {
    const reached = logs.filter((log) => lastFive(log) >= GOAL).length;
    const spread = `Over seeds (mean ± standard deviation): ${meanAndSpread(logs.map(lastFive))}. `;
    return `${spread}Mean return over the last 5 of 20 trials ≥ ${GOAL}: ${reached} of ${logs.length} seeds.`;
  },
};
