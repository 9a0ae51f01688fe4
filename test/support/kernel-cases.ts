// Every kernel once, on tensors that are exactly as large as it may touch: what the leak test repeats, what the trap test
// shrinks, and whose results Node and the browser compare. A kernel without a case here fails test/wasm/leak.test.ts.

import type { DType } from "../../src/types.js";
import type { Kernels } from "../../src/wasm/kernels.gen.js";
import type { Scope, Tensor } from "../../src/wasm/index.js";

export interface KernelCase {
  readonly kernel: keyof Kernels;
  /** All tensors of the call, outputs first. */
  readonly tensors: readonly Tensor<DType>[];
  readonly outputs: readonly Tensor<DType>[];
  call(): void;
}

/** Kernels that touch no memory. */
export const pureKernels: readonly (keyof Kernels)[] = ["heap_base"];

const N = 37;

export function kernelCases(scope: Scope): KernelCase[] {
  const { kernels } = scope.runtime;
  const cases: KernelCase[] = [];
  let sample = 0;

  // standard normals, other ones for each tensor
  function normal(...shape: number[]): Tensor {
    const tensor = scope.tensor(shape);
    kernels.random_normal(tensor.address, tensor.size, 7, 0, 0, 0, sample++);
    return tensor;
  }
  function add(
    kernel: keyof Kernels,
    outputs: readonly Tensor<DType>[],
    inputs: readonly Tensor<DType>[],
    call: (...addresses: number[]) => void,
  ): void {
    const tensors = [...outputs, ...inputs];
    cases.push({ kernel, tensors, outputs, call: () => call(...tensors.map(({ address }) => address)) });
  }

  for (const kernel of [
    "exp_f32",
    "tanh_f32",
    "sigmoid_f32",
    "softplus_f32",
    "swish_f32",
    "sin_f32",
    "cos_f32",
  ] as const) {
    add(kernel, [scope.tensor([N])], [normal(N)], (out, x) => kernels[kernel](out, x, N));
  }
  const positive = scope.tensor([N]);
  kernels.random_uniform(positive.address, N, 7, 0, 0, 0, sample++);
  add("log_f32", [scope.tensor([N])], [positive], (out, x) => kernels.log_f32(out, x, N));

  add("philox_bits", [scope.tensor([N], "u32")], [], (out) => kernels.philox_bits(out, N, 1, 2, 3, 4, 5));
  for (const kernel of ["random_uniform", "random_normal", "random_truncated_normal"] as const) {
    add(kernel, [scope.tensor([N])], [], (out) => kernels[kernel](out, N, 1, 2, 3, 4, 5));
  }
  return cases;
}
