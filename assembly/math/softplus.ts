// log(1 + e^x) on four f32 lanes as max(x, 0) + log1p(e), e = e^−|x|. For e above √2 − 1 the argument 1 + e is halved,
// and ln2 added again.

import { getsplat } from "../memory";
import { exp_negative, one_v } from "./exp";
import { log1p_tail } from "./log";

// 0; √2 − 1; ½; ln2; −0; where e^x has become zero
const TABLE = memory.data<f32>([0, 0.414213568, 0.5, 0.693147182, -0.0, -120], 16);

/** log(1 + e^x). At most 2 ulp off, also where the result is denormal; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function softplus_v(x: v128): v128 {
  const zero = getsplat(TABLE);
  // −|x|; pmax keeps a NaN in its first operand
  const e = exp_negative(f32x4.pmax(v128.or(x, getsplat(TABLE + 16)), getsplat(TABLE + 20)));
  const above = f32x4.gt(e, getsplat(TABLE + 4));
  const halved = f32x4.mul(f32x4.sub(e, one_v()), getsplat(TABLE + 8));
  const f = v128.bitselect(halved, e, above);
  const ln2 = v128.and(above, getsplat(TABLE + 12));
  const log1p = f32x4.add(ln2, f32x4.add(f, log1p_tail(f, zero)));
  return f32x4.add(f32x4.pmax(x, zero), log1p);
}
