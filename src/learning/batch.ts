// What policy updates learn from: T steps of B trajectories, collected in an environment or imagined in a model.

import type { Scope, Tensor } from "../wasm/index.js";

/** T steps of B trajectories, time-major: row t·B + b is step t of trajectory b. */
export interface Batch {
  readonly T: number;
  readonly B: number;
  /** T·B. */
  readonly rows: number;
  /** What the policy saw [rows, D]. */
  readonly observation: Tensor;
  /** Its own action [rows, A], which its densities are about, and the action of the environment [rows, Aenv]. */
  readonly raw: Tensor;
  readonly action: Tensor;
  /** Log-density of `raw` under the policy that collected [rows]. */
  readonly logProb: Tensor;
  readonly reward: Tensor;
  /** Where the step itself led [rows, D], also when the next row starts another episode. */
  readonly nextObservation: Tensor;
  /** 1 where the step led to a state without a future [rows]. */
  readonly terminated: Tensor<"u8">;
  /** 1 where no further step of the same episode follows in the batch: terminated, truncated, or the last of T [rows]. */
  readonly ended: Tensor<"u8">;
  /** 1, or 0 for rows that nothing is learned from: beyond the end of an imagined trajectory, or diverged [rows]. */
  readonly valid: Tensor;
  /** Steps of the episode before this one [rows]. */
  readonly time: Tensor<"i32">;
}

/** The rows of a batch that an update of a policy reads, with their advantages. */
export interface PolicyBatch {
  readonly rows: number;
  readonly observation: Tensor;
  readonly raw: Tensor;
  readonly logProb: Tensor;
  /** As they enter the update [rows]: standardized already where that is wanted. */
  readonly advantage: Tensor;
  readonly valid: Tensor;
}

export interface BatchSizes {
  /** Steps and trajectories. */
  readonly T: number;
  readonly B: number;
  /** Sizes of an observation, of the policy's own action, and of the environment's action. */
  readonly D: number;
  readonly A: number;
  readonly Aenv: number;
}

/** A batch in memory of `scope`, all zero but `valid`, which is 1. */
export function createBatch(scope: Scope, { T, B, D, A, Aenv }: BatchSizes): Batch {
  const rows = T * B;
  const valid = scope.tensor([rows]);
  valid.view.fill(1);
  return {
    T,
    B,
    rows,
    observation: scope.tensor([rows, D]),
    raw: scope.tensor([rows, A]),
    action: scope.tensor([rows, Aenv]),
    logProb: scope.tensor([rows]),
    reward: scope.tensor([rows]),
    nextObservation: scope.tensor([rows, D]),
    terminated: scope.tensor([rows], "u8"),
    ended: scope.tensor([rows], "u8"),
    valid,
    time: scope.tensor([rows], "i32"),
  };
}
