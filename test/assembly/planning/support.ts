// Inputs of the planning kernels: repeatable numbers, bounds, tensors that start as NaN.
import * as fc from "fast-check";
import type { Scope, Tensor } from "../../../src/wasm/index.js";

/** Sizes that hit whole vectors, remainders, one and none. */
export const anySize = fc.constantFrom(0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33);

/** Repeatable f32 numbers in (low, high). */
export function spread(count: number, low: number, high: number, seed = 0): Float32Array {
  const numbers = new Float32Array(count);
  let word = (seed * 2654435761 + 12345) >>> 0;
  for (let i = 0; i < count; i++) {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    numbers[i] = low + ((high - low) * ((word >>> 8) + 0.5)) / 2 ** 24;
  }
  return numbers;
}

/** A distribution of L columns within its bounds, some of them narrow. */
export function distribution(L: number, seed: number) {
  const low = spread(L, -3, -0.5, seed);
  const high = spread(L, 0.5, 3, seed + 1);
  const share = spread(L, 0, 1, seed + 2);
  const mean = Float32Array.from(share, (s, i) => Math.min(Math.max(low[i] + s * (high[i] - low[i]), low[i]), high[i]));
  return { low, high, mean, variance: spread(L, 0, 1, seed + 3) };
}

/** A tensor with these numbers. */
export function given(scope: Scope, values: ArrayLike<number>): Tensor {
  return scope.tensor([values.length]).write(values);
}

/** A tensor of NaN, so that what is not written shows. */
export function blank(scope: Scope, size: number): Tensor {
  const tensor = scope.tensor([size]);
  tensor.view.fill(Number.NaN);
  return tensor;
}

/** Largest |a − b| / max(1, |b|); infinite when the lengths differ or a number is NaN. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i]));
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return worst;
}
