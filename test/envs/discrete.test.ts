// Tasks with discrete actions: integers in, one or a batch; and the same tasks with numbers for planners.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  acrobot,
  cartPole,
  continuousActions,
  contains,
  makeEnv,
  makeVectorEnv,
  pendulum,
  trueDynamics,
} from "../../src/envs/index.js";
import { icem } from "../../src/planning/index.js";
import { runtime, runtimes } from "../support/runtime.js";
import { bits, spread } from "./support.js";

const test = suite("discrete tasks");
const row = (array: Float32Array, b: number, D: number) => array.subarray(b * D, (b + 1) * D);
/** Repeatable choices among n. */
const choices = (count: number, n: number, phase: number) => [...spread(count, 0, n, phase)].map(Math.floor);

for (const task of [acrobot, cartPole]) {
  const { n } = task.actionSpace;

  test(`${task.id}: takes an integer in any form that arrays have, and throws on others without moving`, () => {
    const env = makeEnv(runtime, task, { seed: 3 });
    env.reset();
    const before = env.snapshot();
    const results = [1, [1], Float32Array.of(1), { data: [7, 1], shape: [1], offset: 1 }].map((action) => {
      env.restore(before);
      return bits(env.step(action).observation);
    });
    assert.is(new Set(results).size, 1);
    env.restore(before);
    const bad: [unknown, RegExp][] = [
      [-1, new RegExp(`env\\.step: "action\\[0\\]" expected an integer from 0 to ${n - 1}, got -1`)],
      [n, /expected an integer from 0/],
      [0.5, /expected an integer from 0 to ., got 0\.5/],
      [Number.NaN, /expected a finite number, got NaN/],
      [[0, 1], /"action" expected shape \[1\]/],
      ["1", /"action" expected/],
      [undefined, /"action" expected/],
    ];
    for (const [action, message] of bad) assert.throws(() => env.step(action as never), message);
    assert.is(JSON.stringify(env.snapshot()), JSON.stringify(before));
    env.close();
  });

  test(`${task.id}: every choice leads elsewhere`, () => {
    const env = makeEnv(runtime, task, { seed: 3 });
    env.reset();
    const before = env.snapshot();
    const ends = Array.from({ length: n }, (_, action) => {
      env.restore(before);
      return bits(env.step(action).observation);
    });
    assert.is(new Set(ends).size, n);
    env.close();
  });

  for (const [binary, on] of runtimes) {
    for (const batch of [1, 3, 8]) {
      test(`${task.id}: environment i of ${batch} is bit for bit the single one, over resets too, ${binary}`, () => {
        const D = task.observationSpace.low.length;
        const short = { ...task, maxEpisodeSteps: 60 };
        const vector = makeVectorEnv(on, short, { batch, seed: 40, autoreset: "same-step" });
        const singles = Array.from({ length: batch }, (_, i) => makeEnv(on, short, { seed: 40 + i }));
        const start = vector.reset().observation;
        for (const [i, env] of singles.entries()) assert.is(bits(row(start, i, D)), bits(env.reset().observation));
        for (let t = 0; t < 130; t++) {
          const actions = choices(batch, n, t * 0.31);
          assert.ok(contains(vector.actionSpace, actions));
          const out = vector.step(actions);
          singles.forEach((env, i) => {
            const { observation, reward, terminated, truncated } = env.step(actions[i]);
            assert.is(bits(row(out.finalObservation, i, D)), bits(observation));
            assert.equal([out.reward[i], out.terminated[i]], [reward, Number(terminated)]);
            if (terminated || truncated) assert.is(bits(row(out.observation, i, D)), bits(env.reset().observation));
          });
        }
        for (const env of [vector, ...singles]) env.close();
      });
    }
  }

  test(`${task.id}: a batch takes [B] integers; a wrong one moves no environment`, () => {
    const vector = makeVectorEnv(runtime, task, { batch: 3 });
    vector.reset();
    const before = JSON.stringify(vector.snapshot());
    assert.throws(() => vector.step([0, n, 0]), /vectorEnv\.step: "action\[1\]" expected an integer from 0 to/);
    assert.throws(() => vector.step([0, 1]), /"action" expected shape \[3\]/);
    assert.is(JSON.stringify(vector.snapshot()), before);
    assert.equal(vector.actionSpace.shape, [3]);
    assert.is(vector.singleActionSpace, task.actionSpace);
    vector.close();
  });

  test(`${task.id}: with continuous actions, every number stands for the choice next to it; snapshots are shared`, () => {
    const real = continuousActions(task);
    assert.equal([...real.actionSpace.low, ...real.actionSpace.high], [-0.5, n - 0.5]);
    const [env, twin] = [makeEnv(runtime, real), makeEnv(runtime, task, { seed: 7 })];
    env.reset();
    env.step(0.3);
    twin.restore(env.snapshot());
    for (const action of spread(15, -0.5, n - 0.5)) {
      const [a, b] = [env.step(action), twin.step(Math.round(action))];
      assert.is(bits(a.observation), bits(b.observation));
      assert.equal([a.reward, a.terminated, a.truncated], [b.reward, b.terminated, b.truncated]);
      if (a.terminated) break;
    }
    env.close();
    twin.close();
  });

  test(`${task.id}: the true dynamics want continuous actions, and then earn what the environment pays`, () => {
    const env = makeEnv(runtime, task, { seed: 5 });
    const message = /trueDynamics: "actionSpace" expected a box \(continuousActions makes one of a discrete task\)/;
    for (const source of [env, task]) {
      assert.throws(
        () => trueDynamics(runtime, source as never),
        (error: Error) => error instanceof TypeError && message.test(error.message),
      );
    }
    const dynamics = trueDynamics(runtime, continuousActions(task));
    env.reset();
    const start = env.snapshot();
    runtime.scoped((scope) => {
      const [N, H] = [7, 30];
      const sequences = spread(N * H, -0.5, n - 0.5);
      const out = scope.tensor([N]);
      dynamics.returns(start, scope.tensor([N, H, 1]).write(sequences), out);
      for (let k = 0; k < N; k++) {
        env.restore(start);
        let total = 0;
        for (let t = 0; t < H; t++) {
          const { reward, terminated } = env.step(Math.round(sequences[k * H + t]));
          total += reward;
          if (terminated) break;
        }
        assert.is(out.view[k], total);
      }
      scope.dispose();
    });
    dynamics.dispose();
    env.close();
  });

  test(`${task.id}: planners want a box`, () => {
    const options = { actionSpace: task.actionSpace as never, horizon: 3, population: 8 };
    assert.throws(() => icem(runtime, options), /"actionSpace" expected a box .*got "discrete"/);
  });
}

test("continuousActions of a task with a box is a TypeError", () => {
  assert.throws(
    () => continuousActions(pendulum as never),
    /continuousActions: "task.actionSpace" expected a discrete/,
  );
});

test.run();
