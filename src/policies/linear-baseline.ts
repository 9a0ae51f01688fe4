// The linear feature baseline (Duan et al. 2016, as rllab, ME-TRPO and asynch-mb have it): ridge regression of returns on
//   [clip(o, ±10), clip(o, ±10)², τ, τ², τ³, 1],  τ = step of the episode / 100,
// by the normal equations in float64. It is fitted on a batch and then predicts the next one, or the same: those are
// different estimators, and the choice is the caller's.

import { checkInteger, checkNumber, checkOptions, TrainingDivergedError } from "../check.js";
import { loadTensor, saveTensor } from "../saved-state.js";
import type { Disposable, SavedState } from "../types.js";
import { checkRows, type Runtime, type Scope, type Tensor } from "../wasm/index.js";

export interface LinearBaselineOptions {
  /** Length of an observation (D). */
  observationSize: number;
  /** Added to the diagonal of the normal equations. Default 1e-5; ten times more at each try that fails. */
  ridge?: number | undefined;
}

const TRIES = 5;

export class LinearBaseline implements Disposable {
  readonly runtime: Runtime;
  readonly observationSize: number;
  /** Coefficients of the features [2D + 4]; zero before the first fit. */
  readonly coefficients: Tensor<"f64">;
  readonly #scope: Scope;
  readonly #ridge: number;
  readonly #normal: Tensor<"f64">;
  readonly #factor: Tensor<"f64">;
  readonly #moment: Tensor<"f64">;
  readonly #solution: Tensor<"f64">;
  readonly #features: Tensor<"f64">;

  /** Made by `createLinearBaseline`. */
  constructor(scope: Scope, observationSize: number, ridge: number) {
    const F = 2 * observationSize + 4;
    this.#scope = scope;
    this.runtime = scope.runtime;
    this.observationSize = observationSize;
    this.#ridge = ridge;
    this.coefficients = scope.tensor([F], "f64");
    this.#normal = scope.tensor([F, F], "f64");
    this.#factor = scope.tensor([F, F], "f64");
    this.#moment = scope.tensor([F], "f64");
    this.#solution = scope.tensor([F], "f64");
    this.#features = scope.tensor([F], "f64");
  }

  /**
   * Fits to returns [rows] at observations [rows, D] in steps `time` [rows] of their episodes; rows whose `weight` [rows] is 0
   * are not read. Returns the ridge that was enough. Throws `TrainingDivergedError` when five tries give no finite solution;
   * the coefficients then stay.
   */
  fit(observation: Tensor, time: Tensor<"i32">, returns: Tensor, rows: number, weight?: Tensor): number {
    const op = "linearBaseline.fit";
    const { observationSize: D, coefficients } = this;
    const { kernels } = this.runtime;
    this.#check(op, observation, time, rows);
    checkRows(op, "returns", returns, rows, 1);
    if (weight) checkRows(op, "weight", weight, rows, 1);
    kernels.baseline_normal(
      this.#normal.address,
      this.#moment.address,
      this.#features.address,
      observation.address,
      time.address,
      returns.address,
      weight?.address ?? 0,
      rows,
      D,
    );
    const solution = this.#solution;
    let ridge = this.#ridge;
    for (let attempt = 0; attempt < TRIES; attempt++, ridge *= 10) {
      const [normal, moment] = [this.#normal.address, this.#moment.address];
      if (kernels.baseline_solve(solution.address, this.#factor.address, normal, moment, ridge, solution.size)) {
        coefficients.view.set(solution.view);
        return ridge;
      }
    }
    throw new TrainingDivergedError("linear baseline", null, TRIES, "the solution");
  }

  /** out [rows] = predicted returns. */
  predict(out: Tensor, observation: Tensor, time: Tensor<"i32">, rows: number): void {
    const op = "linearBaseline.predict";
    this.#check(op, observation, time, rows);
    checkRows(op, "out", out, rows, 1);
    this.runtime.kernels.baseline_predict(
      out.address,
      this.#features.address,
      this.coefficients.address,
      observation.address,
      time.address,
      rows,
      this.observationSize,
    );
  }

  /** The coefficients, bit for bit. */
  save(): SavedState {
    return { meta: {}, arrays: { coefficients: saveTensor(this.coefficients) } };
  }

  /** Takes over a saved state. Throws `FormatError` when it does not fit. */
  load(state: SavedState): void {
    loadTensor(this.coefficients, state, "coefficients");
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using baseline = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #check(op: string, observation: Tensor, time: Tensor<"i32">, rows: number): void {
    checkInteger(op, "rows", rows);
    checkRows(op, "observation", observation, rows, this.observationSize);
    checkRows(op, "time", time, rows, 1, "i32");
  }
}

/** A baseline that predicts zero until it is fitted. */
export function createLinearBaseline(runtime: Runtime, options: LinearBaselineOptions): LinearBaseline {
  const op = "createLinearBaseline";
  const { observationSize, ridge = 1e-5 } = checkOptions(op, options, ["observationSize", "ridge"]);
  checkInteger(op, "observationSize", observationSize, 1);
  checkNumber(op, "ridge", ridge, 0);
  return runtime.scoped((scope) => new LinearBaseline(scope, observationSize, ridge));
}
