// Action values Q(s, a): an ensemble of K perceptrons on [filtered observation | action in units of half its range], which learn
// side by side (Fujimoto et al. 2018 have two, Lillicrap et al. 2015 one). A target network is another Q-function that follows.

import { checkInteger, checkNumber, checkOptions, wrongKind, wrongValue } from "../check.js";
import { type Activation, type Adam, createAdam, type Ensemble } from "../nn/index.js";
import { joinStates, partState } from "../saved-state.js";
import type { Box, Disposable, SavedState } from "../types.js";
import { checkRows, type Runtime, type Scope, type Tensor } from "../wasm/index.js";
import { actionRanges } from "./action-ranges.js";
import { checkFilter, checkNetworkOptions, createNetwork, followNetwork } from "./networks.js";
import { createObservationFilter, type ObservationFilter } from "./observation-filter.js";

export interface QFunctionOptions {
  /** Length of an observation (D). */
  observationSize: number;
  /** A box; an element without a range is taken as it is. */
  actionSpace: Box;
  /** Networks (K). Default 2, as TD3. */
  members?: number | undefined;
  /** Units of the hidden layers. Default [128, 128]. */
  hidden?: readonly number[] | undefined;
  /** Default `relu`, as DDPG and TD3. */
  activation?: Activation | undefined;
  /** A filter to share, usually the actor's; its owner updates and disposes of it. Default: the identity. */
  filter?: ObservationFilter | undefined;
  /** Step size of Adam. Default 1e-3, as TD3. */
  learningRate?: number | undefined;
  /** Seed of the first weights. */
  seed: number;
}

type Complete = { [K in keyof QFunctionOptions]-?: NonNullable<QFunctionOptions[K]> };

/** Elements of an action and their ranges. */
interface Range {
  readonly center: Tensor;
  readonly half: Tensor;
}

export class QFunction implements Disposable {
  readonly runtime: Runtime;
  readonly observationSize: number;
  readonly actionSize: number;
  /** K networks whose one output is the value. Whoever writes to its `params` calls `network.changed()`. */
  readonly network: Ensemble;
  readonly optimizer: Adam;
  readonly filter: ObservationFilter;
  readonly #scope: Scope;
  readonly #range: Range;
  // memory of `predict`, grown when needed
  #input: Tensor;
  #output: Tensor;

  /** Made by `createQFunction`. */
  constructor(scope: Scope, options: Complete) {
    const { observationSize, actionSpace, members, filter, learningRate } = options;
    this.#scope = scope;
    this.runtime = scope.runtime;
    this.observationSize = observationSize;
    this.actionSize = actionSpace.low.length;
    this.network = createNetwork(scope, options, 1, 1, { inputs: observationSize + this.actionSize, members });
    this.optimizer = scope.hold(createAdam(scope.runtime, this.network, { learningRate }));
    this.filter = filter;
    const [, , center, half] = actionRanges(actionSpace).map((values) => scope.tensor([values.length]).write(values));
    this.#range = { center, half };
    this.#input = scope.tensor([1, this.inputSize]);
    this.#output = scope.tensor([members, 1, this.network.outputStride]);
  }

  /** Networks (K). */
  get members(): number {
    return this.network.members;
  }

  /** Length of what a network reads: D + A. */
  get inputSize(): number {
    return this.observationSize + this.actionSize;
  }

