// Gymnasium's acrobot, mountain car and cart-pole: start states as distributed there, and how far reward and termination from
// observations are from those of the environment.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { acrobot, cartPole, makeEnv, mountainCarContinuous, type Task } from "../../../src/envs/index.js";
import type { Space } from "../../../src/types.js";
import { runtime, runtimes } from "../../support/runtime.js";
import { copies, spread, taskKernels, type TaskKernels } from "./support.js";

/** Numbers of the tasks in assembly/envs/tasks.ts. */
const numbers = { acrobot: acrobot.number, cartpole_v1: cartPole.number, mountain_car: mountainCarContinuous.number };

const starts = suite("start states");

for (const [task, low, high] of [
  [acrobot, [-0.1, -0.1, -0.1, -0.1], [0.1, 0.1, 0.1, 0.1]],
  [cartPole, [-0.05, -0.05, -0.05, -0.05], [0.05, 0.05, 0.05, 0.05]],
  [mountainCarContinuous, [-0.6, 0], [-0.4, 0]],
] as [Task<Space>, number[], number[]][]) {
  starts(`${task.id}: uniform within the original's bounds, each number apart`, () => {
    const env = makeEnv(runtime, task, { seed: 1 });
    const S = task.stateSize;
    const N = 4000;
    const units: number[][] = Array.from({ length: S }, () => []);
    for (let k = 0; k < N; k++) {
      env.reset();
      const state = env.snapshot().arrays.state.data;
      for (let i = 0; i < S; i++) {
        if (low[i] === high[i]) assert.is(state[i], low[i]);
        else units[i].push((state[i] - low[i]) / (high[i] - low[i]));
      }
    }
    const random = units.filter((unit) => unit.length > 0);
    for (const unit of random) {
      assert.ok(unit.every((u) => u > -1e-6 && u < 1 + 1e-6));
      // Kolmogorov's distance: 1.95/√N is passed by one of a thousand uniform samples
      unit.sort((a, b) => a - b);
      const distance = unit.reduce((most, u, k) => Math.max(most, Math.abs(u - (k + 0.5) / N)), 0);
      assert.ok(distance < 1.95 / Math.sqrt(N), `${distance}`);
    }
    env.close();
  });
}

starts("numbers of one start state are not correlated", () => {
  const env = makeEnv(runtime, acrobot, { seed: 2 });
  const N = 4000;
  let [sum, squares] = [0, 0];
  for (let k = 0; k < N; k++) {
    env.reset();
    const [a, b] = env.snapshot().arrays.state.data;
    sum += a * b;
    squares += a * a;
  }
  assert.ok(Math.abs(sum / squares) < 4 / Math.sqrt(N));
  env.close();
});
starts.run();

