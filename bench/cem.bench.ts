// CEM without a model: sampling, elites and refit for 5 iterations. The return, the same JavaScript on both sides, is how near
// the first numbers of a sequence are to given ones: it must cost next to nothing, and still be there to be found. Sizes: cart-pole's default, PETS's half-cheetah, and ten times its population.

import { cem } from "../src/planning/index.js";
import type { Box, Rollout } from "../src/types.js";
import type { Runtime } from "../src/wasm/index.js";
import type { Case } from "./harness.js";
import { plainCem } from "./plain/cem.js";

const sizes = [
  { population: 100, horizon: 20, actionSize: 1 },
  { population: 500, horizon: 30, actionSize: 6 },
  { population: 5000, horizon: 30, actionSize: 6 },
];
const ITERATIONS = 5;
const ELITE_RATIO = 0.1;
const ALPHA = 0.1;
const SEEN = 8;

/** How the best sequences start. */
function target(i: number): number {
  return 0.5 * Math.sin(i);
}

export function cases(runtime: Runtime): Case[] {
  return sizes.map(({ population, horizon, actionSize }) => {
    const length = horizon * actionSize;
    const goal = Float32Array.from({ length: SEEN }, (_, i) => target(i));
    const returns = (actions: Float32Array, out: Float32Array): void => {
      for (let n = 0; n < population; n++) {
        let sum = 0;
        for (let l = 0; l < SEEN; l++) {
          const difference = actions[n * length + l]! - goal[l]!;
          sum -= difference * difference;
        }
        out[n] = sum;
      }
    };
    const one = new Float32Array(actionSize).fill(1);
    const actionSpace: Box = { kind: "box", low: one.map(() => -1), high: one, shape: [actionSize] };
    const rollout: Rollout<null> = { actionSpace, returns: (_, actions, out) => returns(actions.view, out.view) };
    // ε = 0: all iterations on both sides
    const search = { iterations: ITERATIONS, eliteRatio: ELITE_RATIO, alpha: ALPHA, epsilon: 0 };
    const planner = cem(runtime, { actionSpace, horizon, population, ...search });
    const plan = new Float32Array(length);
    const planOurs = (): Float32Array => {
      planner.reset();
      return planner.plan(rollout, null, plan);
    };
    const elites = Math.max(1, Math.ceil(population * ELITE_RATIO));
    const bounds = { population, length, low: -1, high: 1, iterations: ITERATIONS, elites, alpha: ALPHA };
    const planPlain = plainCem(bounds, returns);
    const distance = (found: Float32Array): number => {
      let sum = 0;
      for (const [l, x] of goal.entries()) sum += (x - found[l]!) ** 2;
      return Math.sqrt(sum / SEEN);
    };
    return {
      name: `plan N=${population} H=${horizon} A=${actionSize}`,
      unit: "ms",
      ours: { name: "mbrl-wasm", run: () => planOurs()[0]! },
      peer: { name: "plain JS", run: () => planPlain()[0]! },
      check() {
        // both come nearer to the goal than the middle they start from, and about equally near
        const start = distance(new Float32Array(length));
        const [ours, plain] = [distance(planOurs()), distance(planPlain())];
        if (!(ours < 0.8 * start && plain < 0.8 * start && ours < 1.3 * plain + 0.02)) {
          throw new Error(`cem: distances ${ours} and ${plain} of ${start}`);
        }
      },
    };
  });
}
