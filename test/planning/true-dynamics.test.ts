// The known-good check before anything is learned: planners on the true dynamics solve the built-in tasks, with the small
// budgets that are meant for learned models. All 20 episodes, and random shooting: test/slow/planners-true-dynamics.test.ts.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  cartPole,
  cartPoleContinuous,
  continuousActions,
  mountainCarContinuous,
  pendulum,
} from "../../src/envs/index.js";
import { cem, icem, mppi } from "../../src/planning/index.js";
import { meanOf, playEpisodes } from "../support/episodes.js";
import { checkedRuntime, runtime } from "../support/runtime.js";

const test = suite("planners on the true dynamics");
const small = { horizon: 25, population: 64, iterations: 3, eliteRatio: 0.25 };

for (const [name, make] of [
  ["cem", cem],
  ["icem", icem],
] as const) {
  test(`${name} balances the cart-pole for whole episodes`, () => {
    const planner = make(runtime, { ...small, actionSpace: cartPoleContinuous.actionSpace });
    assert.equal(playEpisodes(runtime, cartPoleContinuous, planner, 2).returns, [200, 200]);
    planner.dispose();
  });

  test(`${name} swings the pendulum up and holds it`, () => {
    const planner = make(runtime, { ...small, actionSpace: pendulum.actionSpace });
    const { returns } = playEpisodes(runtime, pendulum, planner, 3);
    assert.ok(meanOf(returns) >= -200, `${returns}`);
    planner.dispose();
  });
}

test("mppi balances CartPole-v1 for whole episodes, its pushes as numbers", () => {
  const task = continuousActions(cartPole);
  const planner = mppi(runtime, { actionSpace: task.actionSpace, horizon: 20, population: 64, iterations: 3 });
  assert.equal(playEpisodes(runtime, task, planner, 2).returns, [500, 500]);
  planner.dispose();
});

test("icem drives the mountain car out of its valley, cheaply", () => {
  const { actionSpace } = mountainCarContinuous;
  const planner = icem(runtime, { actionSpace, horizon: 100, population: 128 });
  const { returns } = playEpisodes(runtime, mountainCarContinuous, planner, 2);
  // Gymnasium calls 90 solved
  assert.ok(Math.min(...returns) >= 95, `${returns}`);
  planner.dispose();
});

test("an episode has the same bits in the checked binary", () => {
  const episode = (on: typeof runtime): number[] => {
    const planner = icem(on, { ...small, population: 8, actionSpace: pendulum.actionSpace });
    const { returns } = playEpisodes(on, pendulum, planner, 1);
    planner.dispose();
    return returns;
  };
  assert.equal(episode(checkedRuntime), episode(runtime));
});

test.run();
