// Kernels of policy learning against their float64 twins, on the release and the checked binary.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { advantagesTwin, standardizedTwin, surrogateTwin } from "../../oracle/learning.js";
import { runtimes } from "../../support/runtime.js";
import { anySize, blank, distance, given, spread } from "../planning/support.js";

const flags = (n: number, every: number, seed: number): number[] =>
  Array.from(spread(n, 0, every, seed), (x) => Number(x < 1));

for (const [binary, runtime] of runtimes) {
  const { kernels } = runtime;
  const test = suite(`learning kernels, ${binary}`);

  test("gae equals the sum it stands for, whatever ends where", () => {
    fc.assert(
      fc.property(anySize, anySize, fc.nat(1000), fc.boolean(), (T, B, seed, bootstrap) => {
        runtime.scoped((scope) => {
          const R = T * B;
          const [reward, value, nextValue] = [1, 2, 3].map((k) => spread(R, -2, 2, seed + k));
          const valid = flags(R, 6, seed + 4).map((x) => 1 - x);
          const terminated = flags(R, 5, seed + 5);
          const ended = flags(R, 4, seed + 6).map((x, i) => Number(x || terminated[i] || i >= R - B));
          // what must not be read must not matter
          for (let i = 0; i < R; i++) if (!valid[i]) reward[i] = Number.NaN;
          for (let i = 0; i < R; i++) if (terminated[i]) nextValue[i] = Number.NaN;
          const [advantage, target] = [blank(scope, R), blank(scope, R)];
          const inputs = [reward, value, nextValue, valid].map((x) => given(scope, x).address);
          const bytes = [terminated, ended].map((x) => scope.tensor([R], "u8").write(x).address);
          const [r, v, n, w] = inputs;
          const [gamma, lambda] = [0.97, 0.9];
          const [done, last] = bytes;
          const mode = Number(bootstrap);
          kernels.gae(advantage.address, target.address, r, v, n, w, done, last, T, B, gamma, lambda, mode);
          const steps = { T, B, reward, value, nextValue, valid, terminated, ended };
          const expected = advantagesTwin(steps, gamma, lambda, bootstrap);
          assert.ok(distance(advantage.read(), expected) < 1e-5);
          const targets = expected.map((a, i) => (valid[i] ? a + value[i] : 0));
          assert.ok(distance(target.read(), targets) < 1e-5);
          scope.dispose();
        });
      }),
      { numRuns: 80 },
    );
  });

  test("standardize_valid equals its twin; equal advantages become 0, and so do rows that are not valid", () => {
    fc.assert(
      fc.property(anySize, fc.nat(1000), fc.constantFrom(0, 1e-10, 1, 100), (n, seed, width) => {
        runtime.scoped((scope) => {
          const x = spread(n, 3, 3 + width, seed);
          const valid = flags(n, 4, seed + 1).map((f) => 1 - f);
          const tensor = given(scope, x);
          kernels.standardize_valid(tensor.address, given(scope, valid).address, n);
          assert.ok(distance(tensor.read(), standardizedTwin(x, valid)) < 1e-5);
          scope.dispose();
        });
      }),
      { numRuns: 80 },
    );
  });

  test("surrogate equals its twin, with and without clipping, and ratios beyond e^20 have no gradient", () => {
    fc.assert(
      fc.property(anySize, fc.nat(1000), fc.constantFrom(0.1, 0.2, Infinity), (n, seed, clip) => {
        runtime.scoped((scope) => {
          const wide = seed % 3 === 0 ? 30 : 0.3;
          const [logProb, old] = [spread(n, -wide, wide, seed), spread(n, -wide, wide, seed + 1)];
          const advantage = spread(n, -1, 1, seed + 2);
          const w = flags(n, 5, seed + 3).map((f) => 1 - f);
          const sums = scope.tensor([4], "f64");
          const weights = blank(scope, n);
          const [l, o, a, v] = [logProb, old, advantage, w].map((x) => given(scope, x).address);
          kernels.surrogate(sums.address, weights.address, l, o, a, v, n, clip, -2);
          const expected = surrogateTwin(logProb, old, advantage, w, clip);
          for (let i = 0; i < 4; i++) {
            const error = Math.abs(sums.view[i] - expected.sums[i]);
            assert.ok(error <= 1e-9 * Math.max(1, Math.abs(expected.sums[i])), `sum ${i}`);
          }
          assert.ok(
            distance(
              weights.read(),
              expected.weights.map((x) => -2 * x),
            ) < 1e-6,
          );
          scope.dispose();
        });
      }),
      { numRuns: 80 },
    );
  });

  test("a NaN among ratios or advantages is seen in the sums", () => {
    runtime.scoped((scope) => {
      const run = (logProb: number, advantage: number): number => {
        const sums = scope.tensor([4], "f64");
        const at = [
          [logProb, 0],
          [0, 0],
          [advantage, 1],
          [1, 1],
        ].map((x) => given(scope, x).address);
        kernels.surrogate(sums.address, 0, at[0], at[1], at[2], at[3], 2, 0.2, 1);
        return sums.view[0];
      };
      assert.ok(Number.isNaN(run(Number.NaN, 1)));
      assert.ok(Number.isNaN(run(0, Number.NaN)));
      assert.is(run(0, 1), 1);
      scope.dispose();
    });
  });

  test("vector_dot and vector_combine equal float64, at any length", () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 3, 7, 8, 9, 31, 1023, 1024, 1025, 3000), fc.nat(1000), (n, seed) => {
        runtime.scoped((scope) => {
          const [x, y] = [spread(n, -1, 1, seed), spread(n, -1, 1, seed + 1)];
          const [a, b] = [given(scope, x), given(scope, y)];
          const exact = x.reduce((sum, value, i) => sum + value * y[i], 0);
          assert.ok(Math.abs(kernels.vector_dot(a.address, b.address, n) - exact) <= 1e-12 * Math.max(1, n));
          const out = blank(scope, n);
          kernels.vector_combine(out.address, a.address, b.address, 1.25, -0.3, n);
          assert.equal(
            out.read(),
            Float32Array.from(x, (value, i) => 1.25 * value + -0.3 * y[i]),
          );
          kernels.vector_combine(a.address, a.address, b.address, 1.25, -0.3, n);
          assert.equal(a.read(), out.read());
          scope.dispose();
        });
      }),
      { numRuns: 60 },
    );
  });

  test.run();
}
