// Float64 twins of the losses, for one member: plain formulas; their gradients are checked by central differences.

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** Log-variance between soft bounds. */
export function bounded(raw: number, max: number, min: number): number {
  const upper = max - softplus(max - raw);
  return min + softplus(upper - min);
}

/** Mean of (μ − y)² e^−lv + lv; `mean`, `raw`, `target` [rows · D], `max` and `min` [D]. */
export function gaussianNll(
  mean: ArrayLike<number>,
  raw: ArrayLike<number>,
  target: ArrayLike<number>,
  max: ArrayLike<number>,
  min: ArrayLike<number>,
): number {
  const D = max.length;
  let sum = 0;
  for (let i = 0; i < mean.length; i++) {
    const logvar = bounded(raw[i], max[i % D], min[i % D]);
    sum += (mean[i] - target[i]) ** 2 * Math.exp(-logvar) + logvar;
  }
  return sum / mean.length;
}

/** Mean of (out − y)². */
export function mse(out: ArrayLike<number>, target: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < out.length; i++) sum += (out[i] - target[i]) ** 2;
  return sum / out.length;
}
