// e^x on four f32 lanes. x = n·ln2 + r with |r| ≤ ln2/2, e^x = 2^n · (1 + r + r²·q(r)), q a minimax polynomial of degree 4.
// 2^n is applied as two factors, 2^⌊n/2⌋ and 2^⌈n/2⌉, so that results pass into the denormals with one rounding and
// overflow to infinity by themselves. The pieces are exported: sigmoid, swish, tanh and softplus are built from them.

import { getsplat } from "../memory";
import { madd, nmadd } from "./madd";

// log2(e); ln2 = first − second, the first short enough that n times it is exact; q(r) from the highest power down
const TABLE = memory.data<f32>(
  [
    1.44269504, 0.693359375, 0.00021219444, 0.0013813143596053123, 0.008369418792426586, 0.04166845604777336,
    0.16666515171527863, 0.4999999403953552,
  ],
  16,
);

// 1.5·2^23 + 254: adding it rounds to an integer, which then sits in the low bits with twice the exponent bias
const SHIFT: f32 = 12583166;

/** n + SHIFT, where n is the integer next to x / ln2. Needs |x| < 2^21; NaN gives NaN. */
// @ts-ignore: decorator
@inline
export function exp_shifted(x: v128): v128 {
  return madd(x, getsplat(TABLE), f32x4.splat(SHIFT));
}

/** e^(x − n·ln2) − 1, a number in [−0.3, 0.42], for `shifted = exp_shifted(x)`. */
// @ts-ignore: decorator
@inline
export function exp_fraction(x: v128, shifted: v128): v128 {
  const n = f32x4.sub(shifted, f32x4.splat(SHIFT));
  // r = coarse + rest; the linear term adds the two parts last, so that it does not feel the rounding of r
  const coarse = nmadd(n, getsplat(TABLE + 4), x);
  const rest = f32x4.mul(n, getsplat(TABLE + 8));
  const r = f32x4.add(coarse, rest);
  let q = madd(getsplat(TABLE + 12), r, getsplat(TABLE + 16));
  q = madd(q, r, getsplat(TABLE + 20));
  q = madd(q, r, getsplat(TABLE + 24));
  q = madd(q, r, getsplat(TABLE + 28));
  return f32x4.add(coarse, madd(f32x4.mul(r, r), q, rest));
}

/** e^(x − n·ln2), a number in [0.7, 1.42], for `shifted = exp_shifted(x)`. */
// @ts-ignore: decorator
@inline
export function exp_mantissa(x: v128, shifted: v128): v128 {
  return f32x4.add(exp_fraction(x, shifted), f32x4.splat(1));
}

/** mantissa · 2^n, rounded once; n must lie in [−252, 254]. */
// @ts-ignore: decorator
@inline
export function exp_scaled(mantissa: v128, shifted: v128): v128 {
  // the bits above the integer leave the register on the left
  const half = i32x4.shr_u(shifted, 1);
  const low = i32x4.shl(half, 23);
  const high = i32x4.shl(i32x4.sub(shifted, half), 23);
  return f32x4.mul(f32x4.mul(mantissa, low), high);
}

/** e^x. At most 1 ulp off (0.89 measured), also where the result is denormal; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function exp_v(x: v128): v128 {
  // pmax and pmin keep a NaN in their first operand; beyond the bounds the result is 0 or infinity
  const bounded = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-120)), f32x4.splat(120));
  const shifted = exp_shifted(bounded);
  return exp_scaled(exp_mantissa(bounded, shifted), shifted);
}
