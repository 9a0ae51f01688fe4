// The reward-weighted mean of a population (Nagabandi et al. 2019, PDDM; the update of MPPI): μ = Σ w·a / Σ w with
// w = exp(γ·(R − max R)), so that the best sequence weighs 1. Sums in f64, in the order of the rows.

import { exp_v } from "../math/exp";
import { get, put } from "../memory";
import { get4, put4, width } from "./columns";

// @ts-ignore: decorator
@inline
function finite(value: f32): bool {
  return value - value == 0;
}

// weights from returns; those that are not finite weigh nothing. Returns their sum, 0 when no return is finite
function weigh(weights: usize, returns: usize, N: usize, gamma: f64): f64 {
  let best: f64 = -Infinity;
  for (let n: usize = 0; n < N; n++) {
    const value = get<f32>(returns + (n << 2));
    if (finite(value)) best = max<f64>(best, <f64>value);
  }
  let total: f64 = 0;
  for (let n: usize = 0; n < N; n++) {
    const value = get<f32>(returns + (n << 2));
    let weight: f32 = 0;
    if (finite(value)) {
      weight = f32x4.extract_lane(exp_v(f32x4.splat(<f32>(gamma * (<f64>value - best)))), 0);
    }
    put<f32>(weights + (n << 2), weight);
    total += <f64>weight;
  }
  return total;
}

/**
 * mean [L] f32 becomes the mean of actions [N, L] f32 weighted by returns [N] f32; weights [N] f32 are left beside it. When no
 * return is finite the mean stays as it is. Returns the effective number of sequences, (Σ w)² / Σ w².
 */
export function reward_weighted_mean(
  mean: usize,
  weights: usize,
  actions: usize,
  returns: usize,
  N: usize,
  L: usize,
  gamma: f64,
): f64 {
  const total = weigh(weights, returns, N, gamma);
  if (total == 0) return 0;
  for (let column: usize = 0; column < L; column += 4) {
    const count = width(L, column);
    let source = actions + (column << 2);
    let sum01 = f64x2.splat(0);
    let sum23 = f64x2.splat(0);
    for (let n: usize = 0; n < N; n++) {
      const weight = <f64>get<f32>(weights + (n << 2));
      // a sequence without weight may hold anything
      if (weight > 0) {
        const row = get4(source, count);
        const w = f64x2.splat(weight);
        sum01 = f64x2.add(sum01, f64x2.mul(w, f64x2.promote_low_f32x4(row)));
        sum23 = f64x2.add(sum23, f64x2.mul(w, f64x2.promote_low_f32x4(v128.shuffle<i32>(row, row, 2, 3, 2, 3))));
      }
      source += L << 2;
    }
    const divisor = f64x2.splat(total);
    const low = f32x4.demote_f64x2_zero(f64x2.div(sum01, divisor));
    const high = f32x4.demote_f64x2_zero(f64x2.div(sum23, divisor));
    put4(mean + (column << 2), v128.shuffle<i32>(low, high, 0, 1, 4, 5), count);
  }
  let squares: f64 = 0;
  for (let n: usize = 0; n < N; n++) {
    const weight = <f64>get<f32>(weights + (n << 2));
    squares += weight * weight;
  }
  return (total * total) / squares;
}
