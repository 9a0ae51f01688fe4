// Float64 twins of the kernels of assembly/models and assembly/data: features, heads, particles.

/** Standardized features; `table` holds pairs (0 copy, 1 sine, 2 cosine, 3 action; source column). */
export function features(
  observation: readonly number[][],
  action: readonly number[][],
  table: readonly (readonly [number, number])[],
  mean: ArrayLike<number>,
  inverseStd: ArrayLike<number>,
): number[][] {
  return observation.map((row, r) =>
    table.map(([op, column], j) => {
      const source = op === 3 ? action[r][column] : row[column];
      const value = op === 1 ? Math.sin(source) : op === 2 ? Math.cos(source) : source;
      return (value - mean[j]) * inverseStd[j];
    }),
  );
}

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** Log-variance between soft bounds. */
export function boundedLogvar(raw: number, max: number, min: number): number {
  const upper = max - softplus(max - raw);
  return min + softplus(upper - min);
}

/** shift + scale · (mean + σ · noise) of one output row [mean T | raw log-variance T]. */
export function headSample(
  output: ArrayLike<number>,
  noise: ArrayLike<number>,
  bounds: { max: ArrayLike<number>; min: ArrayLike<number> },
  shift: ArrayLike<number>,
  scale: ArrayLike<number>,
): number[] {
  const T = shift.length;
  return Array.from({ length: T }, (_, c) => {
    const std = Math.exp(boundedLogvar(output[T + c], bounds.max[c], bounds.min[c]) / 2);
    return shift[c] + scale[c] * (output[c] + std * noise[c]);
  });
}

/** Mean, aleatoric and epistemic variance of one row over the members' output rows. */
export function headMoments(
  outputs: readonly ArrayLike<number>[],
  bounds: { max: ArrayLike<number>; min: ArrayLike<number> },
  shift: ArrayLike<number>,
  scale: ArrayLike<number>,
  probabilistic: boolean,
): { mean: number[]; aleatoric: number[]; epistemic: number[] } {
  const T = shift.length;
  const average = (f: (output: ArrayLike<number>) => number) => outputs.reduce((s, o) => s + f(o), 0) / outputs.length;
  const columns = Array.from({ length: T }, (_, c) => {
    const mean = average((o) => o[c]);
    return {
      mean: shift[c] + scale[c] * mean,
      aleatoric: probabilistic
        ? scale[c] ** 2 * average((o) => Math.exp(boundedLogvar(o[T + c], bounds.max[c], bounds.min[c])))
        : 0,
      epistemic: scale[c] ** 2 * average((o) => (o[c] - mean) ** 2),
    };
  });
  return {
    mean: columns.map((c) => c.mean),
    aleatoric: columns.map((c) => c.aleatoric),
    epistemic: columns.map((c) => c.epistemic),
  };
}

/** Row of particle q of member e of sequence n. */
export function particleRow(e: number, n: number, q: number, N: number, Q: number): number {
  return (e * N + n) * Q + q;
}

/** Mean over particles + risk · std over members of the members' means, for each of N sequences. */
export function particleReturns(total: ArrayLike<number>, risk: number, E: number, N: number, Q: number): number[] {
  return Array.from({ length: N }, (_, n) => {
    const members = Array.from({ length: E }, (_, e) => {
      let sum = 0;
      for (let q = 0; q < Q; q++) sum += total[particleRow(e, n, q, N, Q)];
      return sum / Q;
    });
    const mean = members.reduce((a, b) => a + b, 0) / E;
    const variance = members.reduce((a, b) => a + (b - mean) ** 2, 0) / E;
    return mean + risk * Math.sqrt(variance);
  });
}
