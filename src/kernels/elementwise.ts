// Functions over whole tensors: out[i] = f(x[i]). At most 1 ulp from the true value for exp and log, 2 ulp for the others,
// denormal results included; a NaN stays a NaN. `out` may be `x`.

import { wrongKind, wrongValue } from "../check.js";
import { type Runtime, Tensor } from "../wasm/index.js";

type Kernel = "exp_f32" | "log_f32" | "tanh_f32" | "sigmoid_f32" | "softplus_f32" | "swish_f32" | "sin_f32" | "cos_f32";

function map(op: string, kernel: Kernel, runtime: Runtime, out: Tensor, x: Tensor): void {
  checkTensor(op, "out", out);
  checkTensor(op, "x", x);
  if (out.size !== x.size) wrongValue(op, "out", `${x.size} elements`, out.size);
  runtime.kernels[kernel](out.address, x.address, x.size);
}

function checkTensor(op: string, name: string, tensor: unknown): void {
  if (!(tensor instanceof Tensor) || tensor.dtype !== "f32") wrongKind(op, name, "a tensor of f32", tensor);
}

/** out = e^x; beyond 88.7 infinity, below −104 zero. Throws when the sizes differ or a tensor is not f32. */
export function exp(runtime: Runtime, out: Tensor, x: Tensor): void {
  map("exp", "exp_f32", runtime, out, x);
}

/** out = log x; −∞ at ±0, NaN below. Throws as `exp` does. */
export function log(runtime: Runtime, out: Tensor, x: Tensor): void {
  map("log", "log_f32", runtime, out, x);
}

/** out = tanh x. Throws as `exp` does. */
export function tanh(runtime: Runtime, out: Tensor, x: Tensor): void {
  map("tanh", "tanh_f32", runtime, out, x);
}

/** out = 1 / (1 + e^−x). Throws as `exp` does. */
export function sigmoid(runtime: Runtime, out: Tensor, x: Tensor): void {
  map("sigmoid", "sigmoid_f32", runtime, out, x);
}

/** out = log(1 + e^x). Throws as `exp` does. */
export function softplus(runtime: Runtime, out: Tensor, x: Tensor): void {
  map("softplus", "softplus_f32", runtime, out, x);
}

/** out = x / (1 + e^−x), also known as SiLU; −0 at −∞. Throws as `exp` does. */
export function swish(runtime: Runtime, out: Tensor, x: Tensor): void {
  map("swish", "swish_f32", runtime, out, x);
}

/** out = sin x, x in radians. Throws as `exp` does. */
export function sin(runtime: Runtime, out: Tensor, x: Tensor): void {
  map("sin", "sin_f32", runtime, out, x);
}

/** out = cos x, x in radians. Throws as `exp` does. */
export function cos(runtime: Runtime, out: Tensor, x: Tensor): void {
  map("cos", "cos_f32", runtime, out, x);
}
