// PETS on Pendulum-v1 with the default preset: mean return over the last 5 of 15 trials of at least −250 for 5 of 5 seeds.

import { makeEnv, type Progress, pendulum, pets } from "../../src/index.js";
import type { Experiment } from "../experiment.js";
import { meanAndSpread } from "../spread.js";

const GOAL = -250;

function lastFive(log: readonly Progress[]): number {
  return log.slice(-5).reduce((sum, { episodeReturn }) => sum + episodeReturn, 0) / 5;
}

export const petsPendulum: Experiment = {
  name: "pets-pendulum",
  seeds: 5,
  run: (runtime, seed, resume) =>
    pets(runtime, makeEnv(runtime, pendulum, { seed }), { trials: 15, seed, ...(resume && { resume }) }),
  columns: ["mean of last 5", "trial returns", "seconds"],
  row(log) {
    const all = log.map(({ episodeReturn }) => episodeReturn.toFixed(0)).join(" ");
    return [lastFive(log).toFixed(1), all, log[log.length - 1].wallSeconds.toFixed(0)];
  },
  verdict(logs) {
    const reached = logs.filter((log) => lastFive(log) >= GOAL).length;
    const spread = `Over seeds (mean ± standard deviation): ${meanAndSpread(logs.map(lastFive))}. `;
    return `${spread}Mean return over the last 5 of 15 trials ≥ ${GOAL}: ${reached} of ${logs.length} seeds.`;
  },
};
