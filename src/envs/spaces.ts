// Spaces: what observations and actions may be. A box is a range per element; a discrete space is a run of integers.

import { checkInteger, checkShape, wrongKind, wrongValue } from "../check.js";
import type { Box, Discrete, Space } from "../types.js";

/**
 * A box. Bounds are one number for all elements or one per element (row-major), ±Infinity where there is none.
 * `shape` defaults to the length of the bounds, as a vector. Bounds are kept as f32.
 */
export function box(
  low: number | ArrayLike<number>,
  high: number | ArrayLike<number>,
  shape: readonly number[] = [boundCount(low) ?? boundCount(high) ?? 1],
): Box {
  const size = checkShape("box", "shape", shape);
  const space: Box = {
    kind: "box",
    low: bounds("low", low, size),
    high: bounds("high", high, size),
    shape: [...shape],
  };
  for (let i = 0; i < size; i++) {
    if (!(space.low[i] <= space.high[i])) wrongValue("box", `high[${i}]`, `at least ${space.low[i]}`, space.high[i]);
  }
  return space;
}

/** The integers `start … start + n − 1`. */
export function discrete(n: number, start = 0): Discrete {
  checkInteger("discrete", "n", n, 1);
  checkInteger("discrete", "start", start, -(2 ** 31), 2 ** 31 - n);
  return { kind: "discrete", n, start };
}

/** Elements of one point of a space. */
export function spaceSize(space: Space): number {
  return space.kind === "box" ? space.low.length : 1;
}

/** True if `value` lies in `space`: a number for a discrete space, as many numbers as elements for a box. NaN is in none. */
export function contains(space: Space, value: number | ArrayLike<number>): boolean {
  if (space.kind === "discrete") {
    return Number.isInteger(value) && (value as number) >= space.start && (value as number) < space.start + space.n;
  }
  if (typeof value === "number" || value.length !== space.low.length) return false;
  for (let i = 0; i < value.length; i++) if (!(value[i] >= space.low[i] && value[i] <= space.high[i])) return false;
  return true;
}

/** The space of `batch` points at once: a box with one more dimension in front; for a discrete space, whose points are integers of it. */
export function batchBox(space: Space, batch: number): Box {
  if (space.kind === "discrete") return box(space.start, space.start + space.n - 1, [batch]);
  const repeat = (values: Float32Array) =>
    Float32Array.from({ length: batch * values.length }, (_, i) => values[i % values.length]);
  return { kind: "box", low: repeat(space.low), high: repeat(space.high), shape: [batch, ...space.shape] };
}

function boundCount(bound: number | ArrayLike<number>): number | undefined {
  return typeof bound === "number" ? undefined : bound.length;
}

function bounds(name: string, bound: number | ArrayLike<number>, size: number): Float32Array {
  if (typeof bound !== "number" && (typeof bound !== "object" || typeof bound?.length !== "number")) {
    wrongKind("box", name, "a number or an array of numbers", bound);
  }
  if (typeof bound !== "number" && bound.length !== size) wrongValue("box", name, `${size} numbers`, bound);
  const values = Float32Array.from({ length: size }, (_, i) => (typeof bound === "number" ? bound : bound[i]));
  for (let i = 0; i < size; i++) if (Number.isNaN(values[i])) wrongValue("box", `${name}[${i}]`, "a number", values[i]);
  return values;
}
