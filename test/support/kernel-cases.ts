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
export const pureKernels: readonly (keyof Kernels)[] = [
  "atan2_f64",
  "cos_f64",
  "exp_f64",
  "heap_base",
  "log_f64",
  "physics_lanes",
  "pool_room",
  "sin_f64",
  "task_differentiable",
];

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
  for (const kernel of ["cem_sample", "clipped_sample"] as const) {
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
  add("filtered_noise", [scope.tensor([S, H, A])], [normal(S, H, A)], (out, noise) =>
    kernels.filtered_noise(out, noise, S, H, A, 0.6),
  );
  add(
    "reward_weighted_mean",
    [filled(0.2, L), scope.tensor([S])],
    [normal(S, L), normal(S)],
    (mean, weights, a, returns) => kernels.reward_weighted_mean(mean, weights, a, returns, S, L, 2),
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
  for (const [task, S, D, U] of [
    ["cartpole", 4, 4, 4],
    ["pendulum", 2, 3, 2],
    ["acrobot", 4, 6, 4],
    ["mountain_car", 2, 2, 1],
  ] as const) {
    const state = (): Tensor<"f64"> => scope.tensor([B, S], "f64").write(Array(B * S).fill(0.1));
    const observation = (): Tensor => scope.tensor([B, D]);
    add(`${task}_reset`, [state(), observation()], [uniform(B, U)], (states, observations, uniforms) =>
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
  add(
    "cartpole_v1_step",
    [scope.tensor([B, 4], "f64").write(Array(B * 4).fill(0.1)), scope.tensor([B, 4]), scope.tensor([B]), bytes()],
    [uniform(B, 1)],
    (...at) => kernels.cartpole_v1_step(at[0], at[1], at[2], at[3], at[4], B),
  );
  // by the number of the task: sizes of observation and action; which of observation, action, next its reward reads; whether
  // its termination reads anything
  const planned: readonly (readonly [number, number, string, boolean])[] = [
    [4, 1, "n", true],
    [3, 1, "oa", false],
    [6, 1, "n", true],
    [2, 1, "an", true],
    [4, 1, "", true],
    [4, 1, "n", true],
    [9, 1, "n", true],
    [10, 2, "an", false],
    [8, 2, "oan", false],
    [11, 3, "oan", true],
    [17, 6, "oan", false],
    [18, 6, "an", false],
    [17, 6, "oan", true],
    [105, 8, "oan", true],
    [10, 2, "n", false],
    [10, 2, "n", false],
    [16, 4, "n", false],
    [16, 4, "n", false],
  ];
  planned.forEach(([d, a, reads, ends], i) => {
    const inputs = [...reads].map((letter) => normal(B, letter === "a" ? a : d));
    add("task_reward", [scope.tensor([B])], inputs, (out, ...at) => {
      const [observation, action, next] = [..."oan"].map((letter) => at[reads.indexOf(letter)] ?? 0);
      kernels.task_reward(i + 1, out, observation, action, next, B);
    });
    add("task_terminated", [bytes()], ends ? [normal(B, d)] : [], (out, next) =>
      kernels.task_terminated(i + 1, out, next ?? 0, B),
    );
  });

  // the tasks whose rewards have gradients: sizes, which gradients they add to, what they read
  for (const [task, d, a, adds, reads] of [
    [2, 3, 1, "oa", "oa"],
    [4, 2, 1, "a", "a"],
    [7, 9, 1, "n", "n"],
    [8, 10, 2, "an", "an"],
    [9, 8, 2, "oan", "a"],
    [10, 11, 3, "oan", "a"],
    [11, 17, 6, "oan", "a"],
    [12, 18, 6, "an", "a"],
    [13, 17, 6, "oan", "a"],
    [14, 105, 8, "oan", "an"],
    [16, 10, 2, "n", "n"],
    [18, 16, 4, "n", "n"],
  ] as const) {
    const rows = (letters: string): Tensor[] => [...letters].map((letter) => normal(B, letter === "a" ? a : d));
    const given = (letters: string, at: readonly number[]): number[] =>
      [..."oan"].map((letter) => at[letters.indexOf(letter)] ?? 0);
    add("task_reward_vjp", rows(adds), [...rows(reads), normal(B)], (...at) => {
      const [ds, da, dnext] = given(adds, at.slice(0, adds.length));
      const [s, action, next] = given(reads, at.slice(adds.length, -1));
      kernels.task_reward_vjp(task, ds, da, dnext, s, action, next, at[at.length - 1], B);
    });
  }

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
  add(
    "model_features_vjp",
    [normal(N, D), normal(N, A)],
    [normal(N, F), normal(N, D), table, normal(F)],
    (ds, da, gradient, observation, codes, scale) =>
      kernels.model_features_vjp(ds, da, gradient, observation, codes, scale, N, D, A, F),
  );
  add(
    "apply_target_vjp",
    [scope.tensor([N, stride]), normal(N, T - 1)],
    [normal(N, T - 1), normal(N), normal(T), normal(T - 1)],
    (gradient, ds, dnext, dreward, scale, delta) =>
      kernels.apply_target_vjp(gradient, ds, dnext, dreward, scale, delta, N, T - 1, stride),
  );
  const target = (): Tensor[] => [normal(T), normal(T), normal(T), normal(T)];
  add("head_sample", [scope.tensor([N, T])], [normal(N, stride), normal(N, T), ...target()], (...at) => {
    const [out, output, noise, max, min, shift, scale] = at;
    kernels.head_sample(out, output, noise, max, min, shift, scale, N, T, stride);
  });
  add("head_mean", [scope.tensor([N, T])], [normal(E, N, stride), normal(T), normal(T)], (...at) =>
    kernels.head_mean(at[0], at[1], at[2], at[3], E, N, T, stride),
  );
  add("head_median", [scope.tensor([N, T])], [normal(E, N, stride), normal(T), normal(T)], (...at) =>
    kernels.head_median(at[0], at[1], at[2], at[3], E, N, T, stride),
  );
  add("head_disagreement", [scope.tensor([N])], [normal(E, N, stride)], (out, output) =>
    kernels.head_disagreement(out, output, E, N, T, stride),
  );
  add("head_spread", [scope.tensor([N, T])], [normal(E, N, stride), normal(N, T), normal(T), normal(T)], (...at) =>
    kernels.head_spread(at[0], at[1], at[2], at[3], at[4], E, N, T, stride),
  );
  const goesOn = scope.tensor([N], "u8").write(Array.from({ length: N }, (_, i) => Number(i % 3 === 0)));
  const room = [normal(N, T), goesOn, filled(-0.5, T), filled(0.5, T)];
  const settled = [normal(N, T), scope.tensor([N]), scope.tensor([N], "u8")];
  add("imagine_settle", settled, room, (next, valid, terminated, observation, ended, low, high) =>
    kernels.imagine_settle(next, valid, terminated, observation, ended, low, high, N, T),
  );
  const ends = scope.tensor([N], "u8").write(Array.from({ length: N }, (_, i) => Number(i % 4 === 0)));
  const recorded = [normal(N), ends, scope.tensor([N], "u8"), filled(1, N), scope.tensor([N], "i32")];
  add("imagine_record", recorded, [], (reward, terminated, ended, valid, time) =>
    kernels.imagine_record(reward, terminated, ended, valid, time, 3, 5, N),
  );
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
  add(
    "imagined_return",
    // some trajectories go on, some have ended
    [scope.tensor([B]), bytes().write([1, 0, 1, 1, 0]), normal(B, D)],
    [normal(B, D), normal(B), bytes()],
    (weight, alive, next, observation, reward, ended) =>
      kernels.imagined_return(weight, alive, next, observation, reward, ended, 0.9, B, D),
  );
  add("particle_actions", [scope.tensor([N * Q, A])], [normal(N, H, A)], (out, actions) =>
    kernels.particle_actions(out, actions, H - 1, 0, N * Q, Q, H, A),
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

  const weights = (): Tensor => scope.tensor([E * N]).write(Array.from({ length: E * N }, (_, i) => i % 3));
  const openLoop = (): Tensor[] => [normal(E * N, D), normal(D), weights()];
  const losses = scope.tensor([E], "f64");
  add("open_loop_loss", [losses, normal(E * N, D)], openLoop(), (loss, next, truth, scale, weight) =>
    kernels.open_loop_loss(loss, next, truth, scale, weight, E, N, D),
  );
  add(
    "open_loop_gradient",
    [normal(E * N, D)],
    [normal(E * N, D), ...openLoop()],
    (dnext, next, truth, scale, weight) => kernels.open_loop_gradient(dnext, next, truth, scale, weight, E * N, D),
  );
  addExpansionKernels(scope, add, normal);

  addMatrixKernels(scope, add, normal);
  addLearningKernels(scope, add, normal);
  addReplayKernels(scope, add, normal);
  addNetworkKernels(scope, add, normal);
  addPolicyKernels(scope, add, normal);
  return cases;
}

type Add = (
  kernel: keyof Kernels,
  outputs: readonly Tensor<DType>[],
  inputs: readonly Tensor<DType>[],
  call: (...addresses: number[]) => void,
) => void;
type Make = (...shape: number[]) => Tensor;

// H steps of E members from B rows, with the values of K critics
function addExpansionKernels(scope: Scope, add: Add, normal: Make): void {
  const { kernels } = scope.runtime;
  const [H, E, K, B, D, A] = [3, 2, 2, 5, 3, 1];
  const flags = (n: number, every: number): number[] => Array.from({ length: n }, (_, i) => Number(i % every !== 0));
  const terminated = scope.tensor([B], "u8").write([0, 1, 0, 0, 0]);
  const steps = (every: number): Tensor => scope.tensor([H, E, B]).write(flags(H * E * B, every));
  const imagined = [normal(H, E, B), steps(7), steps(11), normal(K, H, E, B)];
  for (const rule of [0, 1, 2, 3, 4]) {
    const out = [scope.tensor([B]), scope.tensor([H + 1, B]), scope.tensor([H + 1], "f64")];
    const scratch = scope.tensor([(H + 1) * (E * K + 2)], "f64");
    add(
      "expansion_targets",
      [...out, scratch],
      [normal(B), terminated, normal(K, B), ...imagined],
      (to, estimates, shares, room, reward, end, value, ...at) => {
        const real = [reward, end, value] as const;
        const [rewards, goes, finite, values] = at;
        const sizes = [H, E, K, B, rule, rule % 2] as const;
        const rest = [0.9, 0.25, 0.7, -2, 2] as const;
        kernels.expansion_targets(
          to,
          estimates,
          shares,
          ...real,
          rewards,
          goes,
          finite,
          values,
          room,
          ...sizes,
          ...rest,
        );
      },
    );
  }
  const rows = [scope.tensor([H, B, D]), scope.tensor([H, B, A]), scope.tensor([H, B]), scope.tensor([H, B])];
  const states = [normal(B, D), normal(B, A), normal(H, E, B, D), normal(H, E, B, A)];
  add("expansion_rows", rows, [...states, terminated, ...imagined], (...at) => {
    const [observation, action, target, weight, ...rest] = at;
    const [start, startAction, state, actions, end, reward, goes, finite, value] = rest;
    const from = [start, startAction, state, actions, end, reward, goes, finite, value] as const;
    kernels.expansion_rows(observation, action, target, weight, ...from, H, E, K, B, D, A, 1, 0.9, -2, 2);
  });
}

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
    kernels.gemm_nn(c, C, a, K, b, bias, M, C, K, 0, 0),
  );
  add("gemm_tn", [scope.tensor([2, K, 8])], [normal(M, K), normal(M, 16)], (out, a, z) =>
    kernels.gemm_tn(out, a, K, z, 16, M, C, K, 0, 0),
  );
  const nn = (kernel: NnTile, rows: number, columns: number): void =>
    add(
      kernel,
      [scope.tensor([rows, columns])],
      [normal(columns), normal(rows, K), normal(columns / 8, K, 8)],
      (...at) => kernels[kernel](at[0], 4 * columns, at[1], 0, at[2], 4 * K, at[3], K),
    );
  for (const rows of [1, 2, 3, 4, 5, 6] as const) {
    for (const columns of [8, 16] as const) {
      nn(`gemm_nn_tile_${rows}x${columns}`, rows, columns);
      const tn = `gemm_tn_tile_${rows}x${columns}` as const;
      add(tn, [scope.tensor([columns / 8, rows, 8])], [normal(M, rows), normal(M, columns)], (c, a, z) =>
        kernels[tn](c, 32 * rows, a, 4 * rows, z, 4 * columns, M),
      );
    }
    const edge = `gemm_nn_edge_${rows}` as const;
    add(edge, [scope.tensor([rows, 5])], [normal(5), normal(rows, K), normal(K, 8)], (c, init, a, panel) =>
      kernels[edge](c, 20, init, 0, a, 4 * K, panel, K, 5),
    );
  }
  nn("gemm_nn_tile_1x32", 1, 32);
}

// T steps of B trajectories, and vectors of K parameters
function addLearningKernels(scope: Scope, add: Add, normal: Make): void {
  const { kernels } = scope.runtime;
  const [T, B, K] = [5, 3, 37];
  const R = T * B;
  const ones = (): Tensor => scope.tensor([R]).write(Array.from({ length: R }, (_, i) => Number(i % 7 !== 3)));
  const flags = (every: number): Tensor<"u8"> =>
    scope.tensor([R], "u8").write(Array.from({ length: R }, (_, i) => Number(i % every === 1)));
  add(
    "gae",
    [scope.tensor([R]), scope.tensor([R])],
    [normal(R), normal(R), normal(R), ones(), flags(4), flags(2)],
    (advantage, target, reward, value, next, valid, terminated, ended) =>
      kernels.gae(advantage, target, reward, value, next, valid, terminated, ended, T, B, 0.99, 0.9, 1),
  );
  add("standardize_valid", [normal(R)], [ones()], (x, valid) => kernels.standardize_valid(x, valid, R));
  add(
    "surrogate",
    [scope.tensor([4], "f64"), scope.tensor([R])],
    [normal(R), normal(R), normal(R), ones()],
    (sums, weights, logProb, old, advantage, w) =>
      kernels.surrogate(sums, weights, logProb, old, advantage, w, R, 0.2, 1),
  );
  add("vector_dot", [], [normal(K), normal(K)], (a, b) => void kernels.vector_dot(a, b, K));
  add("vector_combine", [scope.tensor([K])], [normal(K), normal(K)], (out, x, y) =>
    kernels.vector_combine(out, x, y, 0.5, -2, K),
  );
  add("polyak", [normal(K)], [normal(K)], (target, source) => kernels.polyak(target, source, 0.05, K));
}

// minibatches of B of C replayed transitions, with observations of D numbers, goals of G within them, and actions of A; K critics
function addReplayKernels(scope: Scope, add: Add, normal: Make): void {
  const { kernels } = scope.runtime;
  const [B, C, D, G, A, K, S] = [5, 9, 7, 2, 3, 2, 8];
  const out = (...shape: number[]): Tensor => scope.tensor(shape);
  const vector = (value: number, size: number): Tensor => out(size).write(Array(size).fill(value));
  const flags = (size: number): Tensor<"u8"> =>
    scope.tensor([size], "u8").write(Array.from({ length: size }, (_, i) => Number(i % 3 === 1)));
  const words = scope.tensor([B], "u32");
  kernels.philox_bits(words.address, B, 0, 7, 0, 0, 0, 1);
  add("replay_rows", [words], [], (rows) => kernels.replay_rows(rows, B, C));
  const rows = scope.tensor([B], "u32").write([8, 0, 3, 3, 5]);
  add(
    "replay_gather",
    [out(B, D), out(B, A), out(B), out(B, D), scope.tensor([B], "u8")],
    [normal(C, D), normal(C, A), normal(C), normal(C, D), flags(C), rows],
    (...at) =>
      kernels.replay_gather(at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7], at[8], at[9], at[10], B, D, A),
  );
  const follower = scope.tensor([C], "i32").write([1, 2, -1, 4, 5, 6, -1, -1, 0]);
  const uniform = out(B, 2).write([0.1, 0.9, 0.9, 0.5, 0.2, 0.1, 0.3, 0.99, 0.4, 0.5]);
  const trajectory = scope.tensor([C], "u32").write([4, 4, 4, 3, 3, 3, 3, 5, 4]);
  const step = scope.tensor([C], "u32").write([1, 2, 3, 0, 1, 2, 3, 0, 0]);
  add(
    "hindsight_rows",
    [scope.tensor([B], "i32")],
    [rows, follower, trajectory, step, uniform],
    (goals, at, links, whose, steps, u) => kernels.hindsight_rows(goals, at, links, whose, steps, u, 0.8, B, C),
  );
  const goals = scope.tensor([B], "i32").write([-1, 8, 0, -1, 4]);
  add(
    "hindsight_goals",
    [normal(B, D), normal(B, D), out(B, G), out(B, G)],
    [normal(C, D), goals],
    (observation, next, achieved, desired, source, at) =>
      kernels.hindsight_goals(observation, next, achieved, desired, source, at, 3, 5, G, B, D),
  );
  const [half, low, high] = [vector(2, A), vector(-1, A), vector(3, A)];
  add("action_noise", [normal(B, A)], [normal(B, A), half, low, high], (action, noise, h, l, u) =>
    kernels.action_noise(action, noise, h, l, u, 0.2, 0.3, B, A),
  );
  add("one_step_target", [out(B)], [normal(B), flags(B), normal(K, B)], (to, reward, terminated, value) =>
    kernels.one_step_target(to, reward, terminated, value, 0.9, -1, 0.5, K, B),
  );
  add(
    "critic_loss",
    [scope.tensor([K], "f64"), out(K, B, S)],
    [normal(K, B, S), normal(B), vector(0.5, B)],
    (loss, gradient, output, target, weight) =>
      kernels.critic_loss(loss, gradient, output, target, weight, 0.1, K, B, S, B),
  );
  add(
    "action_value_features",
    [out(B, D + A)],
    [normal(B, D), normal(B, A), normal(D), normal(D), vector(1, A), half],
    (to, observation, action, mean, inverse, center, h) =>
      kernels.action_value_features(to, observation, action, mean, inverse, 1.5, center, h, B, D, A),
  );
  add(
    "action_value_gradient",
    [out(B, A)],
    [normal(B, D + A), normal(B, A), vector(1, A), half],
    (to, g, action, center, h) => kernels.action_value_gradient(to, g, action, center, h, -0.2, 0.1, B, D, A),
  );
}

type NnTile = Extract<keyof Kernels, `gemm_nn_tile_${string}`>;

// layers of E networks with K inputs and C outputs, on B rows
function addNetworkKernels(scope: Scope, add: Add, normal: Make): void {
  const { kernels } = scope.runtime;
  const [E, B, K, C, C8] = [2, 3, 5, 11, 16];
  const swish = 4;
  add("activate_strip", [normal(B, 16), scope.tensor([B, 16])], [], (y, slope) =>
    kernels.activate_strip(swish, y, slope, 64, B, 16),
  );
  add("scale_strip", [scope.tensor([B, 8])], [normal(B, 8), normal(B, 8)], (out, x, slope) =>
    kernels.scale_strip(out, 32, x, 32, slope, 32, B),
  );
  // a network of one layer, as its table says it
  const [weights, bias] = [normal(E, 2, K, 8), normal(E, C8)];
  const wordsOf = (...words: number[]): Tensor<"u32"> => scope.tensor([words.length], "u32").write(words);
  const transposed = scope.tensor([E, 1, C, 8]);
  const parameters = weights.address;
  const layer = [K, C, C8, swish, weights.address, bias.address, transposed.address, 0];
  const net = wordsOf(1, E, C8, 0, parameters, 0, 0, 0, ...layer);
  const [x, out] = [normal(E, B, K), scope.tensor([E, B, C8])];
  const list = scope.tensor([E], "i32").write([1, 0]);
  const scratch = scope.tensor([2 * B * C8]);
  const args = wordsOf(
    net.address,
    out.address,
    x.address,
    list.address,
    B,
    1,
    B * K,
    scratch.address,
    4 * scratch.size,
  );
  // a single layer needs no scratch
  add("tasks_run", [out], [args, net, x, weights, bias, list], (_, words) => kernels.tasks_run(0, words, 0, E, 0));
  // on the one thread that is there
  add("pool_run", [out], [args, net, x, weights, bias, list], (_, words) => kernels.pool_run(0, words, 0, E));
  add("weight_tasks", [], [net], (table) => kernels.weight_tasks(table));
  const D = 3;
  const bounds = scope.tensor([2, D]).write([0.5, 0.5, 0.5, -10, -10, -10]);
  add(
    "gaussian_nll",
    [scope.tensor([E, 1, 1 + 2 * D], "f64"), scope.tensor([E, B, 2 * D])],
    [normal(E, B, 2 * D), normal(E, B, D), bounds],
    (partials, dout, output, target, b) =>
      kernels.gaussian_nll(partials, dout, output, target, b, E, B, D, 2 * D, B * D),
  );
  add(
    "mse",
    [scope.tensor([E, 1], "f64"), scope.tensor([E, B, D])],
    [normal(E, B, D), normal(E, B, D)],
    (partials, dout, output, target) => kernels.mse(partials, dout, output, target, E, B, D, D, B * D),
  );
  const sums = scope.tensor([E, 3, 1 + 2 * D], "f64").write(Array.from({ length: E * 3 * (1 + 2 * D) }, (_, i) => i));
  add("loss_reduce", [scope.tensor([E], "f64"), scope.tensor([2 * D])], [sums], (loss, extras, partials) =>
    kernels.loss_reduce(loss, extras, partials, 0.5, E, 3, 2 * D),
  );
  const numbers = scope.tensor([8], "f64").write([1e-3, 0.9, 0.999, 1e-8, 10, 1000, 0, 1e-4]);
  add("adam_update", [normal(C), scope.tensor([C]), scope.tensor([C])], [normal(C), numbers], (p, m, v, g, rates) =>
    kernels.adam_update(rates, 1, p, m, v, g, C),
  );
  add("moments_merge", [scope.tensor([D], "f64"), scope.tensor([D], "f64")], [normal(B, D)], (mean, m2, x) =>
    kernels.moments_merge(mean, m2, x, 0, B, D, D),
  );
  add("standardize", [scope.tensor([B, D])], [normal(B, D), normal(D), normal(D)], (out, x, mean, inverse) =>
    kernels.standardize(out, x, mean, inverse, B, D),
  );
}

// heads of B rows of policies with actions of A numbers, or of C choices, on observations of D numbers
function addPolicyKernels(scope: Scope, add: Add, normal: Make): void {
  const { kernels } = scope.runtime;
  const [B, D, A, C, S] = [5, 3, 2, 3, 8];
  const wordsOf = (words: readonly number[]): Tensor<"u32"> => scope.tensor([words.length], "u32").write(words);
  const [weights, bias] = [normal(1, D, S), normal(1, S)];
  // a network of one layer; its table and that of a policy, as their files say them
  const layer = [D, 2 * A, S, 0, weights.address, bias.address, 0, 0];
  const net = wordsOf([1, 1, S, 0, weights.address, 0, 0, 0, ...layer]);
  const [mean, inverse] = [normal(D), normal(D)];
  const filter = [mean.address, inverse.address];
  const ranges = [-2, 2, 0, 2].map((value) => scope.tensor([A]).write([value, value]));
  const box = ranges.map(({ address }) => address);
  const [limit] = new Uint32Array(Float32Array.of(10).buffer);
  const policyOf = (kind: number, size: number, head: number): Tensor<"u32"> =>
    wordsOf([net.address, 0, kind, D, size, head, S, ...filter, ...box, 1, S, size, limit, 1]);
  const squashed = policyOf(1, A, 2 * A);
  const choices = policyOf(2, 1, C);
  const head = (): Tensor => normal(B, S);
  const out = (...shape: number[]): Tensor => scope.tensor(shape);
  const chosen = scope.tensor([B, 1]).write([0, 1, 2, 0, 1]);

  add("policy_filter", [out(B, D)], [normal(B, D), mean, inverse], (to, x, m, s) =>
    kernels.policy_filter(to, x, m, s, 1.5, B, D),
  );
  add("policy_filter_vjp", [out(B, D)], [normal(B, D), normal(B, D), inverse], (to, g, z, s) =>
    kernels.policy_filter_vjp(to, g, z, s, 1.5, B, D),
  );
  const sampled = (): Tensor[] => [out(B, A), out(B, A), out(B)];
  add("policy_act", sampled(), [squashed, head(), normal(B, A), ...ranges], (action, raw, logProb, policy, h, noise) =>
    kernels.policy_act(policy, action, raw, logProb, h, noise, B),
  );
  add(
    "policy_act",
    [out(B, 1), out(B, 1), out(B)],
    [choices, head(), chosen],
    (action, raw, logProb, policy, h, noise) => kernels.policy_act(policy, action, raw, logProb, h, noise, B),
  );
  const scratch = out(B * (3 * S + D));
  const model = [net, weights, bias, mean, inverse, ...ranges];
  add("policy_step", [...sampled(), scratch], [squashed, normal(B, D), normal(B, A), ...model], (...at) => {
    const [action, raw, logProb, room, policy, observation, noise] = at;
    kernels.policy_step(policy, action, raw, logProb, observation, noise, B, room);
  });
  for (const [policy, raw] of [
    [squashed, normal(B, A)],
    [choices, chosen],
  ] as const) {
    add("policy_log_prob", [out(B)], [policy, head(), raw], (to, table, h, u) =>
      kernels.policy_log_prob(table, to, h, u, B),
    );
    add("policy_entropy", [out(B)], [policy, head(), normal(B)], (to, table, h, weight) =>
      kernels.policy_entropy(table, to, h, weight, B),
    );
    add("policy_score", [out(B, S)], [policy, head(), raw, normal(B)], (dh, table, h, u, weight) =>
      kernels.policy_score(table, dh, h, u, weight, 0.1, B),
    );
    add("policy_kl", [scope.tensor([2], "f64")], [policy, head(), head(), normal(B)], (to, table, old, h, weight) =>
      kernels.policy_kl(table, to, old, h, weight, B),
    );
    add("policy_fisher", [out(B, S)], [policy, head(), head(), normal(B)], (dh, table, tangent, h, weight) =>
      kernels.policy_fisher(table, dh, tangent, h, weight, B),
    );
  }
  add("policy_action_vjp", [out(B, S)], [squashed, normal(B, A), head(), normal(B, A), ...ranges], (...at) =>
    kernels.policy_action_vjp(at[1], at[0], at[2], at[3], at[4], B),
  );
  add("policy_mask", [normal(D * S)], [squashed, net], (flat, policy) => kernels.policy_mask(policy, flat));
  add("value_output", [out(B)], [normal(B, S)], (to, output) => kernels.value_output(to, output, 0.5, 2, B, S));

  const F = 2 * D + 4;
  const f64 = (...shape: number[]): Tensor<"f64"> => scope.tensor(shape, "f64");
  const time = scope.tensor([B], "i32").write([0, 1, 2, 0, 1]);
  add("baseline_normal", [f64(F, F), f64(F), f64(F)], [normal(B, D), time, normal(B), normal(B)], (...at) =>
    kernels.baseline_normal(at[0], at[1], at[2], at[3], at[4], at[5], at[6], B, D),
  );
  add("baseline_predict", [out(B), f64(F)], [f64(F), normal(B, D), time], (...at) =>
    kernels.baseline_predict(at[0], at[1], at[2], at[3], at[4], B, D),
  );
  add("baseline_solve", [f64(F), f64(F, F)], [f64(F, F), f64(F)], (w, factor, matrix, moment) =>
    kernels.baseline_solve(w, factor, matrix, moment, 0.5, F),
  );
}
