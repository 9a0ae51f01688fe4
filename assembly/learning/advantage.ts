// Advantages of T steps of B trajectories (row t·B + b), by generalized advantage estimation (Schulman et al. 2016):
//   δ_t = r_t + γ V(s_{t+1}) − V(s_t),   A_t = δ_t + γλ A_{t+1},   target = A + V.
// What lies beyond an end is left out by choice and never by a product: 0 · NaN would be NaN. Sums are float64.

import { get, put } from "../memory";

/**
 * advantage, target [T, B] from reward, value, next (V of where each step led), valid (0 or 1) [T, B] f32 and the bytes
 * terminated, ended [T, B]. A terminated step has no future; one that ended otherwise has V(next) as its future when
 * `bootstrap` is 1, and none when it is 0. Rows that are not valid get 0, and pass 0 on to the step before them.
 */
export function gae(
  advantage: usize,
  target: usize,
  reward: usize,
  value: usize,
  next: usize,
  valid: usize,
  terminated: usize,
  ended: usize,
  T: i32,
  B: i32,
  gamma: f64,
  lambda: f64,
  bootstrap: i32,
): void {
  const decay = gamma * lambda;
  for (let b = 0; b < B; ++b) {
    let ahead: f64 = 0;
    for (let t = T - 1; t >= 0; --t) {
      const row = <usize>t * <usize>B + <usize>b;
      const at = row << 2;
      if (get<f32>(valid + at) == 0) {
        ahead = 0;
        put<f32>(advantage + at, 0);
        put<f32>(target + at, 0);
        continue;
      }
      const last = get<u8>(ended + row) != 0;
      const worthless = get<u8>(terminated + row) != 0 || (last && !bootstrap);
      const v = <f64>get<f32>(value + at);
      let total = <f64>get<f32>(reward + at) - v;
      if (!worthless) total += gamma * <f64>get<f32>(next + at);
      if (!last) total += decay * ahead;
      ahead = total;
      put<f32>(advantage + at, <f32>total);
      put<f32>(target + at, <f32>(total + v));
    }
  }
}

/**
 * x [n] to mean 0 and standard deviation 1 over the rows where `valid` is not 0; the others become 0. A deviation below 1e-8
 * is no scale: the mean alone is taken off.
 */
export function standardize_valid(x: usize, valid: usize, n: i32): void {
  let count: f64 = 0;
  let sum: f64 = 0;
  for (let i: usize = 0; i < <usize>n; ++i) {
    if (get<f32>(valid + (i << 2)) == 0) continue;
    count += 1;
    sum += <f64>get<f32>(x + (i << 2));
  }
  const mean = count > 0 ? sum / count : 0;
  let squares: f64 = 0;
  for (let i: usize = 0; i < <usize>n; ++i) {
    if (get<f32>(valid + (i << 2)) == 0) continue;
    const deviation = <f64>get<f32>(x + (i << 2)) - mean;
    squares += deviation * deviation;
  }
  const std = count > 0 ? sqrt(squares / count) : 0;
  // a NaN is no small deviation: it stays in sight
  const scale = std < 1e-8 ? 1 : 1 / std;
  for (let i: usize = 0; i < <usize>n; ++i) {
    const at = x + (i << 2);
    const used = get<f32>(valid + (i << 2)) != 0;
    put<f32>(at, used ? <f32>((<f64>get<f32>(at) - mean) * scale) : 0);
  }
}
