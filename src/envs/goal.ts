// Tasks with a goal. An observation stays one row of numbers, [what is observed | achieved goal | desired goal], so that
// kernels, models and buffers need not know; `GoalSpec` says where the parts are and what is paid for them. Words and rewards
// are those of Gymnasium's robotics (Plappert et al. 2018, "Multi-Goal Reinforcement Learning").

import { checkFinite, checkInteger, checkNumber, wrongKind, wrongValue } from "../check.js";
import type { GoalSpec, RewardFunction } from "../types.js";

/** The parts of an observation of a task with a goal. */
export interface GoalObservation {
  readonly observation: Float32Array;
  readonly achievedGoal: Float32Array;
  readonly desiredGoal: Float32Array;
}

/** Where the parts lie in a row: the first number of either goal, and the numbers of all. */
export function goalColumns({ observationSize, goalSize }: GoalSpec): {
  achieved: number;
  desired: number;
  size: number;
} {
  const desired = observationSize + goalSize;
  return { achieved: observationSize, desired, size: desired + goalSize };
}

/** The numbers of a row that hold the desired goal, which no step changes: what a model need not learn. */
export function desiredDims(goal: GoalSpec): number[] {
  return Array.from({ length: goal.goalSize }, (_, i) => goalColumns(goal).desired + i);
}

/** The parts of one flat observation, as views of it. Throws `RangeError` when it has another length. */
export function goalObservation(goal: GoalSpec, flat: Float32Array): GoalObservation {
  const { achieved, desired, size } = goalColumns(goal);
  if (flat?.length !== size) wrongValue("goalObservation", "flat", `${size} numbers`, flat);
  return {
    observation: flat.subarray(0, achieved),
    achievedGoal: flat.subarray(achieved, desired),
    desiredGoal: flat.subarray(desired),
  };
}

/**
 * The flat observation of these parts, in `out` if given. Throws `RangeError` when a part has another length, or a goal a
 * number that is not finite.
 */
export function flattenGoal(goal: GoalSpec, parts: GoalObservation, out?: Float32Array): Float32Array {
  const op = "flattenGoal";
  const { achieved, desired, size } = goalColumns(goal);
  const flat = out ?? new Float32Array(size);
  if (flat.length !== size) wrongValue(op, "out", `${size} elements`, flat);
  const sizes = { observation: goal.observationSize, achievedGoal: goal.goalSize, desiredGoal: goal.goalSize };
  for (const name of ["observation", "achievedGoal", "desiredGoal"] as const) {
    if (parts[name]?.length !== sizes[name]) wrongValue(op, name, `shape [${sizes[name]}]`, parts[name]);
    if (name !== "observation") checkFinite(op, name, parts[name]);
  }
  flat.set(parts.observation);
  flat.set(parts.achievedGoal, achieved);
  flat.set(parts.desiredGoal, desired);
  return flat;
}

// achieved and desired goals [B, G] of flat observations [B, D]
function goalsOf(goal: GoalSpec, rows: Float32Array, B: number): [Float32Array, Float32Array] {
  const { achieved, desired, size } = goalColumns(goal);
  const part = (from: number) => {
    const columns = new Float32Array(B * goal.goalSize);
    for (let b = 0; b < B; b++) {
      columns.set(rows.subarray(b * size + from, b * size + from + goal.goalSize), b * goal.goalSize);
    }
    return columns;
  };
  return [part(achieved), part(desired)];
}

/** Where the goal is reached, out [B] = 1 or 0, of flat observations `rows` [B, D]. */
export function goalSuccess(goal: GoalSpec, rows: Float32Array, out: Uint8Array): void {
  const { size } = goalColumns(goal);
  if (rows.length !== out.length * size) wrongValue("goalSuccess", "rows", `shape [${out.length}, ${size}]`, rows);
  goal.success(...goalsOf(goal, rows, out.length), out);
}

/** The reward of `goal` as a function of whole observations: what is paid for the goals of the one that a step leads to. */
export function goalReward(goal: GoalSpec): RewardFunction {
  return (_observation, _action, nextObservation, out) =>
    goal.reward(...goalsOf(goal, nextObservation, out.length), out);
}

/** What `distanceGoal` takes. */
export interface DistanceGoalOptions {
  readonly observationSize: number;
  readonly goalSize: number;
  /** Distance below which the goal is reached, in the unit of the goal. */
  readonly within: number;
  /** Reward −distance; else −1 where the distance is beyond `within`, and 0. Default false. */
  readonly dense?: boolean;
}

