// Losses of the members of an ensemble and their gradients. Each member has its own mean over rows and dimensions, summed
// in float64 in a fixed order: dimensions four at a time, rows within. Outputs [slots, rows, ldOut], targets
// [slots, rows, D] (slots `strideTarget` floats apart: 0 gives all members the same), losses [slots] f64.

import { exp_v } from "../math/exp";
import { sigmoid_v } from "../math/sigmoid";
import { softplus_v } from "../math/softplus";
import { getupto, put, putupto } from "../memory";

// all ones in the first `count` lanes
// @ts-ignore: decorator
@inline
function first_lanes(count: i32): v128 {
  return i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3));
}

// @ts-ignore: decorator
@inline
function low(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

// @ts-ignore: decorator
@inline
function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1));
}

// @ts-ignore: decorator
@inline
function sum(a: v128, b: v128): f64 {
  return f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1) + (f64x2.extract_lane(b, 0) + f64x2.extract_lane(b, 1));
}

/**
 * Gaussian negative log-likelihood as PETS has it, without the factor ½ and the constant:
 *   loss = mean of (μ − y)² e^−lv + lv,
 *   lv = min + softplus(t − min),  t = max − softplus(max − raw).
 * `out` holds the means in columns 0 … D − 1 and raw log-variances in D … 2D − 1; `bounds` [2, D] is max, then min. `dout`
 * gets the gradient in the same columns; `dbounds` [2, D] is added to, over all slots. `dout` may be 0, and
 * `dbounds` may be 0 beside it or alone: not wanted.
 */
export function gaussian_nll(
  loss: usize,
  dout: usize,
  dbounds: usize,
  out: usize,
  target: usize,
  bounds: usize,
  slots: i32,
  rows: i32,
  D: i32,
  ldOut: i32,
  strideTarget: i32,
): void {
  const inverse = 1 / (<f64>rows * <f64>D);
  const scale = f32x4.splat(<f32>inverse);
  const row = (<usize>ldOut) << 2;
  const half = (<usize>D) << 2;
  for (let slot = 0; slot < slots; ++slot) {
    const first = <usize>slot * <usize>rows * row;
    const firstTarget = target + ((<usize>slot * <usize>strideTarget) << 2);
    let total: f64 = 0;
    for (let d = 0; d < D; d += 4) {
      const count = D - d;
      const shift = (<usize>d) << 2;
      const mask = first_lanes(count);
      const maximum = getupto(bounds + shift, count);
      const minimum = getupto(bounds + half + shift, count);
      let lossLow = f64x2.splat(0);
      let lossHigh = f64x2.splat(0);
      let maxLow = f64x2.splat(0);
      let maxHigh = f64x2.splat(0);
      let minLow = f64x2.splat(0);
      let minHigh = f64x2.splat(0);
      let p = first + shift;
      let y = firstTarget + shift;
      for (let r = rows; r > 0; --r) {
        const below = f32x4.sub(maximum, getupto(out + p + half, count));
        const above = f32x4.sub(f32x4.sub(maximum, softplus_v(below)), minimum);
        const logvar = f32x4.add(minimum, softplus_v(above));
        const error = f32x4.sub(getupto(out + p, count), getupto(y, count));
        const weighted = f32x4.mul(error, exp_v(f32x4.neg(logvar)));
        const squared = f32x4.mul(error, weighted);
        const term = v128.and(f32x4.add(squared, logvar), mask);
        lossLow = f64x2.add(lossLow, low(term));
        lossHigh = f64x2.add(lossHigh, high(term));
        if (dout) {
          putupto(dout + p, f32x4.mul(f32x4.add(weighted, weighted), scale), count);
          // through the lower bound, then the upper one; what does not pass a bound moves the bound
          const dlogvar = f32x4.mul(f32x4.sub(f32x4.splat(1), squared), scale);
          const dupper = f32x4.mul(dlogvar, sigmoid_v(above));
          const draw = f32x4.mul(dupper, sigmoid_v(below));
          putupto(dout + p + half, draw, count);
          const dmax = f32x4.sub(dupper, draw);
          const dmin = f32x4.sub(dlogvar, dupper);
          maxLow = f64x2.add(maxLow, low(dmax));
          maxHigh = f64x2.add(maxHigh, high(dmax));
          minLow = f64x2.add(minLow, low(dmin));
          minHigh = f64x2.add(minHigh, high(dmin));
        }
        p += row;
        y += half;
      }
      total += sum(lossLow, lossHigh);
      if (dbounds) {
        add_demoted(dbounds + shift, maxLow, maxHigh, count);
        add_demoted(dbounds + half + shift, minLow, minHigh, count);
      }
    }
    put<f64>(loss + ((<usize>slot) << 3), total * inverse);
  }
}

function add_demoted(address: usize, lows: v128, highs: v128, count: i32): void {
  const demoted = v128.shuffle<i64>(f32x4.demote_f64x2_zero(lows), f32x4.demote_f64x2_zero(highs), 0, 2);
  putupto(address, f32x4.add(getupto(address, count), demoted), count);
}

/** Mean squared error: loss = mean of (out − y)²; `dout` (0: not wanted) gets the gradient in columns 0 … D − 1. */
export function mse(
  loss: usize,
  dout: usize,
  out: usize,
  target: usize,
  slots: i32,
  rows: i32,
  D: i32,
  ldOut: i32,
  strideTarget: i32,
): void {
  const inverse = 1 / (<f64>rows * <f64>D);
  const scale = f32x4.splat(<f32>(2 * inverse));
  const row = (<usize>ldOut) << 2;
  for (let slot = 0; slot < slots; ++slot) {
    const first = <usize>slot * <usize>rows * row;
    const firstTarget = target + ((<usize>slot * <usize>strideTarget) << 2);
    let total: f64 = 0;
    for (let d = 0; d < D; d += 4) {
      const count = D - d;
      let lossLow = f64x2.splat(0);
      let lossHigh = f64x2.splat(0);
      let p = first + ((<usize>d) << 2);
      let y = firstTarget + ((<usize>d) << 2);
      for (let r = rows; r > 0; --r) {
        const error = f32x4.sub(getupto(out + p, count), getupto(y, count));
        const squared = f32x4.mul(error, error);
        lossLow = f64x2.add(lossLow, low(squared));
        lossHigh = f64x2.add(lossHigh, high(squared));
        if (dout) putupto(dout + p, f32x4.mul(error, scale), count);
        p += row;
        y += (<usize>D) << 2;
      }
      total += sum(lossLow, lossHigh);
    }
    put<f64>(loss + ((<usize>slot) << 3), total * inverse);
  }
}