  /** out [K, rows] = each network's values of actions [rows, A] in observations [rows, D]. */
  predict(out: Tensor, observation: Tensor, action: Tensor, rows: number): void {
    const op = "qFunction.predict";
    const { network, members } = this;
    checkInteger(op, "rows", rows);
    checkRows(op, "out", out, members * rows, 1);
    if (this.#input.shape[0] < rows) {
      this.#input.dispose();
      this.#output.dispose();
      this.#input = this.#scope.tensor([rows, this.inputSize]);
      this.#output = this.#scope.tensor([members, rows, network.outputStride]);
    }
    this.encode(this.#input, 0, observation, action, rows);
    network.predict(this.#output, this.#input, rows);
    const stride = network.outputStride;
    this.runtime.kernels.value_output(out.address, this.#output.address, 0, 1, members * rows, stride);
  }

  /** Rows `at` … of out [., D + A] = what networks read of observations [rows, D] and actions [rows, A]. */
  encode(out: Tensor, at: number, observation: Tensor, action: Tensor, rows: number): void {
    const op = "qFunction.encode";
    const { observationSize: D, actionSize: A, filter } = this;
    checkRows(op, "out", out, at + rows, D + A);
    checkRows(op, "observation", observation, rows, D);
    checkRows(op, "action", action, rows, A);
    this.runtime.kernels.action_value_features(
      out.address + 4 * at * (D + A),
      observation.address,
      action.address,
      filter.mean.address,
      filter.inverseStd.address,
      filter.limit,
      this.#range.center.address,
      this.#range.half.address,
      rows,
      D,
      A,
    );
  }

  /**
   * out [rows, A] = gradient with respect to the actions [rows, A] of Σ scale · Q + penalty · |action in units of half its
   * range|², from the gradient of ΣQ with respect to what a network read [rows, D + A].
   */
  actionGradient(
    out: Tensor,
    inputGradient: Tensor,
    action: Tensor,
    rows: number,
    scale: number,
    penalty: number,
  ): void {
    const op = "qFunction.actionGradient";
    const { observationSize: D, actionSize: A } = this;
    checkRows(op, "out", out, rows, A);
    checkRows(op, "inputGradient", inputGradient, rows, D + A);
    checkRows(op, "action", action, rows, A);
    const { center, half } = this.#range;
    this.runtime.kernels.action_value_gradient(
      out.address,
      inputGradient.address,
      action.address,
      center.address,
      half.address,
      scale,
      penalty,
      rows,
      D,
      A,
    );
  }

  /** Takes over the parameters of a Q-function of the same shape, neither its filter nor its optimizer. */
  copyFrom(other: QFunction): void {
    followNetwork("qFunction.copyFrom", this.network, other.network, 1);
  }

  /** Moves the parameters by the share `tau` towards those of a Q-function of the same shape; 1 copies them. */
  follow(other: QFunction, tau: number): void {
    followNetwork("qFunction.follow", this.network, other.network, tau);
  }

  /** Parameters and optimizer, bit for bit; a shared filter is its owner's to save. */
  save(): SavedState {
    return joinStates({}, { network: this.network.weights(), optimizer: this.optimizer.save() });
  }

  /** Takes over a saved state. Throws `FormatError` when it does not fit; then nothing changes. */
  load(state: SavedState): void {
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
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using q = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** A Q-function with fresh parameters. Throws `TypeError` or `RangeError` on options that do not fit together. */
export function createQFunction(runtime: Runtime, options: QFunctionOptions): QFunction {
  const op = "createQFunction";
  const known = [
    "observationSize",
    "actionSpace",
    "members",
    "hidden",
    "activation",
    "filter",
    "learningRate",
    "seed",
  ] as const;
  const given = checkOptions(op, options, known);
  const { members = 2, hidden = [128, 128], activation = "relu", learningRate = 1e-3 } = given;
  const complete = { ...given, members, hidden, activation, learningRate };
  const { filter, observationSize, actionSpace } = given;
  checkNetworkOptions(op, complete);
  checkInteger(op, "members", members, 1);
  checkNumber(op, "learningRate", learningRate, 0);
  if (actionSpace === null || typeof actionSpace !== "object") wrongKind(op, "actionSpace", "a box", actionSpace);
  if (actionSpace.kind !== "box") wrongValue(op, "actionSpace", "a box", actionSpace.kind);
  if (filter !== undefined) checkFilter(op, filter, observationSize);
  return runtime.scoped((scope) => {
    const own = filter ?? scope.hold(createObservationFilter(runtime, observationSize, false));
    return new QFunction(scope, { ...complete, filter: own });
  });
}
