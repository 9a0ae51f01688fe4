// The true dynamics of a task from its observations, for the tasks whose observation tells their state: rows are put into copies of
// the task and stepped. Where along a direction in which the world looks the same everywhere (the x of a swimmer) a copy is does not
// matter, and is taken as 0.

import { wrongValue } from "../check.js";
import type { Disposable } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import type { Dynamics, Task } from "./task.js";

export class ObservedDynamics implements Disposable {
  readonly #scope: Scope;
  readonly #task: Task;
  readonly #dynamics: Dynamics;
  readonly #state: Tensor<"f64">;

  /** Made by `observedDynamics`. */
  constructor(scope: Scope, task: Task, rows: number) {
    this.#scope = scope;
    this.#task = task;
    this.#dynamics = scope.hold(task.dynamics(scope.runtime, task));
    this.#state = scope.tensor([rows, task.stateSize], "f64");
  }

  /**
   * next [rows, D], reward [rows] and ended [rows] (not 0: terminated or diverged) of one step from observation [rows, D] under
   * action [rows, A].
   */
  step(next: Tensor, reward: Tensor, ended: Tensor<"u8">, observation: Tensor, action: Tensor, rows: number): void {
    const { stateSize, stateOf } = this.#task;
    const { kernels } = this.#scope.runtime;
    const D = next.shape[1];
    const from = observation.read();
    const state = this.#state.view;
    for (let row = 0; row < rows; row++) {
      const out = state.subarray(row * stateSize, (row + 1) * stateSize);
      stateOf?.(kernels, from.subarray(row * D, (row + 1) * D), out);
    }
    const [s, o, r, e, a] = [this.#state, next, reward, ended, action].map(({ address }) => address);
    this.#dynamics.step(s, o, r, e, a, rows);
  }

  dispose(): void {
    this.#scope.dispose();
  }
}

/** Throws `RangeError` for a task whose observation does not tell its state. */
export function observedDynamics(runtime: Runtime, task: Task, rows: number): ObservedDynamics {
  if (!task.stateOf) wrongValue("observedDynamics", "task", "one whose observation tells its state", task.id);
  return runtime.scoped((scope) => new ObservedDynamics(scope, task, rows));
}
