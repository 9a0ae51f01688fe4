// How a figure over seeds is reported.

/** "mean ± standard deviation", the deviation that of a sample. */
export function meanAndSpread(values: readonly number[], digits = 1): string {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return `${mean.toFixed(digits)} ± ${Math.sqrt(variance).toFixed(digits)}`;
}
