// Two kinds of uncertainty, apart: a regression of y = sin(3x)/2 + noise from x in [−2, −0.7] ∪ [0.7, 2]. In the gap the
// members of an ensemble disagree (epistemic), the noise they report (aleatoric) is the same everywhere; the entropy of a
// single network's output says nothing of the gap.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RandomStream } from "../../src/kernels/index.js";
import { createEnsembleRegressor } from "../../src/models/index.js";
import { runtime } from "../support/runtime.js";

const test = suite("uncertainty");
const NOISE = 0.1;
const ROWS = 600;

function dataSet(seed: number): { x: Float32Array; y: Float32Array } {
  return runtime.scoped((scope) => {
    const random = scope.hold(new RandomStream(runtime, seed, "data"));
    const [u, z] = [scope.tensor([ROWS]), scope.tensor([ROWS])];
    random.uniform(u);
    random.normal(z);
    const x = u.read().map((value) => (value < 0.5 ? -2 + 2.6 * value : 0.7 + 2.6 * (value - 0.5)));
    const y = x.map((value, i) => Math.sin(3 * value) / 2 + NOISE * z.view[i]);
    scope.dispose();
    return { x, y };
  });
}

const grid = (from: number, to: number) => Float32Array.from({ length: 41 }, (_, i) => from + ((to - from) * i) / 40);
const inside = grid(-0.25, 0.25);
const outside = Float32Array.of(...grid(-1.8, -0.9), ...grid(0.9, 1.8));
const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / values.length;
const spread = (variance: Float32Array) => mean(variance.map(Math.sqrt));

function trained(members: number, seed: number) {
  const { x, y } = dataSet(seed);
  const shape = { inputSize: 1, targetSize: 1, members, learningRate: 3e-3 };
  const regressor = createEnsembleRegressor(runtime, { ...shape, seed });
  regressor.fit(x, y, { epochs: 300, batchSize: 64, patience: 300 });
  const [gap, data] = [regressor.predict(inside), regressor.predict(outside)];
  regressor.dispose();
  return { gap, data };
}

for (const seed of [0, 1, 2]) {
  test(`an ensemble knows what it does not know (seed ${seed})`, () => {
    const { gap, data } = trained(5, seed);
    const ratio = spread(gap.epistemic) / spread(data.epistemic);
    assert.ok(ratio >= 5, `epistemic spread inside the gap is only ${ratio} times that outside`);
    const [noiseInside, noiseOutside] = [spread(gap.aleatoric), spread(data.aleatoric)];
    assert.ok(Math.abs(noiseOutside / NOISE - 1) < 0.25, `noise of ${NOISE} estimated as ${noiseOutside}`);
    const flat = noiseInside / noiseOutside;
    assert.ok(flat > 0.4 && flat < 2.5, `aleatoric spread differs by ${flat} between gap and data`);
  });

  test(`a single network's output entropy does not (seed ${seed})`, () => {
    const { gap, data } = trained(1, seed);
    const ratio = spread(gap.aleatoric) / spread(data.aleatoric);
    assert.ok(ratio < 5, `output spread inside the gap is ${ratio} times that outside`);
    assert.is(spread(gap.epistemic), 0);
  });
}

test.run();
