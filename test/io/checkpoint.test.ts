import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError, LimitError, MbrlError, VersionError } from "../../src/check.js";
import { CHECKPOINT_VERSION, decodeCheckpoint, encodeCheckpoint } from "../../src/io/index.js";
import type { Json } from "../../src/types.js";
import { f32, fingerprint, sampleState } from "../support/state.js";

const test = suite("checkpoint");
const state = sampleState();
const good = encodeCheckpoint(state);

// the same bytes with a checksum that matches, so that what lies behind it is reached
function resealed(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  if (copy.length < 56) return copy;
  new DataView(copy.buffer).setBigUint64(16, BigInt(copy.length), true);
  copy.set(sha256(copy.subarray(0, copy.length - 32)), copy.length - 32);
  return copy;
}

// whether a checkpoint decodes; an error that is none of ours is thrown on
function accepts(bytes: Uint8Array): boolean {
  try {
    decodeCheckpoint(bytes);
    return true;
  } catch (error) {
    if (error instanceof MbrlError) return false;
    throw error;
  }
}

function withSection(name: string): Uint8Array {
  const end = good.length - 32;
  const bytes = new Uint8Array(good.length + 16 + 3);
  bytes.set(good.subarray(0, end));
  bytes.set(new TextEncoder().encode(name), end);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(end + 8, 3n, true);
  view.setUint32(12, 3, true);
  return resealed(bytes);
}

function refuses(bytes: Uint8Array, kind: new (...args: never[]) => Error, pattern: RegExp): void {
  assert.throws(
    () => decodeCheckpoint(bytes),
    (error: Error) => error instanceof kind && pattern.test(error.message),
    `${pattern}`,
  );
}

test("round trip keeps every bit, and equal states give equal bytes", () => {
  assert.is(fingerprint(decodeCheckpoint(good)), fingerprint(state));
  assert.equal(encodeCheckpoint(decodeCheckpoint(good)), good);
});

test("any JSON survives as meta", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (meta) => {
      fc.pre(!/"(__proto__|constructor|prototype)":/.test(JSON.stringify(meta)));
      const decoded = decodeCheckpoint(encodeCheckpoint({ meta: meta as Json, arrays: {} }));
      assert.is(JSON.stringify(decoded.meta), JSON.stringify(meta));
    }),
    { numRuns: 300 },
  );
});

test("decoded objects have no prototype", () => {
  const decoded = decodeCheckpoint(good);
  assert.is(Object.getPrototypeOf(decoded.meta), null);
  assert.is(Object.getPrototypeOf(decoded.arrays), null);
});

test("meta that JSON would change is refused, with its place", () => {
  const encode = (meta: unknown) => () => encodeCheckpoint({ meta: meta as Json, arrays: {} });
  assert.throws(encode({ a: [1, undefined] }), /"meta\.a\[1\]" expected a JSON value, got undefined/);
  assert.throws(encode({ loss: Number.NaN }), /"meta\.loss" expected a finite number, got NaN/);
  assert.throws(encode({ when: new Date(0) }), /"meta\.when" expected a JSON value/);
  assert.throws(encode({ f: () => 1 }), /a function/);
  assert.throws(encode(JSON.parse('{"__proto__":1}')), /reserved/);
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  assert.throws(encode(cycle), /nesting/);
});

test("foreign, newer and damaged files are told apart", () => {
  refuses(new Uint8Array(0), FormatError, /not an mbrl checkpoint/);
  refuses(
    new TextEncoder().encode("just some text, longer than the header of a checkpoint"),
    FormatError,
    /not an mbrl/,
  );
  refuses(good.subarray(0, 20), FormatError, /truncated/);
  const newer = good.slice();
  newer[8] = CHECKPOINT_VERSION + 1;
  refuses(newer, VersionError, /version 2, this build reads up to 1/);
  refuses(good.subarray(0, good.length - 1), FormatError, /declares \d+ bytes and has/);
  refuses(Uint8Array.of(...good, 0), FormatError, /declares \d+ bytes and has/);
  assert.throws(
    () => decodeCheckpoint(good, { maxBytes: 100 }),
    (error: Error) => error instanceof LimitError,
  );
});

