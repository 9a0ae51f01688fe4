// One fit of an ensemble regressor: its memory for minibatches and scores, and the optimizer step.

import { createTrainer, meanSquaredError, type Trainer } from "../nn/index.js";
import { eachInSlices } from "../steps.js";
import type { Disposable, Steps } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import type { EnsembleRegressor } from "./ensemble-regressor.js";
import { PRODUCTS, type Trainee } from "./training.js";

export class Fitting implements Trainee, Disposable {
  readonly members: number;
  readonly #scope: Scope;
  readonly #regressor: EnsembleRegressor;
  readonly #features: Tensor;
  readonly #targets: Tensor;
  readonly #trainer: Trainer;
  // each member's rows in the order of the epoch
  #order: Tensor<"u32">;

  /** For standardized features [n, F] and targets [n, T]. */
  constructor(scope: Scope, regressor: EnsembleRegressor, features: Tensor, targets: Tensor, batchSize: number) {
    const { ensemble } = regressor;
    const { members } = ensemble;
    this.members = members;
    this.#scope = scope;
    this.#regressor = regressor;
    this.#features = features;
    this.#targets = targets;
    this.#trainer = scope.hold(
      createTrainer(ensemble, {
        inputs: features,
        targets,
        batchSize,
        optimizer: regressor.optimizer,
        ...(regressor.probabilistic
          ? { loss: "gaussian", bounds: regressor.bounds, boundsOptimizer: regressor.boundsOptimizer }
          : { loss: "squaredError" }),
      }),
    );
    this.#order = scope.tensor([members, 0], "u32");
  }

  startEpoch(order: Uint32Array): void {
    // as long in every epoch of a fit
    const rows = order.length / this.members;
    if (this.#order.shape[1] !== rows) this.#order = this.#scope.tensor([this.members, rows], "u32");
    this.#order.view.set(order);
  }

  step(from: number, rows: number, losses: Float64Array): void {
    this.#trainer.step(this.#order, from, rows, losses);
  }

  *scoreSteps(rows: Uint32Array): Steps<Float64Array> {
    const { ensemble, inputSize, targetSize, outputStride, runtime } = this.#regressor;
    const n = rows.length;
    const scores = new Float64Array(this.members);
    const scope = runtime.scoped((inner) => inner);
    try {
      const indices = scope.tensor([n], "u32").write(rows);
      const gathered = (source: Tensor, columns: number): Tensor => {
        const out = scope.tensor([n, columns]);
        runtime.kernels.rows_gather(out.address, source.address, indices.address, n, columns);
        return out;
      };
      const features = gathered(this.#features, inputSize);
      const target = gathered(this.#targets, targetSize);
      const output = scope.tensor([1, n, outputStride]);
      const loss = scope.tensor([1], "f64");
      yield* eachInSlices(this.members, (n * ensemble.params.size) / this.members / PRODUCTS, (e) => {
        ensemble.predict(output, features, n, [e]);
        meanSquaredError(runtime, { loss }, { output, target, rows: n });
        scores[e] = loss.view[0];
      });
      return scores;
    } finally {
      scope.dispose();
    }
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
