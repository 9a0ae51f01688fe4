// A minibatch of transitions: tensors that belong to whoever asked for it, and rows of a replay buffer drawn into them.

import { wrongValue } from "../check.js";
import type { RandomStream } from "../kernels/index.js";
import type { Scope, Tensor } from "../wasm/index.js";
import type { ReplayBuffer } from "./replay-buffer.js";

export interface TransitionBatch {
  readonly rows: number;
  /** [rows, D], [rows, A], [rows], [rows, D], [rows] */
  readonly observation: Tensor;
  readonly action: Tensor;
  readonly reward: Tensor;
  readonly nextObservation: Tensor;
  /** 1 where the transition led to a state without a future. */
  readonly terminated: Tensor<"u8">;
  /** Where in the buffer each transition lies [rows]. */
  readonly row: Tensor<"u32">;
}

/** A batch of `rows` transitions with observations of `D` and actions of `A` numbers, all zero, in memory of `scope`. */
export function createTransitionBatch(scope: Scope, rows: number, D: number, A: number): TransitionBatch {
  return {
    rows,
    observation: scope.tensor([rows, D]),
    action: scope.tensor([rows, A]),
    reward: scope.tensor([rows]),
    nextObservation: scope.tensor([rows, D]),
    terminated: scope.tensor([rows], "u8"),
    row: scope.tensor([rows], "u32"),
  };
}

/** Fills `batch` with transitions drawn uniformly, with replacement; its `row` says which. Throws `RangeError` when there are none. */
export function sampleTransitions(buffer: ReplayBuffer, batch: TransitionBatch, random: RandomStream): void {
  const op = "sampleTransitions";
  const { rows, row, observation, action, reward, nextObservation, terminated } = batch;
  if (buffer.length === 0) wrongValue(op, "buffer", "one with transitions in it", "an empty one");
  const [D, A] = [observation.shape[1], action.shape[1]];
  if (D !== buffer.observationSize) wrongValue(op, "batch", `observations of ${buffer.observationSize} numbers`, D);
  if (A !== buffer.actionSize) wrongValue(op, "batch", `actions of ${buffer.actionSize} numbers`, A);
  const { kernels } = buffer.runtime;
  random.bits(row);
  kernels.replay_rows(row.address, rows, buffer.length);
  kernels.replay_gather(
    observation.address,
    action.address,
    reward.address,
    nextObservation.address,
    terminated.address,
    buffer.observation.address,
    buffer.action.address,
    buffer.reward.address,
    buffer.nextObservation.address,
    buffer.terminated.address,
    row.address,
    rows,
    D,
    A,
  );
}
