// What the roll-out of the true dynamics does around a task's step: N copies follow N sequences of H actions.

import { copy, get, put } from "../memory";

/** out [N, A] f32: action t of every sequence; actions [N, H, A]. */
export function sequence_actions(out: usize, actions: usize, t: usize, N: usize, H: usize, A: usize): void {
  const bytes = A << 2;
  for (let n: usize = 0; n < N; n++) copy(out + n * bytes, actions + (n * H + t) * bytes, bytes);
}

/** Adds reward [N] f32 to total [N] f64 where alive [N] bytes is 1, then lowers alive where terminated [N] bytes is 1. */
export function sequence_rewards(total: usize, alive: usize, reward: usize, terminated: usize, N: usize): void {
  for (let n: usize = 0; n < N; n++) {
    if (!get<u8>(alive + n)) continue;
    put<f64>(total + (n << 3), get<f64>(total + (n << 3)) + <f64>get<f32>(reward + (n << 2)));
    if (get<u8>(terminated + n)) put<u8>(alive + n, 0);
  }
}
