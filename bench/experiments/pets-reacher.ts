// PETS on Reacher-v5: mean return of the last 5 of 20 trials of 50 steps. At random the return is about −43; the experiment
// mpc-bodies tells what planning on the true dynamics earns.

import { makeEnv, pets, type Progress, reacher } from "../../src/index.js";
import type { Experiment } from "../experiment.js";
import { meanAndSpread } from "../spread.js";

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
    const spread = meanAndSpread(logs.map(lastFive));
    return `Mean return over the last 5 of 20 trials, over seeds (mean ± standard deviation): ${spread}.`;
  },
};
