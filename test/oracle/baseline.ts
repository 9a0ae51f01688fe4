// Float64 twin of the linear baseline: features, and ridge regression by Gauss-Jordan elimination with pivots.

/** Features of one observation in step `time` of its episode. */
export function baselineFeatures(observation: readonly number[], time: number): number[] {
  const clipped = observation.map((o) => Math.min(10, Math.max(-10, o)));
  const tau = time / 100;
  return [...clipped, ...clipped.map((o) => o ** 2), tau, tau ** 2, tau ** 3, 1];
}

/** The w that minimizes Σ weight (w · φ − y)² + ridge ‖w‖². */
export function ridgeSolution(
  phis: readonly number[][],
  y: readonly number[],
  weight: readonly number[],
  ridge: number,
): number[] {
  const F = phis[0].length;
  const rows = Array.from({ length: F }, (_, i) => {
    const left = Array.from({ length: F }, (_, j) =>
      phis.reduce((sum, phi, r) => sum + weight[r] * phi[i] * phi[j], i === j ? ridge : 0),
    );
    return [...left, phis.reduce((sum, phi, r) => sum + weight[r] * phi[i] * y[r], 0)];
  });
  for (let i = 0; i < F; i++) {
    let pivot = i;
    for (let k = i; k < F; k++) if (Math.abs(rows[k][i]) > Math.abs(rows[pivot][i])) pivot = k;
    [rows[i], rows[pivot]] = [rows[pivot], rows[i]];
    for (let k = 0; k < F; k++) {
      if (k === i) continue;
      const factor = rows[k][i] / rows[i][i];
      for (let j = i; j <= F; j++) rows[k][j] -= factor * rows[i][j];
    }
  }
  return rows.map((row, i) => row[F] / row[i]);
}
