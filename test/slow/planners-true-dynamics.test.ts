// Planners on the true dynamics over 20 episodes each: cart-pole at least 199 of 200, pendulum at least −200. Prints the table.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cartPoleContinuous, pendulum, type Task } from "../../src/envs/index.js";
import { cem, icem, mppi, type Planner, randomShooting } from "../../src/planning/index.js";
import type { Box } from "../../src/types.js";
import { meanOf, playEpisodes } from "../support/episodes.js";
import { runtime } from "../support/runtime.js";

const EPISODES = 20;
const test = suite("planners on the true dynamics, 20 episodes");

const budgets: readonly [string, (task: Task<Box>) => Planner][] = [
  [
    "random shooting, N 1000, H 50 (pendulum 15)",
    ({ actionSpace, id }) =>
      randomShooting(runtime, { actionSpace, population: 1000, horizon: id === pendulum.id ? 15 : 50 }),
  ],
  [
    "CEM, N 64 × 3, H 25, elites 25 %",
    ({ actionSpace }) => cem(runtime, { actionSpace, population: 64, horizon: 25, iterations: 3, eliteRatio: 0.25 }),
  ],
  [
    "CEM as in PETS, N 400 × 5, H 25, elites 10 %",
    ({ actionSpace }) => cem(runtime, { actionSpace, population: 400, horizon: 25 }),
  ],
  ["iCEM, N 64 + 52 + 41, H 20", ({ actionSpace }) => icem(runtime, { actionSpace, population: 64, horizon: 20 })],
  [
    "MPPI, N 64 × 3, H 20",
    ({ actionSpace }) => mppi(runtime, { actionSpace, population: 64, horizon: 20, iterations: 3 }),
  ],
  ["MPPI as in PDDM, N 700, H 20", ({ actionSpace }) => mppi(runtime, { actionSpace, population: 700, horizon: 20 })],
];

for (const [task, least] of [
  [cartPoleContinuous, 199],
  [pendulum, -200],
] as const) {
  for (const [budget, make] of budgets) {
    test(`${task.id}: ${budget}`, () => {
      const planner = make(task);
      const { returns, stepTime } = playEpisodes(runtime, task, planner, EPISODES);
      planner.dispose();
      const [mean, worst] = [meanOf(returns), Math.min(...returns)];
      const figures = `mean ${mean.toFixed(1)}, worst ${worst.toFixed(1)}, ${stepTime.toFixed(2)} ms per step`;
      console.log(`\nnote: ${task.id}: ${budget}: ${figures}`);
      assert.ok(mean >= least, `mean ${mean}, at least ${least} expected`);
    });
  }
}

test.run();
