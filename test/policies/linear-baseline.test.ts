// The linear baseline: the solution of the regularized normal equations, as a plain elimination in float64 finds it.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TrainingDivergedError } from "../../src/check.js";
import { RandomStream } from "../../src/kernels/index.js";
import { createLinearBaseline } from "../../src/policies/index.js";
import type { Runtime, Tensor } from "../../src/wasm/index.js";
import { baselineFeatures, ridgeSolution } from "../oracle/baseline.js";
import { runtime, runtimes } from "../support/runtime.js";
import { distance, rowsIn } from "./support.js";

const D = 4;
const ROWS = 157;

interface Data {
  readonly observation: Tensor;
  readonly time: Tensor<"i32">;
  readonly returns: Tensor;
  readonly weight: Tensor;
}

function data(on: Runtime): Data {
  const random = new RandomStream(on, 4, "test");
  const [observation, returns] = [on.tensor([ROWS, D]), on.tensor([ROWS])];
  random.normal(observation);
  random.normal(returns);
  // some are beyond the clip
  observation.write(observation.read().map((x) => 6 * x));
  const time = on.tensor([ROWS], "i32").write(Array.from({ length: ROWS }, (_, r) => (r * 7) % 100));
  const weight = on.tensor([ROWS]).write(Array.from({ length: ROWS }, (_, r) => [1, 0, 0.5][r % 3]));
  return { observation, time, returns, weight };
}

function twinOf({ observation, time, returns, weight }: Data, weighted: boolean, ridge: number) {
  const phis = rowsIn(observation, D, ROWS).map((o, r) => baselineFeatures(o, time.view[r]));
  const w = phis.map((_, r) => (weighted ? weight.view[r] : 1));
  const solution = ridgeSolution(phis, [...returns.view], w, ridge);
  return { solution, values: phis.map((phi) => phi.reduce((sum, x, i) => sum + x * solution[i], 0)) };
}

const baselines = suite("linear baseline");

for (const [name, on] of runtimes) {
  baselines(`fits and predicts as its twin (${name})`, () => {
    const all = data(on);
    const { observation, time, returns, weight } = all;
    const baseline = createLinearBaseline(on, { observationSize: D });
    const out = on.tensor([ROWS]);
    baseline.predict(out, observation, time, ROWS);
    assert.ok(out.read().every((value) => value === 0));
    for (const weighted of [false, true]) {
      const ridge = baseline.fit(observation, time, returns, ROWS, weighted ? weight : undefined);
      assert.is(ridge, 1e-5);
      baseline.predict(out, observation, time, ROWS);
      const twin = twinOf(all, weighted, 1e-5);
      assert.ok(distance(baseline.coefficients.read(), twin.solution) < 1e-6);
      assert.ok(distance(out.read(), twin.values) < 1e-5);
    }
  });
}

baselines("a function of its features is found again", () => {
  const { observation, time, returns } = data(runtime);
  const rows = rowsIn(observation, D, ROWS);
  returns.write(rows.map((o, r) => 3 + 2 * Math.max(-10, Math.min(10, o[1])) - 5 * (time.view[r] / 100) ** 3));
  const baseline = createLinearBaseline(runtime, { observationSize: D });
  baseline.fit(observation, time, returns, ROWS);
  const out = runtime.tensor([ROWS]);
  baseline.predict(out, observation, time, ROWS);
  assert.ok(distance(out.read(), returns.read()) < 1e-5);
});

baselines("observations that do not vary need the ridge, and more of it without one", () => {
  const { time, returns } = data(runtime);
  const observation = runtime.tensor([ROWS, D]);
  observation.view.fill(7);
  const baseline = createLinearBaseline(runtime, { observationSize: D });
  baseline.fit(observation, time, returns, ROWS);
  assert.ok(baseline.coefficients.read().every(Number.isFinite));
  // nothing to go by at all: zero but for the ridge
  baseline.fit(observation, time, returns, 0);
  assert.ok(baseline.coefficients.read().every((value) => value === 0));
  const bare = createLinearBaseline(runtime, { observationSize: D, ridge: 0 });
  assert.throws(
    () => bare.fit(observation, time, returns, 0),
    (error: unknown) => error instanceof TrainingDivergedError,
  );
});

baselines("the ridge grows until there is a solution", () => {
  const { time, returns } = data(runtime);
  const observation = runtime.tensor([ROWS, D]);
  // with 144 rows of eights, columns of eights and of their squares are multiples of each other to the last bit
  observation.view.fill(8);
  const baseline = createLinearBaseline(runtime, { observationSize: D, ridge: 1e-13 });
  const ridge = baseline.fit(observation, time, returns, 144);
  assert.ok(baseline.coefficients.read().every(Number.isFinite));
  assert.ok(ridge > 1e-13, `${ridge}`);
});

baselines("numbers that are not finite are an error, and the last fit stays", () => {
  const { observation, time, returns } = data(runtime);
  const baseline = createLinearBaseline(runtime, { observationSize: D });
  baseline.fit(observation, time, returns, ROWS);
  const before = baseline.save();
  for (const bad of [Number.NaN, Infinity]) {
    returns.view[5] = bad;
    const isDiverged = (error: unknown): boolean =>
      error instanceof TrainingDivergedError && /linear baseline: the solution/.test(error.message);
    assert.throws(() => baseline.fit(observation, time, returns, ROWS), isDiverged);
    assert.equal(baseline.save(), before);
  }
  const other = createLinearBaseline(runtime, { observationSize: D });
  other.load(before);
  assert.equal(other.save(), before);
  const wider = createLinearBaseline(runtime, { observationSize: D + 1 });
  assert.throws(() => wider.load(before), /saved array "coefficients"/);
});

baselines("what does not fit is refused at the edge", () => {
  const { observation, time, returns } = data(runtime);
  const baseline = createLinearBaseline(runtime, { observationSize: D });
  const more = ROWS + 1;
  assert.throws(
    () => baseline.fit(observation, time, returns, more),
    /"observation" expected at least 158 rows of 4 f32/,
  );
  assert.throws(
    () => baseline.fit(observation, returns as never, returns, ROWS),
    /linearBaseline\.fit: "time" expected at least 157 rows of 1 i32/,
  );
  assert.throws(() => createLinearBaseline(runtime, { observationSize: 0 }), /"observationSize" expected an integer/);
  assert.throws(() => createLinearBaseline(runtime, { observationSize: 1, ridge: -1 }), /"ridge" expected a finite/);
});

baselines.run();
