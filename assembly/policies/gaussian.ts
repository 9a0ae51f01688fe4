// Diagonal Gaussian heads, rows [mean A | log σ A]: one row at a time in float64, the row's numbers in float32. log σ is
// clamped to [−5, 2] where it is used, with gradient 0 outside. Squashing by tanh shifts the log-density by a function of u
// alone, so scores, KL and Fisher matrix are those of the Gaussian; so is the entropy, by convention: that of the squashed
// distribution has no closed form.

import { exp_f64 } from "../math/scalar";
import { put } from "../memory";
import { env_action, env_action_slope, log_tanh_slope } from "./action";
import { at, Kind } from "./table";

const LOWEST: f64 = -5;
const HIGHEST: f64 = 2;
// ½ ln 2π
const HALF_LOG_TAU: f64 = 0.9189385332046727;

/** log σ as it is used. */
// @ts-ignore: decorator
@inline
export function log_std(head: usize, A: i32, a: i32): f64 {
  return max<f64>(LOWEST, min<f64>(HIGHEST, at(head, A + a)));
}

/** 1 where log σ is not clamped, else 0. */
// @ts-ignore: decorator
@inline
function unclamped(head: usize, A: i32, a: i32): f64 {
  const value = at(head, A + a);
  return value < LOWEST || value > HIGHEST ? 0 : 1;
}

/** u, rounded to f32 as it is stored: mean + σ · noise, or the mean where `noise` is 0. */
// @ts-ignore: decorator
@inline
function sampled(head: usize, noise: usize, kind: i32, A: i32, a: i32): f64 {
  const mean = at(head, a);
  if (!noise || kind == Kind.deterministic) return mean;
  return <f64>(<f32>(mean + exp_f64(log_std(head, A, a)) * at(noise, a)));
}

// @ts-ignore: decorator
@inline
function put_at(row: usize, i: i32, value: f64): void {
  put<f32>(row + ((<usize>i) << 2), <f32>value);
}

/** action and u (addresses, 0: not wanted) of one row. */
export function gaussian_act(
  policy: usize,
  kind: i32,
  action: usize,
  raw: usize,
  head: usize,
  noise: usize,
  A: i32,
): void {
  for (let a = 0; a < A; ++a) {
    const u = sampled(head, noise, kind, A, a);
    if (raw) put_at(raw, a, u);
    if (action) put_at(action, a, env_action(policy, kind, a, u));
  }
}

/** Log-density of u; of tanh(u) when squashed. */
export function gaussian_log_prob(kind: i32, head: usize, raw: usize, A: i32): f64 {
  let sum: f64 = 0;
  for (let a = 0; a < A; ++a) {
    const logStd = log_std(head, A, a);
    const u = at(raw, a);
    const z = (u - at(head, a)) * exp_f64(-logStd);
    sum -= 0.5 * z * z + logStd + HALF_LOG_TAU;
    if (kind == Kind.squashed) sum -= log_tanh_slope(u);
  }
  return sum;
}

/** Entropy of u. */
export function gaussian_entropy(head: usize, A: i32): f64 {
  let sum: f64 = 0;
  for (let a = 0; a < A; ++a) sum += log_std(head, A, a) + 0.5 + HALF_LOG_TAU;
  return sum;
}

/** dh = weight · ∂ log-density / ∂h + entropy · ∂ entropy / ∂h. With weight 0, u is not read. */
export function gaussian_score(dh: usize, head: usize, raw: usize, A: i32, weight: f64, entropy: f64): void {
  for (let a = 0; a < A; ++a) {
    const inverse = exp_f64(-log_std(head, A, a));
    const z = weight != 0 ? (at(raw, a) - at(head, a)) * inverse : 0;
    put_at(dh, a, weight * z * inverse);
    put_at(dh, A + a, (weight * (z * z - 1) + entropy) * unclamped(head, A, a));
  }
}

/** KL(old ‖ present). */
export function gaussian_kl(old: usize, head: usize, A: i32): f64 {
  let sum: f64 = 0;
  for (let a = 0; a < A; ++a) {
    const logStd = log_std(head, A, a);
    const d = log_std(old, A, a) - logStd;
    const z = (at(old, a) - at(head, a)) * exp_f64(-logStd);
    // rounding alone can make it negative
    sum += max<f64>(0, 0.5 * (z * z + exp_f64(2 * d) - 1) - d);
  }
  return sum;
}

/** dh = scale · F · t with the Fisher matrix of (mean, log σ): diag(1 / σ², 2). */
export function gaussian_fisher(dh: usize, t: usize, head: usize, A: i32, scale: f64): void {
  for (let a = 0; a < A; ++a) {
    put_at(dh, a, scale * at(t, a) * exp_f64(-2 * log_std(head, A, a)));
    put_at(dh, A + a, 2 * scale * at(t, A + a) * unclamped(head, A, a));
  }
}

/** dh from the gradient g of the environment's action, the noise held fast. */
export function gaussian_action_vjp(
  policy: usize,
  kind: i32,
  dh: usize,
  g: usize,
  head: usize,
  noise: usize,
  A: i32,
): void {
  for (let a = 0; a < A; ++a) {
    const u = sampled(head, noise, kind, A, a);
    const du = at(g, a) * env_action_slope(policy, kind, a, u);
    put_at(dh, a, du);
    if (kind == Kind.deterministic) continue;
    const drawn = noise ? at(noise, a) * exp_f64(log_std(head, A, a)) : 0;
    put_at(dh, A + a, du * drawn * unclamped(head, A, a));
  }
}
