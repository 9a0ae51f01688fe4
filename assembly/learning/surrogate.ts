// What a likelihood-ratio update maximizes, from log-densities under the present and the collecting policy:
//   TRPO  L = Σ w ρ A / Σ w                                       (Schulman et al. 2015), ρ = exp(log π − log π_old)
//   PPO   L = Σ w min(ρ A, clamp(ρ, 1 − ε, 1 + ε) A) / Σ w        (Schulman et al. 2017)
// and the weights with which ∂ log π enters its gradient. The exponent is clamped to ±20, beyond which there is no gradient; one
// that is not finite is no number. Sums are float64, in blocks of BLOCK rows.

import { exp_f64 } from "../math/scalar";
import { get, put } from "../memory";

const BLOCK: i32 = 1024;
const MAX_EXPONENT: f64 = 20;

/**
 * sums [4] f64: L, Σ w, the mean of (ρ − 1) − log ρ (an estimate of the divergence from old to present), and the share of
 * rows whose ratio has no gradient. weights [n] f32 (0: not wanted): scale · ∂L/∂ log π. `clip` is PPO's ε, infinite for
 * TRPO. Rows with w = 0 are not looked at, and without any other all sums are 0.
 */
export function surrogate(
  sums: usize,
  weights: usize,
  logProb: usize,
  oldLogProb: usize,
  advantage: usize,
  w: usize,
  n: i32,
  clip: f64,
  scale: f64,
): void {
  let total: f64 = 0;
  for (let i: usize = 0; i < <usize>n; ++i) total += <f64>get<f32>(w + (i << 2));
  const inverse = total != 0 ? 1 / total : 0;
  let objective: f64 = 0;
  let divergence: f64 = 0;
  let clipped: f64 = 0;
  for (let from = 0; from < n; from += BLOCK) {
    let objectives: f64 = 0;
    let divergences: f64 = 0;
    let clips: f64 = 0;
    const to = min(n, from + BLOCK);
    for (let i = <usize>from; i < <usize>to; ++i) {
      const at = i << 2;
      const weight = <f64>get<f32>(w + at);
      if (weight == 0) {
        if (weights) put<f32>(weights + at, 0);
        continue;
      }
      let exponent = <f64>get<f32>(logProb + at) - <f64>get<f32>(oldLogProb + at);
      // no finite action has a density of 0: one that seems to is unsound
      if (exponent - exponent != 0) exponent = NaN;
      // a NaN fails both comparisons and goes through
      let bounded = exponent;
      if (exponent > MAX_EXPONENT) bounded = MAX_EXPONENT;
      if (exponent < -MAX_EXPONENT) bounded = -MAX_EXPONENT;
      const ratio = exp_f64(bounded);
      const a = <f64>get<f32>(advantage + at);
      const free = ratio * a;
      const held = (ratio > 1 + clip ? 1 + clip : ratio < 1 - clip ? 1 - clip : ratio) * a;
      const stopped = held < free || bounded != exponent;
      objectives += weight * (held < free ? held : free);
      divergences += weight * (ratio - 1 - bounded);
      if (stopped) clips += weight;
      if (weights) put<f32>(weights + at, stopped && exponent == exponent ? 0 : <f32>(scale * inverse * weight * free));
    }
    objective += objectives;
    divergence += divergences;
    clipped += clips;
  }
  put<f64>(sums, objective * inverse);
  put<f64>(sums + 8, total);
  put<f64>(sums + 16, divergence * inverse);
  put<f64>(sums + 24, clipped * inverse);
}
