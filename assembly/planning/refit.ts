// The next sampling distribution from the elites: mean and (population) variance of each column, in f64 and in the order
// of `indices`, then smoothed with the old ones, which weigh α (Chua et al. 2018).

import { get } from "../memory";
import { get4, put4, width } from "./columns";

// @ts-ignore: decorator
@inline
function lanes01(value: v128): v128 {
  return f64x2.promote_low_f32x4(value);
}

// @ts-ignore: decorator
@inline
function lanes23(value: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(value, value, 2, 3, 2, 3));
}

// α · old + (1 − α) · fresh, rounded to f32
// @ts-ignore: decorator
@inline
function blend(old: v128, fresh01: v128, fresh23: v128, alpha: v128, rest: v128): v128 {
  const next01 = f64x2.add(f64x2.mul(alpha, lanes01(old)), f64x2.mul(rest, fresh01));
  const next23 = f64x2.add(f64x2.mul(alpha, lanes23(old)), f64x2.mul(rest, fresh23));
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(next01), f32x4.demote_f64x2_zero(next23), 0, 1, 4, 5);
}

// largest variance, in units of the squared half width of its bounds
function widest(variance: usize, low: usize, high: usize, L: usize): f64 {
  let largest: f64 = 0;
  for (let column: usize = 0; column < L; column++) {
    const at = column << 2;
    const half = 0.5 * (<f64>get<f32>(high + at) - <f64>get<f32>(low + at));
    if (half > 0) largest = max<f64>(largest, <f64>get<f32>(variance + at) / (half * half));
  }
  return largest;
}

/**
 * Updates mean and variance [L] f32 from rows indices [K] i32 of actions [., L] f32, with the old statistics weighted
 * `alpha`. Returns the largest new variance over the columns, as a fraction of the squared half width high − low: what a
 * variance in actions scaled to ±1 would be. With K = 0 nothing changes.
 */
export function cem_refit(
  mean: usize,
  variance: usize,
  actions: usize,
  indices: usize,
  low: usize,
  high: usize,
  K: usize,
  L: usize,
  alpha: f64,
): f64 {
  if (!K) return widest(variance, low, high, L);
  const size = f64x2.splat(<f64>K);
  const weight = f64x2.splat(alpha);
  const rest = f64x2.splat(1 - alpha);
  for (let column: usize = 0; column < L; column += 4) {
    const at = column << 2;
    const count = width(L, column);
    const source = actions + at;
    let mean01 = f64x2.splat(0);
    let mean23 = f64x2.splat(0);
    for (let k: usize = 0; k < K; k++) {
      const row = get4(source + ((<usize>get<u32>(indices + (k << 2)) * L) << 2), count);
      mean01 = f64x2.add(mean01, lanes01(row));
      mean23 = f64x2.add(mean23, lanes23(row));
    }
    mean01 = f64x2.div(mean01, size);
    mean23 = f64x2.div(mean23, size);
    let square01 = f64x2.splat(0);
    let square23 = f64x2.splat(0);
    for (let k: usize = 0; k < K; k++) {
      const row = get4(source + ((<usize>get<u32>(indices + (k << 2)) * L) << 2), count);
      const off01 = f64x2.sub(lanes01(row), mean01);
      const off23 = f64x2.sub(lanes23(row), mean23);
      square01 = f64x2.add(square01, f64x2.mul(off01, off01));
      square23 = f64x2.add(square23, f64x2.mul(off23, off23));
    }
    square01 = f64x2.div(square01, size);
    square23 = f64x2.div(square23, size);
    put4(mean + at, blend(get4(mean + at, count), mean01, mean23, weight, rest), count);
    put4(variance + at, blend(get4(variance + at, count), square01, square23, weight, rest), count);
  }
  return widest(variance, low, high, L);
}
