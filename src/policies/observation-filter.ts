// The observation filter of a policy or a value function: z = clip((x − mean) / σ, ±c) with running statistics in float64
// (Welford 1962, merged by batches). They change in `update` alone, so that whoever collects a batch sees one filter from its
// first row to its last.

import { checkFinite, checkInteger, checkNumber, FormatError } from "../check.js";
import { createNormalizer, type Normalizer } from "../nn/index.js";
import { joinStates, partState } from "../saved-state.js";
import type { Disposable, SavedState } from "../types.js";
import { checkRows, type Runtime, type Scope, type Tensor } from "../wasm/index.js";

/** Largest normalized observation, as in OpenAI's baselines and Stable-Baselines3. */
export const FILTER_CLIP = 10;
// a deviation below this share of the mean (or of 1) is the rounding of float32, not variation
const CONSTANT = 1e-6;

export class ObservationFilter implements Disposable {
  /** Length of an observation (D). */
  readonly size: number;
  /** False: the identity, which `update` leaves as it is. */
  readonly enabled: boolean;
  /** Largest absolute value of what comes out: c, or ∞ for the identity. */
  readonly limit: number;
  /** Mean and 1 / standard deviation [D] in use; a dimension that does not vary is shifted, not scaled. */
  readonly mean: Tensor;
  readonly inverseStd: Tensor;
  readonly #scope: Scope;
  readonly #statistics: Normalizer;

  /** Made by `createObservationFilter`. */
  constructor(scope: Scope, size: number, enabled: boolean, clip: number) {
    this.#scope = scope;
    this.size = size;
    this.enabled = enabled;
    this.limit = enabled ? clip : Infinity;
    this.mean = scope.tensor([size]);
    this.inverseStd = scope.tensor([size]);
    this.#statistics = scope.hold(createNormalizer(scope.runtime, size));
    this.#publish();
  }

  /** Observations that the statistics stand for. */
  get count(): number {
    return this.#statistics.count;
  }

  /**
   * Adds the first `rows` rows of `observation` [·, D] to the statistics; nothing when not enabled. Throws `RangeError` when a
   * number is not finite; the statistics then stay.
   */
  update(observation: Tensor, rows: number): void {
    const op = "observationFilter.update";
    checkInteger(op, "rows", rows);
    checkRows(op, "observation", observation, rows, this.size);
    if (!this.enabled) return;
    const before = this.#statistics.save();
    this.#statistics.update(observation, rows);
    // one number that is not finite makes its dimension's mean so
    if (!this.#finite()) {
      this.#statistics.load(before);
      checkFinite(op, "observation", observation.view.subarray(0, rows * this.size));
    }
    this.#publish();
  }

  /** out [rows, D] = the filtered `observation`; `out` may be it. A NaN stays a NaN. */
  apply(out: Tensor, observation: Tensor, rows: number): void {
    const op = "observationFilter.apply";
    checkInteger(op, "rows", rows);
    checkRows(op, "out", out, rows, this.size);
    checkRows(op, "observation", observation, rows, this.size);
    const { kernels } = this.#scope.runtime;
    const { address: mean } = this.mean;
    const { address: inverse } = this.inverseStd;
    kernels.policy_filter(out.address, observation.address, mean, inverse, this.limit, rows, this.size);
  }

  /** The complete state, bit for bit. */
  save(): SavedState {
    return joinStates({ clip: this.enabled ? this.limit : null }, { statistics: this.#statistics.save() });
  }

  /** Continues from a saved state. Throws `FormatError`, `TypeError` or `RangeError` when it does not fit; then nothing changes. */
  load(state: SavedState): void {
    // states of before there was a choice have none
    const { clip = FILTER_CLIP } = state.meta as { readonly clip?: number | null };
    if (this.enabled && clip !== null && clip !== this.limit) {
      throw new FormatError(`saved observation filter clips at ${clip}, this one at ${this.limit}`);
    }
    const before = this.#statistics.save();
    try {
      this.#statistics.load(partState(state, "statistics"));
      if (!this.#finite()) throw new FormatError("saved observation filter has statistics that are not finite");
    } catch (error) {
      this.#statistics.load(before);
      throw error;
    }
    this.#publish();
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using filter = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #finite(): boolean {
    const { mean, std } = this.#statistics.statistics();
    return mean.every(Number.isFinite) && std.every(Number.isFinite);
  }

  #publish(): void {
    const { mean, std } = this.#statistics.statistics();
    const scale = std.map((deviation, d) => {
      const varies = this.count > 0 && deviation >= CONSTANT * Math.max(1, Math.abs(mean[d]));
      return varies ? 1 / deviation : 1;
    });
    this.mean.view.set(mean);
    this.inverseStd.view.set(scale);
  }
}

/**
 * A filter for observations of `size` numbers; `enabled` false makes it the identity. Default true. `clip` is the largest absolute
 * value of what comes out, default 10.
 */
export function createObservationFilter(
  runtime: Runtime,
  size: number,
  enabled = true,
  clip = FILTER_CLIP,
): ObservationFilter {
  const op = "createObservationFilter";
  checkInteger(op, "size", size, 1);
  checkNumber(op, "clip", clip, 0);
  return runtime.scoped((scope) => new ObservationFilter(scope, size, enabled, clip));
}
