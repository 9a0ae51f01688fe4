// What a list of figures comes to, over seeds or over samples.

export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Standard deviation of a sample. */
export function deviation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(values.reduce((a, b) => a + (b - center) ** 2, 0) / Math.max(1, values.length - 1));
}

/** The one in the middle, or between the two there. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** "mean ± standard deviation", the deviation that of a sample. */
export function meanAndSpread(values: readonly number[], digits = 1): string {
  return `${mean(values).toFixed(digits)} ± ${deviation(values).toFixed(digits)}`;
}
