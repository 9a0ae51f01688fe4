// MPPI as PDDM has it: sequences about the last plan, their mean weighted by returns, moved on with its end repeated.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type MppiOptions, mppi, randomShooting } from "../../src/planning/index.js";
import { rewardWeights, weightedMean } from "../oracle/cem.js";
import { runtime } from "../support/runtime.js";
import { box, pair, quadratic, rolloutOf } from "./support.js";

const test = suite("mppi");
const options: MppiOptions = { actionSpace: pair, horizon: 4, population: 60, seed: 7 };
const target = [0.3, -1.2, -0.8, 2.5, 0.6, 0.1, 0, 0];
const value = quadratic(target);

// the populations of a plan
function watch(of = value) {
  const rounds: Float32Array[] = [];
  const rollout = rolloutOf(pair, of, (actions) => {
    rounds.push(actions.slice());
  });
  return { rounds, rollout };
}

test("the plan is the mean of the population weighted by e^(γ·return)", () => {
  for (const rewardWeight of [0, 0.3, 1, 20]) {
    const { rounds, rollout } = watch();
    const planner = mppi(runtime, { ...options, rewardWeight });
    const plan = planner.plan(rollout, 0);
    assert.is(rounds.length, 1);
    const returns = Array.from({ length: 60 }, (_, n) => value(rounds[0].subarray(8 * n, 8 * n + 8)));
    const expected = weightedMean(rewardWeights(returns, rewardWeight), rounds[0], 8);
    plan.forEach((a, i) => {
      assert.ok(Math.abs(a - expected[i]) < 2e-6);
    });
    planner.dispose();
  }
});

test("noise has the spread of the option in every unit, and remembers as β says", () => {
  const wide = box([-1000, -1], [1000, 1]);
  for (const freshNoise of [1, 0.6]) {
    let all = new Float32Array(0);
    const rollout = rolloutOf(
      wide,
      () => 0,
      (actions) => {
        all = actions.slice();
      },
    );
    const N = 4000;
    const planner = mppi(runtime, { actionSpace: wide, horizon: 3, population: N, freshNoise, noiseScale: 0.1 });
    planner.plan(rollout, 0);
    // of the products of steps s and t, in units of the fresh noise
    const moment = (s: number, t: number, a: number): number => {
      let sum = 0;
      for (let n = 0; n < N; n++) sum += all[6 * n + 2 * s + a] * all[6 * n + 2 * t + a];
      return sum / N / (0.1 * wide.high[a]) ** 2;
    };
    const [b, c] = [freshNoise, 1 - freshNoise];
    for (const a of [0, 1]) {
      assert.ok(Math.abs(moment(0, 0, a) - b * b) < 0.05);
      assert.ok(Math.abs(moment(0, 1, a) - b * b * c) < 0.05);
      assert.ok(Math.abs(moment(2, 2, a) - b * b * (1 + c * c + c ** 4)) < 0.07);
    }
    planner.dispose();
  }
});

test("the next plan is looked for about the last one, moved on with its last action repeated", () => {
  for (const steps of [0, 1, 3, 4, 9]) {
    const { rounds, rollout } = watch();
    const planner = mppi(runtime, { ...options, noiseScale: 0 });
    const planned = mppi(runtime, { ...options, rewardWeight: 5 });
    const plan = planned.plan(rollout, 0);
    planner.load(planned.save());
    rounds.length = 0;
    planner.advance(steps);
    planner.plan(rollout, 0);
    const repeated = Array.from({ length: 8 }, (_, i) => plan[Math.min(i + 2 * steps, 6 + (i % 2))]);
    assert.equal([...rounds[0].subarray(0, 8)], repeated);
    planner.dispose();
    planned.dispose();
  }
});

test("replanning gets nearer to the optimum with the same rollouts than random shooting", () => {
  const rounds = 12;
  const planner = mppi(runtime, { ...options, iterations: rounds, rewardWeight: 5, noiseScale: 0.3 });
  const shooting = randomShooting(runtime, { ...options, population: 60 * rounds });
  const rollout = rolloutOf(pair, value);
  const [refined, shot] = [planner, shooting].map((each) => value(each.plan(rollout, 0)));
  assert.ok(refined > -0.25 && refined > shot / 4, `${refined} ${shot}`);
  planner.dispose();
  shooting.dispose();
});

test("given up in the middle it is as before but for its random stream", () => {
  const planner = mppi(runtime, { ...options, iterations: 3 });
  const rollout = rolloutOf(pair, value);
  planner.plan(rollout, 0);
  const before = planner.save();
  const steps = planner.planSteps(rollout, 0);
  steps.next();
  steps.next();
  steps.return(new Float32Array(8));
  assert.equal(planner.save().arrays, before.arrays);
  const after = [...planner.plan(rollout, 0)];
  planner.load(before);
  assert.not.equal([...planner.plan(rollout, 0)], after);
  planner.dispose();
});

test("options out of range are refused", () => {
  const refuse = (more: Partial<MppiOptions>, error: RegExp): void => {
    assert.throws(() => mppi(runtime, { ...options, ...more }), error);
  };
  refuse({ iterations: 0 }, /mppi: "iterations" expected/);
  refuse({ rewardWeight: -1 }, /mppi: "rewardWeight" expected/);
  refuse({ rewardWeight: Number.NaN }, /mppi: "rewardWeight" expected/);
  refuse({ freshNoise: 0 }, /mppi: "freshNoise" expected more than 0/);
  refuse({ freshNoise: 1.1 }, /mppi: "freshNoise" expected/);
  refuse({ noiseScale: -0.1 }, /mppi: "noiseScale" expected/);
});

test.run();
