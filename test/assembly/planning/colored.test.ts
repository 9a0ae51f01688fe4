// Colored noise: against its float64 twin, and the spectrum and variance that it promises.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Scope } from "../../../src/wasm/index.js";
import { colored } from "../../oracle/cem.js";
import { runtimes } from "../../support/runtime.js";
import { anySize, blank, distance, given, spread } from "./support.js";

for (const [binary, runtime] of runtimes) {
  const { kernels } = runtime;
  const test = suite(`planning colored noise, ${binary}`);

  const table = (scope: Scope, H: number, beta: number): number => {
    const { address } = blank(scope, H * Math.ceil(H / 4) * 4);
    kernels.colored_table(address, H, beta);
    return address;
  };

  test("equals its twin", () => {
    fc.assert(
      fc.property(anySize, anySize, fc.constantFrom(1, 2, 3, 5), fc.constantFrom(0, 0.25, 2, 3), (N, H, A, beta) => {
        runtime.scoped((scope) => {
          const noise = spread(N * A * H, -3, 3, N + H);
          const out = blank(scope, N * H * A);
          kernels.colored_noise(out.address, given(scope, noise).address, table(scope, H, beta), N, H, A);
          assert.ok(distance(out.read(), colored(noise, N, H, A, beta)) < 1e-5);
          scope.dispose();
        });
      }),
      { numRuns: 40 },
    );
  });

  test("every step has variance 1, and the power of frequency k is k^−β of the first", () => {
    for (const [H, beta] of [
      [1, 3],
      [2, 3],
      [12, 2],
      [15, 2.5],
      [30, 0],
    ]) {
      runtime.scoped((scope) => {
        // unit normals in, one at a time: out comes the linear map itself
        const units = Array.from({ length: H * H }, (_, i) => (i % H === Math.floor(i / H) ? 1 : 0));
        const out = blank(scope, H * H);
        kernels.colored_noise(out.address, given(scope, units).address, table(scope, H, beta), H, H, 1);
        const map = out.read();
        for (let t = 0; t < H; t++) {
          let variance = 0;
          for (let j = 0; j < H; j++) variance += map[j * H + t] ** 2;
          assert.ok(Math.abs(variance - 1) < 1e-5, `step ${t} of ${H}: ${variance}`);
        }
        const power = (k: number): number => {
          let total = 0;
          for (let j = 0; j < H; j++) {
            let [re, im] = [0, 0];
            for (let t = 0; t < H; t++) {
              re += map[j * H + t] * Math.cos((2 * Math.PI * k * t) / H);
              im += map[j * H + t] * Math.sin((2 * Math.PI * k * t) / H);
            }
            total += re * re + im * im;
          }
          return total;
        };
        for (let k = 0; k <= H / 2; k++) {
          const expected = power(Math.min(1, H - 1)) * Math.max(k, 1) ** -beta;
          assert.ok(Math.abs(power(k) / expected - 1) < 1e-3, `H ${H}, k ${k}: ${power(k)} ${expected}`);
        }
        scope.dispose();
      });
    }
  });

  test.run();
}
