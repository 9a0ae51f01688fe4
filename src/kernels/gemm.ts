// Matrix products over tensors. The right-hand matrix is read as panels of 8 columns; one that is used often can be packed
// once, by `packMatrix`.

import { checkOneOf, wrongKind, wrongValue } from "../check.js";
import type { Disposable, DType } from "../types.js";
import { type Runtime, Tensor } from "../wasm/index.js";

/** A matrix [K, N] in the layout that `gemm` reads: panels [ceil(N/8)][K][8], padded with zeros. */
export class PackedMatrix implements Disposable {
  readonly rows: number;
  readonly columns: number;
  /** The panels, for kernels. */
  readonly panels: Tensor;
  readonly #runtime: Runtime;

  /** Room for a matrix of `rows` x `columns`, all zeros. */
  constructor(runtime: Runtime, rows: number, columns: number) {
    this.#runtime = runtime;
    this.rows = rows;
    this.columns = columns;
    this.panels = runtime.tensor([Math.ceil(columns / 8), rows, 8]);
  }

  /** Packs the numbers of `matrix` [rows, columns]. */
  write(matrix: Tensor): this {
    checkMatrix("packedMatrix.write", "matrix", matrix, [this.rows, this.columns]);
    const { rows, columns } = this;
    this.#runtime.kernels.gemm_pack(this.panels.address, matrix.address, rows, columns, columns);
    return this;
  }

  /** Writes the matrix to `out` [rows, columns]. */
  read(out: Tensor): Tensor {
    checkMatrix("packedMatrix.read", "out", out, [this.rows, this.columns]);
    const { rows, columns } = this;
    this.#runtime.kernels.gemm_unpack(out.address, this.panels.address, rows, columns, columns);
    return out;
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.panels.dispose();
  }

  /** Lets `using packed = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** A packed copy of `matrix` [K, N], to be disposed of by the caller. */
export function packMatrix(runtime: Runtime, matrix: Tensor): PackedMatrix {
  const [rows, columns] = checkMatrix("packMatrix", "matrix", matrix);
  return new PackedMatrix(runtime, rows, columns).write(matrix);
}

// The last shape that a runtime packed by itself, kept so that a loop of equal products allocates nothing.
const scratch = new WeakMap<Runtime, PackedMatrix>();

function packed(runtime: Runtime, b: Tensor): PackedMatrix {
  const [rows, columns] = checkMatrix("gemm", "b", b);
  let matrix = scratch.get(runtime);
  if (matrix === undefined || matrix.rows !== rows || matrix.columns !== columns) {
    matrix?.dispose();
    scratch.delete(runtime);
    matrix = new PackedMatrix(runtime, rows, columns);
    scratch.set(runtime, matrix);
  }
  return matrix.write(b);
}

/**
 * c [M, N] = a [M, K] · b [K, N], or c + a · b with `mode` "add". A plain `b` is packed on the way, into memory that the
 * runtime keeps for the next product of that shape; a `PackedMatrix` is read as it is. c must be neither a nor b.
 * Every element is the sum of its products in the order of k.
 */
export function gemm(
  runtime: Runtime,
  c: Tensor,
  a: Tensor,
  b: Tensor | PackedMatrix,
  mode: "set" | "add" = "set",
): Tensor {
  checkOneOf("gemm", "mode", mode, ["set", "add"]);
  const [M, K] = checkMatrix("gemm", "a", a);
  const bShape = b instanceof PackedMatrix ? [b.rows, b.columns] : checkMatrix("gemm", "b", b);
  if (bShape[0] !== K) wrongValue("gemm", "b", `shape [${K}, N]`, `[${bShape.join(", ")}]`);
  const N = bShape[1];
  checkMatrix("gemm", "c", c, [M, N]);
  if (c === a || c === b) wrongValue("gemm", "c", "a tensor other than a and b", "one of them");
  const { panels } = b instanceof PackedMatrix ? b : packed(runtime, b);
  const add = mode === "add" ? 1 : 0;
  runtime.kernels.gemm_nn(c.address, N, a.address, K, panels.address, 0, M, N, K, add, runtime.tile);
  return c;
}

function checkMatrix(op: string, name: string, value: Tensor, expected?: readonly number[]): readonly [number, number] {
  if (!(value instanceof Tensor)) wrongKind(op, name, "a tensor", value);
  const { shape } = value;
  const dtype: DType = value.dtype;
  if (dtype !== "f32") wrongValue(op, name, "a tensor of f32", dtype);
  if (shape.length !== 2 || (expected && (shape[0] !== expected[0] || shape[1] !== expected[1]))) {
    const wanted = expected ? `shape [${expected.join(", ")}]` : "a matrix";
    throw new RangeError(`${op}: "${name}" expected ${wanted}, got [${shape.join(", ")}]`);
  }
  return shape as readonly [number, number];
}
