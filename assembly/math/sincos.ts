// Sine and cosine on four f32 lanes. |x| = n·π/2 + r with |r| ≤ π/4; the low bits of n choose the polynomial and the sign.
// Up to |x| = 8192, π/2 is subtracted in four parts, the first three short enough (11 bits) that n times them is exact;
// beyond, the reduction is done in integers.

import { get, getsplat } from "../memory";
import { madd, nmadd } from "./madd";

// 2/π; π/2 in four parts; sine and cosine polynomials from the highest power down, the latter to ½ and 1; 1.5·2^23, which
// rounds to an integer and leaves it in the low bits; where the reduction in four parts ends; −0
const TABLE = memory.data<f32>(
  [
    0.636619747, 1.5703125, 0.0004837512969970703, 7.549533620476723e-8, 2.5633440682570896e-12,
    -0.00019514084851834923, 0.008332154713571072, -0.16666655242443085, 0.000024434846636722796,
    -0.0013887337408959866, 0.04166664555668831, 0.5, 1, 12582912, 8192, -0.0,
  ],
  16,
);
// windows of 32 bits into 2/π, each 8 bits after the one before; the leading ones are padded with zeros
const INVERSE = memory.data<u32>(
  [
    0xa2, 0xa2f9, 0xa2f983, 0xa2f9836e, 0xf9836e4e, 0x836e4e44, 0x6e4e4415, 0x4e441529, 0x441529fc, 0x1529fc27,
    0x29fc2757, 0xfc2757d1, 0x2757d1f5, 0x57d1f534, 0xd1f534dd, 0xf534ddc0, 0x34ddc0db, 0xddc0db62, 0xc0db6295,
    0xdb629599, 0x6295993c, 0x95993c43, 0x993c4390, 0x3c439041,
  ],
  16,
);
const SHIFT = TABLE + 52;
const SIGN = TABLE + 60;

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
  const half = nmadd(getsplat(TABLE + 44), square, getsplat(TABLE + 48));
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

// The same for |x| > 8192, lane by lane: the integer mantissa of x times 96 bits of 2/π, as far as they matter, modulo 4.
// Out of line because it is rare. (Method of Arm's optimized-routines, reduce_large.)
function sin_large(magnitude: v128, turn: i32): v128 {
  let r = f32x4.splat(0);
  let quadrant = i32x4.splat(0);
  for (let lane = 0; lane < 4; ++lane) {
    const bits = <u32>i32x4.extract_lane(magnitude, 0);
    const window: usize = INVERSE + (((bits >> 26) & 15) << 2);
    const mantissa = ((bits & 0x7fffff) | 0x800000) << ((bits >> 23) & 7);
    const high = <u64>(mantissa * get<u32>(window));
    const middle = <u64>mantissa * <u64>get<u32>(window + 16);
    const low = <u64>mantissa * <u64>get<u32>(window + 32);
    // in units of 2^−62 turns of π/2
    const product = ((high << 32) | (low >> 32)) + middle;
    const n = (product + (1 << 61)) >> 62;
    const rest = <i64>(product - (n << 62));
    // each turn of the loop shifts the lanes left by one and appends
    r = v128.shuffle<i32>(r, f32x4.splat(<f32>(<f64>rest * 3.4061215800865545e-19)), 1, 2, 3, 4);
    quadrant = v128.shuffle<i32>(quadrant, i32x4.splat(<i32>n + turn), 1, 2, 3, 4);
    magnitude = v128.shuffle<i32>(magnitude, magnitude, 1, 2, 3, 0);
  }
  // magnitude has come full circle; infinity and NaN give NaN
  return f32x4.add(sin_quadrant(r, quadrant), f32x4.sub(magnitude, magnitude));
}

// sin(|x| + turn·π/2)
// @ts-ignore: decorator
@inline
function sin_abs(magnitude: v128, turn: i32): v128 {
  const shifted = madd(magnitude, getsplat(TABLE), getsplat(SHIFT));
  const n = f32x4.sub(shifted, getsplat(SHIFT));
  const coarse = nmadd(n, getsplat(TABLE + 8), nmadd(n, getsplat(TABLE + 4), magnitude));
  // the third difference may round; what it loses goes into the fourth
  const third = getsplat(TABLE + 12);
  const fine = nmadd(n, third, coarse);
  const lost = nmadd(n, third, f32x4.sub(coarse, fine));
  const r = f32x4.add(fine, nmadd(n, getsplat(TABLE + 16), lost));
  const near = sin_quadrant(r, i32x4.add(shifted, i32x4.splat(turn)));

  const large = f32x4.gt(magnitude, getsplat(TABLE + 56));
  if (v128.any_true(large)) return v128.bitselect(sin_large(magnitude, turn), near, large);
  return near;
}

/** sin x. At most 2 ulp off; ±∞ and NaN give NaN. */
// @ts-ignore: decorator
@inline
export function sin_v(x: v128): v128 {
  // on |x| so that −0 stays −0
  const sign = v128.and(x, getsplat(SIGN));
  return v128.xor(sign, sin_abs(v128.xor(x, sign), 0));
}

/** cos x. At most 2 ulp off; ±∞ and NaN give NaN. */
// @ts-ignore: decorator
@inline
export function cos_v(x: v128): v128 {
  return sin_abs(v128.andnot(x, getsplat(SIGN)), 1);
}

/** Lanes beyond the reach of `sin_near` and `cos_near`. */
// @ts-ignore: decorator
@inline
export function sincos_far(x: v128): v128 {
  return f32x4.gt(v128.andnot(x, getsplat(SIGN)), getsplat(TABLE + 56));
}

// π/2 goes into x n times; n stays in the low bits of what `turns` gives
// @ts-ignore: decorator
@inline
function turns(x: v128): v128 {
  return madd(x, getsplat(TABLE), getsplat(SHIFT));
}

// @ts-ignore: decorator
@inline
function reduced(x: v128): v128 {
  const n = f32x4.sub(turns(x), getsplat(SHIFT));
  const coarse = nmadd(n, getsplat(TABLE + 8), nmadd(n, getsplat(TABLE + 4), x));
  const third = getsplat(TABLE + 12);
  const fine = nmadd(n, third, coarse);
  const lost = nmadd(n, third, f32x4.sub(coarse, fine));
  return f32x4.add(fine, nmadd(n, getsplat(TABLE + 16), lost));
}

/** sin x for |x| ≤ 8192, the bits of `sin_v`; what it has in common with `cos_near` is computed once when both are wanted. */
// @ts-ignore: decorator
@inline
export function sin_near(x: v128): v128 {
  return sin_quadrant(reduced(x), turns(x));
}

/** cos x for |x| ≤ 8192, the bits of `cos_v`. */
// @ts-ignore: decorator
@inline
export function cos_near(x: v128): v128 {
  return sin_quadrant(reduced(x), i32x4.add(turns(x), i32x4.splat(1)));
}
