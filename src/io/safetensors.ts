// safetensors: u64 length of the header, a JSON header {name: {dtype, shape, data_offsets}}, then the raw numbers, all
// little-endian. The reader trusts nothing: every declared size is checked against the bytes at hand before anything is
// allocated. Assumes a little-endian host, as every engine with WebAssembly SIMD is.

import * as v from "valibot";
import { checkShape, FormatError, LimitError, wrongKind, wrongValue } from "../check.js";
import type { DType, NamedArray, TypedArrays } from "../types.js";
import { decodeUtf8, isReservedKey, parseJson } from "./json.js";

const MAX_HEADER_BYTES = 2 ** 20;
const MAX_TENSORS = 10_000;
const MAX_RANK = 8;
const MAX_NAME_BYTES = 256;
/** Bytes that are read unless the caller sets `maxBytes`. */
export const DEFAULT_MAX_BYTES = 2 ** 30;

type Code = "F32" | "F64" | "I32" | "U32" | "U8";

const codes: Record<DType, Code> = { f32: "F32", f64: "F64", i32: "I32", u32: "U32", u8: "U8" };
const dtypes: Record<Code, DType> = { F32: "f32", F64: "f64", I32: "i32", U32: "u32", U8: "u8" };
const constructors = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u32: Uint32Array, u8: Uint8Array };

const naturalNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const entrySchema = v.strictObject({
  dtype: v.picklist(["F32", "F64", "I32", "U32", "U8"]),
  shape: v.pipe(v.array(naturalNumber), v.maxLength(MAX_RANK)),
  data_offsets: v.strictTuple([naturalNumber, naturalNumber]),
});
const headerSchema = v.record(v.string(), v.unknown());
const metadataSchema = v.record(v.string(), v.string());

/** Content of a safetensors file, in the order of the header. */
export interface Safetensors {
  readonly arrays: Map<string, NamedArray>;
  /** The `__metadata__` strings. */
  readonly metadata: Map<string, string>;
}

/**
 * Encodes named arrays, the widest element types first and then by name, as the reference writer does, so that equal
 * content gives equal bytes. Throws `RangeError` for data that does not fill its shape and `LimitError` beyond the
 * caps that the reader holds.
 */
export function encodeSafetensors(
  arrays: Readonly<Record<string, NamedArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const op = "encodeSafetensors";
  const names = Object.keys(arrays);
  if (names.length > MAX_TENSORS) throw new LimitError(`${op}: number of tensors`, MAX_TENSORS, names.length);
  const entries = names.map((name) => ({ name, array: checkArray(op, name, arrays[name] as NamedArray) }));
  entries.sort((a, b) => width(b.array) - width(a.array) || (a.name < b.name ? -1 : 1));

  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let end = 0;
  for (const { name, array } of entries) {
    const start = end;
    end += array.data.byteLength;
    header.push([name, { dtype: codes[array.dtype], shape: array.shape, data_offsets: [start, end] }]);
  }
  const text = `{${header.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(",")}}`;
  const json = new TextEncoder().encode(text);
  // spaces after the header put the numbers on a multiple of 8
  const headerBytes = Math.ceil(json.length / 8) * 8;
  if (headerBytes > MAX_HEADER_BYTES) throw new LimitError(`${op}: header bytes`, MAX_HEADER_BYTES, headerBytes);

  const bytes = new Uint8Array(8 + headerBytes + end).fill(0x20, 0, 8 + headerBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(json, 8);
  let at = 8 + headerBytes;
  for (const { array } of entries) {
    bytes.set(new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength), at);
    at += array.data.byteLength;
  }
  return bytes;
}

/**
 * Decodes a safetensors file; the arrays are copies. Throws `FormatError` for anything malformed and `LimitError` beyond a
 * cap: header 1 MiB, 10,000 tensors, rank 8, names of 256 bytes, and `maxBytes` (default 1 GiB) in all.
 */
