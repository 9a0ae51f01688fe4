// Seeded numbers for tests, and comparisons that never take a NaN for a match.

import * as assert from "uvu/assert";

/** A generator of numbers in (−1, 1), the same for the same seed (a 32-bit multiply-xor sequence; not for statistics). */
export function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/** n numbers in (−scale, scale) that f32 holds exactly. */
export function numbers(next: () => number, n: number, scale = 1): number[] {
  return Array.from({ length: n }, () => Math.fround(next() * scale));
}

/** |actual − expected| ≤ tolerance · max(|expected|) for every element. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  assert.is(actual.length, expected.length, `${what}: length`);
  let scale = 0;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]));
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    assert.ok(error <= tolerance * scale, `${what}[${i}]: expected ${expected[i]}, got ${actual[i]} (scale ${scale})`);
  }
}
