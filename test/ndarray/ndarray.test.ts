import { suite } from "uvu";
import * as assert from "uvu/assert";
import { toFloat32 } from "../../src/array.js";
import { toNdarray } from "../../src/ndarray/index.js";
import { runtime } from "../support/runtime.js";

const test = suite("ndarray");

test("a tensor comes out as an ndarray of its shape", () => {
  using tensor = runtime.tensor([2, 3]);
  tensor.write([1, 2, 3, 4, 5, 6]);
  const array = toNdarray(tensor);
  assert.equal(array.shape, [2, 3]);
  assert.is(array.dtype, "float32");
  assert.is(array.get(1, 0), 4);
  assert.is(array.transpose(1, 0).get(2, 1), 6);
});

test("it is a copy", () => {
  using tensor = runtime.tensor([2], "i32");
  tensor.write([1, 2]);
  const array = toNdarray(tensor);
  tensor.write([8, 9]);
  array.set(0, 5);
  assert.is(array.dtype, "int32");
  assert.equal([array.get(0), array.get(1)], [5, 2]);
  assert.equal([...tensor.read()], [8, 9]);
});

test("out and in again through a transposition", () => {
  using tensor = runtime.tensor([2, 3]);
  tensor.write([1, 2, 3, 4, 5, 6]);
  const packed = toFloat32("test", "x", toNdarray(tensor).transpose(1, 0), [3, 2]);
  assert.equal(packed, Float32Array.of(1, 4, 2, 5, 3, 6));
});

test.run();
