// The float64 trigonometry of the binary against the engine's own, which is good to about one unit in the last place, over
// small, large and special arguments, and the same bits on both binaries.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Kernels } from "../../../src/wasm/index.js";
import { runtimes } from "../../support/runtime.js";

type Name = "sin_f64" | "cos_f64";

const trigonometry = suite("trigonometry f64");

// multiples of π/4, where arguments are reduced, their neighbors, and a sweep over every size
function inputs(): number[] {
  const eighths = Array.from({ length: 65 }, (_, i) => ((i - 32) * Math.PI) / 4);
  const near = eighths.flatMap((x) => [x, x * (1 + 2 ** -52), x * (1 - 2 ** -52), x + 1e-9]);
  const sweep = Array.from({ length: 4000 }, (_, i) => 1.0123 ** (i - 2000) * (i % 2 ? 1 : -1));
  return [0, -0, 1e6, -1e6, ...near, ...sweep.filter((x) => Math.abs(x) < 1e6)];
}

function ulp(x: number): number {
  return Math.max(2 ** -1074, 2 ** (Math.floor(Math.log2(Math.max(Math.abs(x), 2 ** -1022))) - 52));
}

const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1.5 * ulp(b);

for (const [binary, { kernels }] of runtimes) {
  for (const [name, reference] of [
    ["sin_f64", Math.sin],
    ["cos_f64", Math.cos],
  ] as const satisfies readonly (readonly [Name, (x: number) => number])[]) {
    trigonometry(`${binary}: ${name} is the engine's within 1.5 ulp`, () => {
      for (const x of inputs()) {
        const value = kernels[name](x);
        assert.ok(close(value, reference(x)), `${name}(${x}) = ${value}, not ${reference(x)}`);
      }
      for (const x of [1e6 + 1, -1e15, Infinity, -Infinity, NaN]) assert.ok(Number.isNaN(kernels[name](x)));
    });
  }

  trigonometry(`${binary}: atan2_f64 is the engine's within 1.5 ulp, in all quadrants and on the axes`, () => {
    const values = [0, -0, 1, -1, 1e-300, -1e-12, 3.7, -3.7, 1e12, 0.1];
    for (const y of values) {
      for (const x of values) {
        const value = kernels.atan2_f64(y, x);
        assert.ok(close(value, Math.atan2(y, x)), `atan2(${y}, ${x}) = ${value}, not ${Math.atan2(y, x)}`);
        assert.is(Object.is(value, -0), Object.is(Math.atan2(y, x), -0), `sign of atan2(${y}, ${x})`);
      }
    }
  });
}

trigonometry("both binaries give the same bits, and sin² + cos² is 1", () => {
  const [[, one], [, other]] = runtimes as readonly (readonly [string, { kernels: Kernels }])[];
  for (const x of inputs()) {
    const [s, c] = [one.kernels.sin_f64(x), one.kernels.cos_f64(x)];
    assert.is(other.kernels.sin_f64(x), s);
    assert.is(other.kernels.cos_f64(x), c);
    assert.ok(Math.abs(s * s + c * c - 1) < 1e-15);
  }
});

trigonometry.run();
