// Running mean and standard deviation of rows, kept in float64, and the standardization they give. The deviation is that
// of the population (divided by n), as PETS has it. A dimension that does not vary is shifted but not scaled.

import { checkInteger, checkNumber, wrongValue } from "../check.js";
import { loadTensor, metaField, saveTensor } from "../saved-state.js";
import { finish, inSlices } from "../steps.js";
import type { Disposable, DType, SavedState, Steps } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";

// a deviation below this share of the mean (or of 1) is rounding, not variation
const CONSTANT = 1e-12;

export class Normalizer implements Disposable {
  /** Length of a row (D). */
  readonly size: number;
  /** Mean and 1 / standard deviation [D], rounded to f32: zeros and ones before the first row. */
  readonly mean: Tensor;
  readonly inverseStd: Tensor;
  readonly #scope: Scope;
  readonly #mean: Tensor<"f64">;
  /** Sums of squared deviations from the mean. */
  readonly #m2: Tensor<"f64">;
  #count = 0;

  /** Made by `createNormalizer`. */
  constructor(scope: Scope, size: number) {
    this.#scope = scope;
    this.size = size;
    this.mean = scope.tensor([size]);
    this.inverseStd = scope.tensor([size]);
    this.#mean = scope.tensor([size], "f64");
    this.#m2 = scope.tensor([size], "f64");
    this.#publish();
  }

  /** Rows seen. */
  get count(): number {
    return this.#count;
  }

  /** Takes the statistics of the first `rows` rows of x [·, D] alone. */
  fit(x: Tensor, rows: number): void {
    finish(this.fitSteps(x, rows));
  }

  /** `fit` in slices, a few columns each; what it is before the last one is no use. @internal */
  *fitSteps(x: Tensor, rows: number): Steps<void> {
    this.#check("normalizer.fit", x, rows);
    this.#mean.view.fill(0);
    this.#m2.view.fill(0);
    this.#count = 0;
    // a number of a column lies far from the next, and is read twice
    yield* inSlices(this.size, 4 * rows, (from, columns) => this.#merge(x, rows, from, columns));
    this.#count = rows;
    this.#publish();
  }

  /** Adds the first `rows` rows of x [·, D] to what was seen before. */
  update(x: Tensor, rows: number): void {
    this.#check("normalizer.update", x, rows);
    this.#merge(x, rows, 0, this.size);
    this.#count += rows;
    this.#publish();
  }

  /** out = (x − mean) / std over the first `rows` rows; `out` may be `x`. */
  standardize(out: Tensor, x: Tensor, rows: number): void {
    finish(this.standardizeSteps(out, x, rows));
  }

  /** `standardize` in slices of rows. @internal */
  *standardizeSteps(out: Tensor, x: Tensor, rows: number): Steps<void> {
    this.#check("normalizer.standardize", x, rows);
    this.#check("normalizer.standardize", out, rows);
    const { kernels } = this.#scope.runtime;
    const { address: mean } = this.mean;
    const { address: inverse } = this.inverseStd;
    yield* inSlices(rows, this.size, (from, count) => {
      const at = 4 * from * this.size;
      kernels.standardize(out.address + at, x.address + at, mean, inverse, count, this.size);
    });
  }

  /** Mean and standard deviation (1 where nothing varies) in float64, copied. */
  statistics(): { mean: Float64Array; std: Float64Array } {
    const mean = this.#mean.read() as Float64Array;
    const std = Float64Array.from(this.#m2.view, (m2, d) => {
      const deviation = this.#count > 0 ? Math.sqrt(m2 / this.#count) : 0;
      return deviation < CONSTANT * Math.max(1, Math.abs(mean[d])) ? 1 : deviation;
    });
    return { mean, std };
  }

  /** The complete state, bit for bit. */
  save(): SavedState {
    return { meta: { count: this.#count }, arrays: { mean: saveTensor(this.#mean), m2: saveTensor(this.#m2) } };
  }

  /** Continues from a saved state. Throws `FormatError`, `TypeError` or `RangeError` when it does not fit. */
  load(state: SavedState): void {
    const count = checkNumber("normalizer.load", "count", metaField(state, "count"), 0);
    loadTensor(this.#mean, state, "mean");
    loadTensor(this.#m2, state, "m2");
    this.#count = count;
    this.#publish();
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using normalizer = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #merge(x: Tensor, rows: number, from: number, columns: number): void {
    const [mean, m2] = [this.#mean.address + 8 * from, this.#m2.address + 8 * from];
    const { kernels } = this.#scope.runtime;
    kernels.moments_merge(mean, m2, x.address + 4 * from, this.#count, rows, columns, this.size);
  }

  #publish(): void {
    const { mean, std } = this.statistics();
    this.mean.view.set(mean);
    this.inverseStd.view.set(std.map((deviation) => 1 / deviation));
  }

  #check(op: string, tensor: Tensor, rows: number): void {
    checkInteger(op, "rows", rows);
    const { shape } = tensor;
    const columns = shape[shape.length - 1];
    if ((tensor.dtype as DType) !== "f32" || columns !== this.size || tensor.size < rows * this.size) {
      wrongValue(op, "x", `at least ${rows} rows of ${this.size} f32`, `[${shape.join(", ")}]`);
    }
  }
}

/** A normalizer for rows of `size` numbers. */
export function createNormalizer(runtime: Runtime, size: number): Normalizer {
  checkInteger("createNormalizer", "size", size, 1);
  return runtime.scoped((scope) => new Normalizer(scope, size));
}
