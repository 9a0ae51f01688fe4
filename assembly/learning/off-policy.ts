// What actor and critics learn from replayed transitions (Lillicrap et al. 2015, Fujimoto et al. 2018): noise on actions,
// targets of one step, the weighted squared error of the critics, and targets that follow slowly.

import { get, getpart, getv, put, putpart, putv, zero } from "../memory";

/** action [rows, A], in place: clip(action + half · clip(σ · noise, ±limit), low, high), noise [rows, A] standard normal. */
export function action_noise(
  action: usize,
  noise: usize,
  half: usize,
  low: usize,
  high: usize,
  sigma: f64,
  limit: f64,
  rows: i32,
  A: i32,
): void {
  for (; rows > 0; --rows) {
    for (let a: usize = 0; a < (<usize>A) << 2; a += 4) {
      const drawn = max<f64>(-limit, min<f64>(limit, sigma * <f64>get<f32>(noise + a)));
      const moved = <f64>get<f32>(action + a) + <f64>get<f32>(half + a) * drawn;
      put<f32>(action + a, <f32>max<f64>(<f64>get<f32>(low + a), min<f64>(<f64>get<f32>(high + a), moved)));
    }
    action += (<usize>A) << 2;
    noise += (<usize>A) << 2;
  }
}

/**
 * out [rows] = clip(reward + γ · min over members of value [members, rows], [low, high]); where a transition terminated its
 * value is not read and counts as 0.
 */
export function one_step_target(
  out: usize,
  reward: usize,
  terminated: usize,
  value: usize,
  gamma: f64,
  low: f64,
  high: f64,
  members: i32,
  rows: i32,
): void {
  const stride = (<usize>rows) << 2;
  for (let r: usize = 0; r < <usize>rows; ++r) {
    let target = <f64>get<f32>(reward + (r << 2));
    if (!get<u8>(terminated + r)) {
      let least = <f64>get<f32>(value + (r << 2));
      for (let k = 1; k < members; ++k) {
        const next = <f64>get<f32>(value + <usize>k * stride + (r << 2));
        // a NaN is passed on, not passed over
        if (next < least || next != next) least = next;
      }
      target += gamma * least;
    }
    if (target < low) target = low;
    if (target > high) target = high;
    put<f32>(out + (r << 2), <f32>target);
  }
}

/**
 * Adds to loss [members] f64: scale · Σ w (value − target)², and writes its gradient with respect to the outputs. Member k's rows
 * of `output` and `gradient` (whose first column is the value, `stride` floats a row) begin k · slot rows after those of member
 * 0. target and weight [rows] are shared; weight 0: all are 1. What has weight 0 is not read.
 */
export function critic_loss(
  loss: usize,
  gradient: usize,
  output: usize,
  target: usize,
  weight: usize,
  scale: f64,
  members: i32,
  rows: i32,
  stride: i32,
  slot: i32,
): void {
  const row = (<usize>stride) << 2;
  for (let k = 0; k < members; ++k) {
    let out = output + <usize>(k * slot) * row;
    let dout = gradient + <usize>(k * slot) * row;
    let wanted = target;
    let total: f64 = 0;
    for (let r: usize = 0; r < <usize>rows; ++r) {
      const w = weight ? <f64>get<f32>(weight + (r << 2)) : 1;
      zero(dout, row);
      if (w != 0) {
        const error = <f64>get<f32>(out) - <f64>get<f32>(wanted);
        total += w * error * error;
        put<f32>(dout, <f32>(2 * scale * w * error));
      }
      out += row;
      dout += row;
      wanted += 4;
    }
    const at = loss + ((<usize>k) << 3);
    put<f64>(at, get<f64>(at) + scale * total);
  }
}

/** target [n] moves by the share τ towards source [n] (Polyak averaging); equal numbers stay as they are. */
export function polyak(target: usize, source: usize, tau: f32, n: i32): void {
  const rate = f32x4.splat(tau);
  for (; n >= 4; n -= 4) {
    const before = getv(target);
    putv(target, f32x4.add(before, f32x4.mul(rate, f32x4.sub(getv(source), before))));
    target += 16;
    source += 16;
  }
  if (n <= 0) return;
  const before = getpart(target, n);
  putpart(target, f32x4.add(before, f32x4.mul(rate, f32x4.sub(getpart(source, n), before))), n);
}
