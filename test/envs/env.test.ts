import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  acrobot,
  cartPole,
  cartPoleContinuous,
  continuousActions,
  EpisodeError,
  makeEnv,
  mountainCarContinuous,
  pendulum,
  type Task,
  type TaskEnv,
} from "../../src/envs/index.js";
import { RandomStream } from "../../src/kernels/index.js";
import type { Box, SavedState } from "../../src/types.js";
import { fixture, type RecordedTrajectory } from "../support/fixtures.js";
import { runtime, runtimes } from "../support/runtime.js";
import { bits, spread } from "./support.js";

const tasks: Task<Box>[] = [
  cartPoleContinuous,
  pendulum,
  mountainCarContinuous,
  continuousActions(acrobot),
  continuousActions(cartPole),
];

/** Plays `steps` steps over resets and returns all that came out, as text. */
function play(env: TaskEnv<Box>, steps: number, phase = 0.1): string {
  const log: string[] = [];
  const [bound] = env.actionSpace.high;
  for (const action of spread(steps, -bound, bound, phase)) {
    const { observation, reward, terminated, truncated } = env.step([action]);
    log.push(bits(observation), String(reward), String(terminated), String(truncated));
    if (terminated || truncated) log.push(bits(env.reset().observation));
  }
  return log.join(" ");
}

for (const [binary, runtime] of runtimes) {
  const test = suite(`env, ${binary}`);

  for (const task of tasks) {
    test(`${task.id}: the start state is a function of the seed`, () => {
      const env = makeEnv(runtime, task, { seed: 5 });
      const first = bits(env.reset().observation);
      const second = bits(env.reset().observation);
      assert.is.not(first, second);
      assert.is(bits(env.reset({ seed: 5 }).observation), first);
      assert.is(bits(env.reset().observation), second);
      assert.is.not(bits(env.reset({ seed: 6 }).observation), first);
      // seeds beyond 32 bits count in full
      assert.is.not(bits(env.reset({ seed: 2 ** 32 + 5 }).observation), first);
      env.close();
    });

    test(`${task.id}: start states are drawn from the stream "env-start" of the seed`, () => {
      const seed = 2 ** 40 + 3;
      const stream = new RandomStream(runtime, seed, "env-start");
      const env = makeEnv(runtime, task, { seed });
      runtime.scoped((scope) => {
        const dynamics = task.dynamics(runtime, task);
        const uniforms = scope.tensor([task.startSize]);
        const state = scope.tensor([task.stateSize], "f64");
        const observation = scope.tensor([task.observationSpace.low.length]);
        for (let episode = 0; episode < 3; episode++) {
          stream.uniform(uniforms);
          dynamics.start(state, 0, observation.address, uniforms);
          assert.is(bits(env.reset().observation), bits(observation.read()));
        }
        dynamics.dispose();
        scope.dispose();
      });
      stream.dispose();
      env.close();
    });

    test(`${task.id}: a snapshot continues bit for bit, here and in another environment, over resets too`, () => {
      const env = makeEnv(runtime, task, { seed: 1 });
      env.reset();
      play(env, 7);
      const snapshot = env.snapshot();
      const expected = play(env, 450, 0.77);
      env.restore(snapshot);
      assert.is(play(env, 450, 0.77), expected);
      const other = makeEnv(runtime, task, { seed: 99 });
      const stored = { meta: JSON.parse(JSON.stringify(snapshot.meta)), arrays: snapshot.arrays };
      other.restore(stored);
      assert.is(play(other, 450, 0.77), expected);
      env.close();
      other.close();
    });

    test(`${task.id}: bad actions are refused and nothing moves`, () => {
      const env = makeEnv(runtime, task, { seed: 2 });
      env.reset();
      const before = JSON.stringify(env.snapshot());
      const bad: [unknown, RegExp][] = [
        [[], /env\.step: "action" expected shape \[1\]/],
        [[0, 0], /env\.step: "action" expected shape \[1\]/],
        [new Float32Array(3), /env\.step: "action" expected shape \[1\]/],
        [[Number.NaN], /env\.step: "action\[0\]" expected a finite number, got NaN/],
        [[Number.POSITIVE_INFINITY], /env\.step: "action\[0\]" expected a finite number/],
        [Number.NaN, /env\.step: "action\[0\]" expected a finite number/],
        [undefined, /env\.step: "action" expected/],
        ["1", /env\.step: "action" expected/],
        [{ data: [0], shape: [1, 1] }, /env\.step: "action" expected shape \[1\], got \[1, 1\]/],
      ];
      for (const [action, message] of bad) assert.throws(() => env.step(action as never), message);
      assert.is(JSON.stringify(env.snapshot()), before);
      env.close();
    });

    test(`${task.id}: numbers, arrays and strided views are the same action`, () => {
      const action = 0.5;
      const forms = [
        action,
        [action],
        Float64Array.of(action),
        { data: [9, action, 9], shape: [1], stride: [2], offset: 1 },
      ];
      const results = forms.map((form) => {
        const env = makeEnv(runtime, task, { seed: 3 });
        env.reset();
        const { observation } = env.step(form);
        env.close();
        return bits(observation);
      });
      assert.equal(new Set(results).size, 1);
    });
  }

  test.run();
}

