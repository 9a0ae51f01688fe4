// The value function V(s): a perceptron on filtered observations, trained on the squared error of standardized targets by
// minibatches and Adam. Mean and deviation of the targets are taken anew at each fit, and the last layer is rescaled so that
// what was predicted before the fit is predicted still (van Hasselt et al. 2016, Pop-Art).

import { checkInteger, checkNumber, checkOptions, TrainingDivergedError, wrongKind } from "../check.js";
import type { RandomStream } from "../kernels/index.js";
import { type Activation, type Adam, createAdam, createTrainer, type Ensemble } from "../nn/index.js";
import { joinStates, metaNumber, partState } from "../saved-state.js";
import type { Disposable, SavedState, Steps } from "../types.js";
import { checkRows, type Runtime, type Scope, type Tensor } from "../wasm/index.js";
import { checkFilter, checkNetworkOptions, createNetwork } from "./networks.js";
import { createObservationFilter, type ObservationFilter } from "./observation-filter.js";

export interface ValueFunctionOptions {
  /** Length of an observation (D). */
  observationSize: number;
  /** Units of the hidden layers. Default [64, 64]. */
  hidden?: readonly number[] | undefined;
  /** Default `tanh`. */
  activation?: Activation | undefined;
  /** A filter to share, usually the policy's; its owner updates and disposes of it. Default: the identity. */
  filter?: ObservationFilter | undefined;
  /** Step size of Adam. Default 1e-3, as OpenAI's baselines for TRPO. */
  learningRate?: number | undefined;
  /** Seed of the first weights. */
  seed: number;
}

export interface ValueFitOptions {
  /** Passes over the rows. Default 5, as OpenAI's baselines for TRPO. */
  epochs?: number | undefined;
  /** Rows of an optimizer step. Default 64. */
  batchSize?: number | undefined;
  /** Where the order of the rows comes from. */
  random: RandomStream;
}

/** Mean over the steps of the last epoch of the squared error, in units of the targets' variance. */
export interface ValueFitReport {
  readonly loss: number;
}

type Complete = { [K in keyof ValueFunctionOptions]-?: NonNullable<ValueFunctionOptions[K]> };

export class ValueFunction implements Disposable {
  readonly runtime: Runtime;
  readonly observationSize: number;
  /** One perceptron whose one output is the standardized value. */
  readonly network: Ensemble;
  readonly optimizer: Adam;
  readonly filter: ObservationFilter;
  readonly #scope: Scope;
  // value = mean + std · output
  #mean = 0;
  #std = 1;
  // memory of `predict`, grown when needed
  #input: Tensor;
  #output: Tensor;

  /** Made by `createValueFunction`. */
  constructor(scope: Scope, options: Complete) {
    const { observationSize, filter, learningRate } = options;
    this.#scope = scope;
    this.runtime = scope.runtime;
    this.observationSize = observationSize;
    this.network = createNetwork(scope, options, 1, 1);
    this.optimizer = scope.hold(createAdam(scope.runtime, this.network, { learningRate }));
    this.filter = filter;
    this.#input = scope.tensor([1, observationSize]);
    this.#output = scope.tensor([1, this.network.outputStride]);
  }

