// CEM against its float64 twin, round by round on the same noise; its stop, its warm start, what it returns.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RandomStream } from "../../src/kernels/index.js";
import { type CemOptions, cem } from "../../src/planning/index.js";
import { refit, sampleTruncated, select } from "../oracle/cem.js";
import { runtime } from "../support/runtime.js";
import { box, pair, quadratic, rolloutOf } from "./support.js";

const test = suite("cem");
const TARGET = [0.3, -1.2, -0.8, 2.5, 0.6, 0.1];
const options: CemOptions = { actionSpace: pair, horizon: 3, population: 50, seed: 7, epsilon: 0 };

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  assert.is(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    assert.ok(Math.abs(actual[i] - expected[i]) <= tolerance, `[${i}]: ${actual[i]} against ${expected[i]}`);
  }
}

test("equals the twin in every round of three plans", () => {
  const low = [-1, -2, -1, -2, -1, -2];
  const high = [1, 3, 1, 3, 1, 3];
  const middle = low.map((l, i) => (l + high[i]) / 2);
  const populations: Float32Array[] = [];
  const rollout = rolloutOf(pair, quadratic(TARGET), (actions) => populations.push(actions));
  const planner = cem(runtime, { ...options, alpha: 0.2 });
  const stream = new RandomStream(runtime, 7, "cem");
  const noise = runtime.tensor([50, 3, 2]);
  let warmStart = middle;
  for (let step = 0; step < 3; step++) {
    populations.length = 0;
    const plan = planner.plan(rollout, 0);
    let fit = { mean: warmStart, variance: low.map((l, i) => (high[i] - l) ** 2 / 16) };
    assert.is(populations.length, 5);
    for (const population of populations) {
      stream.truncatedNormal(noise);
      const actions = sampleTruncated(noise.read(), fit.mean, fit.variance, low, high);
      close(population, actions);
      const returns = Array.from({ length: 50 }, (_, n) =>
        quadratic(TARGET)(Float32Array.from(actions.slice(n * 6, n * 6 + 6))),
      );
      fit = refit(fit.mean, fit.variance, actions, select(returns, 5), 0.2);
    }
    close(plan, fit.mean);
    planner.advance();
    warmStart = [...fit.mean.slice(2), ...middle.slice(4)];
  }
  for (const part of [planner, stream, noise]) part.dispose();
});

test("the next plan starts from the last one moved on by the steps executed, and ends in the middle of the bounds", () => {
  for (const steps of [0, 1, 2, 3, 7]) {
    const planner = cem(runtime, options);
    const plan = [...planner.plan(rolloutOf(pair, quadratic(TARGET)), 0)];
    planner.advance(steps);
    const expected = [...plan.slice(steps * 2), ...[0, 0.5, 0, 0.5, 0, 0.5].slice(0, steps * 2)];
    assert.equal([...planner.save().arrays.warmStart.data], expected);
    planner.dispose();
  }
  const planner = cem(runtime, options);
  assert.throws(() => planner.advance(-1), /cem.advance: "steps" expected an integer of at least 0/);
  planner.dispose();
});

test("every plan starts with the full variance", () => {
  const populations: Float32Array[] = [];
  const planner = cem(runtime, { ...options, iterations: 1, population: 400 });
  for (let i = 0; i < 6; i++) {
    planner.plan(
      rolloutOf(pair, quadratic([0, 0.5, 0, 0.5, 0, 0.5]), (actions) => populations.push(actions)),
      0,
    );
  }
  for (const actions of populations) {
    const first = actions.filter((_, i) => i % 6 === 0);
    const variance = first.reduce((sum, a) => sum + a * a, 0) / first.length;
    // 0.77 is the variance of a standard normal truncated to ±2; (high − low)² / 16 is 0.25
    assert.ok(Math.abs(variance - 0.25 * 0.774) < 0.04, `${variance}`);
  }
  planner.dispose();
});

test("stops when the variance in scaled actions is at most epsilon, whatever the unit of the actions", () => {
  const rounds = (scale: number, epsilon: number): number => {
    const space = box([-scale], [scale]);
    let count = 0;
    const rollout = rolloutOf(
      space,
      ([a]) => -((a / scale - 0.2) ** 2),
      () => count++,
    );
    const planner = cem(runtime, { actionSpace: space, horizon: 1, population: 100, iterations: 20, epsilon });
    planner.plan(rollout, 0);
    planner.dispose();
    return count;
  };
  assert.is(rounds(1, 0), 20);
  assert.ok(rounds(1, 0.001) < 6);
  assert.is(rounds(1, 1), 1);
  for (const scale of [2 ** -10, 2 ** 10]) assert.is(rounds(scale, 0.001), rounds(1, 0.001));
});

test("returns the mean of the last elites, or the best sequence of all rounds", () => {
  const seen: { sequence: number[]; value: number }[] = [];
  const value = quadratic(TARGET);
  const rollout = rolloutOf(pair, (sequence) => {
    seen.push({ sequence: [...sequence], value: value(sequence) });
    return value(sequence);
  });
  const byMean = cem(runtime, options);
  const byBest = cem(runtime, { ...options, returnMean: false });
  const mean = [...byMean.plan(rollout, 0)];
  assert.not(seen.some(({ sequence }) => sequence.every((a, i) => a === mean[i])));
  seen.length = 0;
  const best = [...byBest.plan(rollout, 0)];
  const top = seen.reduce((a, b) => (b.value > a.value ? b : a));
  assert.equal(best, top.sequence);
  assert.equal([...byBest.save().arrays.warmStart.data], best);
  byMean.dispose();
  byBest.dispose();
});

test("almost no sample lies at a bound, even when the best actions do", () => {
  let [atBounds, all] = [0, 0];
  const corner = rolloutOf(pair, quadratic([1, 3, 1, 3, 1, 3]), (actions) => {
    all += actions.length;
    actions.forEach((a, i) => {
      if (a === pair.low[i % 2] || a === pair.high[i % 2]) atBounds++;
    });
  });
  const planner = cem(runtime, { ...options, population: 500 });
  for (let i = 0; i < 10; i++) {
    planner.reset();
    planner.plan(corner, 0);
  }
  assert.ok(atBounds / all < 1e-3, `${atBounds} of ${all}`);
  planner.dispose();
});

test("options out of range are refused", () => {
  const refuse = (wrong: object, error: RegExp) => assert.throws(() => cem(runtime, { ...options, ...wrong }), error);
  refuse({ iterations: 0 }, /cem: "iterations" expected an integer of at least 1, got 0/);
  refuse({ eliteRatio: 1.5 }, /"eliteRatio" expected a finite number in \[0, 1\]/);
  refuse({ alpha: -0.1 }, /"alpha" expected/);
  refuse({ epsilon: Number.NaN }, /"epsilon" expected/);
  refuse({ returnMean: 1 }, /"returnMean" expected a boolean/);
});

test.run();
