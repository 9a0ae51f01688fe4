// PETS on continuous cart-pole with the default preset: a return of 195 of 200 within 1000 environment steps for at least
// 9 of 10 seeds, and within 2000 for all. Random steps count.

import { cartPoleContinuous, makeEnv, type Progress, pets } from "../../src/index.js";
import type { Experiment } from "../experiment.js";
import { meanAndSpread } from "../spread.js";

const GOAL = 195;
const stepsTo = (log: readonly Progress[]) => log.find(({ episodeReturn }) => episodeReturn >= GOAL)?.envSteps;

export const petsCartpole: Experiment = {
  name: "pets-cartpole",
  seeds: 10,
  run: (runtime, seed, resume) =>
    pets(runtime, makeEnv(runtime, cartPoleContinuous, { seed }), { trials: 10, seed, ...(resume && { resume }) }),
  columns: [`steps to ${GOAL}`, "best", "mean of last 3", "trial returns", "seconds"],
  row(log) {
    const returns = log.map(({ episodeReturn }) => episodeReturn);
    const lastThree = returns.slice(-3).reduce((a, b) => a + b, 0) / 3;
    const all = returns.map((r) => r.toFixed(0)).join(" ");
    return [
      stepsTo(log) ?? "-",
      Math.max(...returns),
      lastThree.toFixed(1),
      all,
      log[log.length - 1].wallSeconds.toFixed(0),
    ];
  },
  verdict(logs) {
    const within = (steps: number) => logs.filter((log) => (stepsTo(log) ?? Infinity) <= steps).length;
    const steps = logs.map((log) => stepsTo(log) ?? Infinity);
    const spread = `Steps to a return of ${GOAL}: ${meanAndSpread(steps)} (mean ± standard deviation over seeds). `;
    return `${spread}Return ≥ ${GOAL} within 1000 steps: ${within(1000)} of ${logs.length} seeds; within 2000: ${within(2000)}.`;
  },
};
