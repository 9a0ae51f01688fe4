// A minibatch of transitions: tensors that belong to whoever asked for it, filled by `ReplayBuffer.sample`.

import type { Scope, Tensor } from "../wasm/index.js";

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
