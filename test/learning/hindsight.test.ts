// Hindsight: every relabelled goal was achieved later in the same episode, with lanes side by side and after the ring has gone
// round; rewards are those of the new goals; the share and the spread of the steps are the published ones.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createReplayBuffer, createTransitionBatch, sampleTransitions } from "../../src/data/index.js";
import { distanceGoal } from "../../src/envs/index.js";
import { RandomStream } from "../../src/kernels/index.js";
import { Hindsight, isSparse } from "../../src/learning/index.js";
import type { GoalSpec } from "../../src/types.js";
import { runtime, runtimes } from "../support/runtime.js";

const hindsight = suite("hindsight");

// observations are [episode, step | achieved goal: (lane, step / 100) | desired goal]; episodes of lane b have 5 + b steps
const goal = distanceGoal({ observationSize: 2, goalSize: 2, within: 0.015 });
const D = 6;
const LANES = 3;

function fill(buffer: ReturnType<typeof createReplayBuffer>, steps: number): void {
  const at = Array.from({ length: LANES }, () => ({ episode: 0, step: 0 }));
  for (let t = 0; t < steps; t++) {
    at.forEach((place, lane) => {
      const { episode, step } = place;
      const state = (n: number): number[] => [episode, n, lane, n / 100, 9, episode];
      const over = step === 4 + lane;
      buffer.add(
        {
          observation: state(step),
          action: [0],
          reward: -1,
          nextObservation: state(step + 1),
          terminated: false,
          truncated: over,
        },
        lane,
      );
      Object.assign(place, over ? { episode: episode + 1, step: 0 } : { step: step + 1 });
    });
  }
}

for (const [name, on] of runtimes) {
  // the second has replaced rows, the newest of which lie before the oldest, in the middle of episodes
  for (const [capacity, steps] of [
    [1000, 60],
    [40, 61],
  ]) {
    hindsight(`goals come from later in the same episode, capacity ${capacity} (${name})`, () => {
      on.scoped((scope) => {
        const sizes = { capacity, observationSize: D, actionSize: 1, lanes: LANES };
        const buffer = scope.hold(createReplayBuffer(on, sizes));
        fill(buffer, steps);
        const rows = 3000;
        const batch = createTransitionBatch(scope, rows, D, 1);
        const relabeller = on.scoped((inner) => new Hindsight(inner, buffer, { goal, relabelled: 4, rows }));
        const random = scope.hold(new RandomStream(on, 1, "test"));
        sampleTransitions(buffer, batch, random);
        const before = { observation: batch.observation.read(), nextObservation: batch.nextObservation.read() };
        relabeller.relabel(batch, random);
        const later = new Map<string, number>();
        let relabelled = 0;
        const goals = relabeller.goalRows;
        for (let r = 0; r < rows; r++) {
          const next = [...batch.nextObservation.view.subarray(r * D, (r + 1) * D)];
          const now = [...batch.observation.view.subarray(r * D, (r + 1) * D)];
          assert.equal(now.slice(4), next.slice(4), "one goal for the state and the next");
          assert.equal(now.slice(0, 4), [...before.observation.subarray(r * D, r * D + 4)]);
          assert.equal(next.slice(0, 4), [...before.nextObservation.subarray(r * D, r * D + 4)]);
          const [episode, step, lane] = next;
          const [wantedLane, wanted] = next.slice(4);
          if (goals[r] === -1) {
            assert.equal(next.slice(4), [9, episode]);
            assert.is(batch.reward.view[r], -1);
            continue;
          }
          relabelled++;
          const reached = Math.round(100 * wanted);
          assert.is(wantedLane, lane);
          assert.is(buffer.observation.view[goals[r] * D], episode);
          assert.ok(reached >= step && reached <= 5 + lane, `goal of step ${reached} for one that led to ${step}`);
          // within 1.5 steps of the goal
          assert.is(batch.reward.view[r], reached - step <= 1 ? 0 : -1);
          if (capacity === 1000 && lane === 1 && step === 3 && episode < 5) {
            later.set(String(reached), (later.get(String(reached)) ?? 0) + 1);
          }
        }
        // 0.8 with a standard deviation of 0.0073
        assert.ok(Math.abs(relabelled / rows - 0.8) < 0.04, `${relabelled} of ${rows}`);
        if (capacity === 1000) assert.equal([...later.keys()].sort(), ["3", "4", "5", "6"]);
        relabeller.dispose();
        scope.dispose();
      });
    });
  }
}

hindsight("an episode under way has the goals it has reached so far", () => {
  runtime.scoped((scope) => {
    const buffer = scope.hold(
      createReplayBuffer(runtime, { capacity: 9, observationSize: D, actionSize: 1, lanes: LANES }),
    );
    fill(buffer, 3);
    const batch = createTransitionBatch(scope, 400, D, 1);
    const relabeller = runtime.scoped((inner) => new Hindsight(inner, buffer, { goal, relabelled: 1e9, rows: 400 }));
    const random = scope.hold(new RandomStream(runtime, 2, "test"));
    sampleTransitions(buffer, batch, random);
    relabeller.relabel(batch, random);
    const reached = new Set<number>();
    for (let r = 0; r < 400; r++) reached.add(Math.round(100 * batch.nextObservation.view[r * D + 5]));
    assert.equal([...reached].sort(), [1, 2, 3]);
    relabeller.dispose();
    scope.dispose();
  });
});

