// Tensors as `ndarray` (scijs). The only file that constructs one: the package compiles code at run time and fails under a
// Content-Security-Policy without 'unsafe-eval'. To pass ndarrays in, nothing of this is needed: every input takes them.

import ndarray from "ndarray";
import type { DType, TypedArrays } from "../types.js";
import type { Tensor } from "../wasm/index.js";

/** A copy of the tensor as an ndarray: same shape, row-major, independent of Wasm memory. */
export function toNdarray<T extends DType>(tensor: Tensor<T>): ndarray.NdArray<TypedArrays[T]> {
  return ndarray(tensor.read(), [...tensor.shape]);
}
