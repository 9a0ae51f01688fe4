// Vectors and lists of numbers of a run as its checkpoint keeps them (an empty vector stands for one that there is not yet), and
// their mean.

import { FormatError } from "../check.js";
import { metaField } from "../saved-state.js";
import type { NamedArray, SavedState, TypedArrays } from "../types.js";

/** A copy of `data` as it is saved; null as an empty vector. */
export function saveVector(dtype: "f32" | "f64", data: Float32Array | Float64Array | null): NamedArray {
  return { dtype, shape: [data?.length ?? 0], data: data?.slice() ?? new Float32Array() };
}

/** A saved vector of `size` elements, or an empty one; throws `FormatError` otherwise. */
export function savedVector<T extends "f32" | "f64">(
  state: SavedState,
  name: string,
  dtype: T,
  size: number,
): TypedArrays[T] {
  const array = Object.hasOwn(state.arrays, name) ? state.arrays[name] : undefined;
  if (array?.dtype !== dtype || (array.data.length !== size && array.data.length !== 0)) {
    throw new FormatError(`saved array "${name}" expected ${dtype}[${size}]`);
  }
  return array.data.slice() as TypedArrays[T];
}

/** Null for an empty vector. */
export function orNull(values: Float32Array): Float32Array | null {
  return values.length > 0 ? values : null;
}

/** A list of finite numbers in a state's meta; throws `FormatError` when it is none. */
export function savedNumbers(state: SavedState, name: string): number[] {
  const values = metaField(state, name);
  if (!Array.isArray(values) || !values.every(Number.isFinite)) throw new FormatError(`saved "${name}" is no list`);
  return [...(values as number[])];
}

/** The mean of some numbers; NaN of none. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
