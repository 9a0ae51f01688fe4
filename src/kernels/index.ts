// The kernels as functions over tensors (`mbrl-wasm/kernels`).

export { cos, exp, log, sigmoid, sin, softplus, swish, tanh } from "./elementwise.js";
export { gemm, PackedMatrix, packMatrix } from "./gemm.js";
export { RandomStream, streamNumber } from "./random.js";
