// e^x on four f32 lanes. x = n·ln2 + r with |r| ≤ ln2/2, e^x = 2^n · (1 + r + r²·q(r)), q a minimax polynomial of degree 4.
// n comes from adding 1.5·2^23, which rounds to an integer and leaves it in the low bits; whoever calls adds a bias to it, so
// that `power_of_two` finds there the exponent it needs. The pieces are exported: sigmoid, swish, tanh and softplus are
// built from them.
//
// All constants are loaded, here and in the files beside: V8 builds a constant vector anew wherever it is used, with three
// instructions, while a load from a fixed address is one and goes to units that have nothing else to do.

import { getsplat } from "../memory";
import { madd, nmadd } from "./madd";

// log2(e); ln2 = first − second, the first short enough that n times it is exact; q(r) from the highest power down; 1
const TABLE = memory.data<f32>(
  [
    1.44269504, 0.693359375, 0.00021219444, 0.0013813143596053123, 0.008369418792426586, 0.04166845604777336,
    0.16666515171527863, 0.4999999403953552, 1,
  ],
  16,
);
// the bounds of exp_v; its shift, 1.5·2^23 + 2·127; the shift of exp_negative, 1.5·2^23 + 127 + 64; 2^−64; all of an exponent
const SCALES = memory.data<f32>([120, -120, 12583166, 12583103, 5.421010862427522e-20, Infinity], 16);

/** 1. */
// @ts-ignore: decorator
@inline
export function one_v(): v128 {
  return getsplat(TABLE + 32);
}

/** n + shift, where n is the integer next to x / ln2. Needs |x| < 2^21; NaN gives NaN. */
// @ts-ignore: decorator
@inline
export function exp_shifted(x: v128, shift: v128): v128 {
  return madd(x, getsplat(TABLE), shift);
}

/** 2 to the integer in the low eight bits, less 127. */
// @ts-ignore: decorator
@inline
export function power_of_two(shifted: v128): v128 {
  // the bits above leave the register on the left
  return i32x4.shl(shifted, 23);
}

/** e^(x − n·ln2) − 1, a number in [−0.3, 0.42], for `shifted = exp_shifted(x, shift)`. */
// @ts-ignore: decorator
@inline
export function exp_fraction(x: v128, shifted: v128, shift: v128): v128 {
  const n = f32x4.sub(shifted, shift);
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

/** e^a for a in [−120, 0] or NaN: rounded once, also where the result is denormal. */
// @ts-ignore: decorator
@inline
export function exp_negative(a: v128): v128 {
  const shift = getsplat(SCALES + 12);
  const shifted = exp_shifted(a, shift);
  const power = power_of_two(shifted);
  return f32x4.mul(madd(exp_fraction(a, shifted, shift), power, power), getsplat(SCALES + 16));
}

/** e^x. At most 1 ulp off (0.89 measured), also where the result is denormal; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function exp_v(x: v128): v128 {
  // pmax and pmin keep a NaN in their first operand; beyond the bounds the result is 0 or infinity
  const bounded = f32x4.pmin(f32x4.pmax(x, getsplat(SCALES + 4)), getsplat(SCALES));
  const shift = getsplat(SCALES + 8);
  const shifted = exp_shifted(bounded, shift);
  // 2^n is applied as 2^⌊n/2⌋ and 2^⌈n/2⌉, so that results pass into the denormals with one rounding and overflow to
  // infinity by themselves
  const half = v128.and(i32x4.shl(shifted, 22), getsplat(SCALES + 20));
  const raised = madd(exp_fraction(bounded, shifted, shift), half, half);
  return f32x4.mul(raised, i32x4.sub(power_of_two(shifted), half));
}
