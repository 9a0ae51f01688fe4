// Advantages of a batch: generalized advantage estimation (Schulman et al. 2016), with the ends of episodes told apart. A
// terminated step has no future. One cut off by a time limit, or by the end of the batch, has V of where it led.

import { checkNumber, checkOptions, wrongValue } from "../check.js";
import type { Runtime, Tensor } from "../wasm/index.js";
import type { Batch } from "./batch.js";

export interface AdvantageOptions {
  /** Discount γ, in [0, 1]. */
  gamma: number;
  /** λ in [0, 1]: 1 weighs returns alone (no bias, much variance), 0 the next value alone. */
  lambda: number;
  /** Whether a step that ended without terminating has V(next) as its future. Default true; ME-TRPO's returns have none. */
  bootstrap?: boolean;
}

/**
 * Writes `out.advantage` and `out.target` (advantage + value: what a value function is fitted to), both [rows], from values of
 * the observations and of the next observations [rows]. Rows that are not valid get 0. Throws when sizes or options do not
 * fit.
 */
export function advantages(
  runtime: Runtime,
  out: { readonly advantage: Tensor; readonly target: Tensor },
  batch: Batch,
  values: { readonly value: Tensor; readonly nextValue: Tensor },
  options: AdvantageOptions,
): void {
  const op = "advantages";
  const { gamma, lambda, bootstrap = true } = checkOptions(op, options, ["gamma", "lambda", "bootstrap"]);
  checkNumber(op, "gamma", gamma, 0, 1);
  checkNumber(op, "lambda", lambda, 0, 1);
  for (const [name, { size }] of Object.entries({ ...out, ...values })) {
    if (size < batch.rows) wrongValue(op, name, `${batch.rows} elements`, size);
  }
  const { reward, valid, terminated, ended, T, B } = batch;
  runtime.kernels.gae(
    out.advantage.address,
    out.target.address,
    reward.address,
    values.value.address,
    values.nextValue.address,
    valid.address,
    terminated.address,
    ended.address,
    T,
    B,
    gamma,
    lambda,
    Number(bootstrap),
  );
}

/**
 * Brings advantages [rows] to mean 0 and standard deviation 1 over the valid rows, in place. Where they hardly differ (below
 * 1e-8) only the mean is taken off. Rows that are not valid become 0.
 */
export function standardizeAdvantages(runtime: Runtime, advantage: Tensor, valid: Tensor, rows = advantage.size): void {
  for (const [name, { size }] of Object.entries({ advantage, valid })) {
    if (size < rows) wrongValue("standardizeAdvantages", name, `${rows} elements`, size);
  }
  runtime.kernels.standardize_valid(advantage.address, valid.address, rows);
}
