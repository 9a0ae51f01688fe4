// The range of each element of an environment's action, as kernels read it.

import type { Box, Discrete } from "../types.js";

/**
 * Low, high, center and half of each element of a box, center 0 and half 1 where it has no range; nothing of the kind for indices.
 * @internal
 */
export function actionRanges(space: Box | Discrete): [Float32Array, Float32Array, Float32Array, Float32Array] {
  const [zero, one] = [Float32Array.of(0), Float32Array.of(1)];
  if (space.kind === "discrete") return [zero, zero, zero, one];
  const { low, high } = space;
  const bounded = low.map((value, i) => Number(Number.isFinite(value) && Number.isFinite(high[i])));
  const center = low.map((value, i) => (bounded[i] ? (value + high[i]) / 2 : 0));
  const half = low.map((value, i) => (bounded[i] ? (high[i] - value) / 2 : 1));
  return [low, high, center, half];
}
