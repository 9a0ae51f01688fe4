// Where imagined trajectories may go, by what has been observed: within the range of each dimension, and no farther than members
// agree. How far they may disagree is told by the real transitions, which they know: by what all but a hundredth of those stay below,
// which a single odd transition does not move.

import type { ReplayBuffer } from "../data/index.js";
import { type DynamicsModel, memberDisagreement, PRODUCTS } from "../models/index.js";
import { inSlices } from "../steps.js";
import type { Steps } from "../types.js";

const QUANTILE = 0.99;
// transitions that are looked at, evenly taken
const MOST = 5000;
// what members that are all the same disagree by
const TINY = 1e-30;

/** Smallest and largest value of each dimension, before and after a step. */
export function observedRange({ observation, nextObservation, observationSize: D, length }: ReplayBuffer): {
  readonly low: Float32Array;
  readonly high: Float32Array;
} {
  const low = new Float32Array(D).fill(Infinity);
  const high = new Float32Array(D).fill(-Infinity);
  for (const { view } of [observation, nextObservation]) {
    for (let i = 0; i < length * D; i++) {
      low[i % D] = Math.min(low[i % D], view[i]);
      high[i % D] = Math.max(high[i % D], view[i]);
    }
  }
  return { low, high };
}

/** Disagreement of the members (`memberDisagreement`) that all but 1 % of the transitions stay below, in slices; above 0. */
export function* usualDisagreementSteps(model: DynamicsModel, buffer: ReplayBuffer): Steps<number> {
  const { observationSize: D, actionSize: A, length } = buffer;
  const { ensemble, eliteCount } = model.network;
  const n = Math.min(length, MOST);
  const found = new Float32Array(n);
  // rows from, from + 1, … of the n that are looked at
  const rows = (view: Float32Array, columns: number, from: number, count: number): Float32Array => {
    const out = new Float32Array(count * columns);
    for (let i = 0; i < count; i++) {
      const row = Math.floor(((from + i) * length) / n);
      out.set(view.subarray(row * columns, (row + 1) * columns), i * columns);
    }
    return out;
  };
  const cost = (eliteCount * ensemble.params.size) / ensemble.members / PRODUCTS;
  yield* inSlices(n, cost, (from, count) => {
    const { observation, action } = buffer;
    found.set(
      memberDisagreement(model, rows(observation.view, D, from, count), rows(action.view, A, from, count)),
      from,
    );
  });
  return Math.max(found.sort()[Math.floor(QUANTILE * n)], TINY);
}
