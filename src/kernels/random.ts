// Streams of random numbers: Philox4x32-10, a function of (seed, name of the stream, number of the fill, element). Streams
// of different names never meet, so that a part which draws more does not shift what another one sees, and the complete
// state is three JSON values.

import { checkInteger, wrongKind, wrongValue } from "../check.js";
import type { Disposable, DType, Json } from "../types.js";
import { type Runtime, Tensor } from "../wasm/index.js";

const TWO_32 = 2 ** 32;
// words drawn at a time for integers
const CHUNK = 64;

type Kernel = "philox_bits" | "random_uniform" | "random_normal" | "random_truncated_normal";

/** The 32-bit FNV-1a hash of a string's UTF-8 bytes: the stream number that belongs to a name. */
export function streamNumber(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

export class RandomStream implements Disposable {
  readonly #runtime: Runtime;
  readonly #words: Tensor<"u32">;
  #seed = 0;
  #name = "";
  #stream = 0;
  // fills so far: the counter words are its low half (step) and its high half (sample)
  #fills = 0;

  /** `seed`: a non-negative safe integer; `name` tells the streams of one seed apart. */
  constructor(runtime: Runtime, seed: number, name: string) {
    this.#start("RandomStream", seed, name, 0);
    this.#runtime = runtime;
    this.#words = runtime.tensor([CHUNK], "u32");
  }

  /** The seed and the name given at construction, or loaded. */
  get seed(): number {
    return this.#seed;
  }
  get name(): string {
    return this.#name;
  }

  /** Leaves the next `count` fills to kernels that draw them: key words, and the number of the first. @internal */
  reserve(count: number): { readonly key: readonly [number, number, number]; readonly fill: number } {
    const fill = this.#fills;
    this.#fills += count;
    return { key: [this.#seed, Math.floor(this.#seed / TWO_32), this.#stream], fill };
  }

  /** Fills `out` with random 32-bit words. */
  bits(out: Tensor<"u32">): void {
    this.#fill("bits", "philox_bits", "u32", out, out.size);
  }

  /** Fills `out` with uniform numbers in (0, 1), odd multiples of 2^−24: never 0, never 1. */
  uniform(out: Tensor): void {
    this.#fill("uniform", "random_uniform", "f32", out, out.size);
  }

  /** Fills `out` with standard normal numbers, none beyond ±5.77. */
  normal(out: Tensor): void {
    this.#fill("normal", "random_normal", "f32", out, out.size);
  }

  /** Fills `out` with standard normal numbers truncated to [−2, 2]. */
  truncatedNormal(out: Tensor): void {
    this.#fill("truncatedNormal", "random_truncated_normal", "f32", out, out.size);
  }

  /** An integer in [0, n), each equally likely; n from 1 to 2^32. */
  integer(n: number): number {
    checkInteger("RandomStream.integer", "n", n, 1, TWO_32);
    for (;;) {
      this.#fill("integer", "philox_bits", "u32", this.#words, 1);
      const word = this.#words.view[0] as number;
      if (word < acceptable(n)) return word % n;
    }
  }

  /** Writes a permutation of 0 … out.length − 1 into `out`, each equally likely (Fisher and Yates). */
  permutation<T extends Uint32Array | Int32Array>(out: T): T {
    for (let i = 0; i < out.length; i++) out[i] = i;
    let used = CHUNK;
    for (let i = out.length - 1; i > 0;) {
      if (used === CHUNK) {
        this.#fill("permutation", "philox_bits", "u32", this.#words, CHUNK);
        used = 0;
      }
      const word = this.#words.view[used++] as number;
      if (word >= acceptable(i + 1)) continue;
      const j = word % (i + 1);
      const value = out[i] as number;
      out[i] = out[j] as number;
      out[j] = value;
      i--;
    }
    return out;
  }

  /** The complete state, for `load` here or in another process. */
  save(): Json {
    return { seed: this.#seed, name: this.#name, fills: this.#fills };
  }

  /** Continues where the stream that was saved stood. Throws when `state` is not what `save` returns. */
  load(state: Json): void {
    const op = "RandomStream.load";
    if (state === null || typeof state !== "object" || Array.isArray(state)) wrongKind(op, "state", "an object", state);
    const { seed, name, fills } = state as { readonly [key: string]: Json };
    this.#start(op, seed, name, checkInteger(op, "fills", fills, 0, Number.MAX_SAFE_INTEGER));
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.#words.dispose();
  }

  /** Lets `using stream = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #start(op: string, seed: unknown, name: unknown, fills: number): void {
    const checked = checkInteger(op, "seed", seed, 0, Number.MAX_SAFE_INTEGER);
    if (typeof name !== "string") wrongKind(op, "name", "a string", name);
    this.#seed = checked;
    this.#name = name;
    this.#stream = streamNumber(name);
    this.#fills = fills;
  }

  #fill(method: string, kernel: Kernel, dtype: DType, out: Tensor<DType>, n: number): void {
    if (!(out instanceof Tensor)) wrongKind(`RandomStream.${method}`, "out", "a tensor", out);
    if (out.dtype !== dtype) wrongValue(`RandomStream.${method}`, "out", `a tensor of ${dtype}`, out.dtype);
    // the kernel takes the words modulo 2^32
    const seedHigh = Math.floor(this.#seed / TWO_32);
    const sample = Math.floor(this.#fills / TWO_32);
    this.#runtime.kernels[kernel](out.address, n, 0, this.#seed, seedHigh, this.#stream, this.#fills, sample);
    this.#fills++;
  }
}

// Words below this bound fall on every residue of n equally often.
function acceptable(n: number): number {
  return TWO_32 - (TWO_32 % n);
}