export function decodeSafetensors(bytes: Uint8Array, options: { maxBytes?: number } = {}): Safetensors {
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  if (bytes.length > maxBytes) throw new LimitError("safetensors: total bytes", maxBytes, bytes.length);
  const { json, dataStart } = splitHeader(bytes);
  const header = parseHeader(json);

  const placed: { name: string; dtype: DType; shape: number[]; start: number; end: number }[] = [];
  for (const [name, value] of header.tensors) {
    const parsed = v.safeParse(entrySchema, value);
    if (!parsed.success)
      throw new FormatError(`safetensors: tensor ${quote(name)}: ${describeIssue(parsed.issues[0])}`);
    const { dtype: code, shape, data_offsets } = parsed.output;
    const [start, end] = data_offsets;
    const dtype = dtypes[code];
    const length = shape.reduce(multiply, constructors[dtype].BYTES_PER_ELEMENT);
    if (end - start !== length) {
      throw new FormatError(
        `safetensors: tensor ${quote(name)} of ${code} [${shape.join(", ")}] needs ${length} bytes, has ${end - start}`,
        dataStart + start,
      );
    }
    placed.push({ name, dtype, shape, start, end });
  }
  checkCoverage(placed, bytes.length - dataStart);

  const arrays = new Map<string, NamedArray>();
  for (const { name, dtype, shape, start, end } of placed) {
    // not `bytes.slice`: a Buffer's slice is no copy
    const copy = Uint8Array.from(bytes.subarray(dataStart + start, dataStart + end));
    arrays.set(name, { dtype, shape, data: new constructors[dtype](copy.buffer) });
  }
  return { arrays, metadata: header.metadata };
}

function splitHeader(bytes: Uint8Array): { json: Uint8Array; dataStart: number } {
  if (bytes.length < 8) throw new FormatError(`safetensors: ${bytes.length} bytes are too few for a header`, 0);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) throw new LimitError("safetensors: header bytes", MAX_HEADER_BYTES, Number(length));
  const dataStart = 8 + Number(length);
  if (dataStart > bytes.length) throw new FormatError(`safetensors: header of ${length} bytes ends beyond the file`, 0);
  if (bytes[8] !== 0x7b) throw new FormatError("safetensors: header does not start with {", 8);
  return { json: bytes.subarray(8, dataStart), dataStart };
}

function parseHeader(json: Uint8Array): { tensors: [string, unknown][]; metadata: Map<string, string> } {
  const what = "safetensors header";
  const header = v.parse(headerSchema, parseJson(decodeUtf8(json, what), what));
  const metadata = v.safeParse(metadataSchema, Object.hasOwn(header, "__metadata__") ? header.__metadata__ : {});
  if (!metadata.success) throw new FormatError("safetensors: __metadata__ holds something other than strings");
  const tensors = Object.entries(header).filter(([name]) => name !== "__metadata__");
  if (tensors.length > MAX_TENSORS) throw new LimitError("safetensors: number of tensors", MAX_TENSORS, tensors.length);
  for (const [name] of tensors) checkNameLength("safetensors", name);
  return { tensors, metadata: new Map(Object.entries(metadata.output)) };
}

// the tensors, sorted by place, follow each other without gap or overlap and end where the file ends
function checkCoverage(placed: readonly { name: string; start: number; end: number }[], total: number): void {
  let end = 0;
  for (const tensor of [...placed].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (tensor.start !== end) {
      const problem = tensor.start < end ? "overlaps its predecessor" : "leaves a gap before it";
      throw new FormatError(`safetensors: tensor ${quote(tensor.name)} ${problem}`);
    }
    end = tensor.end;
  }
  if (end !== total) throw new FormatError(`safetensors: tensors need ${end} bytes of data, the file has ${total}`);
}

function multiply(product: number, size: number): number {
  const next = product * size;
  if (!Number.isSafeInteger(next)) throw new FormatError("safetensors: a shape has too many elements");
  return next;
}

function checkArray(op: string, name: string, array: NamedArray): NamedArray {
  if (isReservedKey(name) || name === "__metadata__") wrongValue(op, "name", "a name that is not reserved", name);
  checkNameLength(op, name);
  const expected = constructors[array.dtype];
  if (!(expected && array.data instanceof expected)) {
    wrongKind(op, name, `the typed array of dtype ${array.dtype}`, array.data);
  }
  if (array.shape.length > MAX_RANK)
    throw new LimitError(`${op}: rank of ${quote(name)}`, MAX_RANK, array.shape.length);
  const size = checkShape(op, `${name}.shape`, array.shape);
  if (size !== array.data.length) wrongValue(op, name, `${size} elements for its shape`, array.data);
  return array;
}

function checkNameLength(op: string, name: string): void {
  const length = new TextEncoder().encode(name).length;
  if (length > MAX_NAME_BYTES) throw new LimitError(`${op}: bytes of a tensor name`, MAX_NAME_BYTES, length);
}

function width(array: NamedArray): number {
  return (array.data as TypedArrays[DType]).BYTES_PER_ELEMENT;
}

function quote(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? "entry"}: ${issue.message}`.slice(0, 200);
}
