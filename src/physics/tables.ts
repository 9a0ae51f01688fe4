// A model's block of memory, and the plan of a workspace: 32-bit words and reals are appended and found again by their byte
// offsets; a workspace hands out places of v128 quantities, some with values that no kernel ever changes.

/** Words of the header: those of assembly/physics/model.ts and assembly/physics/constraint-model.ts. */
const HEADER = 128;

export class Tables {
  readonly header = new Int32Array(HEADER);
  /** Bytes of a real: 4 or 8. */
  readonly real: 4 | 8;
  readonly #parts: { offset: number; data: Int32Array | Float32Array | Float64Array }[] = [];
  #bytes = 4 * HEADER;

  constructor(real: 4 | 8) {
    this.real = real;
  }

  /** Appends words and returns their byte offset. */
  words(values: ArrayLike<number>): number {
    return this.#append(Int32Array.from(values));
  }

  /** Appends reals and returns their byte offset. */
  reals(values: ArrayLike<number>): number {
    return this.#append(this.real === 8 ? Float64Array.from(values) : Float32Array.from(values));
  }

  /** Everything, as the words of one block. */
  pack(): Uint32Array<ArrayBuffer> {
    const block = new Uint8Array(Math.ceil(this.#bytes / 8) * 8);
    block.set(new Uint8Array(this.header.buffer));
    for (const { offset, data } of this.#parts) {
      block.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    }
    return new Uint32Array(block.buffer);
  }

  #append(data: Int32Array | Float32Array | Float64Array): number {
    const offset = Math.ceil(this.#bytes / 8) * 8;
    this.#parts.push({ offset, data });
    this.#bytes = offset + data.byteLength;
    return offset;
  }
}

export class WorkspacePlan {
  #quantities = 0;
  readonly #constants: { quantity: number; value: number }[] = [];

  /** Byte offset of `count` quantities. */
  place(count: number): number {
    const offset = 16 * this.#quantities;
    this.#quantities += count;
    return offset;
  }

  /** The same for quantities that are what they are in every environment for good. */
  constants(values: readonly number[]): number {
    const first = this.#quantities;
    values.forEach((value, k) => {
      if (value !== 0) this.#constants.push({ quantity: first + k, value });
    });
    return this.place(values.length);
  }

  /** Bytes of a workspace, a multiple of 64. */
  get bytes(): number {
    return Math.ceil(this.#quantities / 4) * 64;
  }

  /** Writes the constants into a zeroed workspace that begins at element `first` of `view`. */
  initialize(view: Float32Array | Float64Array, first: number): void {
    const lanes = 16 / view.BYTES_PER_ELEMENT;
    for (const { quantity, value } of this.#constants) {
      view.fill(value, first + quantity * lanes, first + (quantity + 1) * lanes);
    }
  }
}
