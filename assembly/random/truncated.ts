// Standard normal truncated to [−2, 2] by its inverse distribution function, four lanes: z(q) = Φ⁻¹(½ + q·(2Φ(2) − 1)) for
// q = u − ½ is odd, so z = q·P(v)/Q(v) with v = ¼ − q². P and Q are the minimax rational 4/4 (relative error 6.8e-8); in v,
// which is 0 at the bounds, all coefficients are positive, so nothing cancels there.

import { getsplat } from "../memory";
import { madd, nmadd } from "../math/madd";
import { uniform } from "./uniform";

// P, then Q (whose constant is 1), from the highest power down; ½, ¼; the bounds
const TABLE = memory.data<f32>(
  [
    2244.55850079, 6942.34676243, 2383.58661859, 194.047011201, 3.99999972874, 2740.4044807, 3535.95918533,
    838.776524128, 55.3510276123, 1, 0.5, 0.25, -2, 2,
  ],
  16,
);

/** The truncated normal of 32 random bits (the upper 23 count). Relative error at most 4e-7, about 5 ulp. */
// @ts-ignore: decorator
@inline
export function truncated_normal(bits: v128): v128 {
  const q = f32x4.sub(uniform(bits), getsplat(TABLE + 40));
  const v = nmadd(q, q, getsplat(TABLE + 44));
  let p = madd(getsplat(TABLE), v, getsplat(TABLE + 4));
  p = madd(p, v, getsplat(TABLE + 8));
  p = madd(p, v, getsplat(TABLE + 12));
  p = madd(p, v, getsplat(TABLE + 16));
  let d = madd(getsplat(TABLE + 20), v, getsplat(TABLE + 24));
  d = madd(d, v, getsplat(TABLE + 28));
  d = madd(d, v, getsplat(TABLE + 32));
  d = madd(d, v, getsplat(TABLE + 36));
  const z = f32x4.div(f32x4.mul(q, p), d);
  return f32x4.pmin(f32x4.pmax(z, getsplat(TABLE + 48)), getsplat(TABLE + 52));
}
