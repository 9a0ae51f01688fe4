// Tasks with a goal: where its parts lie, what a pair of goals pays, which must be the bits of the compiled reward, and the
// errors of goals and rewards that are not what they should be.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  batchEnvs,
  box,
  checkedGoal,
  checkEnv,
  desiredDims,
  distanceGoal,
  flattenGoal,
  goalColumns,
  goalObservation,
  goalSuccess,
  makeEnv,
  makeVectorEnv,
  reacher,
  spaceSize,
  timeLimit,
} from "../../src/envs/index.js";
import { tasks } from "../../src/envs/tasks/index.js";
import type { Env, GoalSpec } from "../../src/types.js";
import { generator, numbers } from "../support/numbers.js";
import { runtime, runtimes } from "../support/runtime.js";
import { bits, makeWalk, spread } from "./support.js";

const goals = tasks.filter(({ goal }) => goal);

for (const [binary, on] of runtimes) {
  for (const task of goals) {
    const test = suite(`goal of ${task.id}, ${binary}`);
    const goal = task.goal as GoalSpec;
    const { achieved, desired, size } = goalColumns(goal);
    const G = goal.goalSize;
    const dense = task.id.endsWith("Dense");

    test("goal.reward has the bits of the compiled reward, at the threshold and beside it too", () => {
      const env = makeEnv(on, task);
      const B = 400;
      const random = generator(5);
      const rows = Float32Array.from(numbers(random, B * size, 0.05));
      for (let b = 0; b < B; b++) {
        // pairs that differ along one axis by numbers around the thresholds
        if (b % 4) continue;
        rows.copyWithin(b * size + desired, b * size + achieved, b * size + desired);
        for (let k = 0; k < G; k++) rows[b * size + achieved + k] = rows[b * size + desired + k] = 0;
        rows[b * size + desired] = [0.02, 0.05][(b / 4) % 2] * (1 + ((b % 7) - 3) * 2 ** -24);
      }
      const part = (from: number) =>
        Float32Array.from({ length: B * G }, (_, i) => rows[Math.floor(i / G) * size + from + (i % G)]);
      const action = new Float32Array(B * spaceSize(task.actionSpace));
      const [compiled, direct] = [new Float32Array(B), new Float32Array(B)];
      env.reward(rows, action, rows, compiled);
      const [a, d] = [part(achieved), part(desired)];
      goal.reward(a, d, direct);
      assert.is(bits(direct), bits(compiled));
      const reached = new Uint8Array(B);
      goalSuccess(goal, rows, reached);
      const apart = (b: number) => Math.hypot(...a.slice(b * G, b * G + G).map((x, k) => x - d[b * G + k]));
      let count = 0;
      for (let b = 0; b < B; b++) {
        count += reached[b];
        if (dense) assert.ok(Math.abs(direct[b] + apart(b)) < 1e-7);
        else assert.is(direct[b], reached[b] ? 0 : -1);
      }
      assert.ok(count > B / 20 && count < B, `${count}`);
      env.close();
    });

    test("the goal stands still in an episode and is out of what else is observed; info tells of success", () => {
      const steps = on === runtime ? 20 : 3;
      const env = makeEnv(on, task, { seed: 4 });
      const A = spaceSize(task.actionSpace);
      const start = env.reset();
      assert.is("isSuccess" in start.info, false);
      const wanted = bits(goalObservation(goal, start.observation).desiredGoal.slice());
      let before = start.observation;
      for (let t = 0; t < steps; t++) {
        const { observation, reward, info } = env.step(spread(A, -1, 1, 0.1 * t));
        const parts = goalObservation(goal, observation);
        assert.is(bits(parts.desiredGoal.slice()), wanted);
        const [paid, reached] = [new Float32Array(1), new Uint8Array(1)];
        goal.reward(parts.achievedGoal, parts.desiredGoal, paid);
        goal.success(parts.achievedGoal, parts.desiredGoal, reached);
        assert.is(paid[0], reward);
        assert.is(info.isSuccess, reached[0] === 1);
        assert.is.not(bits(parts.achievedGoal.slice()), bits(goalObservation(goal, before).achievedGoal.slice()));
        before = observation;
      }
      env.close();
      const vector = makeVectorEnv(on, task, { batch: 3, seed: 1 });
      assert.is(vector.goal, goal);
      vector.close();
    });

    test.run();
  }
}

