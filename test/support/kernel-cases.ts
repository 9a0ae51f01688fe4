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
    kernels.random_normal(tensor.address, tensor.size, 0, 7, 0, 0, 0, sample++);
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
  kernels.random_uniform(positive.address, N, 0, 7, 0, 0, 0, sample++);
  add("log_f32", [scope.tensor([N])], [positive], (out, x) => kernels.log_f32(out, x, N));

  add("philox_bits", [scope.tensor([N], "u32")], [], (out) => kernels.philox_bits(out, N, 32, 1, 2, 3, 4, 5));
  for (const kernel of ["random_uniform", "random_normal", "random_truncated_normal"] as const) {
    add(kernel, [scope.tensor([N])], [], (out) => kernels[kernel](out, N, 32, 1, 2, 3, 4, 5));
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

  // models: E members, N sequences of H actions, Q particles per sequence and member, F features, T targets
  const [E, Q, D, F, T, stride] = [3, 2, 3, 6, 5, 16];
  const R = E * N * Q;
  const table = scope.tensor([F, 2], "i32").write([0, 0, 1, 1, 2, 1, 0, 2, 3, 0, 3, 1]);
  const words = (): Tensor<"u32"> => scope.tensor([R], "u32").write(Array.from({ length: R }, (_, r) => (r * 7) % R));
  const flags = (): Tensor<"u8"> => scope.tensor([R], "u8").write(Array(R).fill(1));
  const totals = (): Tensor<"f64"> => scope.tensor([R], "f64").write(Array(R).fill(0.5));
  add("rows_repeat", [scope.tensor([K, L])], [normal(L)], (out, row) => kernels.rows_repeat(out, row, K, L));
  add("model_features", [scope.tensor([N, F])], [normal(N, D), normal(N, A), table, normal(F), normal(F)], (...at) => {
    const [out, observation, action, codes, shift, scale] = at;
    kernels.model_features(out, observation, action, codes, shift, scale, N, D, A, F);
  });
  const target = (): Tensor[] => [normal(T), normal(T), normal(T), normal(T)];
  add("head_sample", [scope.tensor([N, T])], [normal(N, stride), normal(N, T), ...target()], (...at) => {
    const [out, output, noise, max, min, shift, scale] = at;
    kernels.head_sample(out, output, noise, max, min, shift, scale, N, T, stride);
  });
  const moments = [scope.tensor([N, T]), scope.tensor([N, T]), scope.tensor([N, T])];
  add("head_moments", moments, [normal(E, N, stride), ...target()], (...at) => {
    const [center, aleatoric, epistemic, output, max, min, shift, scale] = at;
    kernels.head_moments(center, aleatoric, epistemic, output, max, min, shift, scale, E, N, T, stride, 1);
  });
  const learned = [scope.tensor([N, T - 1]), scope.tensor([N])];
  add("apply_target", learned, [normal(N, T - 1), normal(N, T), normal(T - 1)], (next, reward, observation, ...at) =>
    kernels.apply_target(next, reward, observation, at[0], at[1], N, T - 1, T),
  );
  const transition = [normal(N, T - 1), normal(N, T - 1), normal(N), normal(T - 1)];
  add("model_target", [scope.tensor([N, T])], transition, (out, observation, next, reward, delta) =>
    kernels.model_target(out, observation, next, reward, delta, N, T - 1, T),
  );
  add("particle_actions", [scope.tensor([R, A])], [normal(N, H, A)], (out, actions) =>
    kernels.particle_actions(out, actions, H - 1, E, N, Q, H, A),
  );
  add("particle_shuffle", [words()], [words()], (index, bits) => kernels.particle_shuffle(index, bits, E, N, Q));
  add("particle_rewards", [totals(), flags()], [normal(R), flags()], (total, alive, reward, ended) =>
    kernels.particle_rewards(total, alive, reward, ended, R),
  );
  add("particle_reorder", [totals(), flags()], [totals(), flags(), words()], (...at) =>
    kernels.particle_reorder(at[0], at[1], at[2], at[3], at[4], R),
  );
  add("particle_returns", [scope.tensor([N])], [totals()], (out, total) =>
    kernels.particle_returns(out, total, 0.5, E, N, Q),
  );

  addMatrixKernels(scope, add, normal);
  addNetworkKernels(scope, add, normal);
  return cases;
}

type Add = (
  kernel: keyof Kernels,
  outputs: readonly Tensor<DType>[],
  inputs: readonly Tensor<DType>[],
  call: (...addresses: number[]) => void,
) => void;
type Make = (...shape: number[]) => Tensor;