  /** out [rows] = values of observations [rows, D]. */
  predict(out: Tensor, observation: Tensor, rows: number): void {
    const op = "valueFunction.predict";
    const { observationSize: D, network } = this;
    checkInteger(op, "rows", rows);
    checkRows(op, "out", out, rows, 1);
    checkRows(op, "observation", observation, rows, D);
    if (this.#input.shape[0] < rows) {
      this.#input.dispose();
      this.#output.dispose();
      this.#input = this.#scope.tensor([rows, D]);
      this.#output = this.#scope.tensor([rows, network.outputStride]);
    }
    this.filter.apply(this.#input, observation, rows);
    network.predict(this.#output, this.#input, rows);
    const stride = network.outputStride;
    this.runtime.kernels.value_output(out.address, this.#output.address, this.#mean, this.#std, rows, stride);
  }

  /**
   * Trains on observations [rows, D] and targets [rows], one optimizer step per `next()`; rows whose `weight` [rows] is 0 are
   * left out, all others count alike. A fit that does not reach its end, by an error or by `return()`, leaves everything as it
   * was. Throws `TrainingDivergedError` when the loss or a parameter is not finite.
   */
  *fitSteps(
    observation: Tensor,
    target: Tensor,
    rows: number,
    weight: Tensor | undefined,
    options: ValueFitOptions,
  ): Steps<ValueFitReport> {
    const op = "valueFunction.fit";
    const given = checkOptions(op, options, ["epochs", "batchSize", "random"]);
    const { epochs = 5, batchSize = 64, random } = given;
    checkInteger(op, "rows", rows);
    checkInteger(op, "epochs", epochs, 1);
    checkInteger(op, "batchSize", batchSize, 1, 2 ** 16);
    if (random === undefined) wrongKind(op, "random", "a RandomStream", random);
    checkRows(op, "observation", observation, rows, this.observationSize);
    checkRows(op, "target", target, rows, 1);
    if (weight) checkRows(op, "weight", weight, rows, 1);
    const used = rowsInUse(weight, rows);
    if (used.length === 0) return { loss: 0 };
    const before = this.save();
    const randomBefore = random.save();
    let done = false;
    const scope = this.runtime.scoped((inner) => inner);
    try {
      const inputs = scope.tensor([rows, this.observationSize]);
      const targets = scope.tensor([rows, 1]);
      this.filter.apply(inputs, observation, rows);
      this.#rescale(target, used);
      this.#standardize(targets, target, rows);
      const loss = yield* this.#train(scope, inputs, targets, used, epochs, batchSize, random);
      done = true;
      return { loss };
    } finally {
      scope.dispose();
      if (!done) {
        this.load(before);
        random.load(randomBefore);
      }
    }
  }

  /** Parameters, optimizer and the targets' scale, bit for bit; a shared filter is its owner's to save. */
  save(): SavedState {
    const scale = { mean: this.#mean, std: this.#std };
    return joinStates(scale, { network: this.network.weights(), optimizer: this.optimizer.save() });
  }

  /** Takes over a saved state. Throws `FormatError` when it does not fit; then nothing changes. */
  load(state: SavedState): void {
    const mean = metaNumber(state, "mean");
    const std = metaNumber(state, "std");
    const optimizer = partState(state, "optimizer");
    const before = { network: this.network.weights(), optimizer: this.optimizer.save() };
    try {
      this.network.setWeights(partState(state, "network"));
      this.optimizer.load(optimizer);
    } catch (error) {
      this.network.setWeights(before.network);
      this.optimizer.load(before.optimizer);
      throw error;
    }
    this.#mean = mean;
    this.#std = std;
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using value = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  *#train(
    scope: Scope,
    inputs: Tensor,
    targets: Tensor,
    used: Uint32Array,
    epochs: number,
    batchSize: number,
    random: RandomStream,
  ): Steps<number> {
    const n = used.length;
    const { network, optimizer } = this;
    const rows = Math.min(batchSize, n);
    const trainer = scope.hold(
      createTrainer(network, { inputs, targets, batchSize: rows, optimizer, loss: "squaredError" }),
    );
    const order = scope.tensor([1, n], "u32");
    const shuffle = new Uint32Array(n);
    const losses = new Float64Array(1);
    let steps = 0;
    let mean = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      random.permutation(shuffle);
      order.write(shuffle.map((i) => used[i]));
      losses[0] = 0;
      let batches = 0;
      for (let from = 0; from < n; from += rows, batches++, steps++) {
        trainer.step(order, from, Math.min(rows, n - from), losses);
        if (!Number.isFinite(losses[0])) throw new TrainingDivergedError("value function", null, steps, "loss");
        yield;
      }
      mean = losses[0] / batches;
    }
    for (const value of network.params.view) {
      if (!Number.isFinite(value)) throw new TrainingDivergedError("value function", null, steps, "a parameter");
    }
    return mean;
  }

  // takes over the scale of these targets
  #rescale(target: Tensor, used: Uint32Array): void {
    const { view } = target;
    let sum = 0;
    for (const row of used) sum += view[row];
    const mean = sum / used.length;
    const deviation = Math.sqrt(variance(used, (row) => view[row]));
    if (!Number.isFinite(deviation)) throw new TrainingDivergedError("value function", null, 0, "a target");
    const std = deviation > 1e-6 * Math.max(1, Math.abs(mean)) ? deviation : this.#std;
    // a network that was never trained has nothing to keep
    if (this.optimizer.steps > 0) this.#keepPredictions(mean, std);
    this.#mean = mean;
    this.#std = std;
  }

  #keepPredictions(mean: number, std: number): void {
    const { params, weightSpans, outputStride } = this.network;
    const { offset, length } = weightSpans[weightSpans.length - 1];
    const parameters = params.view;
    for (let i = offset; i < offset + length; i++) parameters[i] *= this.#std / std;
    const bias = params.size - outputStride;
    parameters[bias] = (this.#mean + this.#std * parameters[bias] - mean) / std;
    this.network.changed();
  }

  #standardize(out: Tensor, target: Tensor, rows: number): void {
    const from = target.view;
    const to = out.view;
    for (let r = 0; r < rows; r++) to[r] = (from[r] - this.#mean) / this.#std;
  }
}

function rowsInUse(weight: Tensor | undefined, rows: number): Uint32Array {
  const all = Uint32Array.from({ length: rows }, (_, r) => r);
  return weight ? all.filter((r) => weight.view[r] !== 0) : all;
}

/** A value function with fresh parameters. Throws `TypeError` or `RangeError` on options that do not fit together. */
export function createValueFunction(runtime: Runtime, options: ValueFunctionOptions): ValueFunction {
  const op = "createValueFunction";
  const known = ["observationSize", "hidden", "activation", "filter", "learningRate", "seed"] as const;
  const given = checkOptions(op, options, known);
  const { hidden = [64, 64], activation = "tanh", learningRate = 1e-3 } = given;
  const complete = { ...given, hidden, activation, learningRate };
  checkNetworkOptions(op, complete);
  checkNumber(op, "learningRate", learningRate, 0);
  const { filter, observationSize } = given;
  if (filter !== undefined) checkFilter(op, filter, observationSize);
  return runtime.scoped((scope) => {
    const own = filter ?? scope.hold(createObservationFilter(runtime, observationSize, false));
    return new ValueFunction(scope, { ...complete, filter: own });
  });
}

/**
 * Explained variance 1 − Var(target − prediction) / Var(target) over the first `rows` rows, those of `weight` 0 left out: 1 is
 * perfect, 0 no better than a constant; NaN when the targets do not vary.
 */
export function explainedVariance(prediction: Tensor, target: Tensor, rows: number, weight?: Tensor): number {
  const op = "explainedVariance";
  checkInteger(op, "rows", rows);
  checkRows(op, "prediction", prediction, rows, 1);
  checkRows(op, "target", target, rows, 1);
  if (weight) checkRows(op, "weight", weight, rows, 1);
  const used = rowsInUse(weight, rows);
  const [y, p] = [target.view, prediction.view];
  const residual = variance(used, (r) => y[r] - p[r]);
  const total = variance(used, (r) => y[r]);
  return total > 0 ? 1 - residual / total : Number.NaN;
}

function variance(rows: Uint32Array, value: (row: number) => number): number {
  let sum = 0;
  for (const row of rows) sum += value(row);
  const mean = sum / rows.length;
  let squares = 0;
  for (const row of rows) {
    const difference = value(row) - mean;
    squares += difference * difference;
  }
  return squares / rows.length;
}
