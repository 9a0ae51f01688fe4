// From random bits to numbers in (0, 1), four lanes.

import { getsplat } from "../memory";

// bits of 1; 1 − 2^−24 as bits
const TABLE = memory.data<u32>([0x3f800000, 0x3f7fffff], 16);

/** ((bits >>> 9) + ½) · 2^−23: exact, symmetric about ½, never 0 and never 1. */
// @ts-ignore: decorator
@inline
export function uniform(bits: v128): v128 {
  // as the mantissa of a number in [1, 2)
  return f32x4.sub(v128.or(i32x4.shr_u(bits, 9), getsplat(TABLE)), getsplat(TABLE + 4));
}
