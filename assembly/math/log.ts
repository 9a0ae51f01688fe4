// Natural logarithm on four f32 lanes. x = 2^k · (1 + f) with 1 + f in [√½, √2), log x = k·ln2 + f − f²/2 + f³·p(f), p a
// minimax polynomial of degree 7; k·ln2 is added in two parts, the first of them exact.

import { getsplat } from "../memory";
import { madd, nmadd } from "./madd";

// p from the highest power down; ln2 in two parts; bits of √½
const TABLE = memory.data<f32>(
  [
    -0.07634619623422623, 0.12761642038822174, -0.13160163164138794, 0.14201746881008148, -0.1662335842847824,
    0.20001226663589478, -0.2500081956386566, 0.3333333134651184, -0.00021219444, 0.693359375,
  ],
  16,
);
const SQRT_HALF_BITS: i32 = 0x3f3504f3;

/** log(1 + f) − f for f in [√½ − 1, √2 − 1]; `rest` is a small number added on the way. */
// @ts-ignore: decorator
@inline
export function log1p_tail(f: v128, rest: v128): v128 {
  let p = madd(getsplat(TABLE), f, getsplat(TABLE + 4));
  p = madd(p, f, getsplat(TABLE + 8));
  p = madd(p, f, getsplat(TABLE + 12));
  p = madd(p, f, getsplat(TABLE + 16));
  p = madd(p, f, getsplat(TABLE + 20));
  p = madd(p, f, getsplat(TABLE + 24));
  p = madd(p, f, getsplat(TABLE + 28));
  const square = f32x4.mul(f, f);
  return nmadd(square, f32x4.splat(0.5), madd(f32x4.mul(square, f), p, rest));
}

/** log(x · 2^−exponent) for positive, finite, normal x; `exponent` are four i32. */
// @ts-ignore: decorator
@inline
export function log_normal_v(x: v128, exponent: v128): v128 {
  const k = i32x4.shr_s(i32x4.sub(x, i32x4.splat(SQRT_HALF_BITS)), 23);
  const f = f32x4.sub(i32x4.sub(x, i32x4.shl(k, 23)), f32x4.splat(1));
  const n = f32x4.convert_i32x4_s(i32x4.sub(k, exponent));
  const tail = log1p_tail(f, f32x4.mul(n, getsplat(TABLE + 32)));
  return madd(n, getsplat(TABLE + 36), f32x4.add(f, tail));
}

/** log x. At most 1 ulp off, also for denormal x; ±0 gives −∞, a negative x NaN, +∞ stays, NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function log_v(x: v128): v128 {
  const denormal = f32x4.lt(x, f32x4.splat(1.1754943508222875e-38));
  const normal = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, denormal);
  const finite = log_normal_v(normal, v128.and(denormal, i32x4.splat(23)));
  const upper = v128.bitselect(finite, x, f32x4.lt(x, f32x4.splat(Infinity)));
  const lower = v128.bitselect(f32x4.splat(-Infinity), f32x4.splat(NaN), f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(lower, upper, f32x4.le(x, f32x4.splat(0)));
}
