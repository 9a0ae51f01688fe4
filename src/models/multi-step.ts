// One fit of a deterministic dynamics model on its open-loop predictions (Venkatraman et al. 2015; Nagabandi et al. 2018): from
// row t on, ŝ_{t+1} = f(s_t, a_t), ŝ_{t+k+1} = f(ŝ_{t+k}, a_{t+k}), and
//   L = mean over rows, k ≤ K and dimensions of ((ŝ_{t+k} − s_{t+k}) / scale)²
// (and the learned rewards likewise), scale the deviation of the targets, so that K = 1 is the loss of one step. Gradients go
// back through the chain. A window that reaches the end of its trajectory is shorter.

import { eachInSlices } from "../steps.js";
import type { Disposable, Steps } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import type { DynamicsModel } from "./dynamics-model.js";
import { createModelPass, type ModelPass } from "./model-pass.js";
import { PRODUCTS, type Trainee } from "./training.js";
import { NONE } from "./windows.js";

/** What a fit reads: n transitions, and for each the row that follows it or `NONE`. */
export interface WindowData {
  /** [n, D] */
  readonly observation: Tensor;
  /** [n, A] */
  readonly action: Tensor;
  /** [n, D] */
  readonly nextObservation: Tensor;
  /** [n]; read when the model learns the reward. */
  readonly reward: Tensor;
  readonly following: Uint32Array;
}

// a step of the windows of a minibatch, rows [E · batch]
interface Step {
  readonly pass: ModelPass;
  readonly action: Tensor;
  /** What was predicted, and what was so. */
  readonly next: Tensor;
  readonly truth: Tensor;
  readonly reward: Tensor;
  readonly rewardTruth: Tensor;
  readonly index: Tensor<"u32">;
  readonly weight: Tensor;
}

export class MultiStepFitting implements Trainee, Disposable {
  readonly members: number;
  /** Gradient of the losses of the last step, laid out as the parameters. */
  readonly gradients: Tensor;
  readonly #scope: Scope;
  readonly #model: DynamicsModel;
  readonly #data: WindowData;
  readonly #batch: number;
  readonly #all: readonly number[];
  readonly #start: Tensor;
  readonly #steps: readonly Step[];
  readonly #loss: Tensor<"f64">;
  // with respect to the state after a step and before it, to its action and its reward
  #after: Tensor;
  #before: Tensor;
  readonly #dAction: Tensor;
  readonly #dReward: Tensor;
  #order: Uint32Array = new Uint32Array(0);

