// log(1 + e^x) on four f32 lanes as max(x, 0) + log1p(e), e = e^−|x|. For e above √2 − 1 the argument 1 + e is halved,
// and ln2 added again.

import { exp_mantissa, exp_scaled, exp_shifted } from "./exp";
import { log1p_tail } from "./log";
import { bounded_minus_abs } from "./sigmoid";

/** log(1 + e^x). At most 2 ulp off, also where the result is denormal; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function softplus_v(x: v128): v128 {
  const zero = f32x4.splat(0);
  const a = bounded_minus_abs(x);
  const shifted = exp_shifted(a);
  const e = exp_scaled(exp_mantissa(a, shifted), shifted);
  const above = f32x4.gt(e, f32x4.splat(0.414213568));
  const halved = f32x4.mul(f32x4.sub(e, f32x4.splat(1)), f32x4.splat(0.5));
  const f = v128.bitselect(halved, e, above);
  const ln2 = v128.and(above, f32x4.splat(0.693147182));
  const log1p = f32x4.add(ln2, f32x4.add(f, log1p_tail(f, zero)));
  // pmax keeps a NaN in its first operand
  return f32x4.add(f32x4.pmax(x, zero), log1p);
}
