// From random bits to numbers in (0, 1), four lanes.

/** ((bits >>> 9) + ½) · 2^−23: exact, symmetric about ½, never 0 and never 1. */
// @ts-ignore: decorator
@inline
export function uniform(bits: v128): v128 {
  const integer = f32x4.convert_i32x4_s(i32x4.shr_u(bits, 9));
  return f32x4.mul(f32x4.add(integer, f32x4.splat(0.5)), f32x4.splat(1.1920928955078125e-7));
}
