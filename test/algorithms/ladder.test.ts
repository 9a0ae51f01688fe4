// The plain ladder below PETS as options of one run, and what planning through a model buys: another goal without another
// step. Continuous cart-pole, small budgets.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type PetsOptions, type PetsRun, pets } from "../../src/algorithms/index.js";
import { cartPoleContinuous, makeEnv } from "../../src/envs/index.js";
import { learnedRollout } from "../../src/models/index.js";
import { icem, mpc } from "../../src/planning/index.js";
import type { RewardFunction } from "../../src/types.js";
import { runtime } from "../support/runtime.js";

const test = suite("ladder");
const RANDOM_STEPS = 200;
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

async function learn(options: PetsOptions): Promise<{ run: PetsRun; returns: number[] }> {
  const run = pets(runtime, makeEnv(runtime, cartPoleContinuous), { ...options, initialSteps: RANDOM_STEPS });
  const returns: number[] = [];
  for await (const { episodeReturn } of run) returns.push(episodeReturn);
  return { run, returns };
}

/** Root mean square of the one-step error, and of the members' spread, over some of a run's transitions. */
function modelError({ model, buffer }: PetsRun, from: number, to: number) {
  const D = buffer.observationSize;
  const rows = (column: { read(): ArrayLike<number> }, width: number) =>
    Float32Array.from(column.read()).subarray(from * width, to * width);
  const observation = rows(buffer.observation, D);
  const { nextObservation, epistemic } = model.predict(observation, rows(buffer.action, 1));
  const error = rows(buffer.nextObservation, D).map((value, i) => (value - nextObservation[i]) ** 2);
  return { error: Math.sqrt(mean(error)), spread: Math.sqrt(mean(epistemic)) };
}

test("v0.5 fails where v1.5 succeeds, because it leaves the data it was trained on", async () => {
  // v0.5: random data, one fit, plans executed open loop
  const openLoop = await learn({ trials: 4, seed: 0, fitEvery: "once", horizon: 40, replanEvery: 40 });
  // v1.5: refit with what was seen, replan at every step
  const closedLoop = await learn({ trials: 3, seed: 0, fitEvery: "trial" });
  assert.ok(mean(openLoop.returns) < 100, `open loop: ${openLoop.returns}`);
  assert.ok(closedLoop.returns[2] >= 195, `closed loop: ${closedLoop.returns}`);

  const trained = modelError(openLoop.run, 0, RANDOM_STEPS);
  const visited = modelError(openLoop.run, RANDOM_STEPS, openLoop.run.buffer.length);
  assert.ok(visited.error > 1.3 * trained.error, `error ${visited.error} against ${trained.error}`);
  assert.ok(visited.spread > 1.5 * trained.spread, `spread ${visited.spread} against ${trained.spread}`);
  // after refits there is no such gap
  const refitted = modelError(closedLoop.run, RANDOM_STEPS, closedLoop.run.buffer.length);
  assert.ok(refitted.spread < visited.spread / 2, `spread ${refitted.spread} against ${visited.spread}`);
  openLoop.run.dispose();
  closedLoop.run.dispose();
});

test("v1.0 lies between them: refits, but executes whole plans", async () => {
  const { run, returns } = await learn({ trials: 4, seed: 0, fitEvery: "trial", replanEvery: 20 });
  assert.ok(Math.max(...returns.slice(1)) >= 195, `${returns}`);
  run.dispose();
});

test("a model learned with one reward plans for another with no new step", async () => {
  const { run } = await learn({ trials: 3, seed: 1, fitEvery: "trial" });
  const stepsLearned = run.buffer.length;
  const env = makeEnv(runtime, cartPoleContinuous, { seed: 7 });
  const velocities = [-0.5, 0.5].map((goal) => {
    // balance while driving at `goal` meters per second
    const reward: RewardFunction = (_observation, _action, next, out) => {
      for (let i = 0; i < out.length; i++) out[i] = 1 - 0.5 * Math.abs(next[4 * i + 1] - goal);
    };
    const { actionSpace, terminated } = env;
    const rollout = learnedRollout(run.model, { actionSpace, reward, terminated, seed: 0 });
    const planner = icem(runtime, { actionSpace, horizon: 40, population: 64, seed: 0 });
    const agent = mpc(planner, rollout);
    let { observation } = env.reset({ seed: 7 });
    const seen: number[] = [];
    for (let step = 0; step < 120; step++) {
      const result = env.step(agent.act(observation));
      observation = result.observation;
      seen.push(observation[1]);
      if (result.terminated) break;
    }
    rollout.dispose();
    planner.dispose();
    assert.ok(seen.length >= 100, `fell after ${seen.length} steps at ${goal} m/s`);
    return mean(seen.slice(40));
  });
  assert.ok(velocities[0] < -0.2 && velocities[1] > 0.2, `drives at ${velocities} m/s instead of ±0.5`);
  assert.is(run.buffer.length, stepsLearned);
  run.dispose();
});

test.run();
