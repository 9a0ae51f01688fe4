// Rewards and ends of imagined steps: compiled ones are called in Wasm, those of the user in JavaScript, after each step.

import { checkCallback, wrongKind, wrongValue } from "../check.js";
import type { RewardFunction, TerminationFunction } from "../types.js";

/** What scores imagined steps. A model that has learned the reward takes none. */
export interface Scores {
  readonly reward?: RewardFunction | undefined;
  readonly terminated?: TerminationFunction | undefined;
}

interface Sized {
  readonly learnsReward: boolean;
  readonly observationSize: number;
  readonly actionSize: number;
}

/**
 * Throws `TypeError` when they are no functions or the reward is learned too, `RangeError` when compiled for other sizes.
 * @internal
 */
export function checkScores(op: string, { reward, terminated }: Scores, model: Sized): void {
  if (model.learnsReward) {
    if (reward !== undefined) wrongKind(op, "reward", "nothing, as the model learns it", reward);
  } else if (typeof reward !== "function") wrongKind(op, "reward", "a function", reward);
  checkCallback(op, "terminated", terminated);
  // what is compiled reads rows of its task's sizes
  for (const [name, score] of Object.entries({ reward, terminated })) {
    const { observationSize, actionSize } = score?.compiled ?? model;
    if (observationSize !== model.observationSize || actionSize !== model.actionSize) {
      const expected = `one of ${model.observationSize} observations and ${model.actionSize} actions, as the model`;
      wrongValue(op, name, expected, `${observationSize} and ${actionSize}`);
    }
  }
}

/** Are reward and end known in Wasm, where they are asked for? @internal */
export function scoredInside({ reward, terminated }: Scores): boolean {
  return [reward, terminated].every((score) => score === undefined || score.compiled !== undefined);
}

/**
 * What the functions that are not compiled say of B transitions, row-major; undefined for those that are. They get copies:
 * what they call may make memory grow, which ends the life of views. Throws `RangeError` unless they write all of `out`.
 * @internal
 */
export function scoreOutside(
  { reward, terminated }: Scores,
  observation: Float32Array,
  action: Float32Array,
  next: Float32Array,
  B: number,
): { rewards: Float32Array | undefined; ends: Uint8Array | undefined } {
  let rewards: Float32Array | undefined;
  let ends: Uint8Array | undefined;
  if (reward && !reward.compiled) {
    // what a reward forgets to write must not look like one, nor like one that came out as no number: no arithmetic makes these bits
    const bits = new Int32Array(B).fill(-1);
    rewards = new Float32Array(bits.buffer);
    const result = reward(observation, action, next, rewards);
    checkWritten("reward", "a number", rewards, bits.indexOf(-1), result);
  }
  if (terminated && !terminated.compiled) {
    ends = new Uint8Array(B).fill(255);
    const result = terminated(next, ends);
    const wrong = ends.findIndex((end) => end > 1);
    checkWritten("terminated", "0 or 1", ends, wrong, result);
  }
  return { rewards, ends };
}

// numbers that are returned, as other libraries have it, are told by what was got
function checkWritten(op: string, wanted: string, out: ArrayLike<number>, at: number, result: unknown): void {
  if (at >= 0) wrongValue(op, `out[${at}]`, wanted, result ?? out[at]);
}
