// The features a dynamics model sees: every observation dimension as it is, or as sine and cosine when it is an angle,
// then the action. A table of (operation, source column) drives one kernel.

import { checkInteger, wrongKind, wrongValue } from "../check.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";

// the codes of assembly/models/features.ts
const OBSERVATION = 0;
const SINE = 1;
const COSINE = 2;
const ACTION = 3;

export interface FeatureEncoder {
  /** Number of features (F). */
  readonly size: number;
  /** The table [F, 2] of (operation, source column). */
  readonly table: Tensor<"i32">;
  /**
   * out [rows, F] from observation [rows, D] and action [rows, A], by address, standardized by mean and inverseStd [F].
   */
  encode(out: number, observation: number, action: number, mean: Tensor, inverseStd: Tensor, rows: number): void;
}

/**
 * Builds the encoder of D observation dimensions, of which `angles` are in radians and those in `without` are no features, and
 * A action dimensions.
 */
export function createFeatureEncoder(
  scope: Scope,
  D: number,
  A: number,
  angles: readonly number[],
  without: readonly number[] = [],
): FeatureEncoder {
  const op = "createDynamicsModel";
  if (!Array.isArray(angles)) wrongKind(op, "angles", "an array of dimensions", angles);
  for (const angle of angles) checkInteger(op, "angles", angle, 0, D - 1);
  if (new Set(angles).size !== angles.length) {
    wrongValue(op, "angles", "distinct dimensions", angles.join(", "));
  }
  const rows: number[] = [];
  for (let i = 0; i < D; i++) {
    if (without.includes(i)) continue;
    if (angles.includes(i)) rows.push(SINE, i, COSINE, i);
    else rows.push(OBSERVATION, i);
  }
  for (let i = 0; i < A; i++) rows.push(ACTION, i);
  const F = rows.length / 2;
  if (F === 0) wrongValue(op, "constant", "less than all there is", without);
  const table = scope.tensor([F, 2], "i32").write(rows);
  const { kernels }: Runtime = scope.runtime;
  return {
    size: F,
    table,
    encode(out, observation, action, mean, inverseStd, count) {
      const { address } = table;
      kernels.model_features(out, observation, action, address, mean.address, inverseStd.address, count, D, A, F);
    },
  };
}
