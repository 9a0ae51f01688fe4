// Categorical heads, rows of n logits: one row at a time in float64. p_k = e^(l_k − m) / Σ e^(l_j − m), m the largest logit.

import { exp_f64, log_f64 } from "../math/scalar";
import { put } from "../memory";
import { at } from "./table";

// @ts-ignore: decorator
@inline
function put_at(row: usize, i: i32, value: f64): void {
  put<f32>(row + ((<usize>i) << 2), <f32>value);
}

/** Index of the largest logit, the first of equal ones. */
export function mode_of(head: usize, n: i32): i32 {
  let best = 0;
  for (let k = 1; k < n; ++k) if (at(head, k) > at(head, best)) best = k;
  return best;
}

// Σ e^(l − m)
// @ts-ignore: decorator
@inline
function total_of(head: usize, n: i32, m: f64): f64 {
  let sum: f64 = 0;
  for (let k = 0; k < n; ++k) sum += exp_f64(at(head, k) - m);
  return sum;
}

/** log Σ e^l: what turns logits into log-probabilities when it is taken off. */
// @ts-ignore: decorator
@inline
function log_total(head: usize, n: i32): f64 {
  const m = at(head, mode_of(head, n));
  return m + log_f64(total_of(head, n, m));
}

/** Inverse of the cumulative distribution at a uniform number in (0, 1); the mode where `noise` is 0. */
export function categorical_choice(head: usize, noise: usize, n: i32): i32 {
  const best = mode_of(head, n);
  if (!noise) return best;
  const m = at(head, best);
  let left = at(noise, 0) * total_of(head, n, m);
  for (let k = 0; k < n; ++k) {
    left -= exp_f64(at(head, k) - m);
    if (left < 0) return k;
  }
  // rounding ate the last sliver
  return best;
}

/** Index that a stored u stands for. */
// @ts-ignore: decorator
@inline
export function choice_at(raw: usize, n: i32): i32 {
  return max(0, min(n - 1, <i32>at(raw, 0)));
}

export function categorical_log_prob(head: usize, k: i32, n: i32): f64 {
  return at(head, k) - log_total(head, n);
}

export function categorical_entropy(head: usize, n: i32): f64 {
  const total = log_total(head, n);
  let sum: f64 = 0;
  for (let k = 0; k < n; ++k) {
    const logP = at(head, k) - total;
    sum -= exp_f64(logP) * logP;
  }
  return sum;
}

/** dh = weight · ∂ log p_chosen / ∂h + entropy · ∂ entropy / ∂h. */
export function categorical_score(dh: usize, head: usize, chosen: i32, n: i32, weight: f64, entropy: f64): void {
  const total = log_total(head, n);
  const H = categorical_entropy(head, n);
  for (let k = 0; k < n; ++k) {
    const logP = at(head, k) - total;
    const p = exp_f64(logP);
    put_at(dh, k, weight * ((k == chosen ? 1.0 : 0.0) - p) - entropy * p * (logP + H));
  }
}

/** KL(old ‖ present). */
export function categorical_kl(old: usize, head: usize, n: i32): f64 {
  const oldTotal = log_total(old, n);
  const total = log_total(head, n);
  let sum: f64 = 0;
  for (let k = 0; k < n; ++k) {
    const logP = at(old, k) - oldTotal;
    sum += exp_f64(logP) * (logP - (at(head, k) - total));
  }
  // rounding alone can make it negative
  return max<f64>(0, sum);
}

/** dh = scale · (diag(p) − p pᵀ) · t. */
export function categorical_fisher(dh: usize, t: usize, head: usize, n: i32, scale: f64): void {
  const total = log_total(head, n);
  let mean: f64 = 0;
  for (let k = 0; k < n; ++k) mean += exp_f64(at(head, k) - total) * at(t, k);
  for (let k = 0; k < n; ++k) put_at(dh, k, scale * exp_f64(at(head, k) - total) * (at(t, k) - mean));
}
