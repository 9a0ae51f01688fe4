// Refit against its float64 twin; elites gathered and kept.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { refit, widest } from "../../oracle/cem.js";
import { runtimes } from "../../support/runtime.js";
import { anySize, blank, distance, distribution, given, spread } from "./support.js";

for (const [binary, runtime] of runtimes) {
  const { kernels } = runtime;
  const test = suite(`planning refit and elites, ${binary}`);

  test("cem_refit equals its twin: alpha weighs the old statistics, the variance is that of the population", () => {
    const anyAlpha = fc.constantFrom(0, 0.1, 0.5, 1);
    fc.assert(
      fc.property(anySize, anySize, anyAlpha, fc.nat(1000), (K, L, alpha, seed) => {
        runtime.scoped((scope) => {
          const N = K + 3;
          const { low, high, mean, variance } = distribution(L, seed);
          const actions = spread(N * L, -0.5, 0.5, seed + 4);
          const rows = Array.from({ length: K }, (_, k) => (k * 7 + seed) % N);
          const m = given(scope, mean);
          const v = given(scope, variance);
          const [a, l, h] = [actions, low, high].map((values) => given(scope, values).address);
          const indices = scope.tensor([K], "i32").write(rows);
          const largest = kernels.cem_refit(m.address, v.address, a, indices.address, l, h, K, L, alpha);
          const expected = refit(mean, variance, actions, rows, alpha);
          assert.ok(distance(m.read(), expected.mean) < 1e-7);
          assert.ok(distance(v.read(), expected.variance) < 1e-7);
          assert.is(largest, widest(v.read(), low, high));
          scope.dispose();
        });
      }),
      { numRuns: 80 },
    );
  });

  test("equal elites leave no variance and no NaN; a column without width counts as settled", () => {
    runtime.scoped((scope) => {
      const mean = given(scope, [0, 3]);
      const variance = given(scope, [0.25, 0]);
      const actions = given(scope, [0.5, 3, 0.5, 3]);
      const indices = scope.tensor([2], "i32").write([1, 0]);
      const [low, high] = [
        [-1, 3],
        [1, 3],
      ].map((values) => given(scope, values).address);
      const addresses = [mean.address, variance.address, actions.address, indices.address] as const;
      assert.is(kernels.cem_refit(...addresses, low, high, 2, 2, 0), 0);
      assert.equal([...mean.read(), ...variance.read()], [0.5, 3, 0, 0]);
      scope.dispose();
    });
  });

  test("rows_gather copies the rows it is told", () => {
    fc.assert(
      fc.property(anySize, anySize, fc.nat(1000), (K, L, seed) => {
        runtime.scoped((scope) => {
          const source = spread((K + 2) * L, -1, 1, seed);
          const rows = Array.from({ length: K }, (_, k) => (k * 5 + seed) % (K + 2));
          const indices = scope.tensor([K], "i32").write(rows);
          const out = blank(scope, K * L);
          kernels.rows_gather(out.address, given(scope, source).address, indices.address, K, L);
          assert.equal(
            [...out.read()],
            rows.flatMap((row) => [...source.slice(row * L, row * L + L)]),
          );
          scope.dispose();
        });
      }),
      { numRuns: 40 },
    );
  });

  test("elites_keep moves sequences on in time and leaves their ends as sampled", () => {
    fc.assert(
      fc.property(anySize, anySize, fc.constantFrom(1, 2, 3), fc.nat(40), (K, H, A, steps) => {
        runtime.scoped((scope) => {
          const L = H * A;
          const elites = spread(K * L, -1, 0, 1);
          const samples = spread((K + 1) * L, 0, 1, 2);
          const actions = given(scope, samples);
          kernels.elites_keep(actions.address, given(scope, elites).address, steps, K, H, A);
          const expected = Array.from(samples, (sample, i) => {
            const [k, t, a] = [Math.floor(i / L), Math.floor(i / A) % H, i % A];
            return k < K && t + steps < H ? elites[k * L + (t + steps) * A + a] : sample;
          });
          assert.equal([...actions.read()], expected);
          scope.dispose();
        });
      }),
      { numRuns: 60 },
    );
  });

  test.run();
}
