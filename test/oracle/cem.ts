// Float64 twins of the planning kernels: plain loops over plain arrays.

/** mean + σz with σ limited by the distances to the bounds. Rows of `L` columns. */
export function sampleTruncated(
  noise: ArrayLike<number>,
  mean: ArrayLike<number>,
  variance: ArrayLike<number>,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
): number[] {
  const L = mean.length;
  return Array.from(noise, (z, i) => {
    const c = i % L;
    const deviation = Math.min(Math.sqrt(variance[c]), (mean[c] - low[c]) / 2, (high[c] - mean[c]) / 2);
    return Math.min(Math.max(mean[c] + deviation * z, low[c]), high[c]);
  });
}

/** clip(mean + √variance · z). */
export function sampleClipped(
  noise: ArrayLike<number>,
  mean: ArrayLike<number>,
  variance: ArrayLike<number>,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
): number[] {
  const L = mean.length;
  return Array.from(noise, (z, i) => {
    const c = i % L;
    return Math.min(Math.max(mean[c] + Math.sqrt(variance[c]) * z, low[c]), high[c]);
  });
}

/** Positions of the best `K` finite returns, best first, ties by position. */
export function select(returns: ArrayLike<number>, K: number): number[] {
  const finite = Array.from(returns, (value, index) => ({ value, index })).filter(({ value }) =>
    Number.isFinite(value),
  );
  finite.sort((a, b) => b.value - a.value || a.index - b.index);
  return finite.slice(0, K).map(({ index }) => index);
}

/** Mean and variance of the rows `elites` of `actions`, blended with the old ones, which weigh `alpha`. */
export function refit(
  mean: ArrayLike<number>,
  variance: ArrayLike<number>,
  actions: ArrayLike<number>,
  elites: readonly number[],
  alpha: number,
): { mean: number[]; variance: number[] } {
  const L = mean.length;
  const next = { mean: Array.from(mean), variance: Array.from(variance) };
  for (let c = 0; c < L && elites.length > 0; c++) {
    const column = elites.map((row) => actions[row * L + c]);
    const average = column.reduce((sum, x) => sum + x, 0) / column.length;
    const spread = column.reduce((sum, x) => sum + (x - average) ** 2, 0) / column.length;
    next.mean[c] = alpha * mean[c] + (1 - alpha) * average;
    next.variance[c] = alpha * variance[c] + (1 - alpha) * spread;
  }
  return next;
}

/** Largest variance as a fraction of the squared half width of the bounds. */
export function widest(variance: ArrayLike<number>, low: ArrayLike<number>, high: ArrayLike<number>): number {
  return Array.from(variance, (v, c) => (high[c] > low[c] ? v / ((high[c] - low[c]) / 2) ** 2 : 0)).reduce(
    (a, b) => Math.max(a, b),
    0,
  );
}

/** noise [N, A, H] to series along time with power spectrum 1/f^β and variance 1, [N, H, A]. */
export function colored(noise: ArrayLike<number>, N: number, H: number, A: number, beta: number): number[] {
  const strengths = Array.from({ length: H }, (_, j) => Math.max(Math.ceil(j / 2), 1) ** (-beta / 2));
  const power = strengths.reduce((sum, w) => sum + w * w, 0);
  const basis = (j: number, t: number): number => {
    const k = Math.ceil(j / 2);
    const angle = (2 * Math.PI * k * t) / H;
    if (k === 0 || 2 * k === H) return Math.cos(angle);
    return Math.SQRT2 * (j % 2 === 1 ? Math.cos(angle) : Math.sin(angle));
  };
  const out: number[] = [];
  for (let n = 0; n < N; n++) {
    for (let t = 0; t < H; t++) {
      for (let a = 0; a < A; a++) {
        let sum = 0;
        for (let j = 0; j < H; j++) sum += strengths[j] * basis(j, t) * noise[(n * A + a) * H + j];
        out.push(sum / Math.sqrt(power));
      }
    }
  }
  return out;
}

/** noise [N, H, A] to n_t = β·u_t + (1 − β)·n_{t−1}. */
export function filtered(noise: ArrayLike<number>, H: number, A: number, beta: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < noise.length; i++) {
    const first = Math.floor(i / A) % H === 0;
    out.push(beta * noise[i] + (1 - beta) * (first ? 0 : out[i - A]));
  }
  return out;
}

/** Weights exp(γ·(R − max R)) of the finite returns, 0 of the others. */
export function rewardWeights(returns: ArrayLike<number>, gamma: number): number[] {
  const best = Math.max(...Array.from(returns).filter(Number.isFinite));
  return Array.from(returns, (value) => (Number.isFinite(value) ? Math.exp(gamma * (value - best)) : 0));
}

/** Mean of rows of `L` columns. */
export function weightedMean(weights: readonly number[], actions: ArrayLike<number>, L: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from({ length: L }, (_, c) => {
    return weights.reduce((sum, weight, n) => (weight > 0 ? sum + weight * actions[n * L + c] : sum), 0) / total;
  });
}
