// Flat vectors, laid out as the parameters of a policy: dot products and combinations in float64 (assembly/learning/vector.ts).

import type { Runtime, Tensor } from "../wasm/index.js";

/** Σ a[i]·b[i] in float64, in an order that depends on the length alone. */
export function dot(runtime: Runtime, a: Tensor, b: Tensor): number {
  return runtime.kernels.vector_dot(a.address, b.address, a.size);
}

/** out = alpha·x + beta·y, each element rounded once; `out` may be `x` or `y`. @internal */
export function combine(runtime: Runtime, out: Tensor, alpha: number, x: Tensor, beta: number, y: Tensor): void {
  runtime.kernels.vector_combine(out.address, x.address, y.address, alpha, beta, out.size);
}

/** Whether every element is finite: a square of float32 has room in float64, and so has any sum of them. */
export function allFinite(runtime: Runtime, x: Tensor): boolean {
  return Number.isFinite(dot(runtime, x, x));
}

// of the squares of a gradient: Adam squares it in float32, which ends at 3e38
const LARGEST = 1e37;

/** Whether a step of Adam along `gradients` leaves parameters and optimizer finite. */
export function takesStep(runtime: Runtime, gradients: Tensor): boolean {
  return dot(runtime, gradients, gradients) <= LARGEST;
}
