// Vectors as long as the parameters of a policy, for conjugate gradients and line searches: f32 in memory, every product
// and sum in float64, in an order that depends on the length alone (a block of BLOCK numbers in eight lanes, then blocks).

import { get, getv, put, putv } from "../memory";

const BLOCK: i32 = 1024;

// @ts-ignore: decorator
@inline
function low(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

// @ts-ignore: decorator
@inline
function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1));
}

function dot_block(a: usize, b: usize, n: i32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  for (; n >= 8; n -= 8) {
    const a0 = getv(a);
    const a1 = getv(a + 16);
    const b0 = getv(b);
    const b1 = getv(b + 16);
    s0 = f64x2.add(s0, f64x2.mul(low(a0), low(b0)));
    s1 = f64x2.add(s1, f64x2.mul(high(a0), high(b0)));
    s2 = f64x2.add(s2, f64x2.mul(low(a1), low(b1)));
    s3 = f64x2.add(s3, f64x2.mul(high(a1), high(b1)));
    a += 32;
    b += 32;
  }
  const s = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  let total = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
  for (; n > 0; --n) {
    total += <f64>get<f32>(a) * <f64>get<f32>(b);
    a += 4;
    b += 4;
  }
  return total;
}

/** Σ a[i]·b[i]. Of a vector with itself it is finite exactly when every element is: a square of f32 has room in f64. */
export function vector_dot(a: usize, b: usize, n: i32): f64 {
  let total: f64 = 0;
  for (let i = 0; i < n; i += BLOCK) {
    const at = (<usize>i) << 2;
    total += dot_block(a + at, b + at, min(BLOCK, n - i));
  }
  return total;
}

/** out[n] = alpha·x + beta·y, rounded once; `out` may be `x` or `y`. */
export function vector_combine(out: usize, x: usize, y: usize, alpha: f64, beta: f64, n: i32): void {
  const a = f64x2.splat(alpha);
  const b = f64x2.splat(beta);
  for (; n >= 4; n -= 4) {
    const xs = getv(x);
    const ys = getv(y);
    const lows = f64x2.add(f64x2.mul(a, low(xs)), f64x2.mul(b, low(ys)));
    const highs = f64x2.add(f64x2.mul(a, high(xs)), f64x2.mul(b, high(ys)));
    const first = f32x4.demote_f64x2_zero(lows);
    putv(out, v128.shuffle<i64>(first, f32x4.demote_f64x2_zero(highs), 0, 2));
    out += 16;
    x += 16;
    y += 16;
  }
  for (; n > 0; --n) {
    put<f32>(out, <f32>(alpha * <f64>get<f32>(x) + beta * <f64>get<f32>(y)));
    out += 4;
    x += 4;
    y += 4;
  }
}