hindsight("what a task pays is checked, and a reward that fails leaves its own error", () => {
  runtime.scoped((scope) => {
    const buffer = scope.hold(
      createReplayBuffer(runtime, { capacity: 60, observationSize: D, actionSize: 1, lanes: LANES }),
    );
    fill(buffer, 20);
    const batch = createTransitionBatch(scope, 8, D, 1);
    const random = scope.hold(new RandomStream(runtime, 2, "test"));
    const cases: [GoalSpec["reward"], RegExp][] = [
      [(_achieved, _desired, out) => void out.fill(-1, 0, 7), /"out\[7\]" expected a finite number, as all 8 rewards/],
      [
        ((_a: Float32Array, _d: Float32Array) => new Float32Array(8)) as never,
        /expected 8 numbers to be written there/,
      ],
    ];
    for (const [reward, message] of cases) {
      const wrong = { ...goal, reward };
      const relabeller = runtime.scoped(
        (inner) => new Hindsight(inner, buffer, { goal: wrong, relabelled: 4, rows: 8 }),
      );
      sampleTransitions(buffer, batch, random);
      assert.throws(() => relabeller.relabel(batch, random), message);
      relabeller.dispose();
    }
    const narrow = distanceGoal({ observationSize: 3, goalSize: 2, within: 1 });
    assert.throws(
      () => runtime.scoped((inner) => new Hindsight(inner, buffer, { goal: narrow, relabelled: 4, rows: 8 })),
      /hindsight: "goal" expected one of observations of 6 numbers, got 7/,
    );
    scope.dispose();
  });
});

hindsight("rows that keep their goal keep the reward that the step paid, whatever the goal would pay", () => {
  runtime.scoped((scope) => {
    const buffer = scope.hold(createReplayBuffer(runtime, { capacity: 60, observationSize: D, actionSize: 1 }));
    // a step pays what no goal does: a number of its own
    for (let t = 0; t < 50; t++) {
      const state = (n: number): number[] => [0, n, 0, n / 100, 9, 0];
      const step = { action: [0], reward: 100 + t, terminated: false, truncated: false };
      buffer.add({ ...step, observation: state(t), nextObservation: state(t + 1) });
    }
    const rows = 200;
    const batch = createTransitionBatch(scope, rows, D, 1);
    const relabeller = scope.hold(
      runtime.scoped((inner) => new Hindsight(inner, buffer, { goal, relabelled: 1, rows })),
    );
    const random = scope.hold(new RandomStream(runtime, 3, "test"));
    sampleTransitions(buffer, batch, random);
    relabeller.relabel(batch, random);
    const kept = [...relabeller.goalRows].filter((row) => row < 0).length;
    assert.ok(kept > 60 && kept < 140, `${kept} of ${rows} keep their goal`);
    relabeller.goalRows.forEach((goalRow, r) => {
      const paid = batch.reward.view[r];
      if (goalRow < 0) assert.is(paid, 100 + batch.observation.view[r * D + 1]);
      else assert.ok(paid === 0 || paid === -1, `${paid}`);
    });
    scope.dispose();
  });
});

for (const [name, on] of runtimes) {
  hindsight(`a minibatch has at most the rows that were told (${name})`, () => {
    on.scoped((scope) => {
      const buffer = scope.hold(
        createReplayBuffer(on, { capacity: 60, observationSize: D, actionSize: 1, lanes: LANES }),
      );
      fill(buffer, 20);
      const make = (rows: number) =>
        scope.hold(on.scoped((inner) => new Hindsight(inner, buffer, { goal, relabelled: 1e9, rows })));
      assert.throws(() => make(0), /hindsight: "rows" expected an integer of at least 1, got 0/);
      assert.throws(() => make(1.5), /hindsight: "rows" expected an integer of at least 1, got 1.5/);
      const relabeller = make(4);
      const random = scope.hold(new RandomStream(on, 1, "test"));
      for (const rows of [5, 32, 64]) {
        const batch = createTransitionBatch(scope, rows, D, 1);
        sampleTransitions(buffer, batch, random);
        const before = [batch.observation.read(), batch.nextObservation.read(), batch.reward.read(), random.save()];
        assert.throws(
          () => relabeller.relabel(batch, random),
          (error: Error) =>
            error instanceof RangeError &&
            error.message === `hindsight.relabel: "batch.rows" expected an integer in [1, 4], got ${rows}`,
        );
        const after = [batch.observation.read(), batch.nextObservation.read(), batch.reward.read(), random.save()];
        assert.equal(after, before);
      }
      assert.throws(() => relabeller.relabel(createTransitionBatch(scope, 0, D, 1), random), /"batch.rows"/);
      const fewer = createTransitionBatch(scope, 3, D, 1);
      sampleTransitions(buffer, fewer, random);
      relabeller.relabel(fewer, random);
      assert.ok([...relabeller.goalRows.subarray(0, 3)].every((row) => row >= 0));
      scope.dispose();
    });
  });
}

hindsight("a sparse goal is told from a dense one", () => {
  assert.is(isSparse(goal), true);
  assert.is(isSparse(distanceGoal({ observationSize: 2, goalSize: 2, within: 0.1, dense: true })), false);
});

hindsight.run();
