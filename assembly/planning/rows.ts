// Sequences moved about: elites taken out of a population, and put into the next one.

import { copy, get } from "../memory";

/** out [K, L] f32: rows indices [K] i32 of source [., L] f32. */
export function rows_gather(out: usize, source: usize, indices: usize, K: usize, L: usize): void {
  const bytes = L << 2;
  for (let k: usize = 0; k < K; k++) {
    copy(out + k * bytes, source + <usize>get<u32>(indices + (k << 2)) * bytes, bytes);
  }
}

/**
 * Overwrites K sequences of actions [K, H, A] f32 with elites [K, H, A] f32 as they look `steps` steps later: their entries
 * from `steps` on become the first ones; the last `steps` entries of `actions` stay.
 */
export function elites_keep(actions: usize, elites: usize, steps: usize, K: usize, H: usize, A: usize): void {
  if (steps >= H) return;
  const bytes = (H * A) << 2;
  const skipped = (steps * A) << 2;
  for (let k: usize = 0; k < K; k++) {
    copy(actions + k * bytes, elites + k * bytes + skipped, bytes - skipped);
  }
}
