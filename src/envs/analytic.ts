// The dynamics of tasks that are a few formulas: kernels of their own step rows of f64.

import type { Steps } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import { spaceSize } from "./spaces.js";
import type { Dynamics, DynamicsMaker, Kernels, Task } from "./task.js";

/** Which kernels serve a task. All take byte addresses, then the number of copies; `Dynamics` says what lies there. @internal */
export interface TaskKernels {
  /** Start states and their observations from uniforms [B, U] f32 in (0, 1). */
  reset(kernels: Kernels): (state: number, observation: number, uniforms: number, B: number) => void;
  /** One step in place. */
  step(
    kernels: Kernels,
  ): (state: number, observation: number, reward: number, ended: number, action: number, B: number) => void;
}

/** The tensors for up to N sequences. */
interface Buffers {
  readonly scope: Scope;
  readonly N: number;
  readonly state: Tensor<"f64">;
  readonly observation: Tensor;
  readonly action: Tensor;
  readonly reward: Tensor;
  readonly ended: Tensor<"u8">;
  readonly alive: Tensor<"u8">;
  readonly total: Tensor<"f64">;
}

class AnalyticDynamics implements Dynamics {
  readonly step: Dynamics["step"];
  readonly #reset: ReturnType<TaskKernels["reset"]>;
  readonly #runtime: Runtime;
  readonly #task: Task;
  #buffers: Buffers | undefined;

  constructor(runtime: Runtime, task: Task, kernels: TaskKernels) {
    this.#runtime = runtime;
    this.#task = task;
    this.#reset = kernels.reset(runtime.kernels);
    this.step = kernels.step(runtime.kernels);
  }

  start(state: Tensor<"f64">, b: number, observation: number, numbers: Tensor): void {
    this.#reset(state.address + b * this.#task.stateSize * 8, observation, numbers.address, 1);
  }

  *returns(out: Tensor, start: Float64Array, actions: Tensor, steps: number): Steps<void> {
    const [N, H, A] = actions.shape;
    const { state, observation, action, reward, ended, alive, total } = this.#prepare(N);
    const { kernels } = this.#runtime;
    for (let n = 0; n < N; n++) state.view.set(start, n * start.length);
    alive.view.fill(1);
    total.view.fill(0);
    for (let t = 0; t < steps; t++) {
      if (t > 0) yield;
      kernels.particle_actions(action.address, actions.address, t, 0, N, 1, H, A);
      this.step(state.address, observation.address, reward.address, ended.address, action.address, N);
      kernels.particle_rewards(total.address, alive.address, reward.address, ended.address, N);
    }
    out.view.set(total.view.subarray(0, N));
  }

  freedom(index: number): string {
    return String(index);
  }

  dispose(): void {
    this.#buffers?.scope.dispose();
    this.#buffers = undefined;
  }

  // made anew only when more sequences come than ever before
  #prepare(N: number): Buffers {
    if (this.#buffers && this.#buffers.N >= N) return this.#buffers;
    this.dispose();
    const { stateSize, observationSpace, actionSpace } = this.#task;
    this.#buffers = this.#runtime.scoped((scope) => ({
      scope,
      N,
      state: scope.tensor([N, stateSize], "f64"),
      observation: scope.tensor([N, spaceSize(observationSpace)]),
      action: scope.tensor([N, spaceSize(actionSpace)]),
      reward: scope.tensor([N]),
      ended: scope.tensor([N], "u8"),
      alive: scope.tensor([N], "u8"),
      total: scope.tensor([N], "f64"),
    }));
    return this.#buffers;
  }
}

/** The dynamics of a task with these kernels. @internal */
export function analytic(kernels: TaskKernels): DynamicsMaker {
  return (runtime, task) => new AnalyticDynamics(runtime, task, kernels);
}
