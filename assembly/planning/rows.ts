// Elites of one population put into the next one.

import { copy } from "../memory";

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
