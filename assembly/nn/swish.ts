// Swish and its derivative for the layers of networks: one exponential for both, and half the work of assembly/math's
// swish, which is exact to 2 ulp down to denormal results. Here σ and swish are within 4 ulp for |x| ≤ 87 and within 1e-35
// of zero below.
//
// e^−x = 2^n · e^−w, n the integer next to −x / ln2, w = x + n·ln2 in two steps, e^−w = 1 + w·p(w) with p of degree 4, which
// leaves a relative error of 1e-7.

import { madd, nmadd } from "../math/madd";
import { getsplat, getv, putv } from "../memory";

// largest |x|; −log2(e); 1.5·2^23, which rounds to an integer; ln2 = first − second; 1; p from the highest power down
const TABLE = memory.data<f32>(
  [
    87, -87, -1.44269504, 12582912, 0.693359375, 0.00021219444, 1, -0.00828926358371973, 0.04189816117286682,
    -0.16667653620243073, 0.4999914765357971, -0.9999997019767761,
  ],
  16,
);

/** x, not below −87; NaN stays NaN. Swish is this times the sigmoid. */
// @ts-ignore: decorator
@inline
function bounded_below(x: v128): v128 {
  // pmax and pmin keep a NaN in their first operand
  return f32x4.pmax(x, getsplat(TABLE + 4));
}

/** 1 / (1 + e^−x) for x not below −87. */
// @ts-ignore: decorator
@inline
function sigmoid(x: v128): v128 {
  const bounded = f32x4.pmin(x, getsplat(TABLE));
  const shifted = madd(bounded, getsplat(TABLE + 8), getsplat(TABLE + 12));
  const n = f32x4.sub(shifted, getsplat(TABLE + 12));
  const w = nmadd(n, getsplat(TABLE + 20), madd(n, getsplat(TABLE + 16), bounded));
  let p = madd(getsplat(TABLE + 28), w, getsplat(TABLE + 32));
  p = madd(p, w, getsplat(TABLE + 36));
  p = madd(p, w, getsplat(TABLE + 40));
  p = madd(p, w, getsplat(TABLE + 44));
  const one = getsplat(TABLE + 24);
  const mantissa = madd(p, w, one);
  // n into the exponent: the bits above it leave the register on the left
  const e = i32x4.add(mantissa, i32x4.shl(shifted, 23));
  return f32x4.div(one, f32x4.add(one, e));
}

/** Derivative of swish, σ + h·(1 − σ). */
// @ts-ignore: decorator
@inline
function derivative(s: v128, h: v128): v128 {
  return madd(h, f32x4.sub(getsplat(TABLE + 24), s), s);
}

/**
 * y [rows, 8] = swish(y) in place, rows `ld` bytes apart; with an address `slope`, laid out alike, also slope = swish' and
 * the same bits in y.
 */
export function swish_strip(y: usize, slope: usize, ld: usize, rows: i32): void {
  if (slope) with_slope(y, slope, ld, rows);
  else without_slope(y, ld, rows);
}

function without_slope(y: usize, ld: usize, rows: i32): void {
  for (; rows > 0; --rows) {
    const first = bounded_below(getv(y));
    const second = bounded_below(getv(y + 16));
    const s = sigmoid(first);
    const t = sigmoid(second);
    putv(y, f32x4.mul(first, s));
    putv(y + 16, f32x4.mul(second, t));
    y += ld;
  }
}

function with_slope(y: usize, slope: usize, ld: usize, rows: i32): void {
  for (; rows > 0; --rows) {
    const first = bounded_below(getv(y));
    const second = bounded_below(getv(y + 16));
    const s = sigmoid(first);
    const t = sigmoid(second);
    const h = f32x4.mul(first, s);
    const k = f32x4.mul(second, t);
    putv(y, h);
    putv(y + 16, k);
    putv(slope, derivative(s, h));
    putv(slope + 16, derivative(t, k));
    y += ld;
    slope += ld;
  }
}
