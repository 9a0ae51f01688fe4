// Standard normals by Box and Muller (1958): √(−2 log u) · (cos, sin)(2πv), four pairs at a time. u is a uniform of 23 bits,
// so |z| ≤ √(48 ln 2) = 5.77; the angle uses all 32 bits of its word, and its quadrant is read off them exactly.

import { log_normal_v } from "../math/log";
import { sin_quadrant } from "../math/sincos";
import { uniform } from "./uniform";

/** One normal of each pair; `turn` 1 takes the cosine, 0 the sine. */
// @ts-ignore: decorator
@inline
export function normal_pair(radius_bits: v128, angle_bits: v128, turn: i32): v128 {
  const u = uniform(radius_bits);
  const radius = f32x4.sqrt(f32x4.mul(log_normal_v(u, i32x4.splat(0)), f32x4.splat(-2)));
  const quadrant = i32x4.shr_u(i32x4.add(angle_bits, i32x4.splat(0x20000000)), 30);
  const rest = f32x4.convert_i32x4_s(i32x4.sub(angle_bits, i32x4.shl(quadrant, 30)));
  // 2π / 2^32
  const angle = f32x4.mul(rest, f32x4.splat(1.4629180792671596e-9));
  return f32x4.mul(radius, sin_quadrant(angle, i32x4.add(quadrant, i32x4.splat(turn))));
}
