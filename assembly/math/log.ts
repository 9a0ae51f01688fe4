// Natural logarithm on four f32 lanes. x = 2^k · (1 + f) with 1 + f in [√½, √2), log x = k·ln2 + f − f²/2 + f³·p(f), p a
// minimax polynomial of degree 7; k·ln2 is added in two parts, the first of them exact.

import { getsplat } from "../memory";
import { one_v } from "./exp";
import { madd, nmadd } from "./madd";

// p from the highest power down; ½; ln2 in two parts, over 2^23
const TABLE = memory.data<f32>(
  [
    -0.07634619623422623, 0.12761642038822174, -0.13160163164138794, 0.14201746881008148, -0.1662335842847824,
    0.20001226663589478, -0.2500081956386566, 0.3333333134651184, 0.5, -2.529554864183492e-11, 8.265487849712372e-8,
  ],
  16,
);
// bits of √½; those above the mantissa; what brings all but the positive normal numbers above the last one
const MASKS = memory.data<i32>([0x3f3504f3, <i32>0xff800000, 0x7f800000, -0x01000001], 16);

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
  return nmadd(square, getsplat(TABLE + 32), madd(f32x4.mul(square, f), p, rest));
}

// log(x · 2^−lowered) for positive, finite, normal x; `lowered` are four i32, multiples of 2^23 that stand for the exponent
// @ts-ignore: decorator
@inline
function log_normal(x: v128, lowered: v128): v128 {
  const exponent = v128.and(i32x4.sub(x, getsplat(MASKS)), getsplat(MASKS + 4));
  const f = f32x4.sub(i32x4.sub(x, exponent), one_v());
  const n = f32x4.convert_i32x4_s(i32x4.sub(exponent, lowered));
  const tail = log1p_tail(f, f32x4.mul(n, getsplat(TABLE + 36)));
  return madd(n, getsplat(TABLE + 40), f32x4.add(f, tail));
}

// The same for any x. Out of line because it is rare.
function log_any(x: v128): v128 {
  const denormal = f32x4.lt(x, f32x4.splat(1.1754943508222875e-38));
  const normal = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, denormal);
  const finite = log_normal(normal, v128.and(denormal, i32x4.splat(23 << 23)));
  const upper = v128.bitselect(finite, x, f32x4.lt(x, f32x4.splat(Infinity)));
  const lower = v128.bitselect(f32x4.splat(-Infinity), f32x4.splat(NaN), f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(lower, upper, f32x4.le(x, f32x4.splat(0)));
}

/** log x. At most 1 ulp off, also for denormal x; ±0 gives −∞, a negative x NaN, +∞ stays, NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function log_v(x: v128): v128 {
  const special = i32x4.gt_s(i32x4.add(x, getsplat(MASKS + 8)), getsplat(MASKS + 12));
  if (v128.any_true(special)) return log_any(x);
  return log_normal(x, i32x4.splat(0));
}
