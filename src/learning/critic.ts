// What a batch of steps is worth: values of its observations, advantages and targets, by a value function or by the linear
// feature baseline. The values are those learned from earlier batches: a fit comes after the advantages, so that they are not
// biased by the rows they belong to.

import { RandomStream } from "../kernels/index.js";
import {
  createLinearBaseline,
  createValueFunction,
  type LinearBaseline,
  type ObservationFilter,
  type ValueFunction,
} from "../policies/index.js";
import { joinStates, metaField, partState } from "../saved-state.js";
import type { Disposable, SavedState, Steps } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import { type AdvantageOptions, advantages } from "./advantages.js";
import type { Batch } from "./batch.js";
import { allFinite } from "./vectors.js";

export interface CriticOptions {
  /** A network (`ValueFunction`) or the linear features of `LinearBaseline`. */
  baseline: "value" | "linear";
  observationSize: number;
  /** Most rows of a batch. */
  rows: number;
  /** The policy's filter, which the network shares. */
  filter: ObservationFilter;
  /** The network, its step size, and the passes and minibatches of a fit. */
  hidden: readonly number[];
  learningRate: number;
  epochs: number;
  batchSize: number;
  seed: number;
}

export class Critic implements Disposable {
  readonly baseline: ValueFunction | LinearBaseline;
  /** Of the last `evaluate` [rows]. */
  readonly advantage: Tensor;
  readonly target: Tensor;
  readonly value: Tensor;
  readonly nextValue: Tensor;
  readonly #scope: Scope;
  readonly #options: CriticOptions;
  readonly #random: RandomStream;
  readonly #nextTime: Tensor<"i32">;

  /** Made by `createCritic`. */
  constructor(scope: Scope, options: CriticOptions) {
    const { baseline, observationSize, rows, filter, hidden, learningRate, seed } = options;
    const { runtime } = scope;
    this.#scope = scope;
    this.#options = options;
    const network = { observationSize, hidden, learningRate, filter, seed };
    this.baseline = scope.hold(
      baseline === "value" ? createValueFunction(runtime, network) : createLinearBaseline(runtime, { observationSize }),
    );
    this.advantage = scope.tensor([rows]);
    this.target = scope.tensor([rows]);
    this.value = scope.tensor([rows]);
    this.nextValue = scope.tensor([rows]);
    this.#nextTime = scope.tensor([rows], "i32");
    this.#random = scope.hold(new RandomStream(runtime, seed, "critic"));
  }

  /** Values, advantages and targets of `batch`. Returns false when one of them is not finite. */
  evaluate(batch: Batch, options: AdvantageOptions): boolean {
    const { runtime } = this.#scope;
    const { observation, nextObservation, time, rows } = batch;
    const next = this.#nextTime;
    for (let r = 0; r < rows; r++) next.view[r] = time.view[r] + 1;
    this.#predict(this.value, observation, time, rows);
    this.#predict(this.nextValue, nextObservation, next, rows);
    advantages(runtime, this, batch, this, options);
    return allFinite(runtime, this.advantage) && allFinite(runtime, this.target);
  }

  /** Fits the values to the targets of the last `evaluate`. A fit that does not reach its end changes nothing. */
  *fitSteps(batch: Batch): Steps<void> {
    const { observation, time, rows, valid } = batch;
    const { epochs, batchSize } = this.#options;
    const { baseline } = this;
    if ("coefficients" in baseline) {
      baseline.fit(observation, time, this.target, rows, valid);
      yield;
      return;
    }
    yield* baseline.fitSteps(observation, this.target, rows, valid, { epochs, batchSize, random: this.#random });
  }

  /** The complete state. */
  save(): SavedState {
    return joinStates({ random: this.#random.save() }, { baseline: this.baseline.save() });
  }

  /** Takes over a saved state. Throws `FormatError` when it does not fit. */
  load(state: SavedState): void {
    this.baseline.load(partState(state, "baseline"));
    this.#random.load(metaField(state, "random"));
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using critic = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #predict(out: Tensor, observation: Tensor, time: Tensor<"i32">, rows: number): void {
    const { baseline } = this;
    if ("coefficients" in baseline) baseline.predict(out, observation, time, rows);
    else baseline.predict(out, observation, rows);
  }
}

/** A critic with fresh parameters. Throws `TypeError` or `RangeError` on options that do not fit. */
export function createCritic(runtime: Runtime, options: CriticOptions): Critic {
  return runtime.scoped((scope) => new Critic(scope, options));
}