const test = suite("env");

test("cart-pole refuses actions outside [-1, 1]; pendulum clips torques, as its original does", () => {
  const cart = makeEnv(runtime, cartPoleContinuous);
  cart.reset();
  assert.throws(() => cart.step([1.5]), /env\.step: "action\[0\]" expected a number in \[-1, 1\], got 1.5/);
  const rods = [2, 1e6].map((torque) => {
    const rod = makeEnv(runtime, pendulum, { seed: 4 });
    rod.reset();
    const { observation, reward } = rod.step([torque]);
    rod.close();
    return `${bits(observation)} ${reward}`;
  });
  assert.is(rods[0], rods[1]);
  cart.close();
});

test("an episode ends at the time limit, and a step after the end or before a reset throws", () => {
  const env = makeEnv(runtime, pendulum);
  assert.throws(
    () => env.step([0]),
    (error: Error) => error instanceof EpisodeError && /no episode was started/.test(error.message),
  );
  env.reset();
  for (let t = 1; t <= 200; t++) assert.is(env.step([0]).truncated, t === 200);
  const before = JSON.stringify(env.snapshot());
  assert.throws(
    () => env.step([0]),
    (error: Error) => error instanceof EpisodeError && /has ended/.test(error.message),
  );
  assert.is(JSON.stringify(env.snapshot()), before);
  env.reset();
  assert.not(env.step([0]).truncated);
  env.close();
});

test("cart-pole ends when the pole falls, with the trajectory mbrl-lib recorded", () => {
  const { trajectories } = fixture<{ trajectories: RecordedTrajectory[] }>("cartpole");
  for (const { name, states, actions, observations, terminated } of trajectories) {
    if (/beyond|past/.test(name)) continue;
    const env = makeEnv(runtime, cartPoleContinuous);
    env.reset();
    const snapshot = env.snapshot();
    const state = { ...snapshot.arrays.state, data: Float64Array.from(states[0]) };
    env.restore({ ...snapshot, arrays: { ...snapshot.arrays, state } });
    actions.forEach((action, t) => {
      const result = env.step(action);
      assert.is(result.terminated, terminated[t]);
      assert.is(result.truncated, t === 199);
      assert.is(result.reward, 1);
      assert.is(bits(result.observation), bits(Float32Array.from(observations[t])));
    });
    if (terminated.at(-1)) assert.throws(() => env.step([0]), /the episode has ended/);
    env.close();
  }
});

test("foreign, broken and impossible snapshots are refused and change nothing", () => {
  const env = makeEnv(runtime, cartPoleContinuous);
  env.reset();
  const good = env.snapshot();
  const before = JSON.stringify(good);
  const withArray = (name: string, data: unknown) =>
    ({ ...good, arrays: { ...good.arrays, [name]: { ...good.arrays[name], data } } }) as SavedState;
  const other = makeEnv(runtime, pendulum);
  const bad: [unknown, RegExp][] = [
    [null, /saved state expected 1 of "CartPoleContinuous", got something else/],
    [{ meta: {}, arrays: {} }, /got something else/],
    [other.snapshot(), /got 1 of "Pendulum-v1"/],
    [{ meta: good.meta, arrays: {} }, /saved array "state" expected f64\[4\], got none/],
    [withArray("state", new Float64Array(3)), /saved array "state" expected f64\[4\], got f64\[3\]/],
    [withArray("state", Float64Array.of(0, Number.NaN, 0, 0)), /"state" holds a value/],
    [withArray("seed", Float64Array.of(-1)), /"seed" holds a value/],
    [withArray("elapsed", Int32Array.of(201)), /"elapsed" holds a value/],
    [withArray("phase", Uint8Array.of(3)), /"phase" holds a value/],
  ];
  for (const [state, message] of bad) assert.throws(() => env.restore(state as never), message);
  assert.is(JSON.stringify(env.snapshot()), before);
  env.close();
  other.close();
});

test("wrong options and seeds are refused", () => {
  assert.throws(() => makeEnv(runtime, pendulum, { sead: 1 } as never), /makeEnv: unknown option "sead"/);
  assert.throws(() => makeEnv(runtime, pendulum, { seed: -1 }), /makeEnv: "seed" expected an integer/);
  const env = makeEnv(runtime, pendulum);
  assert.throws(() => env.reset({ seed: 0.5 }), /env\.reset: "seed" expected an integer/);
  env.close();
});

test("close gives the memory back, once, and later calls say so", () => {
  const before = runtime.memoryUsage();
  const env = makeEnv(runtime, pendulum);
  env.reset();
  env.close();
  env.close();
  assert.is(runtime.memoryUsage().used, before.used);
  for (const call of [() => env.reset(), () => env.step([0]), () => env.snapshot()]) {
    assert.throws(call, /env Pendulum-v1 was disposed of/);
  }
});

test("a task with another time limit is a task", () => {
  const env = makeEnv(runtime, { ...pendulum, maxEpisodeSteps: 3 });
  env.reset();
  assert.equal(
    [0, 1, 2].map(() => env.step([0]).truncated),
    [false, false, true],
  );
  env.close();
});

test.run();
