// Float64 twins of what actor and critics learn from replayed transitions, a row at a time, as in the papers.

const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

/** y = clip(r + γ (1 − d) min_k Q_k, [low, high]); the value of what terminated is not looked at. */
export function oneStepTwin(
  reward: number,
  terminated: boolean,
  values: readonly number[],
  gamma: number,
  [low, high]: readonly [number, number] = [-Infinity, Infinity],
): number {
  return clamp(terminated ? reward : reward + gamma * Math.min(...values), low, high);
}

/** Σ w (q − y)² / Σ w of one critic. */
export function criticLossTwin(
  values: readonly number[],
  targets: readonly number[],
  weights: readonly number[],
): number {
  const total = weights.reduce((sum, w) => sum + w, 0);
  return values.reduce((sum, q, r) => sum + (weights[r] === 0 ? 0 : weights[r] * (q - targets[r]) ** 2), 0) / total;
}

/** Mean of −Q + penalty · mean square of the scaled actions. */
export function actorLossTwin(
  values: readonly number[],
  scaled: readonly (readonly number[])[],
  penalty: number,
): number {
  const squares = scaled.flat().map((x) => x * x);
  const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  return -mean(values) + penalty * mean(squares);
}

/** Action with noise: a + half · clip(σ ε, ±limit), within its range. */
export function noisyTwin(
  a: number,
  noise: number,
  half: number,
  low: number,
  high: number,
  sigma: number,
  limit: number,
) {
  return clamp(a + half * clamp(sigma * noise, -limit, limit), low, high);
}

/** The row whose goal `row` gets: of the rest of its episode, step by step, the one that u in (0, 1) chooses. */
export function hindsightTwin(row: number, follower: ArrayLike<number>, u: number): number {
  const rest = restOfEpisode(row, follower);
  return rest[Math.floor(u * rest.length)];
}

/** Rows of the same episode from `row` on, by the links from row to row. */
export function restOfEpisode(row: number, follower: ArrayLike<number>): number[] {
  const rest: number[] = [];
  for (let r = row; r >= 0; r = follower[r]) rest.push(r);
  return rest;
}
