// Rows of f32 tables moved about: minibatches out of a data set, elites out of a population.

import { copy, get } from "../memory";

/** out [K, L] f32: rows indices [K] (32-bit, trusted) of source [., L] f32. */
export function rows_gather(out: usize, source: usize, indices: usize, K: usize, L: usize): void {
  const bytes = L << 2;
  for (let k: usize = 0; k < K; k++) {
    copy(out + k * bytes, source + <usize>get<u32>(indices + (k << 2)) * bytes, bytes);
  }
}

/** out [K, L] f32: K times the one row [L]. */
export function rows_repeat(out: usize, row: usize, K: usize, L: usize): void {
  const bytes = L << 2;
  for (let k: usize = 0; k < K; k++) copy(out + k * bytes, row, bytes);
}
