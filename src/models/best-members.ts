// What watches over an ensemble while it is fitted: the best parameters of each member so far, the check that losses are numbers, the
// share of their learning rates that optimizers use.

import { TrainingDivergedError } from "../check.js";
import type { Disposable } from "../types.js";
import type { Tensor } from "../wasm/index.js";
import type { EnsembleRegressor } from "./ensemble-regressor.js";

export class BestMembers implements Disposable {
  readonly #regressor: EnsembleRegressor;
  readonly #best: Tensor;

  constructor(regressor: EnsembleRegressor) {
    this.#regressor = regressor;
    this.#best = regressor.runtime.tensor([regressor.ensemble.params.size]);
  }

  keep(member: number): void {
    const { ensemble } = this.#regressor;
    ensemble.copyMember(this.#best, ensemble.params, member);
  }

  restore(member: number): void {
    const { ensemble } = this.#regressor;
    ensemble.copyMember(ensemble.params, this.#best, member);
  }

  /** Throws `TrainingDivergedError` when a member's loss or score is not finite. */
  check(values: ArrayLike<number>): void {
    const { ensemble, optimizer } = this.#regressor;
    for (let e = 0; e < ensemble.members; e++) {
      if (!Number.isFinite(values[e])) throw new TrainingDivergedError("fit", e, optimizer.steps, "the loss");
    }
  }

  setShare(share: number): void {
    this.#regressor.optimizer.share = share;
    this.#regressor.boundsOptimizer.share = share;
  }

  dispose(): void {
    this.setShare(1);
    this.#best.dispose();
  }
}
