// Sine and cosine on four f32 lanes. |x| = n·π/2 + r with |r| ≤ π/4; the low bits of n choose the polynomial and the sign.
// π/2 is subtracted in four parts, the first three short enough (11 bits) that n times them is exact for n < 2^13.

import { getsplat } from "../memory";
import { madd, nmadd } from "./madd";

// 2/π; π/2 in four parts; sine and cosine polynomials from the highest power down
const TABLE = memory.data<f32>(
  [
    0.636619747, 1.5703125, 0.0004837512969970703, 7.549533620476723e-8, 2.5633440682570896e-12,
    -0.00019514084851834923, 0.008332154713571072, -0.16666655242443085, 0.000024434846636722796,
    -0.0013887337408959866, 0.04166664555668831,
  ],
  16,
);
// 1.5·2^23: adding it rounds to an integer, which then sits in the low bits
const SHIFT: f32 = 12582912;

/** sin r for |r| ≤ π/4, of which `square` is the square. */
// @ts-ignore: decorator
@inline
export function sin_reduced(r: v128, square: v128): v128 {
  let p = madd(getsplat(TABLE + 20), square, getsplat(TABLE + 24));
  p = madd(p, square, getsplat(TABLE + 28));
  return madd(f32x4.mul(r, square), p, r);
}

/** cos r for |r| ≤ π/4, of which `square` is the square. */
// @ts-ignore: decorator
@inline
export function cos_reduced(square: v128): v128 {
  let p = madd(getsplat(TABLE + 32), square, getsplat(TABLE + 36));
  p = madd(p, square, getsplat(TABLE + 40));
  const half = nmadd(f32x4.splat(0.5), square, f32x4.splat(1));
  return madd(f32x4.mul(square, square), p, half);
}

/** sin(r + quadrant·π/2), with `quadrant` as four i32. */
// @ts-ignore: decorator
@inline
export function sin_quadrant(r: v128, quadrant: v128): v128 {
  const square = f32x4.mul(r, r);
  const odd = i32x4.shr_s(i32x4.shl(quadrant, 31), 31);
  const sign = i32x4.shl(i32x4.shr_u(quadrant, 1), 31);
  return v128.xor(sign, v128.bitselect(cos_reduced(square), sin_reduced(r, square), odd));
}

// sin(|x| + turn·π/2)
// @ts-ignore: decorator
@inline
function sin_abs(magnitude: v128, turn: i32): v128 {
  const shifted = madd(magnitude, getsplat(TABLE), f32x4.splat(SHIFT));
  const n = f32x4.sub(shifted, f32x4.splat(SHIFT));
  let r = nmadd(n, getsplat(TABLE + 4), magnitude);
  r = nmadd(n, getsplat(TABLE + 8), r);
  r = nmadd(n, getsplat(TABLE + 12), r);
  r = nmadd(n, getsplat(TABLE + 16), r);
  return sin_quadrant(r, i32x4.add(shifted, i32x4.splat(turn)));
}

/** sin x. At most 2 ulp off for |x| ≤ 8192; ±∞ and NaN give NaN. */
// @ts-ignore: decorator
@inline
export function sin_v(x: v128): v128 {
  // on |x| so that −0 stays −0
  const sign = v128.and(x, i32x4.splat(0x80000000));
  return v128.xor(sign, sin_abs(v128.xor(x, sign), 0));
}

/** cos x. At most 2 ulp off for |x| ≤ 8192; ±∞ and NaN give NaN. */
// @ts-ignore: decorator
@inline
export function cos_v(x: v128): v128 {
  return sin_abs(v128.andnot(x, i32x4.splat(0x80000000)), 1);
}
