// What a planner is, and what all planners check and hold alike: a bounded action space repeated over the horizon.

import { checkInteger, MbrlError, wrongKind, wrongValue } from "../check.js";
import type { Box, Disposable, Rollout, SavedState, Steps } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";

/** Searches for the sequence of H actions with the best return from a start. */
export interface Planner extends Disposable {
  /** Actions per plan, H. */
  readonly horizon: number;
  /** Where the actions lie. */
  readonly actionSpace: Box;
  /**
   * The best sequence found, [H, A] row-major, into `out` if given. The search starts from what the last plan left, moved
   * on by `advance`. Throws `PlanningError` when no return is finite; the planner is then as it was but for its random stream.
   */
  plan<Start>(rollout: Rollout<Start>, start: Start, out?: Float32Array): Float32Array;
  /** `plan` in slices. Given up before its end it has drawn random numbers; `load` what `save` gave before to undo that. */
  planSteps<Start>(rollout: Rollout<Start>, start: Start, out?: Float32Array): Steps<Float32Array>;
  /** Tells that the first `steps` (default 1) actions of the last plan were executed, so that the next plan starts there. */
  advance(steps?: number): void;
  /** Forgets the last plan; call it when an episode starts. The random stream goes on. */
  reset(): void;
  /** The complete state: a planner that loads it goes on with the same bits. */
  save(): SavedState;
  /** Takes the state of a planner made with the same options; throws and changes nothing when it does not fit. */
  load(state: SavedState): void;
}

/** What every planner is told. */
export interface PlannerOptions {
  /** Where actions lie: a box with finite bounds. */
  readonly actionSpace: Box;
  /** Actions per plan, H. */
  readonly horizon: number;
  /** Action sequences per iteration, N. */
  readonly population: number;
  /** Seed of the planner's random stream; default 0. */
  readonly seed?: number;
}

/** No action sequence had a finite return: the model or the reward broke down. */
export class PlanningError extends MbrlError {
  constructor(op: string, population: number) {
    super("PLANNING_FAILED", `${op}: none of the ${population} returns is finite`);
  }
}

// beyond it the square of a range is no longer a float
const WIDEST_RANGE = 1e18;

/** The bounds of a sequence: those of an action, H times over. */
export class Bounds {
  readonly actionSpace: Box;
  /** H and A. */
  readonly horizon: number;
  readonly actionSize: number;
  /** [H, A] each. */
  readonly low: Tensor;
  readonly high: Tensor;
  /** Middle of the bounds [H, A], and the variance (high − low)² / 16 that searches start with. */
  readonly middle: Float32Array;
  readonly variance: Float32Array;

  /** Checks the space and the horizon; throws a TypeError for a space that is not a box, a RangeError for an unbounded one. */
  constructor(op: string, scope: Scope, space: Box, horizon: number) {
    checkBox(op, space);
    const A = space.low.length;
    this.actionSpace = space;
    this.horizon = checkInteger(op, "horizon", horizon, 1, 100_000);
    this.actionSize = A;
    this.low = scope.tensor([horizon, A]);
    this.high = scope.tensor([horizon, A]);
    this.middle = new Float32Array(horizon * A);
    this.variance = new Float32Array(horizon * A);
    for (let i = 0; i < horizon * A; i++) {
      const low = space.low[i % A];
      const high = space.high[i % A];
      this.low.view[i] = low;
      this.high.view[i] = high;
      this.middle[i] = low + (high - low) / 2;
      this.variance[i] = ((high - low) * (high - low)) / 16;
    }
  }

  /** Numbers per sequence, H·A. */
  get length(): number {
    return this.middle.length;
  }
}

function checkBox(op: string, space: Box): void {
  if (space === null || typeof space !== "object") wrongKind(op, "actionSpace", "a box", space);
  if (space.kind !== "box") wrongKind(op, "actionSpace", "a box (this planner has no discrete actions)", space.kind);
  const { low, high } = space;
  if (low.length < 1 || low.length !== high.length) {
    wrongValue(op, "actionSpace", "as many upper as lower bounds, at least 1", `${low.length} and ${high.length}`);
  }
  for (let a = 0; a < low.length; a++) {
    const bounded = low[a] <= high[a] && high[a] - low[a] <= WIDEST_RANGE;
    if (!bounded) wrongValue(op, `actionSpace[${a}]`, "finite bounds, low ≤ high", `[${low[a]}, ${high[a]}]`);
  }
}

/** Checks that sequences of actions [., A] lie within the space. */
export function checkWithin(op: string, name: string, { low, high }: Box, sequences: ArrayLike<number>): void {
  for (let i = 0; i < sequences.length; i++) {
    const a = i % low.length;
    const within = sequences[i] >= low[a] && sequences[i] <= high[a];
    if (!within) wrongValue(op, `${name}[${i}]`, `a number in [${low[a]}, ${high[a]}]`, sequences[i]);
  }
}

/** Where a plan goes: `out` after a look at it, or a new array. */
export function planInto(op: string, out: Float32Array | undefined, length: number): Float32Array {
  if (out === undefined) return new Float32Array(length);
  if (!(out instanceof Float32Array)) wrongKind(op, "out", "a Float32Array", out);
  if (out.length !== length) wrongValue(op, "out", `${length} elements`, out);
  return out;
}

/**
 * Moves a sequence [H, A] on by `steps`, in place. What comes in at the end is that of `tail` [H, A], or else the last action
 * again (`steps` < H then).
 */
export function shift(sequence: Float32Array, steps: number, actionSize: number, tail?: Float32Array): void {
  const skipped = Math.min(steps * actionSize, sequence.length);
  sequence.copyWithin(0, skipped);
  for (let i = sequence.length - skipped; i < sequence.length; i++) {
    sequence[i] = tail ? tail[i] : sequence[i - actionSize];
  }
}
