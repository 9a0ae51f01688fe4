// Losses and their gradients against the float64 twin and its central differences, in all dimensions and layouts.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gaussianNll, logVarianceBounds, meanSquaredError } from "../../src/nn/index.js";
import { gradient } from "../oracle/differences.js";
import * as oracle from "../oracle/losses.js";
import { assertClose, generator, numbers } from "../support/numbers.js";
import { runtimes } from "../support/runtime.js";

const E = 3;
const STRIDE = 24;

for (const [name, runtime] of runtimes) {
  const tests = suite(`losses (${name})`);

  /** Columns [from, from + D) of each row of member e, of a tensor with STRIDE columns. */
  const columns = (view: ArrayLike<number>, e: number, rows: number, from: number, D: number) =>
    Array.from({ length: rows * D }, (_, i) => view[(e * rows + Math.floor(i / D)) * STRIDE + from + (i % D)]);

  for (const D of [1, 2, 3, 4, 5, 8, 9]) {
    for (const shared of [false, true]) {
      tests(`Gaussian likelihood of ${D} dimensions, ${shared ? "one target for all" : "a target each"}`, () => {
        const rows = 6;
        const next = generator(D);
        using output = runtime.tensor([E, rows + 1, STRIDE]);
        using target = runtime.tensor(shared ? [rows, D] : [E, rows, D]);
        using outputGradient = runtime.tensor([E, rows + 1, STRIDE]);
        using boundsGradient = runtime.tensor([2, D]);
        using loss = runtime.tensor([E], "f64");
        using bounds = logVarianceBounds(runtime, D);
        // raw log-variances far outside the bounds on both sides, and between them
        output.write(numbers(next, output.size, 1).map((v, i) => (i % STRIDE < D ? v : Math.fround(25 * v))));
        target.write(numbers(next, target.size));
        for (let i = 0; i < D; i++) bounds.view[i] += 0.1 * i;
        outputGradient.view.fill(7);
        boundsGradient.view.fill(NaN);
        gaussianNll(runtime, { loss, outputGradient, boundsGradient }, { output, target, rows, bounds });

        const [max, min] = [[...bounds.view.subarray(0, D)], [...bounds.view.subarray(D)]];
        const expectedBounds = new Float64Array(2 * D).map((_, i) => (i < D ? 0.01 : -0.01));
        for (let e = 0; e < E; e++) {
          const mean = columns(output.view, e, rows, 0, D);
          const raw = columns(output.view, e, rows, D, D);
          const y = shared ? [...target.view] : [...target.view.subarray(e * rows * D, (e + 1) * rows * D)];
          const value = oracle.gaussianNll(mean, raw, y, max, min);
          assert.ok(Math.abs(loss.view[e] - value) <= 2e-6 * Math.abs(value), `loss ${loss.view[e]}, ${value}`);
          const dMean = gradient((x) => oracle.gaussianNll(x, raw, y, max, min), mean);
          const dRaw = gradient((x) => oracle.gaussianNll(mean, x, y, max, min), raw);
          assertClose(columns(outputGradient.view, e, rows, 0, D), dMean, 2e-6, "gradient of means");
          assertClose(columns(outputGradient.view, e, rows, D, D), dRaw, 2e-6, "gradient of log-variances");
          const dBounds = gradient(
            (x) => oracle.gaussianNll(mean, raw, y, x.subarray(0, D), x.subarray(D)),
            [...max, ...min],
          );
          for (const [i, g] of dBounds.entries()) expectedBounds[i] += g;
        }
        assertClose(boundsGradient.view, expectedBounds, 2e-6, "gradient of bounds");
        for (let r = 0; r < E * rows; r++) {
          for (let c = 2 * D; c < STRIDE; c++)
            assert.is(outputGradient.view[r * STRIDE + c], 7, "other columns are kept");
        }
        runtime.checkGuards();
      });
    }

    tests(`squared error of ${D} dimensions`, () => {
      const rows = 5;
      const next = generator(100 + D);
      using output = runtime.tensor([E, rows, STRIDE]);
      using target = runtime.tensor([E, rows, D]);
      using outputGradient = runtime.tensor([E, rows, STRIDE]);
      using loss = runtime.tensor([E], "f64");
      output.write(numbers(next, output.size));
      target.write(numbers(next, target.size));
      meanSquaredError(runtime, { loss, outputGradient }, { output, target, rows });
      const before = loss.read();
      for (let e = 0; e < E; e++) {
        const out = columns(output.view, e, rows, 0, D);
        const y = [...target.view.subarray(e * rows * D, (e + 1) * rows * D)];
        assert.ok(Math.abs(loss.view[e] - oracle.mse(out, y)) <= 1e-6 * oracle.mse(out, y));
        const expected = gradient((x) => oracle.mse(x, y), out);
        assertClose(columns(outputGradient.view, e, rows, 0, D), expected, 1e-6, "gradient");
      }
      meanSquaredError(runtime, { loss }, { output, target, rows });
      assert.equal(loss.read(), before, "the value is the same without the gradient");
      runtime.checkGuards();
    });
  }

  tests("extreme log-variances stay finite; a NaN output or target makes its own member's loss NaN", () => {
    using output = runtime.tensor([2, 1, 8]);
    using target = runtime.tensor([2, 1, 1]);
    using loss = runtime.tensor([2], "f64");
    using bounds = logVarianceBounds(runtime, 1);
    for (const raw of [-1e30, -200, 200, 1e30]) {
      output.view.fill(raw).fill(1, 0, 1).fill(1, 8, 9);
      gaussianNll(runtime, { loss }, { output, target, rows: 1, bounds });
      const logvar = raw > 0 ? 0.5 : -10;
      for (const value of loss.view) assert.ok(Math.abs(value - (Math.exp(-logvar) + logvar)) < 2, `${raw}: ${value}`);
    }
    output.view[1] = NaN;
    gaussianNll(runtime, { loss }, { output, target, rows: 1, bounds });
    assert.equal([...loss.view].map(Number.isNaN), [true, false]);
    output.view[1] = 0;
    target.view[1] = NaN;
    for (const evaluate of [
      () => gaussianNll(runtime, { loss }, { output, target, rows: 1, bounds }),
      () => meanSquaredError(runtime, { loss }, { output, target, rows: 1 }),
    ]) {
      evaluate();
      assert.equal([...loss.view].map(Number.isNaN), [false, true]);
    }
  });

  tests("misuse is told plainly", () => {
    using output = runtime.tensor([2, 1, 8]);
    using target = runtime.tensor([2, 1, 5]);
    using loss = runtime.tensor([2], "f64");
    using bounds = logVarianceBounds(runtime, 5);
    const inputs = { output, target, rows: 1 };
    assert.throws(() => gaussianNll(runtime, { loss }, { ...inputs, bounds }), /"output" expected at least 10 columns/);
    assert.throws(() => meanSquaredError(runtime, { loss }, { ...inputs, rows: 2 }), /"target" expected at least 20/);
    assert.throws(
      () => meanSquaredError(runtime, { loss: output as never }, inputs),
      /"loss" expected a tensor of f64/,
    );
    assert.throws(() => logVarianceBounds(runtime, 2, { max: -11 }), /"min" expected/);
  });

  tests.run();
}
