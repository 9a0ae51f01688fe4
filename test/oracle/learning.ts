// Float64 twins of src/learning: advantages by their definition, surrogate objectives, conjugate gradients.

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
