// N action sequences, what they return, and the best K of them.

import { wrongValue } from "../check.js";
import type { Rollout, Steps } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import { type Bounds, PlanningError } from "./planner.js";

export class Population {
  /** [N, H, A]. */
  readonly actions: Tensor;
  /** [N]. */
  readonly returns: Tensor;
  /** Rows of the best sequences, best first [K]; as many are valid as `select` said. */
  readonly elites: Tensor<"i32">;
  readonly #runtime: Runtime;
  readonly #actionSize: number;

  /** `size` sequences within `bounds`, of which at most `elites` are selected. */
  constructor(scope: Scope, bounds: Bounds, size: number, elites: number) {
    this.#runtime = scope.runtime;
    this.#actionSize = bounds.actionSize;
    this.actions = scope.tensor([size, bounds.horizon, bounds.actionSize]);
    this.returns = scope.tensor([size]);
    this.elites = scope.tensor([elites], "i32");
  }

  /** N. */
  get size(): number {
    return this.returns.size;
  }

  /**
   * Rolls out every sequence and ranks them: the number of elites, fewer than K when fewer returns are finite. Throws
   * `PlanningError` when none is.
   */
  *select<Start>(op: string, rollout: Rollout<Start>, start: Start): Steps<number> {
    const A = rollout.actionSpace.low.length;
    if (A !== this.#actionSize) wrongValue(op, "rollout", `actions of size ${this.#actionSize}`, A);
    // what a rollout leaves out must not count as a return
    this.returns.view.fill(Number.NaN);
    if (rollout.returnsSteps) yield* rollout.returnsSteps(start, this.actions, this.returns);
    else rollout.returns(start, this.actions, this.returns);
    yield;
    const { elites, returns } = this;
    const found = this.#runtime.kernels.elites_select(elites.address, returns.address, returns.size, elites.size);
    if (found === 0) throw new PlanningError(op, this.size);
    return found;
  }

  /** Return of the best sequence, after `select`. */
  get bestReturn(): number {
    return this.returns.view[this.elites.view[0]];
  }

  /** Copies the best `count` sequences to `out` [count, H, A] (or longer), best first, after `select`. */
  gather(out: Tensor, count: number): void {
    const length = this.actions.size / this.size;
    this.#runtime.kernels.rows_gather(out.address, this.actions.address, this.elites.address, count, length);
  }
}
