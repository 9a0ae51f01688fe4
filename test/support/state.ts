// Saved states for tests of formats and files, and what tells one from another.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { NamedArray, SavedState } from "../../src/types.js";

/** An array of float32 under the name a test gives it. */
export function f32(shape: number[], data: ArrayLike<number>): NamedArray {
  return { dtype: "f32", shape, data: Float32Array.from(data) };
}

/** A state with every element type, an empty and a scalar array, and nested meta. */
export function sampleState(): SavedState {
  return {
    meta: {
      kind: "run",
      algorithm: "pets",
      trial: 3,
      options: { seed: 0, name: 'é"\\\n', list: [1, -0, 1e-300, null, true] },
    },
    arrays: {
      "model.params": f32([2, 3], [1, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, 5]),
      "buffer.time": { dtype: "f64", shape: [2], data: Float64Array.of(Math.PI, -1e300) },
      indices: { dtype: "i32", shape: [3], data: Int32Array.of(-1, 0, 2147483647) },
      "random.key": { dtype: "u32", shape: [2], data: Uint32Array.of(4294967295, 7) },
      flags: { dtype: "u8", shape: [5], data: Uint8Array.of(0, 1, 255, 3, 4) },
      empty: f32([0, 4], []),
      scalar: f32([], [42]),
    },
  };
}

/** The state as text in which every bit counts: equal text, equal state. */
export function fingerprint(state: SavedState): string {
  const arrays = Object.entries(state.arrays)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { dtype, shape, data }]) => {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return `${name}:${dtype}[${shape.join()}]=${Buffer.from(bytes).toString("hex")}`;
    });
  const meta = JSON.stringify(state.meta, (_, value: unknown) => (Object.is(value, -0) ? "-0" : value));
  return `${meta}\n${arrays.join("\n")}`;
}

/** Everything of a saved run that decides its future, by name; the clock is left out. */
export function digest(state: SavedState): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const [name, { data }] of Object.entries(state.arrays)) {
    hashes[name] = bytesToHex(sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
  }
  hashes.meta = JSON.stringify(state.meta, (key, value) => (key === "wallSeconds" ? 0 : value));
  return hashes;
}
