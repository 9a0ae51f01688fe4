// Reward and termination from observations against what the environments themselves say.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cartPoleContinuous, makeEnv, pendulum } from "../../src/envs/index.js";
import { runtime } from "../support/runtime.js";
import { spread } from "./support.js";

const test = suite("reward and termination functions");

for (const task of [cartPoleContinuous, pendulum]) {
  test(`${task.id}: as the environment, within single precision`, () => {
    const env = makeEnv(runtime, task, { seed: 11 });
    const [bound] = task.actionSpace.high;
    const rows = {
      observation: [] as number[],
      next: [] as number[],
      reward: [] as number[],
      terminated: [] as number[],
    };
    const actions = spread(600, -bound, bound);
    let { observation } = env.reset();
    for (const action of actions) {
      const result = env.step(action);
      rows.observation.push(...observation);
      rows.next.push(...result.observation);
      // mbrl-lib's reward function pays nothing for the step that ends the episode, its environment pays 1
      rows.reward.push(task === cartPoleContinuous && result.terminated ? 0 : result.reward);
      rows.terminated.push(Number(result.terminated));
      observation = result.terminated || result.truncated ? env.reset().observation : result.observation;
    }
    assert.is(rows.terminated.some(Boolean), task === cartPoleContinuous);
    const reward = new Float32Array(600).fill(Number.NaN);
    const terminated = new Uint8Array(600).fill(9);
    env.reward(Float32Array.from(rows.observation), actions, Float32Array.from(rows.next), reward);
    env.terminated(Float32Array.from(rows.next), terminated);
    assert.equal([...terminated], rows.terminated);
    for (const [i, expected] of rows.reward.entries()) {
      assert.ok(Math.abs(reward[i] - expected) <= 2e-6 * Math.max(1, Math.abs(expected)));
    }
    env.close();
  });

  test(`${task.id}: the same bits as the kernels, which are named with their sizes; no memory is kept`, () => {
    const env = makeEnv(runtime, task);
    const B = 5;
    const D = task.observationSpace.low.length;
    const [observation, next] = [spread(B * D, -1, 1, 0.2), spread(B * D, -1, 1, 0.6)];
    const action = spread(B, -1, 1);
    const reward = new Float32Array(B);
    const terminated = new Uint8Array(B);
    const { used } = runtime.memoryUsage();
    env.reward(observation, action, next, reward);
    env.terminated(next, terminated);
    assert.is(runtime.memoryUsage().used, used);
    runtime.scoped((scope) => {
      const at = [observation, action, next].map((rows) => scope.tensor([rows.length]).write(rows).address);
      const out = scope.tensor([B]);
      const ended = scope.tensor([B], "u8");
      runtime.kernels.task_reward(task.number, out.address, at[0], at[1], at[2], B);
      runtime.kernels.task_terminated(task.number, ended.address, at[2], B);
      assert.equal(out.read(), reward);
      assert.equal(ended.read(), terminated);
      scope.dispose();
    });
    const compiled = { id: task.id, task: task.number, observationSize: D, actionSize: 1 };
    assert.equal([env.reward.compiled, env.terminated.compiled], [compiled, compiled]);
    env.close();
  });

  test(`${task.id}: wrong sizes are refused`, () => {
    const env = makeEnv(runtime, task);
    const D = task.observationSpace.low.length;
    const row = new Float32Array(D);
    const out = new Float32Array(1);
    assert.throws(
      () => env.reward(new Float32Array(D + 1), Float32Array.of(0), row, out),
      /reward: "observation" expected shape/,
    );
    assert.throws(() => env.reward(row, new Float32Array(2), row, out), /reward: "action" expected shape/);
    assert.throws(() => env.terminated(row, new Uint8Array(2)), /terminated: "nextObservation" expected shape/);
    env.close();
  });
}

test.run();
