// The numbers of a batch as the kernels hold them: blocks of v128 quantities, one block for a group of four environments (two
// in float64), a lane of each quantity for each environment. Rows of numbers, batch first, come out and go in here.

import type { Scope, Tensor } from "../wasm/index.js";

/** Reals of simulations: float32, or float64 in a runtime that was loaded for it. */
export type Reals = Tensor<"f32"> | Tensor<"f64">;

/** Bytes of a quantity of a group. */
export const QUANTITY = 16;

/** A tensor of so many bytes of the lanes' reals. */
export function realsOf(scope: Scope, real: 4 | 8, bytes: number): Reals {
  return real === 8 ? scope.tensor([bytes / 8], "f64") : scope.tensor([bytes / 4], "f32");
}

/** Which environments of a batch: all, or those whose element [B] is true. */
export type Mask = ArrayLike<boolean | number> | undefined;

export class Lanes {
  readonly tensor: Reals;
  readonly #batch: number;
  /** Environments of a group. */
  readonly #lanes: number;
  /** Elements of a group. */
  readonly #stride: number;

  /** Groups of `bytes` bytes each for `batch` environments. */
  constructor(tensor: Reals, batch: number, bytes: number) {
    this.tensor = tensor;
    this.#batch = batch;
    this.#lanes = tensor.dtype === "f64" ? 2 : 4;
    this.#stride = (bytes / QUANTITY) * this.#lanes;
  }

  /** `n` quantities from byte offset `place` on, for every environment: rows [B, n], into `out`. */
  rows<Out extends Float32Array | Float64Array | Int32Array>(place: number, n: number, out: Out): Out {
    const { view } = this.tensor;
    for (let b = 0, to = 0; b < this.#batch; b++) {
      for (let k = 0, at = this.#first(b, place); k < n; k++, at += this.#lanes) out[to++] = view[at];
    }
    return out;
  }

  /** `n` quantities of one environment. */
  row(b: number, place: number, n: number, out = new Float64Array(n)): Float64Array {
    const { view } = this.tensor;
    for (let k = 0, at = this.#first(b, place); k < n; k++, at += this.#lanes) out[k] = view[at];
    return out;
  }

  /** A list of an environment's group: a count, then so many whole numbers. */
  list(b: number, place: number): Int32Array {
    const words = this.#words();
    const lane = b % this.#lanes;
    const at = (this.#first(b, place) - lane) * (words.length / this.tensor.size);
    return words.slice(at + 1, at + 1 + words[at]);
  }

  /** Writes rows [B, n]; where the mask leaves an environment out, its row is not read. */
  setRows(place: number, n: number, rows: ArrayLike<number>, mask?: Mask): void {
    const { view } = this.tensor;
    const last = this.#batch - 1;
    for (let b = 0; b <= last; b++) {
      if (mask !== undefined && !mask[b]) continue;
      // lanes that the last group has too many of do what the last environment does
      const copies = b === last ? this.#lanes - (b % this.#lanes) : 1;
      for (let k = 0, at = this.#first(b, place); k < n; k++, at += this.#lanes) {
        for (let c = 0; c < copies; c++) view[at + c] = rows[b * n + k];
      }
    }
  }

  /** A whole number [B] that the kernels count up. */
  wholes(place: number, out: Int32Array): Int32Array {
    const words = this.#words();
    const size = words.length / this.tensor.size;
    for (let b = 0; b < this.#batch; b++) out[b] = words[this.#first(b, place) * size];
    return out;
  }

  /** That of one environment. */
  whole(b: number, place: number): number {
    const words = this.#words();
    return words[this.#first(b, place) * (words.length / this.tensor.size)];
  }

  /** Sets it. */
  setWholes(place: number, values: ArrayLike<number>, mask?: Mask): void {
    const words = this.#words();
    const size = words.length / this.tensor.size;
    const last = this.#batch - 1;
    for (let b = 0; b <= last; b++) {
      if (mask !== undefined && !mask[b]) continue;
      const copies = b === last ? this.#lanes - (b % this.#lanes) : 1;
      for (let c = 0; c < copies; c++) {
        const at = (this.#first(b, place) + c) * size;
        words.fill(0, at, at + size);
        words[at] = values[b];
      }
    }
  }

  // element of the first of the quantities of environment b from a place on
  #first(b: number, place: number): number {
    const lane = b % this.#lanes;
    return ((b - lane) / this.#lanes) * this.#stride + (place / QUANTITY) * this.#lanes + lane;
  }

  // a whole number has the bits of a real; in float64 the lower half comes first
  #words(): Int32Array {
    const { view } = this.tensor;
    return new Int32Array(view.buffer, view.byteOffset, view.byteLength / 4);
  }
}
