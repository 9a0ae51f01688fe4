// The scale that targets are standardized with. PETS leaves targets as they are; with targets of one scale cart-pole needs a third of
// the steps. The scale is kept from fit to fit, because another scale would change what the networks, which training goes on from,
// predict; when the standard deviation of a target has changed by RESCALE or more, what was learned is of no use, and training
// starts afresh.

import { createNormalizer, type Normalizer } from "../nn/index.js";
import type { SavedState, Steps } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";

// change of a target's standard deviation, up or down, at which its scale is taken anew
const RESCALE = 10;

export class TargetScale {
  /** Standard deviation of the targets [T], the inverse of `inverseStd`; 0 for those that are always 0. */
  readonly std: Tensor;
  readonly #normalizer: Normalizer;
  readonly #normalize: boolean;
  readonly #silent: readonly number[];
  // nothing ties the targets to the scale they had
  #renew = false;

  /** Without `normalize` it stays 1. `silent` are targets that are always 0, and predicted so to the last bit. */
  constructor(scope: Scope, size: number, normalize: boolean, silent: readonly number[]) {
    this.#normalizer = scope.hold(createNormalizer(scope.runtime, size));
    this.#normalize = normalize;
    this.std = scope.tensor([size]);
    this.#silent = silent;
    this.#publish();
  }

  get mean(): Tensor {
    return this.#normalizer.mean;
  }

  /** 1 / the standard deviation that targets are divided by [T]. */
  get inverseStd(): Tensor {
    return this.#normalizer.inverseStd;
  }

  /** Will the next fit take the scale anew? */
  get renews(): boolean {
    return this.#renew;
  }

  /** The parameters are fresh: the next fit takes the scale anew. */
  renew(): void {
    this.#renew = true;
  }

  /** Keeps the scale while it suits targets [rows, T], else takes theirs. Returns whether what was learned is of no use with it. */
  *suitSteps(targets: Tensor, rows: number): Steps<boolean> {
    if (!this.#normalize) return false;
    const kept = this.#normalizer.statistics().std;
    const first = this.#normalizer.count === 0 || this.#renew;
    this.#renew = false;
    const before = this.#normalizer.save();
    yield* this.#normalizer.fitSteps(targets, rows);
    const { std } = this.#normalizer.statistics();
    const suits = kept.every((value, i) => std[i] < RESCALE * value && value < RESCALE * std[i]);
    if (!first && suits) {
      this.#normalizer.load(before);
      return false;
    }
    this.#publish();
    return !first;
  }

  /** Standardizes targets [rows, T] in place. */
  standardizeSteps(targets: Tensor, rows: number): Steps<void> {
    return this.#normalizer.standardizeSteps(targets, targets, rows);
  }

  /** The statistics; `renews` is for its owner to keep. */
  save(): SavedState {
    return this.#normalizer.save();
  }

  /** Takes over saved statistics; throws `FormatError` when they are of another shape. */
  load(state: SavedState, renews: boolean): void {
    this.#normalizer.load(state);
    this.#renew = renews;
    this.#publish();
  }

  #publish(): void {
    const std = this.std.view;
    std.set(this.#normalizer.statistics().std);
    for (const target of this.#silent) std[target] = 0;
  }
}
