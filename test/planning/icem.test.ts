// iCEM: fewer sequences per round, smooth ones, elites kept and moved on, the mean tried last.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type IcemOptions, icem } from "../../src/planning/index.js";
import { runtime } from "../support/runtime.js";
import { box, pair, quadratic, rolloutOf } from "./support.js";

const test = suite("icem");
const unit = box([-1], [1]);
const options: IcemOptions = {
  actionSpace: pair,
  horizon: 4,
  population: 60,
  seed: 7,
  iterations: 4,
  eliteRatio: 1 / 12,
};
const value = quadratic([0.3, -1.2, -0.8, 2.5, 0.6, 0.1, 0, 0]);

// the populations of a plan, as lists of sequences
function watch() {
  const rounds: number[][][] = [];
  const rollout = rolloutOf(pair, value, (actions, [N]) => {
    const length = actions.length / N;
    rounds.push(Array.from({ length: N }, (_, n) => [...actions.slice(n * length, (n + 1) * length)]));
  });
  return { rounds, rollout };
}

function best(sequences: readonly number[][], count: number): number[][] {
  const ranked = sequences.map((sequence) => ({ sequence, value: value(Float32Array.from(sequence)) }));
  return ranked
    .sort((a, b) => b.value - a.value)
    .slice(0, count)
    .map(({ sequence }) => sequence);
}

test("each round has γ times fewer sequences, at least twice the elites", () => {
  const sizes = (more: Partial<IcemOptions>): number[] => {
    const { rounds, rollout } = watch();
    const planner = icem(runtime, { ...options, ...more });
    planner.plan(rollout, 0);
    planner.dispose();
    return rounds.map((round) => round.length);
  };
  assert.equal(sizes({}), [60, 48, 39, 31]);
  assert.equal(sizes({ decay: 2 }), [60, 30, 15, 10]);
  assert.equal(sizes({ decay: 1 }), [60, 60, 60, 60]);
  assert.equal(sizes({ population: 9, eliteRatio: 0.5, iterations: 2 }), [9, 8]);
});

test("the best elites of a round join the next one, and the last round tries the mean", () => {
  const { rounds, rollout } = watch();
  const planner = icem(runtime, { ...options, keepFraction: 0.6, returnMean: true, alpha: 0 });
  planner.plan(rollout, 0);
  for (let i = 1; i < rounds.length; i++) {
    // after the mean, in the last round
    const first = i === rounds.length - 1 ? 1 : 0;
    assert.equal(rounds[i].slice(first, first + 3), best(rounds[i - 1], 3));
  }
  const elites = best(rounds[2], 5);
  const mean = elites[0].map((_, c) => elites.reduce((sum, sequence) => sum + sequence[c], 0) / 5);
  rounds[3][0].forEach((a, c) => {
    assert.ok(Math.abs(a - mean[c]) < 1e-6);
  });
  planner.dispose();
});

test("the next plan tries the best elites again, moved on by the steps executed, and starts from the mean moved on", () => {
  for (const steps of [1, 3, 4, 9]) {
    const { rounds, rollout } = watch();
    const planner = icem(runtime, { ...options, keepFraction: 0.4, returnMean: true });
    const mean = [...planner.plan(rollout, 0)];
    const elites = best(rounds[3], 2);
    for (let i = 0; i < steps; i++) planner.advance();
    const { warmStart } = planner.save().arrays;
    const repeated = Array.from({ length: 8 }, (_, i) => mean[Math.min(i + 2 * steps, 6 + (i % 2))]);
    assert.equal([...warmStart.data], repeated);
    rounds.length = 0;
    planner.plan(rollout, 0);
    const left = Math.max(0, 8 - 2 * steps);
    for (const k of [0, 1]) {
      assert.equal(rounds[0][k].slice(0, left), elites[k].slice(8 - left));
      assert.not.equal(rounds[0][k].slice(left), elites[k].slice(0, 8 - left));
    }
    planner.dispose();
  }
});

test("after a reset no old elite comes back", () => {
  const { rounds, rollout } = watch();
  const planner = icem(runtime, { ...options, iterations: 1 });
  planner.plan(rollout, 0);
  const old = new Set(rounds[0].flat());
  planner.reset();
  planner.plan(rollout, 0);
  assert.is(rounds[1].flat().filter((a) => old.has(a) && Math.abs(a) < 1 && a !== 0 && a !== 0.5).length, 0);
  planner.dispose();
});

test("returns the best sequence of the last round: no worse than any that it tried", () => {
  const { rounds, rollout } = watch();
  const planner = icem(runtime, options);
  assert.equal([...planner.plan(rollout, 0)], best(rounds.flat(), 1)[0]);
  planner.dispose();
});

test("among equally good sequences it is the mean that is returned", () => {
  const planner = icem(runtime, { ...options, alpha: 0 });
  const last: Float32Array[] = [];
  const flat = rolloutOf(
    pair,
    () => 200,
    (actions) => last.push(actions.slice(0, 8)),
  );
  const plan = planner.plan(flat, 0);
  assert.equal([...plan], [...last[3]]);
  planner.dispose();
});

test("sequences are smooth, the more so the larger the exponent", () => {
  const roughness = (noiseExponent: number): number => {
    let changes = 0;
    const rollout = rolloutOf(
      unit,
      () => 0,
      (actions) => {
        for (let i = 1; i < actions.length; i++) if (i % 20) changes += (actions[i] - actions[i - 1]) ** 2;
      },
    );
    const shape = { actionSpace: unit, horizon: 20, population: 200, iterations: 1 };
    const planner = icem(runtime, { ...shape, noiseExponent });
    planner.plan(rollout, 0);
    planner.dispose();
    return changes / (200 * 19);
  };
  const [white, pink, smooth] = [roughness(0), roughness(1), roughness(3)];
  // white: 2 · variance of a normal of deviation 0.5 clipped to ±1
  assert.ok(white > 0.35 && white < 0.55, `${white}`);
  assert.ok(pink < 0.6 * white && smooth < 0.2 * pink, `${white} ${pink} ${smooth}`);
});

test("options out of range are refused", () => {
  const refuse = (wrong: object, error: RegExp) => assert.throws(() => icem(runtime, { ...options, ...wrong }), error);
  refuse({ population: 1 }, /icem: "population" expected an integer of at least 2, got 1/);
  refuse({ eliteRatio: 0.6 }, /"eliteRatio" expected a finite number in \[0, 0.5\], got 0.6/);
  refuse({ decay: 0.5 }, /"decay" expected/);
  refuse({ keepFraction: 2 }, /"keepFraction" expected/);
  refuse({ noiseExponent: -1 }, /"noiseExponent" expected/);
  refuse({ iterations: 0 }, /"iterations" expected/);
  refuse({ returnMean: "no" }, /"returnMean" expected a boolean/);
});

test("a state with impossible counts is refused", () => {
  const planner = icem(runtime, options);
  const state = planner.save();
  const meta = state.meta as Record<string, never>;
  for (const wrong of [{ elites: 6 }, { elites: -1 }, { elites: "5" }, { age: 5 }, { age: null }]) {
    assert.throws(() => planner.load({ ...state, meta: { ...meta, ...wrong } }), /state.meta/);
  }
  planner.dispose();
});

test.run();
