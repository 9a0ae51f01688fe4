// Episodes that a planner plays on the true dynamics of a task, planning anew at every step.
import { makeEnv, playEpisode, type Task, trueDynamics } from "../../src/envs/index.js";
import { mpc, type Planner } from "../../src/planning/index.js";
import type { Box } from "../../src/types.js";
import type { Runtime } from "../../src/wasm/index.js";

/** Returns of `episodes` episodes, started with seeds 0, 1, …, and the mean time of a control step in milliseconds. */
export function playEpisodes(
  runtime: Runtime,
  task: Task<Box>,
  planner: Planner,
  episodes: number,
): { returns: number[]; stepTime: number } {
  const env = makeEnv(runtime, task);
  const rollout = trueDynamics(runtime, task);
  const agent = mpc(planner, rollout, { start: () => env.snapshot() });
  const returns: number[] = [];
  let steps = 0;
  const before = performance.now();
  for (let seed = 0; seed < episodes; seed++) {
    const { episodeReturn, episodeLength } = playEpisode(agent, env, seed);
    returns.push(episodeReturn);
    steps += episodeLength;
  }
  const stepTime = (performance.now() - before) / steps;
  rollout.dispose();
  env.close();
  return { returns, stepTime };
}

/** The mean of some numbers. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
