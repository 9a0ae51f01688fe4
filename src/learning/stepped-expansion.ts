// Value expansion by dynamics in the ensemble's place: one "member" that whoever asks for it knows how to step, such as the true
// dynamics of a task. What is at fault when an expansion does not learn, the model or the rest, shows when the model is perfect.

import { checkInteger, wrongValue } from "../check.js";
import type { Policy, PolicyPass } from "../policies/index.js";
import type { Disposable } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import type { Carrier } from "./expansion-target.js";

/** Steps of B rows: all of next observation [B, D], reward [B] and ended [B] (0: it goes on) after observation and action. */
export interface SteppedDynamics extends Disposable {
  step(next: Tensor, reward: Tensor, ended: Tensor<"u8">, observation: Tensor, action: Tensor, rows: number): void;
}

export class SteppedExpansion implements Carrier {
  readonly horizon: number;
  readonly members = 1;
  readonly observation: Tensor;
  readonly action: Tensor;
  readonly reward: Tensor;
  readonly goes: Tensor;
  readonly finite: Tensor;
  readonly #scope: Scope;
  readonly #rows: number;
  readonly #dynamics: SteppedDynamics;
  readonly #pass: PolicyPass;
  // one step
  readonly #state: Tensor;
  readonly #next: Tensor;
  readonly #act: Tensor;
  readonly #raw: Tensor;
  readonly #reward: Tensor;
  readonly #ended: Tensor<"u8">;

  /** `horizon` steps of up to `rows` rows under the mode of `policy`; the dynamics go with it. */
  constructor(scope: Scope, dynamics: SteppedDynamics, policy: Policy, horizon: number, rows: number) {
    const [D, A] = [policy.observationSize, policy.envActionSize];
    this.#scope = scope;
    this.#rows = rows;
    this.#dynamics = scope.hold(dynamics);
    this.#pass = scope.hold(policy.pass(rows));
    this.horizon = horizon;
    this.observation = scope.tensor([horizon, 1, rows, D]);
    this.action = scope.tensor([horizon, 1, rows, A]);
    this.reward = scope.tensor([horizon, 1, rows]);
    this.goes = scope.tensor([horizon, 1, rows]);
    this.finite = scope.tensor([horizon, 1, rows]);
    this.#state = scope.tensor([rows, D]);
    this.#next = scope.tensor([rows, D]);
    this.#act = scope.tensor([rows, A]);
    this.#raw = scope.tensor([rows, A]);
    this.#reward = scope.tensor([rows]);
    this.#ended = scope.tensor([rows], "u8");
  }

  imagine(start: Tensor, startAction: Tensor, rows: number): void {
    const op = "steppedExpansion.imagine";
    checkInteger(op, "rows", rows, 1, this.#rows);
    const [D, A] = [this.#state.shape[1], this.#act.shape[1]];
    if (start.size < rows * D) wrongValue(op, "start", `at least ${rows * D} elements`, start.size);
    this.#state.view.set(start.view.subarray(0, rows * D));
    this.#act.view.set(startAction.view.subarray(0, rows * A));
    for (let h = 0; h < this.horizon; h++) {
      this.#dynamics.step(this.#next, this.#reward, this.#ended, this.#state, this.#act, rows);
      const [next, state] = [this.#next.view, this.#state.view];
      for (let b = 0; b < rows; b++) {
        const finite = next.subarray(b * D, (b + 1) * D).every(Number.isFinite);
        // what is no number stands still
        if (!finite) next.set(state.subarray(b * D, (b + 1) * D), b * D);
        this.finite.view[h * rows + b] = Number(finite);
        this.goes.view[h * rows + b] = this.#ended.view[b] ? 0 : 1;
      }
      this.#pass.forward(this.#next, rows);
      this.#pass.act(this.#act, this.#raw, undefined, undefined);
      this.observation.view.set(next.subarray(0, rows * D), h * rows * D);
      this.action.view.set(this.#act.view.subarray(0, rows * A), h * rows * A);
      this.reward.view.set(this.#reward.view.subarray(0, rows), h * rows);
      this.#state.view.set(next);
    }
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
