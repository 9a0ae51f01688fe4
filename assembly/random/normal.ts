// Standard normals by Box and Muller (1958): √(−2 log u) · (cos, sin)(2πv), four pairs at a time. u is a uniform of 23 bits,
// so |z| ≤ √(48 ln 2) = 5.77; the angle uses all 32 bits of its word, and its quadrant is read off them exactly.
//
// u = 2^k · m with m in [√½, √2), −2 log m = s·q(s²) for s = (m − 1) / (m + 1), since log m = 2 artanh s. The angle within
// its quadrant is x·π/4, x in [−1, 1), with sin = x·p(x²) and cos = c(x²). q, p and c are minimax polynomials, relative
// errors 1.2e-7 (of which the square root leaves half), 3e-9 and 4e-8.

import { madd } from "../math/madd";
import { getsplat } from "../memory";
import { uniform } from "./uniform";

// 1; −2 ln 2 / 2^23; 2^−31; q, p, then c (whose constant is 1) from the highest power down
const TABLE = memory.data<f32>(
  [
    1, -1.6525916589735634e-7, 4.656612873077393e-10, -0.825927556937467, -1.333044471401645, -4.000000474747883,
    -3.595052097068559e-5, 0.0024900011226699713, -0.08074543255696509, 0.7853981608550854, -0.0003190201971416395,
    0.01585020091563689, -0.3084244266552543,
  ],
  16,
);
// the bits of √½; those above the mantissa; half a quadrant; the sign
const MASKS = memory.data<u32>([0x3f3504f3, 0xff800000, 0x20000000, 0x80000000], 16);

/** √(−2 log u) for the uniform u of 32 bits. */
// @ts-ignore: decorator
@inline
export function radius(bits: v128): v128 {
  const u = uniform(bits);
  const one = getsplat(TABLE);
  // k · 2^23
  const exponent = v128.and(i32x4.sub(u, getsplat(MASKS)), getsplat(MASKS + 4));
  const m = i32x4.sub(u, exponent);
  const s = f32x4.div(f32x4.sub(m, one), f32x4.add(m, one));
  const square = f32x4.mul(s, s);
  let q = madd(getsplat(TABLE + 12), square, getsplat(TABLE + 16));
  q = madd(q, square, getsplat(TABLE + 20));
  return f32x4.sqrt(madd(f32x4.convert_i32x4_s(exponent), getsplat(TABLE + 4), f32x4.mul(s, q)));
}

/** The angle of 32 bits, 2π·bits / 2^32, from the middle of the quadrant that is centered next to it; in units of π/4. */
// @ts-ignore: decorator
@inline
export function angle(bits: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shl(bits, 2)), getsplat(TABLE + 8));
}

/** The number of that quadrant in the upper two bits. */
// @ts-ignore: decorator
@inline
export function angle_quadrant(bits: v128): v128 {
  return i32x4.add(bits, getsplat(MASKS + 8));
}

/** radius · sin(x·π/4). */
// @ts-ignore: decorator
@inline
export function sine(radius: v128, x: v128): v128 {
  const square = f32x4.mul(x, x);
  let p = madd(getsplat(TABLE + 24), square, getsplat(TABLE + 28));
  p = madd(p, square, getsplat(TABLE + 32));
  p = madd(p, square, getsplat(TABLE + 36));
  return f32x4.mul(f32x4.mul(radius, x), p);
}

/** radius · cos(x·π/4). */
// @ts-ignore: decorator
@inline
export function cosine(radius: v128, x: v128): v128 {
  const square = f32x4.mul(x, x);
  let c = madd(getsplat(TABLE + 40), square, getsplat(TABLE + 44));
  c = madd(c, square, getsplat(TABLE + 48));
  c = madd(c, square, getsplat(TABLE));
  return f32x4.mul(radius, c);
}

/** The bits in which sine and cosine differ, where an odd quadrant exchanges them; none elsewhere. */
// @ts-ignore: decorator
@inline
export function exchanged(sine: v128, cosine: v128, quadrant: v128): v128 {
  return v128.and(v128.xor(sine, cosine), i32x4.shr_s(i32x4.shl(quadrant, 1), 31));
}

/** Sign bit of the sine in a quadrant. */
// @ts-ignore: decorator
@inline
export function sine_sign(quadrant: v128): v128 {
  return v128.and(quadrant, getsplat(MASKS + 12));
}

/** Sign bit of the cosine in a quadrant. */
// @ts-ignore: decorator
@inline
export function cosine_sign(quadrant: v128): v128 {
  return v128.and(v128.xor(quadrant, i32x4.shl(quadrant, 1)), getsplat(MASKS + 12));
}
