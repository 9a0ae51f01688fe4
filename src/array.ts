// Arrays as callers give them, packed to row-major float32 or float64. Contiguous and strided inputs meet here, once per call.

import { checkShape, describe, wrongKind, wrongValue } from "./check.js";
import type { NumericInput, StridedView } from "./types.js";

/**
 * The numbers of `input` as row-major float32 of the given shape, in `out` if given. Flat arrays must hold exactly the
 * shape's elements; strided views (an `ndarray` as it is: transposed, stepped, offset, reversed) must have the shape and
 * stay within their data. Without `out`, a Float32Array of the right length is returned itself and not copied, so callers
 * that keep or change the result pass `out`. `out` must not overlap a strided input.
 * Throws `TypeError` for what holds no numbers and `RangeError` for a wrong shape.
 */
export function toFloat32(
  op: string,
  name: string,
  input: NumericInput,
  shape: readonly number[],
  out?: Float32Array,
): Float32Array {
  const size = sizeOf(shape);
  if (out === undefined && input instanceof Float32Array && input.length === size) return input;
  return fill(op, name, input, shape, out ?? new Float32Array(size));
}

/** The same as row-major float64. */
export function toFloat64(
  op: string,
  name: string,
  input: NumericInput,
  shape: readonly number[],
  out?: Float64Array,
): Float64Array {
  const size = sizeOf(shape);
  if (out === undefined && input instanceof Float64Array && input.length === size) return input;
  return fill(op, name, input, shape, out ?? new Float64Array(size));
}

/** Writes the numbers of `input`, of the given shape, to `out`, and returns `out`; allocates nothing for flat arrays. */
export function fill<Out extends Float32Array | Float64Array>(
  op: string,
  name: string,
  input: NumericInput,
  shape: readonly number[],
  out: Out,
): Out {
  const size = sizeOf(shape);
  if (out.length !== size) wrongValue(op, "out", `${size} elements`, out);
  if (input instanceof Float32Array || input instanceof Float64Array) {
    if (input.length !== size) wrongShape(op, name, shape, [input.length]);
    out.set(input);
    return out;
  }
  if (Array.isArray(input)) {
    if (input.length !== size) wrongShape(op, name, shape, [input.length]);
    checkNumbers(op, name, input);
    out.set(input);
    return out;
  }
  const view = checkView(op, name, input as StridedView);
  if (!sameShape(view.shape, shape)) wrongShape(op, name, shape, view.shape);
  if (size > 0) pack(out, view);
  return out;
}

function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}

function wrongShape(op: string, name: string, expected: readonly number[], got: readonly number[]): never {
  throw new RangeError(`${op}: "${name}" expected shape [${expected.join(", ")}], got [${got.join(", ")}]`);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

function checkNumbers(op: string, name: string, values: ArrayLike<unknown>): void {
  for (let i = 0; i < values.length; i++) {
    if (typeof values[i] !== "number") wrongKind(op, `${name}[${i}]`, "a number", values[i]);
  }
}

// fills in the defaults of a view, and refuses one that would read outside its data
function checkView(op: string, name: string, input: StridedView): Required<StridedView> {
  const kinds = "numbers (Float32Array, Float64Array, number[], or a strided view)";
  if (input === null || typeof input !== "object" || !("data" in input && "shape" in input)) {
    wrongKind(op, name, kinds, input);
  }
  const { data, shape, offset = 0 } = input;
  const typed = ArrayBuffer.isView(data) && !(data instanceof DataView);
  if (!(typed || Array.isArray(data))) wrongKind(op, `${name}.data`, "a typed array or number[]", data);
  if (Array.isArray(data)) checkNumbers(op, `${name}.data`, data);
  else if (data instanceof BigInt64Array || data instanceof BigUint64Array) wrongKind(op, `${name}.data`, kinds, data);
  const size = checkShape(op, `${name}.shape`, shape);
  const stride = input.stride ?? rowMajor(shape);
  if (!(Array.isArray(stride) && stride.length === shape.length && stride.every(Number.isSafeInteger))) {
    throw new RangeError(`${op}: "${name}.stride" expected ${shape.length} integers, got ${describe(stride)}`);
  }
  if (!Number.isSafeInteger(offset)) wrongValue(op, `${name}.offset`, "an integer", offset);
  let low = offset;
  let high = offset;
  for (let i = 0; i < shape.length; i++) {
    const reach = ((shape[i] as number) - 1) * (stride[i] as number);
    if (reach < 0) low += reach;
    else high += reach;
  }
  if (size > 0 && !(low >= 0 && high < data.length)) {
    throw new RangeError(`${op}: "${name}" reaches elements ${low} to ${high} of data with ${data.length} elements`);
  }
  return { data, shape, stride, offset };
}

function rowMajor(shape: readonly number[]): number[] {
  const stride = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    stride[i] = step;
    step *= shape[i] as number;
  }
  return stride;
}

// runs along the last axis in the inner loop and counts the others like an odometer
function pack(out: Float32Array | Float64Array, { data, shape, stride, offset }: Required<StridedView>): void {
  const last = shape.length - 1;
  const inner = last < 0 ? 1 : (shape[last] as number);
  const step = last < 0 ? 0 : (stride[last] as number);
  const index = new Array<number>(Math.max(last, 0)).fill(0);
  let row = offset;
  for (let o = 0; o < out.length; o += inner) {
    for (let i = 0, at = row; i < inner; i++, at += step) out[o + i] = data[at] as number;
    for (let axis = last - 1; axis >= 0; axis--) {
      row += stride[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      row -= (shape[axis] as number) * (stride[axis] as number);
      index[axis] = 0;
    }
  }
}

/** n of an input [n, width], whatever its form. Throws `RangeError` when it is no whole number of rows, at least one. */
export function rowCount(op: string, name: string, input: NumericInput, width: number): number {
  if (input === null || typeof input !== "object") wrongKind(op, name, "numbers", input);
  const length = "shape" in input ? input.shape.reduce((product, n) => product * n, 1) : input.length;
  const rows = length / width;
  if (!Number.isInteger(rows) || rows < 1) wrongValue(op, name, `rows of ${width} numbers`, `${length} numbers`);
  return rows;
}

/** N, H and A of the arguments of `Rollout.returns`: actions [N, H, A], out [N]. */
export function rolloutSizes(
  op: string,
  A: number,
  actions: { readonly shape: readonly number[] },
  out: { readonly shape: readonly number[]; readonly size: number },
): { N: number; H: number; A: number } {
  checkShape(op, "actions", actions.shape);
  const [N, H] = actions.shape;
  if (actions.shape.length !== 3 || actions.shape[2] !== A) {
    wrongValue(op, "actions", `shape [N, H, ${A}]`, actions.shape.join(" × "));
  }
  if (out.size !== N) wrongValue(op, "out", `shape [${N}]`, out.shape.join(" × "));
  return { N, H, A };
}
