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

  // planning: S sequences of H actions of size A, of which K are elites
  const [S, H, A, K] = [9, 7, 2, 4];
  const L = H * A;
  const filled = (value: number, ...shape: number[]): Tensor => {
    const tensor = scope.tensor(shape);
    return tensor.write(Array(tensor.size).fill(value));
  };
  const rows = (): Tensor<"i32"> => scope.tensor([K], "i32").write([3, 0, 8, 5]);
  const bounds = (): Tensor[] => [filled(-1, L), filled(1.5, L)];
  for (const kernel of ["cem_sample", "icem_sample"] as const) {
    const distribution = [filled(0.2, L), filled(0.3, L)];
    add(
      kernel,
      [scope.tensor([S, L])],
      [normal(S, L), ...distribution, ...bounds()],
      (out, noise, mean, v, low, high) => kernels[kernel](out, noise, mean, v, low, high, S, L),
    );
  }
  add("shooting_sample", [scope.tensor([S, L])], [filled(0.7, S, L), ...bounds()], (out, noise, low, high) =>
    kernels.shooting_sample(out, noise, low, high, S, L),
  );
  add("elites_select", [scope.tensor([K], "i32")], [normal(S)], (out, returns) =>
    kernels.elites_select(out, returns, S, K),
  );
  add("rows_gather", [scope.tensor([K, L])], [normal(S, L), rows()], (out, source, indices) =>
    kernels.rows_gather(out, source, indices, K, L),
  );
  add("elites_keep", [normal(K, L)], [normal(K, L)], (actions, elites) =>
    kernels.elites_keep(actions, elites, 2, K, H, A),
  );
  add("cem_refit", [filled(0.2, L), filled(0.3, L)], [normal(S, L), rows(), ...bounds()], (mean, v, a, i, low, high) =>
    kernels.cem_refit(mean, v, a, i, low, high, K, L, 0.1),
  );
  const colors = scope.tensor([H, 8]);
  add("colored_table", [colors], [], (table) => kernels.colored_table(table, H, 3));
  kernels.colored_table(colors.address, H, 3);
  add("colored_noise", [scope.tensor([S, H, A])], [normal(S, A, H), colors], (out, noise, table) =>
    kernels.colored_noise(out, noise, table, S, H, A),
  );

  // envs: B copies of each task; the arguments that a reward or termination does not read are 0
  const B = 5;
  const bytes = (): Tensor<"u8"> => scope.tensor([B], "u8");
  const uniform = (...shape: number[]): Tensor => filled(0.3, ...shape);
  for (const [task, S, D] of [
    ["cartpole", 4, 4],
    ["pendulum", 2, 3],
  ] as const) {
    const state = (): Tensor<"f64"> => scope.tensor([B, S], "f64").write(Array(B * S).fill(0.1));
    const observation = (): Tensor => scope.tensor([B, D]);
    add(`${task}_reset`, [state(), observation()], [uniform(B, S)], (states, observations, uniforms) =>
      kernels[`${task}_reset`](states, observations, uniforms, B),
    );
    add(
      `${task}_step`,
      [state(), observation(), scope.tensor([B]), bytes()],
      [uniform(B, 1)],
      (states, observations, reward, ended, action) =>
        kernels[`${task}_step`](states, observations, reward, ended, action, B),
    );
  }
  add("cartpole_reward", [scope.tensor([B])], [normal(B, 4)], (out, next) =>
    kernels.cartpole_reward(out, 0, 0, next, B),
  );
  add("cartpole_terminated", [bytes()], [normal(B, 4)], (out, next) => kernels.cartpole_terminated(out, next, B));
  add("pendulum_reward", [scope.tensor([B])], [normal(B, 3), normal(B, 1)], (out, observation, action) =>
    kernels.pendulum_reward(out, observation, action, 0, B),
  );
  add("pendulum_terminated", [bytes()], [], (out) => kernels.pendulum_terminated(out, 0, B));
  add("sequence_actions", [scope.tensor([S, A])], [normal(S, H, A)], (out, actions) =>
    kernels.sequence_actions(out, actions, H - 1, S, H, A),
  );
  const alive = bytes().write(Array(B).fill(1));
  add("sequence_rewards", [scope.tensor([B], "f64"), alive], [normal(B), bytes()], (total, flags, reward, ended) =>
    kernels.sequence_rewards(total, flags, reward, ended, B),
  );
  return cases;
}
