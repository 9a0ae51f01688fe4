// 1 / (1 + e^−x) and swish x / (1 + e^−x) on four f32 lanes. Both use e^−|x| only, which cannot overflow and keeps the
// digits of results next to zero; swish of a large negative x applies the power of two last, so that it is rounded once
// where it is denormal.

import { exp_fraction, exp_mantissa, exp_scaled, exp_shifted } from "./exp";
import { madd, nmadd } from "./madd";

/** −|x|, not below −120 (where every function here has reached its limit); NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function bounded_minus_abs(x: v128): v128 {
  // pmax keeps a NaN in its first operand
  return f32x4.pmax(v128.or(x, i32x4.splat(0x80000000)), f32x4.splat(-120));
}

// what rounding took from 1 + e, for e in [0, 1] and denominator = 1 + e as rounded
// @ts-ignore: decorator
@inline
function lost(e: v128, denominator: v128): v128 {
  return f32x4.sub(e, f32x4.sub(denominator, f32x4.splat(1)));
}

/** 1 / (1 + e^−x). At most 2 ulp off, also where the result is denormal; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function sigmoid_v(x: v128): v128 {
  const one = f32x4.splat(1);
  const a = bounded_minus_abs(x);
  const shifted = exp_shifted(a);
  const e = exp_scaled(exp_mantissa(a, shifted), shifted);
  const denominator = f32x4.add(one, e);
  const numerator = v128.bitselect(e, one, i32x4.shr_s(x, 31));
  const quotient = f32x4.div(numerator, denominator);
  return nmadd(quotient, lost(e, denominator), quotient);
}

/** x / (1 + e^−x). At most 2 ulp off, also where the result is denormal; −∞ gives −0, the limit; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function swish_v(x: v128): v128 {
  const one = f32x4.splat(1);
  const a = bounded_minus_abs(x);
  const shifted = exp_shifted(a);
  const fraction = exp_fraction(a, shifted);
  const mantissa = f32x4.add(fraction, one);
  const e = exp_scaled(mantissa, shifted);
  const denominator = f32x4.add(one, e);
  // x·e^x before the power of two, x·(1 + fraction), less the part that belongs to the denominator's rounding
  const numerator = madd(a, nmadd(mantissa, lost(e, denominator), fraction), a);
  const negative = exp_scaled(f32x4.div(numerator, denominator), shifted);
  return v128.bitselect(negative, f32x4.div(x, denominator), i32x4.shr_s(x, 31));
}
