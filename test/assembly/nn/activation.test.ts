// Activations as layers apply them, against float64: accuracy over the whole range, derivatives, NaN, limits.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { activations } from "../../../src/nn/index.js";
import { act, slope } from "../../oracle/mlp.js";
import { runtimes } from "../../support/runtime.js";

/** The distance of `actual` from `expected` in units of the last place of an f32 of that size. */
function ulps(actual: number, expected: number): number {
  const unit = 2 ** Math.max(Math.floor(Math.log2(Math.abs(expected))) - 23, -149);
  return Math.abs(actual - expected) / unit;
}

for (const [name, runtime] of runtimes) {
  const tests = suite(`activation (${name})`);
  const step = name === "checked" ? 0.37 : 0.001;
  const points = Float32Array.from({ length: 8 * Math.floor(20 / step) }, (_, i) => i * step - 80);
  const n = points.length;

  /** Outputs, and derivatives where there are any, of the activation at `values`. */
  function apply(kind: number, values: Float32Array): { y: Float32Array; dy: Float32Array } {
    using y = runtime.tensor([n / 8, 8]).write(values);
    using derivative = runtime.tensor([n / 8, 8]).write(new Float32Array(n).fill(1));
    using scaled = runtime.tensor([n / 8, 8]).write(new Float32Array(n).fill(1));
    runtime.kernels.activate_strip(kind, y.address, derivative.address, 32, n / 8, 8);
    runtime.kernels.scale_strip(scaled.address, 32, scaled.address, 32, derivative.address, 32, n / 8);
    using alone = runtime.tensor([n / 8, 8]).write(values);
    runtime.kernels.activate_strip(kind, alone.address, 0, 32, n / 8, 8);
    const bits = (tensor: typeof y): Uint32Array => new Uint32Array(tensor.read().buffer);
    assert.equal(bits(alone), bits(y), "with and without the derivative");
    return { y: y.read(), dy: scaled.read() };
  }

  for (const [kind, activation] of activations.entries()) {
    tests(`${activation}: value within 4 ulp, derivative within 2e-6`, () => {
      const { y, dy } = apply(kind, points);
      for (const [i, x] of points.entries()) {
        const expected = act(activation, x);
        if (expected !== 0) assert.ok(ulps(y[i], expected) <= 4, `${activation}(${x}) = ${expected}, got ${y[i]}`);
        else assert.is(Math.abs(y[i]), 0);
        if (x === 0) continue;
        assert.ok(Math.abs(dy[i] - slope(activation, x)) <= 2e-6, `${activation}'(${x}): ${dy[i]}`);
      }
    });

    tests(`${activation}: NaN stays NaN, also as a derivative; far values go to their limits`, () => {
      const special = new Float32Array(n);
      special.set([NaN, 200, -200, 1e30, -1e30]);
      const { y, dy } = apply(kind, special);
      assert.ok(Number.isNaN(y[0]));
      if (activation !== "none") assert.ok(Number.isNaN(dy[0]), "derivative");
      for (const i of [1, 2, 3, 4]) {
        const expected = act(activation, special[i]);
        assert.ok(Math.abs(y[i] - expected) <= 1e-6 * Math.abs(expected) + 1e-35, `${activation}(${special[i]})`);
      }
    });
  }

  tests.run();
}