  constructor(scope: Scope, model: DynamicsModel, data: WindowData, K: number, batchSize: number) {
    const { ensemble } = model.network;
    const E = ensemble.members;
    const [D, A] = [data.observation.shape[1], data.action.shape[1]];
    const batch = Math.min(batchSize, data.following.length);
    const rows = E * batch;
    this.members = E;
    this.#scope = scope;
    this.#model = model;
    this.#data = data;
    this.#batch = batch;
    this.#all = Array.from({ length: E }, (_, e) => e);
    this.gradients = scope.tensor([ensemble.params.size]);
    this.#start = scope.tensor([rows, D]);
    this.#steps = Array.from({ length: K }, () => ({
      pass: scope.hold(createModelPass(model, rows, E)),
      action: scope.tensor([rows, A]),
      next: scope.tensor([rows, D]),
      truth: scope.tensor([rows, D]),
      reward: scope.tensor([rows]),
      rewardTruth: scope.tensor([rows]),
      index: scope.tensor([rows], "u32"),
      weight: scope.tensor([rows]),
    }));
    this.#loss = scope.tensor([E], "f64");
    this.#after = scope.tensor([rows, D]);
    this.#before = scope.tensor([rows, D]);
    this.#dAction = scope.tensor([rows, A]);
    this.#dReward = scope.tensor([rows]);
  }

  startEpoch(order: Uint32Array): void {
    this.#order = order;
  }

  step(from: number, rows: number, losses: Float64Array): void {
    const each = this.#order.length / this.members;
    this.#window((e, r) => this.#order[e * each + from + r], rows);
    this.#forward();
    this.#backward();
    this.#model.network.optimizer.step(this.gradients);
    this.#loss.view.forEach((loss, e) => {
      losses[e] += loss;
    });
  }

  *scoreSteps(rows: Uint32Array): Steps<Float64Array> {
    const scores = new Float64Array(this.members);
    const batch = this.#batch;
    let terms = 0;
    const scoreBatch = (i: number): void => {
      const from = i * batch;
      // all members see the same windows
      const count = this.#window((_, r) => rows[from + r], Math.min(batch, rows.length - from));
      this.#forward();
      this.#loss.view.forEach((loss, e) => {
        scores[e] += count * loss;
      });
      terms += count;
    };
    const cost = (batch * this.#steps.length * this.gradients.size) / PRODUCTS;
    yield* eachInSlices(Math.ceil(rows.length / batch), cost, scoreBatch);
    return scores.map((score) => score / terms);
  }

  dispose(): void {
    this.#scope.dispose();
  }

  // the rows and weights of the windows from `first(e, r)` on, r < rows; the rest of the batch weighs nothing. Returns the rows
  // of the last member's windows that count.
  #window(first: (member: number, row: number) => number, rows: number): number {
    const { following } = this.#data;
    const B = this.#batch;
    let count = 0;
    for (let e = 0; e < this.members; e++) {
      count = 0;
      for (let r = 0; r < B; r++) {
        let row = r < rows ? first(e, r) : NONE;
        let kept = row === NONE ? 0 : row;
        for (const { index, weight } of this.#steps) {
          const counts = row !== NONE;
          if (counts) kept = row;
          index.view[e * B + r] = kept;
          weight.view[e * B + r] = Number(counts);
          count += Number(counts);
          if (counts) row = following[row];
        }
      }
      const share = 1 / (count * this.#model.network.targetSize);
      for (const { weight } of this.#steps) {
        const own = weight.view.subarray(e * B, (e + 1) * B);
        own.forEach((counts, r) => {
          own[r] = counts * share;
        });
      }
    }
    return count;
  }

  #forward(): void {
    const { observation, action, nextObservation, reward } = this.#data;
    const { network, learnsReward } = this.#model;
    const { kernels } = this.#scope.runtime;
    const rows = this.members * this.#batch;
    const D = observation.shape[1];
    const gather = (out: Tensor, source: Tensor, { address }: Tensor<"u32">, columns: number): void =>
      kernels.rows_gather(out.address, source.address, address, rows, columns);
    const score = (predicted: Tensor, truth: Tensor, weight: Tensor, scale: number, columns: number): void =>
      kernels.open_loop_loss(
        this.#loss.address,
        predicted.address,
        truth.address,
        scale,
        weight.address,
        this.members,
        this.#batch,
        columns,
      );
    const scale = network.targetInverseStd.address;
    this.#loss.view.fill(0);
    gather(this.#start, observation, this.#steps[0].index, D);
    let state = this.#start;
    for (const step of this.#steps) {
      gather(step.action, action, step.index, action.shape[1]);
      gather(step.truth, nextObservation, step.index, D);
      step.pass.forward({ ...step, observation: state, nextObservation: step.next }, this.#all);
      score(step.next, step.truth, step.weight, scale, D);
      if (learnsReward) {
        gather(step.rewardTruth, reward, step.index, 1);
        score(step.reward, step.rewardTruth, step.weight, scale + 4 * D, 1);
      }
      state = step.next;
    }
  }

  #backward(): void {
    const { network, learnsReward } = this.#model;
    const { kernels } = this.#scope.runtime;
    const rows = this.members * this.#batch;
    const D = this.#start.shape[1];
    const scale = network.targetInverseStd.address;
    this.gradients.view.fill(0);
    this.#after.view.fill(0);
    for (let k = this.#steps.length - 1; k >= 0; k--) {
      const { pass, next, truth, reward, rewardTruth, weight } = this.#steps[k];
      const [after, before] = [this.#after, this.#before];
      before.view.fill(0);
      this.#dAction.view.fill(0);
      kernels.open_loop_gradient(after.address, next.address, truth.address, scale, weight.address, rows, D);
      if (learnsReward) {
        const [predicted, was] = [reward.address, rewardTruth.address];
        this.#dReward.view.fill(0);
        kernels.open_loop_gradient(this.#dReward.address, predicted, was, scale + 4 * D, weight.address, rows, 1);
      }
      const gradients = { observation: before, action: this.#dAction, nextObservation: after, reward: this.#dReward };
      pass.vjp(gradients, k === 0 ? this.#start : this.#steps[k - 1].next, this.gradients);
      [this.#after, this.#before] = [before, after];
    }
  }
}
