// 1 / (1 + e^−x) and swish x / (1 + e^−x) on four f32 lanes, from the denominator 2^−30 · (1 + e^−x): with that factor it
// overflows only where both results have become zero, so that one formula does for either sign of x.

import { getsplat } from "../memory";
import { exp_fraction, exp_shifted, power_of_two } from "./exp";
import { madd } from "./madd";

// the bounds of x: beyond the first e^−x is lost in 1 + e^−x, beyond the second the denominator would be infinite;
// 1.5·2^23 + 127 − 30; 2^−30; −0
const TABLE = memory.data<f32>([60, -109.1, 12583009, 9.313225746154785e-10, -0.0], 16);

/** 2^−30 · (1 + e^−x), rounded once but for the polynomial. */
// @ts-ignore: decorator
@inline
function denominator(x: v128): v128 {
  // pmax and pmin keep a NaN in their first operand
  const minus = v128.xor(f32x4.pmin(f32x4.pmax(x, getsplat(TABLE + 4)), getsplat(TABLE)), getsplat(TABLE + 16));
  const shift = getsplat(TABLE + 8);
  const shifted = exp_shifted(minus, shift);
  const power = power_of_two(shifted);
  const one = getsplat(TABLE + 12);
  const sum = f32x4.add(one, power);
  // what is lost of one beside a large power
  const rest = f32x4.sub(one, f32x4.sub(sum, power));
  return f32x4.add(sum, madd(exp_fraction(minus, shifted, shift), power, rest));
}

/** 1 / (1 + e^−x). At most 2 ulp off, also where the result is denormal; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function sigmoid_v(x: v128): v128 {
  return f32x4.div(getsplat(TABLE + 12), denominator(x));
}

/** x / (1 + e^−x). At most 2 ulp off, also where the result is denormal; −∞ gives −0, the limit; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function swish_v(x: v128): v128 {
  const bounded = f32x4.pmax(x, getsplat(TABLE + 4));
  const scaled = f32x4.mul(f32x4.div(bounded, denominator(x)), getsplat(TABLE + 12));
  // infinite by its factor where x exceeds 2^98 and is the result: as integers, the one of smaller magnitude is smaller
  return i32x4.min_s(scaled, x);
}
