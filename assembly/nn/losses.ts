// Losses of the members of an ensemble and their gradients. Each member has its own mean over rows and dimensions, summed
// in float64 in a fixed order: within a block of LOSS_ROWS rows by dimensions, four at a time; then over blocks. Outputs
// [slots, rows, ldOut], targets [slots, rows, D] (slots `strideTarget` floats apart: 0 gives all members the same).
// A block leaves its sums in `partials` [slots, blocks, 1 + 2D] f64: loss, then the gradients of the bounds (squared error:
// [slots, blocks, 1]); `loss_reduce` adds them up.

import { exp_v } from "../math/exp";
import { sigmoid_v } from "../math/sigmoid";
import { softplus_v } from "../math/softplus";
import { get, getupto, put, putupto } from "../memory";

/** Rows of a block, also of a task of training. */
export const LOSS_ROWS: i32 = 64;

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

// the first `count` (1 to 4) of four f64 in two vectors
// @ts-ignore: decorator
@inline
function put_f64(address: usize, lows: v128, highs: v128, count: i32): void {
  put<f64>(address, f64x2.extract_lane(lows, 0));
  if (count > 1) put<f64>(address + 8, f64x2.extract_lane(lows, 1));
  if (count > 2) put<f64>(address + 16, f64x2.extract_lane(highs, 0));
  if (count > 3) put<f64>(address + 24, f64x2.extract_lane(highs, 1));
}

/**
 * One block of `gaussian_nll`: `rows` rows, leading dimensions in bytes, `inverse` = 1 / (rows of the whole batch · D).
 * `dout` may be 0, then only the loss is written.
 */
export function nll_rows(
  partial: usize,
  dout: usize,
  out: usize,
  target: usize,
  bounds: usize,
  rows: i32,
  D: i32,
  ldOut: usize,
  ldTarget: usize,
  inverse: f64,
): void {
  const scale = f32x4.splat(<f32>inverse);
  const half = (<usize>D) << 2;
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
    let p = shift;
    let y = target + shift;
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
      p += ldOut;
      y += ldTarget;
    }
    total += sum(lossLow, lossHigh);
    put_f64(partial + 8 + 2 * shift, maxLow, maxHigh, count);
    put_f64(partial + 8 + 2 * (half + shift), minLow, minHigh, count);
  }
  put<f64>(partial, total);
}

/**
 * Gaussian negative log-likelihood as PETS has it, without the factor ½ and the constant:
 *   loss = mean of (μ − y)² e^−lv + lv,
 *   lv = min + softplus(t − min),  t = max − softplus(max − raw).
 * `out` holds the means in columns 0 … D − 1 and raw log-variances in D … 2D − 1; `bounds` [2, D] is max, then min. `dout`
 * (0: not wanted) gets the gradient in the same columns; partials are written as the file says.
 */
export function gaussian_nll(
  partials: usize,
  dout: usize,
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
  const ld = (<usize>ldOut) << 2;
  const ldTarget = (<usize>D) << 2;
  for (let slot = 0; slot < slots; ++slot) {
    const targets = target + ((<usize>slot * <usize>strideTarget) << 2);
    for (let row = 0; row < rows; row += LOSS_ROWS) {
      const at = <usize>(slot * rows + row) * ld;
      const count = min(LOSS_ROWS, rows - row);
      const y = targets + <usize>row * ldTarget;
      nll_rows(partials, dout ? dout + at : 0, out + at, y, bounds, count, D, ld, ldTarget, inverse);
      partials += 8 + 4 * ldTarget;
    }
  }
}

/** One block of `mse`: `rows` rows, leading dimensions in bytes, `inverse` = 1 / (rows of the whole batch · D). */
export function mse_rows(
  partial: usize,
  dout: usize,
  out: usize,
  target: usize,
  rows: i32,
  D: i32,
  ldOut: usize,
  ldTarget: usize,
  inverse: f64,
): void {
  const scale = f32x4.splat(<f32>(2 * inverse));
  let total: f64 = 0;
  for (let d = 0; d < D; d += 4) {
    const count = D - d;
    let lossLow = f64x2.splat(0);
    let lossHigh = f64x2.splat(0);
    let p = (<usize>d) << 2;
    let y = target + p;
    for (let r = rows; r > 0; --r) {
      const error = f32x4.sub(getupto(out + p, count), getupto(y, count));
      const squared = f32x4.mul(error, error);
      lossLow = f64x2.add(lossLow, low(squared));
      lossHigh = f64x2.add(lossHigh, high(squared));
      if (dout) putupto(dout + p, f32x4.mul(error, scale), count);
      p += ldOut;
      y += ldTarget;
    }
    total += sum(lossLow, lossHigh);
  }
  put<f64>(partial, total);
}

/** Squared error: mean of (out − y)²; `dout` (0: not wanted) gets the gradient in columns 0 … D − 1. */
export function mse(
  partials: usize,
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
  const ld = (<usize>ldOut) << 2;
  const ldTarget = (<usize>D) << 2;
  for (let slot = 0; slot < slots; ++slot) {
    const targets = target + ((<usize>slot * <usize>strideTarget) << 2);
    for (let row = 0; row < rows; row += LOSS_ROWS) {
      const at = <usize>(slot * rows + row) * ld;
      const count = min(LOSS_ROWS, rows - row);
      const y = targets + <usize>row * ldTarget;
      mse_rows(partials, dout ? dout + at : 0, out + at, y, count, D, ld, ldTarget, inverse);
      partials += 8;
    }
  }
}

/**
 * loss [slots] f64 = inverse · sum over blocks of partials [slots, blocks, 1 + extra] f64; extras [extra] f32 (0: not wanted)
 * are added to by the sums of the others over slots and blocks.
 */
export function loss_reduce(
  loss: usize,
  extras: usize,
  partials: usize,
  inverse: f64,
  slots: i32,
  blocks: i32,
  extra: i32,
): void {
  const row = (<usize>(1 + extra)) << 3;
  for (let slot = 0; slot < slots; ++slot) {
    let total: f64 = 0;
    for (let block = 0; block < blocks; ++block) total += get<f64>(partials + <usize>(slot * blocks + block) * row);
    put<f64>(loss + ((<usize>slot) << 3), total * inverse);
  }
  if (!extras) return;
  for (let i = 0; i < extra; ++i) {
    let total: f64 = 0;
    const column = partials + ((<usize>(1 + i)) << 3);
    for (let block = 0; block < slots * blocks; ++block) total += get<f64>(column + <usize>block * row);
    const at = extras + ((<usize>i) << 2);
    put<f32>(at, get<f32>(at) + <f32>total);
  }
}
