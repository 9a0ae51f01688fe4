// Saved states of parts nested into the state of a whole, and taken apart again: the arrays of part `model` are
// named `model.…`, its meta stands under `model`.

import { FormatError } from "./check.js";
import type { DType, Json, NamedArray, SavedState, TypedArrays } from "./types.js";
import type { Tensor } from "./wasm/tensor.js";

/** One state out of the states of named parts and the meta of the whole. */
export function joinStates(
  meta: Readonly<Record<string, Json>>,
  parts: Readonly<Record<string, SavedState>>,
): SavedState {
  const joined: Record<string, Json> = { ...meta };
  const arrays: Record<string, NamedArray> = {};
  for (const [name, part] of Object.entries(parts)) {
    joined[name] = part.meta;
    for (const [key, array] of Object.entries(part.arrays)) arrays[`${name}.${key}`] = array;
  }
  return { meta: joined, arrays };
}

/** The state of one part of a joined state; throws `FormatError` when it is missing. */
export function partState(state: SavedState, name: string): SavedState {
  const meta = metaField(state, name);
  const prefix = `${name}.`;
  const arrays: Record<string, NamedArray> = {};
  for (const [key, array] of Object.entries(state.arrays)) {
    if (key.startsWith(prefix)) arrays[key.slice(prefix.length)] = array;
  }
  return { meta, arrays };
}

/** A field of a state's meta; throws `FormatError` when it is missing. */
export function metaField(state: SavedState, name: string): Json {
  const meta = state.meta;
  if (meta === null || typeof meta !== "object" || Array.isArray(meta) || !Object.hasOwn(meta, name)) {
    throw new FormatError(`saved state lacks "${name}"`);
  }
  return (meta as Record<string, Json>)[name] as Json;
}

/** A finite number in a state's meta. */
export function metaNumber(state: SavedState, name: string): number {
  const value = metaField(state, name);
  if (typeof value !== "number" || !Number.isFinite(value)) throw new FormatError(`saved "${name}" is not a number`);
  return value;
}

/** A number of things in a state's meta. */
export function metaCount(state: SavedState, name: string): number {
  const value = metaNumber(state, name);
  if (!Number.isSafeInteger(value) || value < 0) throw new FormatError(`saved "${name}" is not a count`);
  return value;
}

/** A copy of a tensor as it is saved; `count` keeps only so many leading elements, as a vector. */
export function saveTensor<T extends DType>(tensor: Tensor<T>, count = tensor.size): NamedArray {
  const data = tensor.read();
  if (count === tensor.size) return { dtype: tensor.dtype, shape: tensor.shape, data };
  return { dtype: tensor.dtype, shape: [count], data: data.slice(0, count) as TypedArrays[T] };
}

/** The saved array that a tensor, or `count` leading elements of it, can take over; throws `FormatError` when there is none. */
export function savedArray(tensor: Tensor<DType>, state: SavedState, name: string, count = tensor.size): NamedArray {
  const array = Object.hasOwn(state.arrays, name) ? state.arrays[name] : undefined;
  if (array === undefined) throw new FormatError(`saved state lacks array "${name}"`);
  if (array.dtype !== tensor.dtype || array.data.length !== count) {
    throw new FormatError(
      `saved array "${name}" expected ${tensor.dtype}[${count}], got ${array.dtype}[${array.data.length}]`,
    );
  }
  return array;
}

/** Writes a saved array into a tensor of the same type and size; the rest of a larger tensor stays when `count` is given. */
export function loadTensor(tensor: Tensor<DType>, state: SavedState, name: string, count = tensor.size): void {
  tensor.view.set(savedArray(tensor, state, name, count).data as never);
}
