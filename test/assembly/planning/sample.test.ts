// Populations against their float64 twins: the numbers, the bounds, no mass at the bounds of truncated samples.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sampleClipped, sampleTruncated } from "../../oracle/cem.js";
import { runtimes } from "../../support/runtime.js";
import { anySize, blank, distance, distribution, given, spread } from "./support.js";

for (const [binary, runtime] of runtimes) {
  const { kernels } = runtime;
  const test = suite(`planning samples, ${binary}`);

  for (const [name, twin, reach] of [
    ["cem_sample", sampleTruncated, 2],
    ["clipped_sample", sampleClipped, 4],
  ] as const) {
    test(`${name} equals its twin and stays within the bounds, in place too`, () => {
      fc.assert(
        fc.property(anySize, anySize, fc.nat(1000), (N, L, seed) => {
          runtime.scoped((scope) => {
            const { low, high, mean, variance } = distribution(L, seed);
            const noise = spread(N * L, -reach, reach, seed + 4);
            const out = blank(scope, N * L);
            const inPlace = given(scope, noise);
            const [m, v, l, h] = [mean, variance, low, high].map((values) => given(scope, values).address);
            kernels[name](out.address, inPlace.address, m, v, l, h, N, L);
            kernels[name](inPlace.address, inPlace.address, m, v, l, h, N, L);
            const actions = out.read();
            assert.ok(distance(actions, twin(noise, mean, variance, low, high)) < 1e-6);
            assert.equal(inPlace.read(), actions);
            actions.forEach((x, i) => {
              assert.ok(x >= low[i % L] && x <= high[i % L]);
            });
            scope.dispose();
          });
        }),
        { numRuns: 60 },
      );
    });
  }

  test("shooting_sample spans the bounds and stays within them", () => {
    fc.assert(
      fc.property(anySize, anySize, fc.nat(1000), (N, L, seed) => {
        runtime.scoped((scope) => {
          const { low, high } = distribution(L, seed);
          const noise = spread(N * L, 0, 1, seed + 4);
          const out = blank(scope, N * L);
          const tensors = [noise, low, high].map((values) => given(scope, values).address);
          kernels.shooting_sample(out.address, tensors[0], tensors[1], tensors[2], N, L);
          const expected = Array.from(noise, (u, i) => low[i % L] + u * (high[i % L] - low[i % L]));
          const actions = out.read();
          assert.ok(distance(actions, expected) < 1e-6);
          actions.forEach((x, i) => {
            assert.ok(x >= low[i % L] && x <= high[i % L]);
          });
          scope.dispose();
        });
      }),
      { numRuns: 40 },
    );
  });

  test("truncation puts nothing at the bounds where clipping puts a fifth", () => {
    runtime.scoped((scope) => {
      const [N, L] = [2000, 5];
      const noise = given(scope, spread(N * L, -2, 2));
      const [mean, variance, low, high] = [0.9, 0.25, -1, 1].map((x) => given(scope, Array(L).fill(x)).address);
      const out = blank(scope, N * L);
      const atBounds = (): number => out.read().filter((x) => x === -1 || x === 1).length / (N * L);
      kernels.cem_sample(out.address, noise.address, mean, variance, low, high, N, L);
      assert.ok(atBounds() < 1e-3, `${atBounds()}`);
      kernels.clipped_sample(out.address, noise.address, mean, variance, low, high, N, L);
      assert.ok(atBounds() > 0.2, `${atBounds()}`);
      scope.dispose();
    });
  });

  test("a mean at its bound, no variance and equal bounds give that mean", () => {
    runtime.scoped((scope) => {
      const noise = given(scope, [-2, 2, -2, 2, -2, 2]);
      const [mean, variance, low, high] = [
        [1, 0.5, 7],
        [1, 0, 1],
        [-1, -1, 7],
        [1, 1, 7],
      ].map((values) => given(scope, values).address);
      const out = blank(scope, 6);
      kernels.cem_sample(out.address, noise.address, mean, variance, low, high, 2, 3);
      assert.equal([...out.read()], [1, 0.5, 7, 1, 0.5, 7]);
      scope.dispose();
    });
  });

  test.run();
}
