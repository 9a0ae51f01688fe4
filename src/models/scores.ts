// Rewards and ends of imagined steps: compiled ones are called in Wasm, those of the user in JavaScript, after each step.

import { wrongKind, wrongValue } from "../check.js";
import type { CompiledFunction, RewardFunction, TerminationFunction } from "../types.js";

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

/** Throws `TypeError` when they are no functions or the reward is learned too, `RangeError` when compiled for other sizes. */
export function checkScores(op: string, { reward, terminated }: Scores, model: Sized): void {
  if (model.learnsReward) {
    if (reward !== undefined) wrongKind(op, "reward", "nothing, since the model has learned the reward", reward);
  } else if (typeof reward !== "function") wrongKind(op, "reward", "a function", reward);
  if (terminated !== undefined && typeof terminated !== "function")
    wrongKind(op, "terminated", "a function", terminated);
  checkCompiled(op, "reward", reward?.compiled, model);
  checkCompiled(op, "terminated", terminated?.compiled, model);
}

// what is compiled reads rows of its task's sizes
function checkCompiled(op: string, name: string, compiled: CompiledFunction | undefined, model: Sized): void {
  if (!compiled) return;
  const { observationSize, actionSize } = compiled;
  if (observationSize !== model.observationSize || actionSize !== model.actionSize) {
    const expected = `one of ${model.observationSize} observations and ${model.actionSize} actions, as the model`;
    wrongValue(op, name, expected, `${observationSize} and ${actionSize}`);
  }
}

/** Are reward and end known in Wasm, where they are asked for? */
export function scoredInside({ reward, terminated }: Scores): boolean {
  return [reward, terminated].every((score) => score === undefined || score.compiled !== undefined);
}

/**
 * What the functions that are not compiled say of B transitions, row-major; undefined for those that are. They get copies:
 * what they call may make memory grow, which ends the life of views.
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
    // what a reward forgets to write must not look like one
    rewards = new Float32Array(B).fill(Number.NaN);
    reward(observation, action, next, rewards);
  }
  if (terminated && !terminated.compiled) {
    ends = new Uint8Array(B);
    terminated(next, ends);
  }
  return { rewards, ends };
}