const test = suite("goals");

const line = () => distanceGoal({ observationSize: 1, goalSize: 2, within: 0.5 });

test("parts of a row are views of it, and put together again", () => {
  const goal = line();
  const flat = Float32Array.of(1, 2, 3, 4, 5);
  const parts = goalObservation(goal, flat);
  assert.equal([...parts.observation, 0, ...parts.achievedGoal, 0, ...parts.desiredGoal], [1, 0, 2, 3, 0, 4, 5]);
  parts.desiredGoal[1] = 7;
  assert.is(flat[4], 7);
  assert.equal([...flattenGoal(goal, parts)], [1, 2, 3, 4, 7]);
  const out = new Float32Array(5);
  assert.is(flattenGoal(goal, parts, out), out);
  assert.equal(desiredDims(goal), [3, 4]);
});

test("wrong shapes and goals that are no numbers are one clear error each", () => {
  const goal = line();
  const part = (n: number, value = 0) => new Float32Array(n).fill(value);
  assert.throws(
    () => goalObservation(goal, part(4)),
    /goalObservation: "flat" expected 5 numbers, got Float32Array\(4\)/,
  );
  const parts = { observation: part(1), achievedGoal: part(2), desiredGoal: part(2) };
  assert.throws(
    () => flattenGoal(goal, { ...parts, desiredGoal: part(3) }),
    /flattenGoal: "desiredGoal" expected shape \[2\], got Float32Array\(3\)/,
  );
  assert.throws(
    () => flattenGoal(goal, { ...parts, desiredGoal: part(2, Number.NaN) }),
    /flattenGoal: "desiredGoal\[0\]" expected a finite number, got NaN/,
  );
  assert.throws(() => flattenGoal(goal, parts, part(4)), /"out" expected 5 elements/);
  assert.throws(() => goalSuccess(goal, part(9), new Uint8Array(2)), /"rows" expected shape \[2, 5\]/);
  assert.throws(
    () => goal.reward(part(4), part(6), part(2)),
    /goal\.reward: "desired" expected shape \[2, 2\], got Float32Array\(6\)/,
  );
  assert.throws(
    () => goal.reward(part(4), Float32Array.of(0, 0, Number.NaN, 0), part(2)),
    /goal\.reward: "desired\[2\]" expected a finite number, got NaN/,
  );
  assert.throws(() => goal.success(part(2, Number.NaN), part(2), new Uint8Array(1)), /goal\.success: "achieved\[0\]"/);
  assert.throws(() => distanceGoal({ observationSize: 0, goalSize: 0, within: 1 }), /"goalSize" expected an integer/);
});

test("a reward that fills too little, returns instead, or is no number is told", () => {
  const rows = new Float32Array(6);
  const spec = (change: Partial<GoalSpec>) => checkedGoal({ ...line(), ...change });
  const paid = new Float32Array(3);
  assert.throws(
    () => spec({ reward: (_, __, out) => void out.fill(1, 0, 1) }).reward(rows, rows, paid),
    /goal\.reward: "out\[1\]" expected a finite number, as all 3 rewards, got NaN/,
  );
  const returning = (() => new Float32Array(2)) as unknown as GoalSpec["reward"];
  assert.throws(
    () => spec({ reward: returning }).reward(rows, rows, paid),
    /goal\.reward: "out" expected 3 numbers to be written there, and nothing returned, got Float32Array\(2\)/,
  );
  assert.throws(
    () => spec({ reward: (_, __, out) => void out.fill(Number.POSITIVE_INFINITY) }).reward(rows, rows, paid),
    /"out\[0\]" expected a finite number, as all 3 rewards, got Infinity/,
  );
  assert.throws(
    () => spec({ success: (_, __, out) => void out.fill(1, 0, 1) }).success(rows, rows, new Uint8Array(3)),
    /goal\.success: "out\[1\]" expected 0 or 1, as all 3 flags, got 255/,
  );
  const once = spec({});
  assert.is(checkedGoal(once), once);
});