test("a flipped bit anywhere is noticed", () => {
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bytes = good.slice();
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.throws(
      () => decodeCheckpoint(bytes),
      (error: Error) => error instanceof MbrlError,
      `bit ${bit}`,
    );
  }
});

test("every truncation is noticed", () => {
  for (let length = 0; length < good.length; length++) refuses(good.subarray(0, length), FormatError, /./);
});

test("unknown sections: optional ones are skipped, required ones name the remedy", () => {
  assert.is(fingerprint(decodeCheckpoint(withSection("note"))), fingerprint(state));
  refuses(withSection("NEWS"), VersionError, /section NEWS.*newer mbrl-wasm/);
  refuses(withSection("META"), FormatError, /occurs twice/);
  refuses(withSection("a\0bc"), FormatError, /no name/);
});

test("20,000 mutated checkpoints: typed errors only, each within 50 ms, prototypes untouched", () => {
  const prototypeKeys = Reflect.ownKeys(Object.prototype).length;
  const words = [
    "__proto__",
    "constructor",
    '"',
    "{",
    "}",
    "[",
    ":",
    "F32",
    "9".repeat(20),
    "-1",
    "\\u0000",
    "data_offsets",
  ];
  const byte = fc.nat(255);
  const place = fc.nat(good.length - 1);
  // a mutation is an edit: overwrite, cut, insert, repeat; most of the interesting bytes are in the two headers
  const edit = fc.oneof(
    fc.record({ kind: fc.constant("set" as const), at: place, value: byte }),
    fc.record({ kind: fc.constant("flip" as const), at: place, value: fc.nat(7) }),
    fc.record({ kind: fc.constant("cut" as const), at: place, value: fc.nat(40) }),
    fc.record({ kind: fc.constant("insert" as const), at: place, value: fc.nat(words.length - 1) }),
    fc.record({ kind: fc.constant("ones" as const), at: place, value: fc.nat(8) }),
  );
  let slowest = 0;
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 9 }), (edits, seal) => {
      let bytes: Uint8Array = good.slice();
      for (const { kind, at, value } of edits) {
        const i = Math.min(at, bytes.length - 1);
        if (kind === "set") bytes[i] = value;
        else if (kind === "flip") bytes[i] = (bytes[i] as number) ^ (1 << value);
        else if (kind === "ones") bytes.fill(0xff, i, i + value);
        else if (kind === "cut") bytes = Uint8Array.of(...bytes.subarray(0, i), ...bytes.subarray(i + value));
        else {
          const word = new TextEncoder().encode(words[value]);
          bytes = Uint8Array.of(...bytes.subarray(0, i), ...word, ...bytes.subarray(i));
        }
        if (bytes.length === 0) return;
      }
      // nine in ten get a valid checksum: the parsers behind it are what is tested
      if (seal > 0) bytes = resealed(bytes);
      // a slow input is slow each time, a busy machine is not
      let elapsed = Number.POSITIVE_INFINITY;
      for (let attempt = 0; attempt < 5 && elapsed > 50; attempt++) {
        const start = performance.now();
        if (accepts(bytes) && attempt === 0) accepted++;
        elapsed = Math.min(elapsed, performance.now() - start);
      }
      slowest = Math.max(slowest, elapsed);
      assert.is(Reflect.ownKeys(Object.prototype).length, prototypeKeys);
    }),
    { numRuns: 20_000 },
  );
  assert.ok(slowest < 50, `slowest took ${slowest} ms`);
  // changed numbers under a valid checksum are legal: the fuzz does get past the envelope
  assert.ok(accepted > 300, `${accepted} accepted`);
});

test("a checkpoint of 20 MB is written and read in a second", () => {
  const big = { meta: null, arrays: { x: f32([5_000_000], new Float32Array(5_000_000).fill(1.5)) } };
  const start = performance.now();
  const decoded = decodeCheckpoint(encodeCheckpoint(big));
  assert.is(decoded.arrays.x?.data[4_999_999], 1.5);
  assert.ok(performance.now() - start < 3000, `${performance.now() - start} ms`);
});

test.run();