/** The goal of being near: Euclidean distance, in f64 from f32, as assembly/envs/goal.ts has it. */
export function distanceGoal({ observationSize, goalSize, within, dense = false }: DistanceGoalOptions): GoalSpec {
  const op = "distanceGoal";
  checkInteger(op, "observationSize", observationSize, 0);
  checkInteger(op, "goalSize", goalSize, 1);
  checkNumber(op, "within", within, 0);
  const distance = (achieved: Float32Array, desired: Float32Array, b: number) => {
    let square = 0;
    for (let k = b * goalSize; k < (b + 1) * goalSize; k++) {
      const difference = achieved[k] - desired[k];
      square += difference * difference;
    }
    return Math.sqrt(square);
  };
  return checkedGoal({
    observationSize,
    goalSize,
    reward(achieved, desired, out) {
      for (let b = 0; b < out.length; b++) {
        const d = distance(achieved, desired, b);
        out[b] = dense ? -d : d > within ? -1 : 0;
      }
    },
    success(achieved, desired, out) {
      for (let b = 0; b < out.length; b++) out[b] = distance(achieved, desired, b) < within ? 1 : 0;
    },
  });
}

const checked = new WeakSet<GoalSpec>();

/**
 * The same goal with checks around it: goals of another shape or with numbers that are not finite, and a `reward` or `success`
 * that does not fill `out`, throw `RangeError`; one that returns something instead, `TypeError`. What is checked already stays
 * as it is.
 */
export function checkedGoal(goal: GoalSpec): GoalSpec {
  if (checked.has(goal)) return goal;
  const { observationSize, goalSize } = goal;
  const checkGoals = (op: string, achieved: Float32Array, desired: Float32Array, B: number): void => {
    for (const [name, rows] of [
      ["achieved", achieved],
      ["desired", desired],
    ] as const) {
      if (rows?.length !== B * goalSize) wrongValue(op, name, `shape [${B}, ${goalSize}]`, rows);
      checkFinite(op, name, rows);
    }
  };
  const result: GoalSpec = Object.freeze({
    observationSize,
    goalSize,
    reward(achieved: Float32Array, desired: Float32Array, out: Float32Array) {
      const op = "goal.reward";
      checkGoals(op, achieved, desired, out.length);
      out.fill(Number.NaN);
      checkNothing(op, goal.reward(achieved, desired, out), out.length);
      const missing = out.findIndex((value) => !Number.isFinite(value));
      if (missing >= 0) {
        wrongValue(op, `out[${missing}]`, `a finite number, as all ${out.length} rewards`, out[missing]);
      }
    },
    success(achieved: Float32Array, desired: Float32Array, out: Uint8Array) {
      const op = "goal.success";
      checkGoals(op, achieved, desired, out.length);
      out.fill(255);
      checkNothing(op, goal.success(achieved, desired, out), out.length);
      const missing = out.findIndex((value) => value > 1);
      if (missing >= 0) wrongValue(op, `out[${missing}]`, `0 or 1, as all ${out.length} flags`, out[missing]);
    },
  });
  checked.add(result);
  return result;
}

// a function that returns its numbers, as Gymnasium's compute_reward does, has not written them
function checkNothing(op: string, result: unknown, B: number): void {
  if (result !== undefined) wrongKind(op, "out", `${B} numbers to be written there, and nothing returned`, result);
}

/** Throws `RangeError` or `TypeError` unless `goal` is one of observations of `size` numbers. */
export function checkGoalSpec(op: string, goal: GoalSpec, size: number): void {
  if (typeof goal !== "object" || goal === null) wrongKind(op, "goal", "an object", goal);
  checkInteger(op, "goal.observationSize", goal.observationSize, 0);
  checkInteger(op, "goal.goalSize", goal.goalSize, 1);
  for (const name of ["reward", "success"] as const) {
    if (typeof goal[name] !== "function") wrongKind(op, `goal.${name}`, "a function", goal[name]);
  }
  const { size: expected } = goalColumns(goal);
  if (expected !== size) {
    const { observationSize, goalSize } = goal;
    wrongValue(op, "goal", `observations of ${observationSize} + 2 · ${goalSize} = ${expected} numbers`, size);
  }
}

/** Throws `RangeError` when an observation has another length than its goal says, or a goal that is not finite. */
export function checkGoalRow(op: string, goal: GoalSpec, row: Float32Array): void {
  const { achieved, desired, size } = goalColumns(goal);
  if (row?.length !== size) {
    wrongValue(op, "observation", `shape [${size}] with goals of ${goal.goalSize} numbers`, row);
  }
  checkFinite(op, "achievedGoal", row.subarray(achieved, desired));
  checkFinite(op, "desiredGoal", row.subarray(desired));
}
