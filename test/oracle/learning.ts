// Float64 twins of src/learning: advantages by their definition, surrogate objectives, conjugate gradients, a step of TRPO.

import { backward, fisher, flat, headOf, logProb, type PolicyTwin, score, withParameters } from "./policies.js";

export interface Steps {
  readonly T: number;
  readonly B: number;
  readonly reward: ArrayLike<number>;
  readonly value: ArrayLike<number>;
  readonly nextValue: ArrayLike<number>;
  readonly valid: ArrayLike<number>;
  readonly terminated: ArrayLike<number>;
  readonly ended: ArrayLike<number>;
}

/** A_t = Σ_k (γλ)^k δ_{t+k} up to the end of the episode: the sum itself, not the recursion. */
export function advantagesTwin(steps: Steps, gamma: number, lambda: number, bootstrap: boolean): Float64Array {
  const { T, B, reward, value, nextValue, valid, terminated, ended } = steps;
  const delta = (row: number): number => {
    const future = !terminated[row] && (bootstrap || !ended[row]);
    return reward[row] + (future ? gamma * nextValue[row] : 0) - value[row];
  };
  const out = new Float64Array(T * B);
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      let weight = 1;
      for (let k = t; k < T && valid[k * B + b]; k++) {
        out[t * B + b] += weight * delta(k * B + b);
        weight *= gamma * lambda;
        if (ended[k * B + b]) break;
      }
    }
  }
  return out;
}

/** Mean 0 and deviation 1 over valid rows. */
export function standardizedTwin(x: ArrayLike<number>, valid: ArrayLike<number>): Float64Array {
  const rows = Array.from(x).filter((_, i) => valid[i]);
  const mean = rows.reduce((a, b) => a + b, 0) / rows.length;
  const std = Math.sqrt(rows.reduce((a, b) => a + (b - mean) ** 2, 0) / rows.length);
  return Float64Array.from(x, (v, i) => (valid[i] ? (v - mean) / (std < 1e-8 ? 1 : std) : 0));
}

/** Objective, total weight, estimated divergence, share without gradient, and ∂objective/∂logProb; clip ∞ is TRPO's. */
export function surrogateTwin(
  logProb: ArrayLike<number>,
  old: ArrayLike<number>,
  advantage: ArrayLike<number>,
  w: ArrayLike<number>,
  clip: number,
) {
  const total = Array.from(w).reduce((a, b) => a + b, 0);
  const weights = new Float64Array(logProb.length);
  const sums = [0, total, 0, 0];
  for (let i = 0; i < logProb.length; i++) {
    if (w[i] === 0) continue;
    const exponent = logProb[i] - old[i];
    const bounded = Math.min(20, Math.max(-20, exponent));
    const ratio = Math.exp(bounded);
    const held = Math.min(1 + clip, Math.max(1 - clip, ratio)) * advantage[i];
    const stopped = held < ratio * advantage[i] || bounded !== exponent;
    const share = w[i] / total;
    sums[0] += share * Math.min(held, ratio * advantage[i]);
    sums[2] += share * (ratio - 1 - bounded);
    if (stopped) sums[3] += share;
    else weights[i] = share * ratio * advantage[i];
  }
  return { sums, weights };
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i], 0);

/** x after so many iterations of conjugate gradients from 0, as in a textbook; fewer where r is all rounding. */
export function cgTwin(product: (v: number[]) => number[], b: readonly number[], iterations: number): number[] {
  let x = b.map(() => 0);
  let r = [...b];
  let p = [...b];
  for (let k = 0; k < iterations && dot(r, r) > 1e-28 * dot(b, b); k++) {
    const z = product(p);
    const alpha = dot(r, r) / dot(p, z);
    x = x.map((value, i) => value + alpha * p[i]);
    const next = r.map((value, i) => value - alpha * z[i]);
    const beta = dot(next, next) / dot(r, r);
    p = next.map((value, i) => value + beta * p[i]);
    r = next;
  }
  return x;
}

/** The whole step of TRPO before its line search: gradient, direction, the length for KL = maxKl; and the product (F + damping) v. */
export function trpoTwin(
  twin: PolicyTwin,
  batch: { xs: readonly number[][]; us: readonly number[][]; old: ArrayLike<number>; advantage: ArrayLike<number> },
  w: readonly number[],
  options: { maxKl: number; damping: number; iterations: number },
) {
  const { xs, us, old, advantage } = batch;
  const heads = xs.map((x) => headOf(twin, x));
  const now = heads.map((h, i) => logProb(twin, h, us[i]));
  const { weights } = surrogateTwin(now, old, advantage, w, Infinity);
  const scores = heads.map((h, i) => score(twin, h, us[i], weights[i], 0));
  const gradient = flat(backward(twin, xs, scores).gradients);
  const product = (v: number[]): number[] => {
    const { mlp } = withParameters(twin, v);
    const tangent = { weights: mlp.weights as number[][][], biases: mlp.biases as number[][] };
    return flat(fisher(twin, xs, tangent, w)).map((value, i) => value + options.damping * v[i]);
  };
  const direction = cgTwin(product, gradient, options.iterations);
  const length = Math.sqrt((2 * options.maxKl) / dot(direction, product(direction)));
  return { gradient, direction, length, product };
}
