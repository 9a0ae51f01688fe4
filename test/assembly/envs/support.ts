// Steps a task's kernels over tensors, and says how far two runs are apart.
import type { Runtime, Scope } from "../../../src/wasm/index.js";

type Kernels = Runtime["kernels"];

/** The kernels and sizes of one task. */
export interface TaskKernels {
  readonly S: number;
  readonly D: number;
  /** Uniforms of a start state; default S. */
  readonly U?: number;
  readonly step: `${"acrobot" | "cartpole" | "cartpole_v1" | "mountain_car" | "pendulum"}_step`;
  readonly reset: `${"acrobot" | "cartpole" | "mountain_car" | "pendulum"}_reset`;
}

/** The kernels of every task, by the name of its fixture. */
export const taskKernels = {
  cartpole: { S: 4, D: 4, step: "cartpole_step", reset: "cartpole_reset" },
  "cartpole-v1": { S: 4, D: 4, step: "cartpole_v1_step", reset: "cartpole_reset" },
  pendulum: { S: 2, D: 3, step: "pendulum_step", reset: "pendulum_reset" },
  acrobot: { S: 4, D: 6, step: "acrobot_step", reset: "acrobot_reset" },
  "mountain-car": { S: 2, D: 2, U: 1, step: "mountain_car_step", reset: "mountain_car_reset" },
} as const satisfies Record<string, TaskKernels>;

/** Tensors of `B` copies of a task, filled with NaN and ones, so that what is not written shows. */
export function copies(scope: Scope, { S, D, U = S, step, reset }: TaskKernels, B: number) {
  const kernels: Kernels = scope.runtime.kernels;
  const state = scope.tensor([B, S], "f64");
  const observation = scope.tensor([B, D]);
  const reward = scope.tensor([B]);
  const terminated = scope.tensor([B], "u8");
  const action = scope.tensor([B, 1]);
  const uniforms = scope.tensor([B, U]);
  for (const tensor of [observation, reward]) tensor.view.fill(Number.NaN);
  terminated.view.fill(7);
  return {
    state,
    observation,
    reward,
    terminated,
    step(actions: ArrayLike<number>) {
      action.write(actions);
      const { address } = action;
      kernels[step](state.address, observation.address, reward.address, terminated.address, address, B);
    },
    reset(values: ArrayLike<number>) {
      uniforms.write(values);
      kernels[reset](state.address, observation.address, uniforms.address, B);
    },
  };
}

/** Largest |a − b| / max(1, |b|). */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i]));
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

/** Repeatable numbers in (low, high) for inputs of tests. */
export function spread(count: number, low: number, high: number, phase = 0.37): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, i) => low + (high - low) * ((phase + (i + 1) * 0.6180339887498949) % 1),
  );
}