/** A walk that is to go to 1: [place | place | 1]. */
function goalWalk(change: (observation: Float32Array) => Float32Array = (row) => row): Env {
  const walk = makeWalk();
  const { reset, step } = walk;
  const goal = distanceGoal({ observationSize: 1, goalSize: 1, within: 0.2 });
  return Object.assign(walk, {
    observationSpace: box(-5, 5, [3]),
    goal,
    reset(options?: { seed?: number }) {
      const { observation } = reset.call(walk, options);
      return { observation: Float32Array.of(observation[0], observation[0], 1), info: {} };
    },
    step(action: Float32Array) {
      const { observation, ...rest } = step.call(walk, action);
      const row = Float32Array.of(observation[0], observation[0], 1);
      const [reward, reached] = [new Float32Array(1), new Uint8Array(1)];
      goal.reward(row.subarray(1, 2), row.subarray(2), reward);
      goal.success(row.subarray(1, 2), row.subarray(2), reached);
      return { ...rest, observation: change(row), reward: reward[0], info: { isSuccess: reached[0] === 1 } };
    },
  });
}

test("an environment of a user with a goal passes checkEnv, under a time limit and in a batch", () => {
  checkEnv(goalWalk());
  const env = timeLimit(goalWalk(), 5);
  assert.ok(env.goal);
  checkEnv(env);
  const batch = batchEnvs([goalWalk(), goalWalk()]);
  assert.is(batch.goal?.goalSize, 1);
  batch.reset();
  batch.step([0.1, 0.2]);
  batch.close();
});

test("checkEnv names what is wrong with a goal", () => {
  const broken = (change: object) => Object.assign(goalWalk(), change);
  const goal = goalWalk().goal as GoalSpec;
  assert.throws(
    () => checkEnv(broken({ goal: { ...goal, goalSize: 2 } })),
    /checkEnv: env: "goal" expected observations of 1 \+ 2 · 2 = 5 numbers, got 3/,
  );
  assert.throws(
    () =>
      checkEnv(
        broken({ goal: { ...goal, reward: (_: unknown, __: unknown, out: Float32Array) => void out.fill(-1, 0, 1) } }),
      ),
    /checkEnv: goal\.reward: "out\[1\]" expected a finite number, as all 3 rewards, got NaN/,
  );
  assert.throws(
    () =>
      checkEnv(
        broken({ goal: { ...goal, reward: (_: unknown, __: unknown, out: Float32Array) => void out.fill(-9) } }),
      ),
    /checkEnv: goal\.reward of what step returned gave \[-9, -9, -9\], step paid/,
  );
  const silent = goalWalk();
  const tell = silent.step;
  silent.step = (action) => ({ ...tell.call(silent, action), info: {} });
  assert.throws(
    () => checkEnv(silent),
    /expected to return info\.isSuccess (true|false) as goal\.success has it, got undefined/,
  );
  assert.throws(() => checkEnv(goalWalk((row) => Float32Array.of(row[0], row[1], 2))), /step moved the desired goal/);
});

test("a batch refuses goals that are no numbers and observations of another length, with the call and the place", () => {
  const nan = batchEnvs([goalWalk((row) => Float32Array.of(row[0], row[1], Number.NaN))]);
  nan.reset();
  assert.throws(() => nan.step([0]), /vectorEnv\.step: "desiredGoal\[0\]" expected a finite number, got NaN/);
  const short = batchEnvs([goalWalk((row) => row.slice(0, 2))]);
  short.reset();
  assert.throws(
    () => short.step([0]),
    /"observation" expected shape \[3\] with goals of 1 numbers, got Float32Array\(2\)/,
  );
  assert.throws(
    () => batchEnvs([Object.assign(goalWalk(), { goal: line() })]),
    /batchEnvs: "goal" expected observations of 1 \+ 2 · 2 = 5 numbers, got 3/,
  );
});

test("the sparse task starts where Reacher does and moves as it does", () => {
  const [one, two] = [makeEnv(runtime, reacher, { seed: 8 }), makeEnv(runtime, goals[0], { seed: 8 })];
  const places = (a: Float32Array, b: Float32Array) => {
    assert.equal([...a.slice(0, 4), a[6], a[7]], [...b.slice(0, 6)]);
    assert.equal([...a.slice(4, 6)], [...b.slice(8)]);
    assert.ok(Math.abs(b[6] - b[8] - a[8]) < 1e-6 && Math.abs(b[7] - b[9] - a[9]) < 1e-6);
  };
  places(one.reset().observation, two.reset().observation);
  for (let t = 0; t < 10; t++) {
    const action = spread(2, -1, 1, 0.3 * t);
    places(one.step(action).observation, two.step(action).observation);
  }
  one.close();
  two.close();
});

test.run();
