// The only door of the simulation to SIMD: one lane, one environment. A value of type `v128` holds a quantity of LANES
// environments, four in float32, two in float64 (LANE_BITS is a constant of the build). Nothing here branches on state:
// comparisons give masks, and `select` chooses by them.

import { exp_v } from "../math/exp";
import { log_v } from "../math/log";
import { madd as madd_f32, nmadd as nmadd_f32 } from "../math/madd";
import { cos_near, cos_v, sin_near, sin_v, sincos_far } from "../math/sincos";
import { getsplat, getsplat64, getv, putv } from "../memory";

/** Environments of a group. */
export const LANES: i32 = 128 / LANE_BITS;
/** Bytes of a model constant, and of a quantity of one environment. */
export const REAL: i32 = LANE_BITS / 8;

// @ts-ignore: decorator
@inline
export function load(address: usize): v128 {
  return getv(address);
}

// @ts-ignore: decorator
@inline
export function store(address: usize, value: v128): void {
  putv(address, value);
}

/** The model constant at `address`, for all environments. */
// @ts-ignore: decorator
@inline
export function constant(address: usize): v128 {
  if (LANE_BITS == 64) return getsplat64(address);
  return getsplat(address);
}

// @ts-ignore: decorator
@inline
export function splat(value: f64): v128 {
  if (LANE_BITS == 64) return f64x2.splat(value);
  return f32x4.splat(<f32>value);
}

// @ts-ignore: decorator
@inline
export function zero(): v128 {
  return i64x2.splat(0);
}

// @ts-ignore: decorator
@inline
export function add(a: v128, b: v128): v128 {
  if (LANE_BITS == 64) return f64x2.add(a, b);
  return f32x4.add(a, b);
}

// @ts-ignore: decorator
@inline
export function sub(a: v128, b: v128): v128 {
  if (LANE_BITS == 64) return f64x2.sub(a, b);
  return f32x4.sub(a, b);
}

// @ts-ignore: decorator
@inline
export function mul(a: v128, b: v128): v128 {
  if (LANE_BITS == 64) return f64x2.mul(a, b);
  return f32x4.mul(a, b);
}

// @ts-ignore: decorator
@inline
export function div(a: v128, b: v128): v128 {
  if (LANE_BITS == 64) return f64x2.div(a, b);
  return f32x4.div(a, b);
}

/** a · b + c. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (LANE_BITS == 64) return f64x2.add(f64x2.mul(a, b), c);
  return madd_f32(a, b, c);
}

/** c − a · b. */
// @ts-ignore: decorator
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (LANE_BITS == 64) return f64x2.sub(c, f64x2.mul(a, b));
  return nmadd_f32(a, b, c);
}

// @ts-ignore: decorator
@inline
export function neg(a: v128): v128 {
  if (LANE_BITS == 64) return f64x2.neg(a);
  return f32x4.neg(a);
}

// @ts-ignore: decorator
@inline
export function abs(a: v128): v128 {
  if (LANE_BITS == 64) return f64x2.abs(a);
  return f32x4.abs(a);
}

// @ts-ignore: decorator
@inline
export function sqrt(a: v128): v128 {
  if (LANE_BITS == 64) return f64x2.sqrt(a);
  return f32x4.sqrt(a);
}

/** The smaller; NaN where either is, as `max`. */
// @ts-ignore: decorator
@inline
export function min(a: v128, b: v128): v128 {
  if (LANE_BITS == 64) return f64x2.min(a, b);
  return f32x4.min(a, b);
}

// @ts-ignore: decorator
@inline
export function max(a: v128, b: v128): v128 {
  if (LANE_BITS == 64) return f64x2.max(a, b);
  return f32x4.max(a, b);
}

/** Mask of a < b; not set for NaN. */
// @ts-ignore: decorator
@inline
export function lt(a: v128, b: v128): v128 {
  if (LANE_BITS == 64) return f64x2.lt(a, b);
  return f32x4.lt(a, b);
}

