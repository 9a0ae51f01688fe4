// What the output of an ensemble means. A row is [mean T | raw log-variance T] (the second half only of a probabilistic
// head). The log-variance is held between learned soft bounds:
//   v = max − softplus(max − raw),  log σ² = min + softplus(v − min)
// and targets may have been standardized: target = shift + scale · output.

import { exp_v } from "../math/exp";
import { softplus_v } from "../math/softplus";
import { get, getupto, put, putupto } from "../memory";

// @ts-ignore: decorator
@inline
function bounded(raw: v128, max: v128, min: v128): v128 {
  const upper = f32x4.sub(max, softplus_v(f32x4.sub(max, raw)));
  return f32x4.add(min, softplus_v(f32x4.sub(upper, min)));
}

/**
 * out [rows, T] = shift + scale · (mean + σ · noise). `noise` [rows, T] standard normals, or address 0 for the mean alone.
 * output [rows, stride]; maxLogvar, minLogvar, shift, scale [T].
 */
export function head_sample(
  out: usize,
  output: usize,
  noise: usize,
  maxLogvar: usize,
  minLogvar: usize,
  shift: usize,
  scale: usize,
  rows: usize,
  T: usize,
  stride: usize,
): void {
  const half = f32x4.splat(0.5);
  for (let r: usize = 0; r < rows; r++) {
    for (let c: usize = 0; c < T; c += 4) {
      const n = <i32>min<usize>(4, T - c);
      const at = c << 2;
      let value = getupto(output + at, n);
      if (noise) {
        const raw = getupto(output + ((T + c) << 2), n);
        const logvar = bounded(raw, getupto(maxLogvar + at, n), getupto(minLogvar + at, n));
        const std = exp_v(f32x4.mul(half, logvar));
        value = f32x4.add(value, f32x4.mul(std, getupto(noise + at, n)));
      }
      value = f32x4.add(getupto(shift + at, n), f32x4.mul(getupto(scale + at, n), value));
      putupto(out + at, value, n);
    }
    out += T << 2;
    output += stride << 2;
    if (noise) noise += T << 2;
  }
}

/**
 * Law of total variance over E members: mean [rows, T]; aleatoric = mean over members of σ²; epistemic = variance over
 * members of the means. output [E, rows, stride]. A deterministic head (probabilistic = 0) has aleatoric 0.
 */
export function head_moments(
  mean: usize,
  aleatoric: usize,
  epistemic: usize,
  output: usize,
  maxLogvar: usize,
  minLogvar: usize,
  shift: usize,
  scale: usize,
  E: usize,
  rows: usize,
  T: usize,
  stride: usize,
  probabilistic: i32,
): void {
  const memberBytes = (rows * stride) << 2;
  const perMember = f32x4.splat(<f32>1.0 / <f32>E);
  for (let r: usize = 0; r < rows; r++) {
    for (let c: usize = 0; c < T; c += 4) {
      const n = <i32>min<usize>(4, T - c);
      const at = c << 2;
      let sum = f32x4.splat(0);
      let variance = f32x4.splat(0);
      for (let e: usize = 0; e < E; e++) {
        const row = output + e * memberBytes;
        sum = f32x4.add(sum, getupto(row + at, n));
        if (probabilistic) {
          const raw = getupto(row + ((T + c) << 2), n);
          variance = f32x4.add(variance, exp_v(bounded(raw, getupto(maxLogvar + at, n), getupto(minLogvar + at, n))));
        }
      }
      const center = f32x4.mul(sum, perMember);
      // second pass: the difference of squares would cancel
      let spread = f32x4.splat(0);
      for (let e: usize = 0; e < E; e++) {
        const difference = f32x4.sub(getupto(output + e * memberBytes + at, n), center);
        spread = f32x4.add(spread, f32x4.mul(difference, difference));
      }
      const factor = getupto(scale + at, n);
      const square = f32x4.mul(factor, factor);
      putupto(mean + at, f32x4.add(getupto(shift + at, n), f32x4.mul(factor, center)), n);
      putupto(aleatoric + at, f32x4.mul(square, f32x4.mul(variance, perMember)), n);
      putupto(epistemic + at, f32x4.mul(square, f32x4.mul(spread, perMember)), n);
    }
    mean += T << 2;
    aleatoric += T << 2;
    epistemic += T << 2;
    output += stride << 2;
  }
}

/**
 * next [rows, D] = target, plus the observation in the dimensions whose target is a difference (delta [D]: 1 or 0);
 * reward [rows] = target column D when the reward is learned, not written when its address is 0.
 */
export function apply_target(
  next: usize,
  reward: usize,
  observation: usize,
  target: usize,
  delta: usize,
  rows: usize,
  D: usize,
  T: usize,
): void {
  for (let r: usize = 0; r < rows; r++) {
    for (let c: usize = 0; c < D; c += 4) {
      const n = <i32>min<usize>(4, D - c);
      const at = c << 2;
      const base = f32x4.mul(getupto(delta + at, n), getupto(observation + at, n));
      putupto(next + at, f32x4.add(base, getupto(target + at, n)), n);
    }
    if (reward) put<f32>(reward + (r << 2), get<f32>(target + (D << 2)));
    next += D << 2;
    observation += D << 2;
    target += T << 2;
  }
}

/** target [rows, T]: next − delta · observation, then the reward when T = D + 1. What `apply_target` takes apart again. */
export function model_target(
  target: usize,
  observation: usize,
  next: usize,
  reward: usize,
  delta: usize,
  rows: usize,
  D: usize,
  T: usize,
): void {
  for (let r: usize = 0; r < rows; r++) {
    for (let c: usize = 0; c < D; c += 4) {
      const n = <i32>min<usize>(4, D - c);
      const at = c << 2;
      const base = f32x4.mul(getupto(delta + at, n), getupto(observation + at, n));
      putupto(target + at, f32x4.sub(getupto(next + at, n), base), n);
    }
    if (T > D) put<f32>(target + (D << 2), get<f32>(reward + (r << 2)));
    target += T << 2;
    next += D << 2;
    observation += D << 2;
  }
}
