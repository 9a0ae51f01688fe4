// Matrix products over tensors: values, packing by hand and on the way, nothing left behind, misuse told plainly.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gemm, PackedMatrix, packMatrix } from "../../src/kernels/index.js";
import { runtime } from "../support/runtime.js";

const tests = suite("gemm");

function matrix(rows: number, columns: number, values: readonly number[]) {
  return runtime.tensor([rows, columns]).write(values);
}

tests("a product, and one added to what is there", () => {
  using a = matrix(2, 3, [1, 2, 3, 4, 5, 6]);
  using b = matrix(3, 2, [1, 0, 2, -1, 0, 3]);
  using c = matrix(2, 2, [NaN, NaN, NaN, NaN]);
  assert.equal([...gemm(runtime, c, a, b).view], [5, 7, 14, 13]);
  using packed = packMatrix(runtime, b);
  assert.equal([...gemm(runtime, c, a, packed, "add").view], [10, 14, 28, 26]);
});

tests("packing and reading back gives the same numbers", () => {
  using b = matrix(
    2,
    9,
    Array.from({ length: 18 }, (_, i) => i),
  );
  using packed = packMatrix(runtime, b);
  assert.equal(packed.panels.shape, [2, 2, 8]);
  using out = runtime.tensor([2, 9]);
  assert.equal(packed.read(out).read(), b.read());
});

tests("an empty reduction gives zeros", () => {
  using a = runtime.tensor([2, 0]);
  using b = runtime.tensor([0, 3]);
  using c = matrix(2, 3, [1, 2, 3, 4, 5, 6]);
  assert.equal([...gemm(runtime, c, a, b).view], [0, 0, 0, 0, 0, 0]);
});

tests("repeated products of one shape allocate nothing", () => {
  using a = matrix(1, 1, [2]);
  using b = matrix(1, 1, [3]);
  using c = matrix(1, 1, [0]);
  gemm(runtime, c, a, b);
  const before = runtime.memoryUsage();
  for (let i = 0; i < 100; i++) gemm(runtime, c, a, b);
  assert.equal(runtime.memoryUsage(), before);
});

tests("misuse is told plainly", () => {
  using a = runtime.tensor([2, 3]);
  using b = runtime.tensor([3, 2]);
  using c = runtime.tensor([2, 2]);
  using vector = runtime.tensor([4]);
  using wide = runtime.tensor([2, 2], "f64");
  const fails = (call: () => unknown, message: string) =>
    assert.throws(call, (error: Error) => error.message === message || assert.is(error.message, message));
  fails(() => gemm(runtime, c, a, a), 'gemm: "b" expected shape [3, N], got "[2, 3]"');
  fails(() => gemm(runtime, a, a, b), 'gemm: "c" expected shape [2, 2], got [2, 3]');
  fails(() => gemm(runtime, c, vector, b), 'gemm: "a" expected a matrix, got [4]');
  fails(() => gemm(runtime, wide as never, a, b), 'gemm: "c" expected a tensor of f32, got "f64"');
  fails(() => gemm(runtime, c, c, c), 'gemm: "c" expected a tensor other than a and b, got "one of them"');
  const packed = new PackedMatrix(runtime, 3, 2);
  packed.dispose();
  packed.dispose();
  assert.throws(() => gemm(runtime, c, a, packed), /was disposed of/);
});

tests.run();