for (const [binary, on] of runtimes) {
  const { kernels } = on;
  const test = suite(`rewards and terminations from observations, ${binary}`);

  /** One step of given states with actions spread over ±3, and what the planner's functions make of it. */
  function step(
    of: TaskKernels,
    task: "acrobot" | "cartpole_v1" | "mountain_car",
    states: number[],
    see: (out: {
      state: Float64Array;
      next: Float32Array;
      actions: Float32Array;
      reward: Float32Array;
      terminated: Uint8Array;
      planned: { reward: Float32Array; terminated: Uint8Array };
    }) => void,
  ): void {
    on.scoped((scope) => {
      const B = states.length / of.S;
      const run = copies(scope, of, B);
      run.state.write(states);
      const before = scope.tensor([B, of.D]);
      const actions = spread(B, -3, 3);
      run.step(actions);
      const action = scope.tensor([B, 1]).write(actions);
      const [reward, ended] = [scope.tensor([B]), scope.tensor([B], "u8")];
      const next = run.observation;
      kernels.task_reward(numbers[task], reward.address, before.address, action.address, next.address, B);
      kernels.task_terminated(numbers[task], ended.address, next.address, B);
      see({
        state: run.state.read(),
        next: next.read(),
        actions,
        reward: run.reward.read(),
        terminated: run.terminated.read(),
        planned: { reward: reward.read(), terminated: ended.read() },
      });
      scope.dispose();
    });
  }

  test("mountain car: exact", () => {
    const B = 3000;
    const [position, velocity] = [spread(B, -1.2, 0.6, 0.1), spread(B, -0.07, 0.07, 0.7)];
    const states = Array.from({ length: B }, (_, b) => [position[b], velocity[b]]).flat();
    step(taskKernels["mountain-car"], "mountain_car", states, ({ reward, terminated, planned }) => {
      assert.equal(planned.reward, reward);
      assert.equal(planned.terminated, terminated);
      const ends = terminated.reduce((sum, flag) => sum + flag, 0);
      assert.ok(ends > 50 && ends < B - 50);
    });
  });

  test("cart-pole: exact but for states that round to a limit, at most 1.2e-7 from it", () => {
    const tilt = (12 * 2 * Math.PI) / 360;
    const states: number[] = [];
    for (let j = -40; j <= 40; j++) {
      // at rest, so that x and θ stay where they are
      for (const side of [-1, 1]) states.push(side * (2.4 + j * 1e-8), 0, 0, 0, 0, 0, side * (tilt + j * 1e-9), 0);
    }
    const far = spread(2000, -3, 3, 0.4);
    for (const [i, x] of far.entries()) states.push(x, 1, far[(i + 7) % 2000] * 0.1, -1);
    step(taskKernels["cartpole-v1"], "cartpole_v1", states, ({ state, reward, terminated, planned }) => {
      assert.equal(planned.reward, reward);
      let wrong = 0;
      for (let b = 0; b < terminated.length; b++) {
        if (planned.terminated[b] === terminated[b]) continue;
        wrong++;
        const [x, angle] = [Math.abs(state[4 * b]), Math.abs(state[4 * b + 2])];
        const rounds = Math.fround(x) === Math.fround(2.4) || Math.fround(angle) === Math.fround(tilt);
        const gap = Math.min(Math.abs(x - 2.4), Math.abs(angle - tilt));
        assert.ok(rounds && gap < 1.2e-7, `x ${x}, θ ${angle}`);
      }
      assert.ok(wrong > 0 && wrong < 60, `${wrong} wrong`);
    });
  });

  test("acrobot: wrong only within 2.5e-7 of the line, whatever the length of (cos, sin)", () => {
    const B = 4000;
    const columns = [
      [-Math.PI, Math.PI, 0.1],
      [-Math.PI, Math.PI, 0.53],
      [-12, 12, 0.2],
      [-28, 28, 0.9],
    ].map(([low, high, phase], i) => spread(B * 4, low, high, phase).filter((_, k) => k % 4 === i));
    const states = Array.from({ length: B }, (_, b) => columns.map((column) => column[b])).flat();
    step(taskKernels.acrobot, "acrobot", states, ({ state, next, reward, terminated, planned }) => {
      let [ends, worst] = [0, 0];
      for (let b = 0; b < B; b++) {
        const [a1, a2] = [state[4 * b], state[4 * b + 1]];
        const height = -Math.cos(a1) - Math.cos(a1 + a2);
        const [c1, s1, c2, s2] = next.subarray(6 * b, 6 * b + 4);
        worst = Math.max(worst, Math.abs(-c1 - (c1 * c2 - s1 * s2) - height));
        ends += terminated[b];
        if (Math.abs(height - 1) < 2.5e-7) continue;
        assert.is(planned.terminated[b], terminated[b]);
        assert.is(planned.reward[b], reward[b]);
      }
      assert.ok(worst < 2.5e-7 && worst > 1e-8, `error of the height ${worst}`);
      assert.ok(ends > 200 && ends < B - 200);
      on.scoped((scope) => {
        const scaled = next.map((value, i) => value * (i % 6 < 2 ? 0.5 : i % 6 < 4 ? 1.7 : 1));
        const ended = scope.tensor([B], "u8");
        kernels.task_terminated(3, ended.address, scope.tensor([B, 6]).write(scaled).address, B);
        const wrong = ended.read().filter((flag, b) => flag !== terminated[b]).length;
        assert.ok(wrong <= 1, `${wrong} wrong`);
        scope.dispose();
      });
    });
  });

  test("a broken prediction earns nothing that counts", () => {
    on.scoped((scope) => {
      const next = scope.tensor([2, 6]).write(new Array(12).fill(Number.NaN));
      const [reward, ended] = [scope.tensor([2]), scope.tensor([2], "u8")];
      for (const task of ["acrobot", "mountain_car"] as const) {
        kernels.task_reward(numbers[task], reward.address, next.address, next.address, next.address, 2);
        kernels.task_terminated(numbers[task], ended.address, next.address, 2);
        assert.ok(reward.read().every(Number.isNaN));
        assert.equal([...ended.read()], [0, 0]);
      }
      scope.dispose();
    });
  });

  test.run();
}
