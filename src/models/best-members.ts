// The best parameters of each member so far, while an ensemble is fitted, and the check that losses are numbers.

import { TrainingDivergedError } from "../check.js";
import type { Scope, Tensor } from "../wasm/index.js";
import type { EnsembleRegressor } from "./ensemble-regressor.js";

export class BestMembers {
  readonly #regressor: EnsembleRegressor;
  readonly #best: Tensor;

  constructor(scope: Scope, regressor: EnsembleRegressor) {
    this.#regressor = regressor;
    this.#best = scope.tensor([regressor.ensemble.params.size]);
  }

  keep(member: number): void {
    const { ensemble } = this.#regressor;
    ensemble.copyMember(this.#best, ensemble.params, member);
  }

  restore(member: number): void {
    const { ensemble } = this.#regressor;
    ensemble.copyMember(ensemble.params, this.#best, member);
  }
}

/** Throws `TrainingDivergedError` when a member's loss or score is not finite. */
export function checkFinite(regressor: EnsembleRegressor, values: ArrayLike<number>): void {
  for (let e = 0; e < regressor.ensemble.members; e++) {
    if (!Number.isFinite(values[e])) throw new TrainingDivergedError("fit", e, regressor.optimizer.steps, "the loss");
  }
}
