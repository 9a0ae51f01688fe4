// One step of the return of B imagined trajectories, J = 1/B Σ_b Σ_t γ^t r_t until termination, and what the gradient of J
// needs to know of it.

import { copy, get, put } from "../memory";

/**
 * Returns the step's share of J: discount / B · Σ reward over the trajectories that go on (alive [B] bytes); `weight` [B] f32
 * gets discount / B for those, 0 for the others. The others stand still: `next` [B, D] becomes their `observation`. Then those
 * that `ended` [B] bytes go on no more. A reward that is no number stays in the sum.
 */
export function imagined_return(
  weight: usize,
  alive: usize,
  next: usize,
  observation: usize,
  reward: usize,
  ended: usize,
  discount: f64,
  B: i32,
  D: i32,
): f64 {
  const share = discount / <f64>B;
  const row = (<usize>D) << 2;
  let sum: f64 = 0;
  for (let b: usize = 0; b < <usize>B; ++b) {
    const goes = get<u8>(alive + b) != 0;
    put<f32>(weight + (b << 2), goes ? <f32>share : 0);
    if (goes) sum += <f64>get<f32>(reward + (b << 2));
    else copy(next + b * row, observation + b * row, row);
    if (get<u8>(ended + b)) put<u8>(alive + b, 0);
  }
  return share * sum;
}
