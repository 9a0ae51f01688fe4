// tanh on four f32 lanes. Below 0.5625 in magnitude x + x³·p(x²) with a minimax polynomial of degree 4; above it
// 1 − 2 / (e^2|x| + 1), where the subtraction loses nothing.

import { getsplat } from "../memory";
import { exp_mantissa, exp_shifted, exp_scaled } from "./exp";
import { madd } from "./madd";

// p from the highest power down
const TABLE = memory.data<f32>(
  [-0.00618864456191659, 0.02101428247988224, -0.053839247673749924, 0.13332471251487732, -0.3333331346511841],
  16,
);

/** tanh x. At most 2 ulp off; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function tanh_v(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(0x80000000));
  const magnitude = v128.xor(x, sign);
  // tanh 10 rounds to 1; pmin keeps a NaN in its first operand
  const bounded = f32x4.pmin(magnitude, f32x4.splat(10));

  const doubled = f32x4.add(bounded, bounded);
  const shifted = exp_shifted(doubled);
  const e = exp_scaled(exp_mantissa(doubled, shifted), shifted);
  const large = f32x4.sub(f32x4.splat(1), f32x4.div(f32x4.splat(2), f32x4.add(e, f32x4.splat(1))));

  const square = f32x4.mul(bounded, bounded);
  let p = madd(getsplat(TABLE), square, getsplat(TABLE + 4));
  p = madd(p, square, getsplat(TABLE + 8));
  p = madd(p, square, getsplat(TABLE + 12));
  p = madd(p, square, getsplat(TABLE + 16));
  const small = madd(f32x4.mul(square, p), bounded, bounded);

  return v128.or(sign, v128.bitselect(small, large, f32x4.lt(magnitude, f32x4.splat(0.5625))));
}
