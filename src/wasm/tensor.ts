// A tensor is a handle on one block of linear memory: address, shape, element type. Its numbers are copied in and out, or
// lent for the length of a call. After `dispose()` every use throws, also when the address has been given to another.

import { BusyError, DisposedError, wrongValue } from "../check.js";
import type { DType, TypedArrays } from "../types.js";
import type { Arena } from "./arena.js";

/** Constructors and sizes of the element types. */
export const arrayTypes = {
  f32: Float32Array,
  f64: Float64Array,
  i32: Int32Array,
  u32: Uint32Array,
  u8: Uint8Array,
} as const;

const names: Record<DType, string> = { f32: "Float32", f64: "Float64", i32: "Int32", u32: "Uint32", u8: "Uint8" };

export class Tensor<T extends DType = "f32"> {
  /** Sizes, slowest first; the elements are row-major and contiguous. */
  readonly shape: readonly number[];
  readonly dtype: T;
  /** Number of elements. */
  readonly size: number;
  readonly #arena: Arena;
  #address: number;
  #view: TypedArrays[T] | undefined;
  #loans = 0;

  /** @internal Made by `Runtime.tensor`; zeroed. */
  constructor(arena: Arena, shape: readonly number[], size: number, dtype: T) {
    this.shape = shape;
    this.dtype = dtype;
    this.size = size;
    this.#arena = arena;
    this.#address = arena.allocate(size * arrayTypes[dtype].BYTES_PER_ELEMENT);
  }

  /** Address of element 0 in linear memory, for kernels. */
  get address(): number {
    if (this.#address === 0) throw new DisposedError(this.#name());
    return this.#address;
  }

  /** True after `dispose()`. */
  get disposed(): boolean {
    return this.#address === 0;
  }

  /**
   * The elements in place. Meant for use at once, inside one statement: the view dies when memory grows or the tensor is
   * disposed of, so take it again each time; `lend` is the safe form for anything longer.
   * @internal
   */
  get view(): TypedArrays[T] {
    const address = this.address;
    let view = this.#view;
    if (view === undefined || view.buffer !== this.#arena.memory.buffer) {
      view = new arrayTypes[this.dtype](this.#arena.memory.buffer, address, this.size) as TypedArrays[T];
      this.#view = view;
    }
    return view;
  }

  /** Whether it lies in the memory of `arena`. @internal */
  liesIn(arena: Arena): boolean {
    return this.#arena === arena;
  }

  /** Calls `use` with the elements in place; until it returns, memory neither grows nor is this tensor disposed of. */
  lend<R>(use: (view: TypedArrays[T]) => R): R {
    const view = this.view;
    this.#loans++;
    try {
      return this.#arena.lend(() => use(view));
    } finally {
      this.#loans--;
    }
  }

  /** Copies the elements out, into `out` if given. */
  read(out?: TypedArrays[T]): TypedArrays[T] {
    if (out === undefined) return this.view.slice() as TypedArrays[T];
    if (out.length !== this.size) wrongValue("tensor.read", "out", `${this.size} elements`, out);
    out.set(this.view);
    return out;
  }

  /** Copies `values` in, row-major. */
  write(values: ArrayLike<number>): this {
    if (values.length !== this.size) wrongValue("tensor.write", "values", `${this.size} elements`, values);
    this.view.set(values);
    return this;
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    if (this.#address === 0) return;
    if (this.#loans > 0) throw new BusyError(`${this.#name()} is lent and cannot be disposed of`);
    const address = this.#address;
    this.#address = 0;
    this.#view = undefined;
    this.#arena.release(address);
  }

  /** Lets `using tensor = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #name(): string {
    return `tensor ${names[this.dtype]}[${this.shape.join(", ")}]`;
  }
}
