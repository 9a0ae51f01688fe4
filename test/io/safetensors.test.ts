import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError, LimitError } from "../../src/check.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/io/index.js";
import type { NamedArray } from "../../src/types.js";
import { f32, fingerprint, sampleState } from "../support/state.js";

const test = suite("safetensors");

// a file with a header as given, spaces to `pad` bytes, and `data` bytes of zeros
function file(header: string | Uint8Array, data = 0, declared?: number): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(declared ?? json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function entry(shape: unknown, offsets: unknown, dtype: unknown = "F32"): string {
  return JSON.stringify({ dtype, shape, data_offsets: offsets });
}

function refuses(bytes: Uint8Array, kind: typeof FormatError | typeof LimitError, pattern: RegExp): void {
  assert.throws(
    () => decodeSafetensors(bytes),
    (error: Error) => error instanceof kind && pattern.test(error.message),
    `${pattern}`,
  );
}

test("round trip keeps every bit, element type and shape", () => {
  const { arrays } = sampleState();
  const read = decodeSafetensors(encodeSafetensors(arrays, { origin: "test" }));
  assert.is(fingerprint({ meta: null, arrays: Object.fromEntries(read.arrays) }), fingerprint({ meta: null, arrays }));
  assert.equal([...read.metadata], [["origin", "test"]]);
});

test("layout is the one of the format: aligned, widest first, contiguous", () => {
  const bytes = encodeSafetensors(sampleState().arrays);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  assert.is(length % 8, 0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  assert.equal(Object.keys(header).slice(0, 1), ["buffer.time"]);
  assert.equal(header["buffer.time"], { dtype: "F64", shape: [2], data_offsets: [0, 16] });
  assert.equal(Object.keys(header).at(-1), "flags");
  assert.is(header.flags.data_offsets[1], bytes.length - 8 - length);
});

test("reads a file as another writer makes it: unaligned data, own order", () => {
  const header = `{"b":${entry([2], [4, 12])},"a":${entry([1], [0, 4])}} `;
  const bytes = file(header, 12);
  const dataStart = bytes.length - 12;
  new DataView(bytes.buffer).setFloat32(dataStart + 8, 2.5, true);
  // a view at an odd offset of a larger buffer
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  const { arrays } = decodeSafetensors(shifted.subarray(3));
  assert.equal([...(arrays.get("b") as NamedArray).data], [0, 2.5]);
});

test("the arrays are copies", () => {
  const bytes = encodeSafetensors({ a: f32([1], [1]) });
  // a Buffer from Node's pool: its `slice` shares memory, and it starts at any offset
  for (const input of [bytes, Buffer.from(bytes)]) {
    const { arrays } = decodeSafetensors(input);
    input.fill(0);
    assert.is((arrays.get("a") as NamedArray).data[0], 1);
  }
});

test("refuses what is malformed", () => {
  refuses(new Uint8Array(7), FormatError, /too few/);
  refuses(file("{}", 0, 3), FormatError, /beyond the file/);
  refuses(file("[]"), FormatError, /start with/);
  refuses(file("{]"), FormatError, /not valid JSON/);
  refuses(file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), FormatError, /UTF-8/);
  refuses(file("{}", 4), FormatError, /0 bytes of data, the file has 4/);
  refuses(file(`{"a":${entry([1], [0, 4])}}`, 3), FormatError, /need 4 bytes of data, the file has 3/);
  refuses(file(`{"a":${entry([1], [0, 4])},"b":${entry([1], [8, 12])}}`, 12), FormatError, /gap/);
  refuses(file(`{"a":${entry([1], [0, 4])},"b":${entry([1], [0, 4])}}`, 4), FormatError, /overlaps/);
  refuses(file(`{"a":${entry([2], [0, 4])}}`, 4), FormatError, /needs 8 bytes, has 4/);
  refuses(file(`{"a":${entry([1], [4, 0])}}`, 4), FormatError, /needs 4 bytes, has -4/);
  refuses(file(`{"a":${entry([2 ** 32, 2 ** 32], [0, 0])}}`), FormatError, /too many elements/);
  refuses(file(`{"a":${entry([-1], [0, 4])}}`, 4), FormatError, /shape/);
  refuses(file(`{"a":${entry([1.5], [0, 6])}}`, 6), FormatError, /shape/);
  refuses(file(`{"a":${entry([1], [0, 2], "BF16")}}`, 2), FormatError, /BF16/);
  refuses(file(`{"a":${entry([1], [0, 4, 8])}}`, 4), FormatError, /data_offsets/);
  refuses(file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":1}}`, 4), FormatError, /extra/);
  refuses(file(`{"a":{"dtype":"F32","shape":[1]}}`, 4), FormatError, /data_offsets/);
  refuses(file(`{"__metadata__":{"a":1}}`), FormatError, /__metadata__/);
  refuses(file(`{"__metadata__":null}`), FormatError, /__metadata__/);
});

test("refuses duplicate names and names that reach a prototype", () => {
  const a = entry([1], [0, 4]);
  refuses(file(`{"a":${a},"a":${a}}`, 4), FormatError, /duplicate/);
  refuses(file(`{"a":${a},"\\u0061":${a}}`, 4), FormatError, /duplicate/);
  refuses(file(`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), FormatError, /duplicate/);
  for (const name of ["__proto__", "constructor", "prototype"]) {
    refuses(file(`{"${name}":${a}}`, 4), FormatError, /reserved/);
    assert.throws(() => encodeSafetensors({ [name]: f32([1], [1]) }), /reserved/);
  }
  assert.is(({} as Record<string, unknown>).dtype, undefined);
  // harmless, though every object inherits it
  assert.is(decodeSafetensors(encodeSafetensors({ toString: f32([1], [3]) })).arrays.get("toString")?.data[0], 3);
});

test("refuses what lies beyond the caps, before it allocates", () => {
  const header = new Uint8Array(16);
  new DataView(header.buffer).setBigUint64(0, 2n ** 63n, true);
  refuses(header, LimitError, /header bytes is limited to 1048576/);
  const many = Array.from({ length: 10_001 }, (_, i) => `"${i}":${entry([0], [0, 0])}`);
  refuses(file(`{${many.join(",")}}`), LimitError, /number of tensors is limited to 10000, got 10001/);
  refuses(file(`{"${"n".repeat(257)}":${entry([1], [0, 4])}}`, 4), LimitError, /name is limited to 256/);
  refuses(file(`{"a":${entry(Array(9).fill(1), [0, 4])}}`, 4), FormatError, /shape/);
  refuses(file(`{"a":${"[".repeat(1000)}${"]".repeat(1000)}}`), LimitError, /nesting/);
  assert.throws(
    () => decodeSafetensors(encodeSafetensors({ a: f32([4], [1, 2, 3, 4]) }), { maxBytes: 64 }),
    (error: Error) => error instanceof LimitError,
  );
});

test("a full header of the largest size is read or refused in milliseconds", () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `"t${i}":${entry([0], [0, 0])}`);
  const bytes = file(`{${names.join(",")}}`);
  const start = performance.now();
  assert.is(decodeSafetensors(bytes).arrays.size, 10_000);
  assert.ok(performance.now() - start < 500, `${performance.now() - start} ms`);
});

test("the writer refuses data that does not match", () => {
  const wrong = (array: NamedArray) => () => encodeSafetensors({ a: array });
  assert.throws(wrong({ dtype: "f32", shape: [2], data: Float32Array.of(1) }), /expected 2 elements/);
  assert.throws(wrong({ dtype: "f64", shape: [1], data: Float32Array.of(1) }), /typed array of dtype f64/);
  assert.throws(wrong(f32(Array(9).fill(1), [1])), /rank/);
  assert.throws(() => encodeSafetensors({ ["n".repeat(257)]: f32([1], [1]) }), /256/);
});

test.run();
