// Hindsight experience replay (Andrychowicz et al. 2017), strategy "future": of a minibatch, a share k / (1 + k) of the transitions
// gets, in the place of the goal that was asked for, one that was achieved by a later step of the same episode, or by this one,
// each as likely; its reward is then what the task pays for that. All this when a minibatch is drawn: the buffer stays. Whether a
// transition terminated stays too: an end must not depend on the goal.

import { checkInteger, checkNumber, wrongValue } from "../check.js";
import type { ReplayBuffer, TransitionBatch } from "../data/index.js";
import { checkedGoal, goalColumns } from "../envs/index.js";
import type { RandomStream } from "../kernels/index.js";
import type { Disposable, GoalSpec } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";

export interface HindsightOptions {
  /** Whose reward is asked. */
  readonly goal: GoalSpec;
  /** Relabelled transitions for each that is not (k). */
  readonly relabelled: number;
  /** Most rows of a minibatch. */
  readonly rows: number;
}

export class Hindsight implements Disposable {
  readonly #scope: Scope;
  readonly #buffer: ReplayBuffer;
  readonly #goal: GoalSpec;
  readonly #share: number;
  readonly #uniform: Tensor;
  // the row whose achieved goal each row gets; -1: it keeps its own
  readonly #goalRow: Tensor<"i32">;
  readonly #achieved: Tensor;
  readonly #desired: Tensor;
  readonly #reward: Tensor;

  /** For minibatches out of `buffer`, whose observations end with the goals. */
  constructor(scope: Scope, buffer: ReplayBuffer, { goal, relabelled, rows }: HindsightOptions) {
    const op = "hindsight";
    const { size } = goalColumns(goal);
    if (size !== buffer.observationSize)
      wrongValue(op, "goal", `one of observations of ${buffer.observationSize} numbers`, size);
    checkNumber(op, "relabelled", relabelled, 0);
    checkInteger(op, "rows", rows, 1);
    this.#scope = scope;
    this.#buffer = buffer;
    this.#goal = checkedGoal(goal);
    this.#share = relabelled / (1 + relabelled);
    this.#uniform = scope.tensor([rows, 2]);
    this.#goalRow = scope.tensor([rows], "i32");
    this.#achieved = scope.tensor([rows, goal.goalSize]);
    this.#desired = scope.tensor([rows, goal.goalSize]);
    this.#reward = scope.tensor([rows]);
  }

  /** Rows of the buffer whose achieved goals the last minibatch got; -1 where a transition kept its own [rows]. */
  get goalRows(): Int32Array {
    return this.#goalRow.read();
  }

  /**
   * Relabels a minibatch that was just drawn from the buffer. Throws `RangeError` when it has more rows than `rows`, and what the
   * task's reward throws.
   */
  relabel(batch: TransitionBatch, random: RandomStream): void {
    const { rows, row, observation, nextObservation, reward } = batch;
    checkInteger("hindsight.relabel", "batch.rows", rows, 1, this.#reward.size);
    const { kernels } = this.#scope.runtime;
    const { achieved, desired, size } = goalColumns(this.#goal);
    const goalRow = this.#goalRow;
    random.uniform(this.#uniform);
    const { follower, trajectory, step, length } = this.#buffer;
    kernels.hindsight_rows(
      goalRow.address,
      row.address,
      follower.address,
      trajectory.address,
      step.address,
      this.#uniform.address,
      this.#share,
      rows,
      length,
    );
    kernels.hindsight_goals(
      observation.address,
      nextObservation.address,
      this.#achieved.address,
      this.#desired.address,
      this.#buffer.nextObservation.address,
      goalRow.address,
      achieved,
      desired,
      this.#goal.goalSize,
      rows,
      size,
    );
    // a reward of the caller's must not move memory while it has views of it
    this.#achieved.lend((from) =>
      this.#desired.lend((to) => this.#reward.lend((out) => this.#goal.reward(from, to, out))),
    );
    const goals = goalRow.view;
    const paid = this.#reward.view;
    const rewards = reward.view;
    for (let r = 0; r < rows; r++) if (goals[r] >= 0) rewards[r] = paid[r];
  }

  dispose(): void {
    this.#scope.dispose();
  }
}

/** Whether a goal pays 0 where it is reached and -1 far from it, as hindsight and bounds of its values suppose. */
export function isSparse(goal: GoalSpec): boolean {
  const { goalSize } = goal;
  const achieved = new Float32Array(2 * goalSize);
  const desired = Float32Array.from(achieved, (_, i) => (i < goalSize ? 0 : 1e6));
  const reward = new Float32Array(2);
  checkedGoal(goal).reward(achieved, desired, reward);
  return reward[0] === 0 && reward[1] === -1;
}
