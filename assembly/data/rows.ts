// Rows of f32 tables moved about: minibatches out of a data set, elites out of a population.

import { get, getv, put, putv } from "../memory";

/** Copies `n` f32 between rows that do not overlap: the last vector covers what was copied before it. */
// @ts-ignore: decorator
@inline
export function row_copy(out: usize, source: usize, n: usize): void {
  if (n < 4) {
    for (let i: usize = 0; i < n; i++) put<f32>(out + (i << 2), get<f32>(source + (i << 2)));
    return;
  }
  const last = (n - 4) << 2;
  for (let at: usize = 0; at < last; at += 16) putv(out + at, getv(source + at));
  putv(out + last, getv(source + last));
}

/** out [K, L] f32: rows indices [K] (32-bit, trusted) of source [., L] f32. Not in place. */
export function rows_gather(out: usize, source: usize, indices: usize, K: usize, L: usize): void {
  const bytes = L << 2;
  for (let k: usize = 0; k < K; k++) {
    row_copy(out + k * bytes, source + <usize>get<u32>(indices + (k << 2)) * bytes, L);
  }
}

/** out [K, L] f32: K times the one row [L]. */
export function rows_repeat(out: usize, row: usize, K: usize, L: usize): void {
  const bytes = L << 2;
  for (let k: usize = 0; k < K; k++) row_copy(out + k * bytes, row, L);
}
