// What planners see of the rewards and ends of tasks on rigid bodies, from observations, against what the environments pay:
// exact, or as near as each task declares.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  ant,
  fetchReach,
  fetchReachDense,
  halfCheetah,
  halfCheetahPets,
  hopper,
  invertedDoublePendulum,
  invertedPendulum,
  makeVectorEnv,
  reacher,
  reacherGoal,
  reacherGoalDense,
  swimmer,
  type Task,
  walker2d,
} from "../../src/envs/index.js";
import type { Box } from "../../src/types.js";
import { runtime } from "../support/runtime.js";
import { quantile } from "./bodies-support.js";
import { spread } from "./support.js";

const B = 64;
const T = 60;

/** Where the velocity along x lies in the observation, for tasks that are paid for it and do not see it as it is paid. */
const velocity: Record<string, number> = {
  "Swimmer-v5": 3,
  "Hopper-v5": 5,
  "HalfCheetah-v5": 8,
  "Walker2d-v5": 8,
  "Ant-v5": 13,
};

/** Differences over transitions under random actions, with episodes that begin anew when they end. */
function differences(task: Task<Box>): { error: number[]; ending: number[]; mistaken: number; ends: number } {
  const env = makeVectorEnv(runtime, task, { batch: B, seed: 3, autoreset: "same-step" });
  const D = task.observationSpace.low.length;
  const A = task.actionSpace.low.length;
  const [bound] = task.actionSpace.high;
  let before = env.reset().observation;
  const [planned, ended] = [new Float32Array(B), new Uint8Array(B)];
  const all = { error: [] as number[], ending: [] as number[], mistaken: 0, ends: 0 };
  for (let t = 0; t < T; t++) {
    const actions = spread(B * A, -bound, bound, 0.1 * t);
    const { observation, finalObservation, reward, terminated } = env.step(actions);
    env.reward(before, actions, finalObservation, planned);
    env.terminated(finalObservation, ended);
    for (let b = 0; b < B; b++) {
      all.error.push(Math.abs(planned[b] - reward[b]));
      // with the velocity at the end of the step instead of the mean of those before and after
      const at = b * D + (velocity[task.id] ?? 0);
      const change = task.id in velocity ? (finalObservation[at] - before[at]) / 2 : 0;
      all.ending.push(Math.abs(planned[b] + change - reward[b]));
      if (ended[b] !== terminated[b]) all.mistaken++;
      all.ends += terminated[b];
    }
    before = observation;
  }
  env.close();
  return all;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

// median and largest error, share of wrong ends
for (const [task, median, largest, mistakes] of [
  [invertedPendulum, 0, 0, 0],
  [invertedDoublePendulum, 2e-5, 5e-4, 0],
  [reacher, 1e-6, 1e-6, 0],
  [reacherGoal, 0, 0, 0],
  [reacherGoalDense, 0, 0, 0],
  [fetchReach, 0, 0, 0],
  [fetchReachDense, 0, 0, 0],
  [swimmer, 0.003, 0.25, 0],
  [hopper, 0.001, 0.1, 0],
  [halfCheetah, 0.09, 0.6, 0],
  [halfCheetahPets, 1e-6, 1e-6, 0],
  [walker2d, 0.01, 0.3, 0],
  [ant, 0.08, 1.2, 0],
] as const) {
  const test = suite(`${task.id}: rewards and ends from observations`);

  test("as near as declared", () => {
    const { error, ending, mistaken, ends } = differences(task);
    assert.ok(quantile(error, 0.5) <= median, `median ${quantile(error, 0.5)}`);
    assert.ok(quantile(error, 1) <= largest, `largest ${quantile(error, 1)}`);
    assert.ok(mistaken <= mistakes * ends, `${mistaken} of ${ends}`);
    if (task.id in velocity) assert.ok(mean(error) < 0.8 * mean(ending), `${mean(error)} of ${mean(ending)}`);
  });

  test.run();
}
