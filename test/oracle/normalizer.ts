// Float64 twin of the normalizer: mean and deviation of all rows at once, in two passes.

export function statistics(rows: ArrayLike<number>, D: number): { mean: Float64Array; std: Float64Array } {
  const n = rows.length / D;
  const mean = new Float64Array(D);
  const std = new Float64Array(D);
  for (let d = 0; d < D; d++) {
    for (let r = 0; r < n; r++) mean[d] += rows[r * D + d] / n;
    for (let r = 0; r < n; r++) std[d] += (rows[r * D + d] - mean[d]) ** 2 / n;
    std[d] = Math.sqrt(std[d]);
  }
  return { mean, std };
}
