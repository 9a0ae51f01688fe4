// First weights of the networks of policies and value functions, the sizes that their options name, and what networks that
// follow each other or share a filter must have in common.

import { checkInteger, checkNumber, checkOneOf, wrongKind, wrongValue } from "../check.js";
import { type Activation, activations, createEnsemble, type Ensemble } from "../nn/index.js";
import type { Scope } from "../wasm/index.js";
import { ObservationFilter } from "./observation-filter.js";

/** Options that policies and value functions share, with defaults filled in. */
export interface NetworkOptions {
  readonly observationSize: number;
  readonly hidden: readonly number[];
  readonly activation: Activation;
  readonly seed: number;
}

/**
 * Networks, one by default, from `inputs` numbers, by default an observation, to `outputs`. Weights are normal with σ = 1 / √in, truncated at 2σ (an ensemble's
 * own are half of that, which suits swish; tanh would lose half of its signal in every layer), those of the last layer times
 * `last`; biases zero.
 */
export function createNetwork(
  scope: Scope,
  options: NetworkOptions,
  outputs: number,
  last: number,
  { inputs = options.observationSize, members = 1 }: { inputs?: number; members?: number } = {},
): Ensemble {
  const { hidden, activation, seed } = options;
  const layers = [inputs, ...hidden, outputs];
  const network = scope.hold(createEnsemble(scope.runtime, { members, layers, activation, seed }));
  drawNetwork(network, seed, last);
  return network;
}

/** Draws the weights of such a network anew. */
export function drawNetwork(network: Ensemble, seed: number, last: number): void {
  network.initialize(seed);
  const { view } = network.params;
  network.weightSpans.forEach(({ offset, length }, l) => {
    const factor = l + 1 < network.weightSpans.length ? 2 : 2 * last;
    for (let i = offset; i < offset + length; i++) view[i] *= factor;
  });
  network.changed();
}

/** Throws `TypeError` or `RangeError` on options that are none. */
export function checkNetworkOptions(op: string, options: NetworkOptions): void {
  const { observationSize, hidden, activation, seed } = options;
  checkInteger(op, "observationSize", observationSize, 1);
  if (!Array.isArray(hidden)) wrongKind(op, "hidden", "an array of sizes", hidden);
  for (const size of hidden) checkInteger(op, "hidden", size, 1);
  checkOneOf(op, "activation", activation, activations);
  checkInteger(op, "seed", seed, 0, Number.MAX_SAFE_INTEGER);
}

/** Throws `TypeError` or `RangeError` when `filter` is not one of observations of `size` numbers. */
export function checkFilter(op: string, filter: unknown, size: number): void {
  if (!(filter instanceof ObservationFilter)) wrongKind(op, "filter", "an observation filter", filter);
  if (filter.size !== size) wrongValue(op, "filter", `one of observations of ${size} numbers`, filter.size);
}

/**
 * Moves the parameters of `network` by the share `tau` towards those of `other`; 1 makes them the same bit for bit. Throws
 * `RangeError` when the two do not have their parameters in the same places.
 */
export function followNetwork(op: string, network: Ensemble, other: Ensemble, tau: number): void {
  const shape = ({ members, layers }: Ensemble): string => `${members} of layers ${layers.join("-")}`;
  if (shape(other) !== shape(network)) wrongValue(op, "other", `networks alike: ${shape(network)}`, shape(other));
  checkNumber(op, "tau", tau, 0, 1);
  const { params, runtime } = network;
  // the arithmetic would round
  if (tau === 1) params.view.set(other.params.view);
  else {
    if (other.runtime !== runtime) wrongValue(op, "other", "one of the same runtime", "one of another");
    runtime.kernels.polyak(params.address, other.params.address, tau, params.size);
  }
  network.changed();
}
