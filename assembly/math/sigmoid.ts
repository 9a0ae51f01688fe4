// 1 / (1 + e^−x) and swish x / (1 + e^−x) on four f32 lanes. Both use e^−|x| only, which cannot overflow and keeps the
// digits of results next to zero; swish of a large negative x applies the power of two last, so that it is rounded once
// where it is denormal.

import { exp_mantissa, exp_scaled, exp_shifted } from "./exp";
import { nmadd } from "./madd";

/** −|x|, not below −120 (where every function here has reached its limit); NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function bounded_minus_abs(x: v128): v128 {
  // pmax keeps a NaN in its first operand
  return f32x4.pmax(v128.or(x, i32x4.splat(0x80000000)), f32x4.splat(-120));
}

/** 1 / (1 + e^−x). At most 2 ulp off, also where the result is denormal; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function sigmoid_v(x: v128): v128 {
  const one = f32x4.splat(1);
  const a = bounded_minus_abs(x);
  const shifted = exp_shifted(a);
  const e = exp_scaled(exp_mantissa(a, shifted), shifted);
  const numerator = v128.bitselect(e, one, i32x4.shr_s(x, 31));
  return f32x4.div(numerator, f32x4.add(one, e));
}

/** x / (1 + e^−x). At most 2 ulp off, also where the result is denormal; −∞ gives −0, the limit; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function swish_v(x: v128): v128 {
  const a = bounded_minus_abs(x);
  const shifted = exp_shifted(a);
  const mantissa = exp_mantissa(a, shifted);
  const denominator = f32x4.add(f32x4.splat(1), exp_scaled(mantissa, shifted));
  const negative = exp_scaled(f32x4.div(f32x4.mul(a, mantissa), denominator), shifted);
  return v128.bitselect(negative, f32x4.div(x, denominator), i32x4.shr_s(x, 31));
}

/** Derivative of swish, σ + h·(1 − σ), from σ = sigmoid(x) and h = swish(x). */
// @ts-ignore: decorator
@inline
export function swish_derivative_v(sigmoid: v128, swish: v128): v128 {
  return f32x4.add(sigmoid, nmadd(swish, sigmoid, swish));
}
