// Random draws for states and mutations, order statistics, and the two-sample Kolmogorov-Smirnov test.
import { generator } from "../../support/numbers.js";

export interface Random {
  /** In [0, 1). */
  next(): number;
  /** In [low, high). */
  uniform(low: number, high: number): number;
  normal(): number;
  /** In 0 … n − 1. */
  index(n: number): number;
}

export function randomOf(seed: number): Random {
  const draw = generator(seed);
  const next = () => (draw() + 1) / 2;
  return {
    next,
    uniform: (low, high) => low + (high - low) * next(),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    index: (n) => Math.floor(n * next()),
  };
}

/** The element below which a fraction p of the values lies: the smallest value that at least p · n of them do not exceed. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]!;
}

export const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Of the mean of the values. */
export function standardError(values: readonly number[]): number {
  const middle = mean(values);
  const squares = values.reduce((sum, x) => sum + (x - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/**
 * Probability that two samples of one distribution differ at least as much as `a` and `b` do, by the largest distance of
 * their empirical distributions (asymptotic, with Stephens' correction for small samples). Values within `tolerance` count as
 * equal, so that rounding does not tell two constants apart.
 */
export function kolmogorovSmirnov(a: readonly number[], b: readonly number[], tolerance = 0): number {
  const below = (values: readonly number[], x: number) =>
    values.filter((value) => value <= x + tolerance).length / values.length;
  const distance = Math.max(...[...a, ...b].map((x) => Math.abs(below(a, x) - below(b, x))));
  const root = Math.sqrt((a.length * b.length) / (a.length + b.length));
  const lambda = (root + 0.12 + 0.11 / root) * distance;
  // below this the alternating sum converges too slowly, and the probability is 1 to nine digits
  if (lambda < 0.2) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) sum += 2 * (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * k * k * lambda * lambda);
  return Math.min(1, Math.max(0, sum));
}
