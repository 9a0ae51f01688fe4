// One fit of an ensemble regressor: its memory for minibatches and scores, and the optimizer step.

import { TrainingDivergedError } from "../check.js";
import { gaussianNll, meanSquaredError, type Workspace } from "../nn/index.js";
import type { Disposable } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import type { EnsembleRegressor } from "./ensemble-regressor.js";
import type { Trainee } from "./training.js";

export class Fitting implements Trainee, Disposable {
  readonly members: number;
  readonly #scope: Scope;
  readonly #regressor: EnsembleRegressor;
  readonly #features: Tensor;
  readonly #targets: Tensor;
  readonly #workspace: Workspace;
  // each member's rows in the order of the epoch, and the targets of a minibatch
  readonly #order: Tensor<"u32">;
  readonly #batchTargets: Tensor;
  readonly #gradients: Tensor;
  readonly #boundsGradient: Tensor;
  readonly #loss: Tensor<"f64">;
  readonly #best: Tensor;
  #orderStride = 0;

  /** For standardized features [n, F] and targets [n, T]. */
  constructor(scope: Scope, regressor: EnsembleRegressor, features: Tensor, targets: Tensor, batchSize: number) {
    const { ensemble, targetSize } = regressor;
    const { members } = ensemble;
    this.members = members;
    this.#scope = scope;
    this.#regressor = regressor;
    this.#features = features;
    this.#targets = targets;
    this.#workspace = scope.hold(ensemble.workspace(batchSize));
    this.#order = scope.tensor([members * features.shape[0]], "u32");
    this.#batchTargets = scope.tensor([members, batchSize, targetSize]);
    this.#gradients = scope.tensor([ensemble.params.size]);
    this.#boundsGradient = scope.tensor([2, targetSize]);
    this.#loss = scope.tensor([members], "f64");
    this.#best = scope.tensor([ensemble.params.size]);
  }

  startEpoch(order: Uint32Array): void {
    this.#order.view.set(order);
    this.#orderStride = order.length / this.members;
  }

  step(from: number, rows: number, losses: Float64Array): void {
    const { ensemble, optimizer, boundsOptimizer, probabilistic, bounds, runtime } = this.#regressor;
    const workspace = this.#workspace;
    for (let e = 0; e < this.members; e++) {
      const indices = this.#order.address + 4 * (e * this.#orderStride + from);
      gather(workspace.input, e * rows, this.#features, indices, rows);
      gather(this.#batchTargets, e * rows, this.#targets, indices, rows);
    }
    ensemble.forward(workspace, rows);
    const { output, outputGradient } = workspace;
    const inputs = { output, target: this.#batchTargets, rows };
    const outputs = { loss: this.#loss, outputGradient };
    if (probabilistic) {
      const boundsGradient = this.#boundsGradient;
      gaussianNll(runtime, { ...outputs, boundsGradient }, { ...inputs, bounds });
      boundsOptimizer.step(boundsGradient);
    } else {
      meanSquaredError(runtime, outputs, inputs);
    }
    ensemble.vjp(workspace, rows, this.#gradients);
    optimizer.step(this.#gradients);
    for (let e = 0; e < this.members; e++) losses[e] += this.#loss.view[e];

    function gather(out: Tensor, row: number, table: Tensor, indices: number, count: number): void {
      const width = table.shape[1];
      runtime.kernels.rows_gather(out.address + 4 * row * width, table.address, indices, count, width);
    }
  }

  score(rows: Uint32Array): Float64Array {
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

  keepBest(member: number): void {
    const { ensemble } = this.#regressor;
    ensemble.copyMember(this.#best, ensemble.params, member);
  }

  restoreBest(member: number): void {
    const { ensemble } = this.#regressor;
    ensemble.copyMember(ensemble.params, this.#best, member);
  }

  checkFinite(values: ArrayLike<number>): void {
    for (let e = 0; e < this.members; e++) {
      if (!Number.isFinite(values[e])) {
        throw new TrainingDivergedError("fit", e, this.#regressor.optimizer.steps, "the loss");
      }
    }
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
