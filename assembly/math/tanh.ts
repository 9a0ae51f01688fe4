// tanh on four f32 lanes. Below 0.5625 in magnitude x + x³·p(x²) with a minimax polynomial of degree 4; above it
// 1 − 2 / (e^2|x| + 1), where the subtraction loses nothing.

import { getsplat } from "../memory";
import { exp_fraction, exp_shifted, one_v, power_of_two } from "./exp";
import { madd } from "./madd";

// p from the highest power down; the largest |x|, since tanh 10 rounds to 1; where p ends; 2; −0; 1.5·2^23 + 127
const TABLE = memory.data<f32>(
  [
    -0.00618864456191659, 0.02101428247988224, -0.053839247673749924, 0.13332471251487732, -0.3333331346511841, 10,
    0.5625, 2, -0.0, 12583039,
  ],
  16,
);

/** tanh x. At most 2 ulp off; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function tanh_v(x: v128): v128 {
  const sign = v128.and(x, getsplat(TABLE + 32));
  const magnitude = v128.xor(x, sign);
  // pmin keeps a NaN in its first operand
  const bounded = f32x4.pmin(magnitude, getsplat(TABLE + 20));

  const doubled = f32x4.add(bounded, bounded);
  const shift = getsplat(TABLE + 36);
  const shifted = exp_shifted(doubled, shift);
  const power = power_of_two(shifted);
  const denominator = madd(exp_fraction(doubled, shifted, shift), power, f32x4.add(one_v(), power));
  const large = f32x4.sub(one_v(), f32x4.div(getsplat(TABLE + 28), denominator));

  const square = f32x4.mul(bounded, bounded);
  let p = madd(getsplat(TABLE), square, getsplat(TABLE + 4));
  p = madd(p, square, getsplat(TABLE + 8));
  p = madd(p, square, getsplat(TABLE + 12));
  p = madd(p, square, getsplat(TABLE + 16));
  const small = madd(f32x4.mul(square, p), bounded, bounded);

  return v128.or(sign, v128.bitselect(small, large, f32x4.lt(magnitude, getsplat(TABLE + 24))));
}
