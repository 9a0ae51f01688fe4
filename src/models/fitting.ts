// One fit of an ensemble regressor: its memory for minibatches and scores, and the optimizer step.

import { createTrainer, meanSquaredError, type Trainer } from "../nn/index.js";
import type { Disposable, Steps } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import type { EnsembleRegressor } from "./ensemble-regressor.js";
import type { Trainee } from "./training.js";

export class Fitting implements Trainee, Disposable {
  readonly members: number;
  readonly #scope: Scope;
  readonly #regressor: EnsembleRegressor;
  readonly #features: Tensor;
  readonly #targets: Tensor;
  readonly #trainer: Trainer;
  // each member's rows in the order of the epoch
  #order: Tensor<"u32">;
  readonly #loss: Tensor<"f64">;

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
    this.#loss = scope.tensor([members], "f64");
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
    return runtime.scoped((scope) => {
      const indices = scope.tensor([n], "u32").write(rows);
      const features = scope.tensor([n, inputSize]);
      const target = scope.tensor([n, targetSize]);
      const output = scope.tensor([this.members, n, outputStride]);
      runtime.kernels.rows_gather(features.address, this.#features.address, indices.address, n, inputSize);
      runtime.kernels.rows_gather(target.address, this.#targets.address, indices.address, n, targetSize);
      ensemble.predict(output, features, n);
      meanSquaredError(runtime, { loss: this.#loss }, { output, target, rows: n });
      scope.dispose();
      return this.#loss.read() as Float64Array;
    });
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