// products of an M x K and a K x C matrix
function addMatrixKernels(scope: Scope, add: Add, normal: Make): void {
  const { kernels } = scope.runtime;
  const [M, K, C] = [7, 5, 11];
  const panels = (): Tensor => normal(2, K, 8);
  add("gemm_pack", [scope.tensor([2, K, 8])], [normal(K, C)], (out, b) => kernels.gemm_pack(out, b, K, C, C));
  add("gemm_unpack", [scope.tensor([K, C])], [panels()], (out, b) => kernels.gemm_unpack(out, b, K, C, C));
  add("gemm_pack_transposed", [scope.tensor([1, C, 8])], [panels()], (out, b) =>
    kernels.gemm_pack_transposed(out, b, K, C),
  );
  add("gemm_nn", [scope.tensor([M, C])], [normal(M, K), panels(), normal(C)], (c, a, b, bias) =>
    kernels.gemm_nn(c, C, a, K, b, bias, M, C, K, 0),
  );
  add("gemm_tn", [scope.tensor([2, K, 8])], [normal(M, K), normal(M, 16)], (out, a, z) =>
    kernels.gemm_tn(out, a, K, z, 16, M, C, K),
  );
  for (const rows of [1, 2, 3, 4, 5, 6] as const) {
    const product = [scope.tensor([rows, 8])];
    add(`gemm_nn_tile_${rows}`, product, [normal(8), normal(rows, K), normal(K, 8)], (c, init, a, panel) =>
      kernels[`gemm_nn_tile_${rows}`](c, 32, init, 0, a, 4 * K, panel, K),
    );
    add(`gemm_tn_tile_${rows}`, [scope.tensor([rows, 8])], [normal(M, rows), normal(M, 8)], (c, a, z) =>
      kernels[`gemm_tn_tile_${rows}`](c, a, 4 * rows, z, 32, M),
    );
  }
}

// layers of E networks with K inputs and C outputs, on B rows
function addNetworkKernels(scope: Scope, add: Add, normal: Make): void {
  const { kernels } = scope.runtime;
  const [E, B, K, C, C8] = [2, 3, 5, 11, 16];
  const swish = 4;
  const members = (): Tensor<"i32"> => scope.tensor([E], "i32").write([1, 0]);
  const parameters = (): Tensor[] => [normal(E, 2, K, 8), normal(E, C8)];
  add("activation_slope", [scope.tensor([C8])], [normal(C8), normal(C8)], (out, x, slope) =>
    kernels.activation_slope(out, x, 0, slope, C8, swish),
  );
  add(
    "dense_forward",
    [scope.tensor([E, B, C8]), scope.tensor([E, B, C8])],
    [normal(E, B, K), ...parameters(), members()],
    (y, slope, x, weights, bias, list) =>
      kernels.dense_forward(y, slope, x, weights, bias, list, E, B, K, C, K, B * K, swish),
  );
  add(
    "dense_weight_gradient",
    parameters(),
    [normal(E, B, K), normal(E, B, C8), members()],
    (dweights, dbias, x, dz, list) => kernels.dense_weight_gradient(dweights, dbias, x, dz, list, E, B, K, C, K, B * K),
  );
  add(
    "dense_input_gradient",
    [scope.tensor([E, B, 8])],
    [normal(E, B, C8), normal(E, 1, C, 8), normal(E, B, 8), members()],
    (dx, dz, transposed, slope, list) =>
      kernels.dense_input_gradient(dx, dz, transposed, 0, slope, list, E, B, K, C, 8, swish),
  );
  add(
    "dense_tangent",
    [scope.tensor([E, B, C8])],
    [normal(E, B, K), normal(E, B, K), normal(E, 2, K, 8), ...parameters(), normal(E, B, C8), members()],
    (ty, tx, x, weights, tweights, tbias, slope, list) =>
      kernels.dense_tangent(ty, tx, x, weights, tweights, tbias, 0, slope, list, E, B, K, C, K, B * K, swish),
  );
  const D = 3;
  const bounds = scope.tensor([2, D]).write([0.5, 0.5, 0.5, -10, -10, -10]);
  add(
    "gaussian_nll",
    [scope.tensor([E], "f64"), scope.tensor([E, B, 2 * D]), scope.tensor([2, D])],
    [normal(E, B, 2 * D), normal(E, B, D), bounds],
    (loss, dout, dbounds, out, target, b) =>
      kernels.gaussian_nll(loss, dout, dbounds, out, target, b, E, B, D, 2 * D, B * D),
  );
  add(
    "mse",
    [scope.tensor([E], "f64"), scope.tensor([E, B, D])],
    [normal(E, B, D), normal(E, B, D)],
    (loss, dout, out, target) => kernels.mse(loss, dout, out, target, E, B, D, D, B * D),
  );
  add("adam_step", [normal(C), scope.tensor([C]), scope.tensor([C])], [normal(C)], (p, m, v, g) =>
    kernels.adam_step(p, m, v, g, C, 1e-3, 0.9, 0.999, 1e-8, 10, 1000, 1e-4),
  );
  add("moments_merge", [scope.tensor([D], "f64"), scope.tensor([D], "f64")], [normal(B, D)], (mean, m2, x) =>
    kernels.moments_merge(mean, m2, x, 0, B, D),
  );
  add("standardize", [scope.tensor([B, D])], [normal(B, D), normal(D), normal(D)], (out, x, mean, inverse) =>
    kernels.standardize(out, x, mean, inverse, B, D),
  );
}
