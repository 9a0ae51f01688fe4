// Filtered noise and the reward-weighted mean against their float64 twins.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { filtered, rewardWeights, weightedMean } from "../../oracle/cem.js";
import { runtimes } from "../../support/runtime.js";
import { anySize, blank, distance, given, spread } from "./support.js";

for (const [binary, runtime] of runtimes) {
  const { kernels } = runtime;
  const test = suite(`planning filtered noise and weighted mean, ${binary}`);

  test("filtered_noise equals its twin, in place too", () => {
    const anyBeta = fc.constantFrom(0.1, 0.6, 0.9, 1);
    fc.assert(
      fc.property(anySize, anySize, fc.constantFrom(1, 2, 3, 4, 5, 9), anyBeta, (N, H, A, beta) => {
        runtime.scoped((scope) => {
          const noise = spread(N * H * A, -3, 3, N + H);
          const out = blank(scope, N * H * A);
          const inPlace = given(scope, noise);
          kernels.filtered_noise(out.address, inPlace.address, N, H, A, beta);
          kernels.filtered_noise(inPlace.address, inPlace.address, N, H, A, beta);
          assert.ok(distance(out.read(), filtered(noise, H, A, beta)) < 1e-6);
          assert.equal(inPlace.read(), out.read());
          if (beta === 1) assert.equal(out.read(), noise);
          scope.dispose();
        });
      }),
      { numRuns: 80 },
    );
  });

  test("reward_weighted_mean equals its twin; returns that are not finite weigh nothing", () => {
    const anyGamma = fc.constantFrom(0, 0.5, 3, 20);
    fc.assert(
      fc.property(anySize, anySize, anyGamma, fc.nat(1000), (more, L, gamma, seed) => {
        runtime.scoped((scope) => {
          const N = more + 1;
          const rows = spread(N * L, -1, 1, seed);
          const returns = spread(N, -5, 2, seed + 1);
          for (const [i, bad] of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].entries()) {
            const n = (seed + 3 * i) % N;
            if (N < 5) continue;
            returns[n] = bad;
            rows.fill(Number.NaN, n * L, n * L + L);
          }
          const mean = blank(scope, L);
          const weights = blank(scope, N);
          const effective = kernels.reward_weighted_mean(
            mean.address,
            weights.address,
            given(scope, rows).address,
            given(scope, returns).address,
            N,
            L,
            gamma,
          );
          const expected = rewardWeights(returns, gamma);
          const total = (power: number): number => expected.reduce((sum, w) => sum + w ** power, 0);
          assert.ok(distance(weights.read(), expected) < 3e-7);
          assert.ok(distance(mean.read(), weightedMean(expected, rows, L)) < 1e-6);
          assert.ok(Math.abs(effective / (total(1) ** 2 / total(2)) - 1) < 1e-5);
          scope.dispose();
        });
      }),
      { numRuns: 80 },
    );
  });

  test("no weight is lost between returns as far apart as floats can be", () => {
    runtime.scoped((scope) => {
      const mean = blank(scope, 1);
      const weights = blank(scope, 3);
      const [actions, returns] = [given(scope, [1, 2, 3]), given(scope, [-3e38, 3e38, -1])];
      const addresses = [mean.address, weights.address, actions.address, returns.address] as const;
      assert.is(kernels.reward_weighted_mean(...addresses, 3, 1, 1e6), 1);
      assert.equal([...mean.read(), ...weights.read()], [2, 0, 1, 0]);
      scope.dispose();
    });
  });

  test("without a finite return the mean stays as it was", () => {
    runtime.scoped((scope) => {
      const mean = given(scope, [0.25, -4]);
      const weights = blank(scope, 2);
      const [actions, returns] = [given(scope, [1, 2, 3, 4]), given(scope, [Number.NaN, Number.NEGATIVE_INFINITY])];
      const addresses = [mean.address, weights.address, actions.address, returns.address] as const;
      assert.is(kernels.reward_weighted_mean(...addresses, 2, 2, 1), 0);
      assert.equal([...mean.read(), ...weights.read()], [0.25, -4, 0, 0]);
      scope.dispose();
    });
  });

  test.run();
}