/** Mask of a ≤ b; not set for NaN. */
// @ts-ignore: decorator
@inline
export function le(a: v128, b: v128): v128 {
  if (LANE_BITS == 64) return f64x2.le(a, b);
  return f32x4.le(a, b);
}

/** Mask of a = b; not set for NaN. */
// @ts-ignore: decorator
@inline
export function eq(a: v128, b: v128): v128 {
  if (LANE_BITS == 64) return f64x2.eq(a, b);
  return f32x4.eq(a, b);
}

// @ts-ignore: decorator
@inline
export function and(a: v128, b: v128): v128 {
  return v128.and(a, b);
}

// @ts-ignore: decorator
@inline
export function or(a: v128, b: v128): v128 {
  return v128.or(a, b);
}

// @ts-ignore: decorator
@inline
export function xor(a: v128, b: v128): v128 {
  return v128.xor(a, b);
}

/** a and not b. */
// @ts-ignore: decorator
@inline
export function andnot(a: v128, b: v128): v128 {
  return v128.andnot(a, b);
}

// @ts-ignore: decorator
@inline
export function not(a: v128): v128 {
  return v128.not(a);
}

/** `a` where the mask is set, else `b`. */
// @ts-ignore: decorator
@inline
export function select(a: v128, b: v128, mask: v128): v128 {
  return v128.bitselect(a, b, mask);
}

/** The mask is set in some lane. */
// @ts-ignore: decorator
@inline
export function any(mask: v128): bool {
  return v128.any_true(mask);
}

/** Whole numbers, one more where the mask is set. */
// @ts-ignore: decorator
@inline
export function count(whole: v128, mask: v128): v128 {
  if (LANE_BITS == 64) return i64x2.sub(whole, mask);
  return i32x4.sub(whole, mask);
}

// @ts-ignore: decorator
@inline
export function sin(x: v128): v128 {
  if (LANE_BITS == 64) {
    const low = NativeMath.sin(f64x2.extract_lane(x, 0));
    return f64x2.replace_lane(f64x2.splat(low), 1, NativeMath.sin(f64x2.extract_lane(x, 1)));
  }
  return sin_v(x);
}

// @ts-ignore: decorator
@inline
export function cos(x: v128): v128 {
  if (LANE_BITS == 64) {
    const low = NativeMath.cos(f64x2.extract_lane(x, 0));
    return f64x2.replace_lane(f64x2.splat(low), 1, NativeMath.cos(f64x2.extract_lane(x, 1)));
  }
  return cos_v(x);
}

/** x to the power p, for x ≥ 0. */
export function pow(x: v128, p: v128): v128 {
  if (LANE_BITS == 64) {
    const low = NativeMath.pow(f64x2.extract_lane(x, 0), f64x2.extract_lane(p, 0));
    return f64x2.replace_lane(f64x2.splat(low), 1, NativeMath.pow(f64x2.extract_lane(x, 1), f64x2.extract_lane(p, 1)));
  }
  return exp_v(mul(log_v(x), p));
}

/** Lanes for which `nearSin` and `nearCos` are not made; they share their work, and want |x| ≤ 8192. */
// @ts-ignore: decorator
@inline
export function far(x: v128): v128 {
  if (LANE_BITS == 64) return zero();
  return sincos_far(x);
}

// @ts-ignore: decorator
@inline
export function nearSin(x: v128): v128 {
  if (LANE_BITS == 64) return sin(x);
  return sin_near(x);
}

// @ts-ignore: decorator
@inline
export function nearCos(x: v128): v128 {
  if (LANE_BITS == 64) return cos(x);
  return cos_near(x);
}

/** a · b for 3-vectors. */
// @ts-ignore: decorator
@inline
export function dot3(ax: v128, ay: v128, az: v128, bx: v128, by: v128, bz: v128): v128 {
  return madd(az, bz, madd(ay, by, mul(ax, bx)));
}

/** a · d − b · c: a × b has the components det(ay, az, by, bz), det(az, ax, bz, bx), det(ax, ay, bx, by). */
// @ts-ignore: decorator
@inline
export function det(a: v128, b: v128, c: v128, d: v128): v128 {
  return nmadd(b, c, mul(a, d));
}
