// What the output of an ensemble means. A row is [mean T | raw log-variance T] (the second half only of a probabilistic
// head). The log-variance is held between learned soft bounds:
//   v = max − softplus(max − raw),  log σ² = min + softplus(v − min)
// which without logarithms is σ² = e^min + 1 / (e^−max + e^−raw), and targets may have been standardized:
// target = shift + scale · output.

import { exp_v, one_v } from "../math/exp";
import { get, getupto, getv, put, putupto, putv, zero } from "../memory";

// σ² from e^min and e^−max; where e^−raw overflows it is e^min
// @ts-ignore: decorator
@inline
function variance(raw: v128, lowest: v128, inverseHighest: v128): v128 {
  const decay = exp_v(f32x4.neg(raw));
  return f32x4.add(lowest, f32x4.div(one_v(), f32x4.add(inverseHighest, decay)));
}

// first byte of the vector of columns that starts at `column`: the last one covers columns that are done already
// @ts-ignore: decorator
@inline
function vector_at(column: usize, columns: usize): usize {
  return (columns < 4 ? 0 : min<usize>(column, columns - 4)) << 2;
}

/**
 * out [rows, T] = shift + scale · (mean + σ · noise), with standard normals `noise` [rows, T]. output [rows, stride];
 * maxLogvar, minLogvar, shift, scale [T].
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
  const n = <i32>min<usize>(4, T);
  const width = T << 2;
  for (let column: usize = 0; column < T; column += 4) {
    const at = vector_at(column, T);
    const lowest = exp_v(getupto(minLogvar + at, n));
    const inverseHighest = exp_v(f32x4.neg(getupto(maxLogvar + at, n)));
    const center = getupto(shift + at, n);
    const factor = getupto(scale + at, n);
    let mean = output + at;
    let normal = noise + at;
    let to = out + at;
    let left = rows;
    if (n == 4) {
      // two rows at a time, because each is a long chain
      for (; left > 1; left -= 2) {
        const second = mean + (stride << 2);
        const spread0 = variance(getv(mean + width), lowest, inverseHighest);
        const spread1 = variance(getv(second + width), lowest, inverseHighest);
        const value0 = f32x4.add(getv(mean), f32x4.mul(f32x4.sqrt(spread0), getv(normal)));
        const value1 = f32x4.add(getv(second), f32x4.mul(f32x4.sqrt(spread1), getv(normal + width)));
        putv(to, f32x4.add(center, f32x4.mul(factor, value0)));
        putv(to + width, f32x4.add(center, f32x4.mul(factor, value1)));
        to += width << 1;
        normal += width << 1;
        mean += stride << 3;
      }
    }
    for (; left > 0; --left) {
      const spread = variance(getupto(mean + width, n), lowest, inverseHighest);
      const value = f32x4.add(getupto(mean, n), f32x4.mul(f32x4.sqrt(spread), getupto(normal, n)));
      putupto(to, f32x4.add(center, f32x4.mul(factor, value)), n);
      to += width;
      normal += width;
      mean += stride << 2;
    }
  }
}

/** mean [rows, T] = shift + scale · (mean over E members of their means), as `head_moments` has it. output [E, rows, stride]. */
export function head_mean(
  mean: usize,
  output: usize,
  shift: usize,
  scale: usize,
  E: usize,
  rows: usize,
  T: usize,
  stride: usize,
): void {
  const memberBytes = (rows * stride) << 2;
  const perMember = f32x4.splat(<f32>1.0 / <f32>E);
  const n = <i32>min<usize>(4, T);
  for (let column: usize = 0; column < T; column += 4) {
    const at = vector_at(column, T);
    const center = getupto(shift + at, n);
    const factor = getupto(scale + at, n);
    let row = output + at;
    let to = mean + at;
    for (let r: usize = 0; r < rows; r++) {
      let sum = f32x4.splat(0);
      for (let e: usize = 0; e < E; e++) sum = f32x4.add(sum, getupto(row + e * memberBytes, n));
      putupto(to, f32x4.add(center, f32x4.mul(factor, f32x4.mul(sum, perMember))), n);
      row += stride << 2;
      to += T << 2;
    }
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
  const n = <i32>min<usize>(4, T);
  const width = T << 2;
  for (let column: usize = 0; column < T; column += 4) {
    const at = vector_at(column, T);
    const lowest = exp_v(getupto(minLogvar + at, n));
    const inverseHighest = exp_v(f32x4.neg(getupto(maxLogvar + at, n)));
    const center = getupto(shift + at, n);
    const factor = getupto(scale + at, n);
    const square = f32x4.mul(factor, factor);
    for (let r: usize = 0; r < rows; r++) {
      const row = output + ((r * stride) << 2) + at;
      let sum = f32x4.splat(0);
      let noise = f32x4.splat(0);
      for (let e: usize = 0; e < E; e++) {
        const member = row + e * memberBytes;
        sum = f32x4.add(sum, getupto(member, n));
        if (probabilistic) noise = f32x4.add(noise, variance(getupto(member + width, n), lowest, inverseHighest));
      }
      const average = f32x4.mul(sum, perMember);
      // second pass: the difference of squares would cancel
      let spread = f32x4.splat(0);
      for (let e: usize = 0; e < E; e++) {
        const difference = f32x4.sub(getupto(row + e * memberBytes, n), average);
        spread = f32x4.add(spread, f32x4.mul(difference, difference));
      }
      const to = r * width + at;
      putupto(mean + to, f32x4.add(center, f32x4.mul(factor, average)), n);
      putupto(aleatoric + to, f32x4.mul(square, f32x4.mul(noise, perMember)), n);
      putupto(epistemic + to, f32x4.mul(square, f32x4.mul(spread, perMember)), n);
    }
  }
}

/**
 * next [rows, D] = target, plus the observation in the dimensions whose target is a difference (delta [D]: 1 or 0);
 * reward [rows] = target column D when the reward is learned, not written when its address is 0. Not in place.
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
  const n = <i32>min<usize>(4, D);
  for (let column: usize = 0; column < D; column += 4) {
    const at = vector_at(column, D);
    const share = getupto(delta + at, n);
    let to = next + at;
    let from = observation + at;
    let change = target + at;
    for (let r: usize = 0; r < rows; r++) {
      putupto(to, f32x4.add(f32x4.mul(share, getupto(from, n)), getupto(change, n)), n);
      to += D << 2;
      from += D << 2;
      change += T << 2;
    }
  }
  if (!reward) return;
  for (let r: usize = 0; r < rows; r++) put<f32>(reward + (r << 2), get<f32>(target + ((r * T + D) << 2)));
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

/**
 * The way back through `head_mean` of one member and `apply_target`: dOutput [rows, stride] = scale · gradient of the target,
 * which is dNext [rows, D] and, when the reward is learned (address not 0), dReward [rows]; 0 in the other columns, those of
 * the log-variance among them. Adds delta · dNext to dObservation [rows, D]. scale [T], delta [D].
 */
export function apply_target_vjp(
  dOutput: usize,
  dObservation: usize,
  dNext: usize,
  dReward: usize,
  scale: usize,
  delta: usize,
  rows: usize,
  D: usize,
  stride: usize,
): void {
  zero(dOutput, (rows * stride) << 2);
  for (let r: usize = 0; r < rows; r++) {
    for (let c: usize = 0; c < D; c += 4) {
      const n = <i32>min<usize>(4, D - c);
      const at = c << 2;
      const gradient = getupto(dNext + at, n);
      putupto(dOutput + at, f32x4.mul(getupto(scale + at, n), gradient), n);
      const through = f32x4.mul(getupto(delta + at, n), gradient);
      putupto(dObservation + at, f32x4.add(getupto(dObservation + at, n), through), n);
    }
    if (dReward) put<f32>(dOutput + (D << 2), get<f32>(scale + (D << 2)) * get<f32>(dReward + (r << 2)));
    dOutput += stride << 2;
    dObservation += D << 2;
    dNext += D << 2;
  }
}
