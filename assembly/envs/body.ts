// What the tasks on rigid bodies have in common: how one tells what it sees. After the last substep a workspace holds the new
// state, and beside it the frames, contacts and forces of the last evaluation inside it (the last Runge-Kutta stage; the
// state before the last Euler step), which is just what MuJoCo's data hold when Gymnasium reads them. A task reads state and
// leavings of one group and writes v128 quantities to the block `o`:
//
//   reward, mask of the episodes that end, how far the root moved along the axes that drift, what it keeps for its next
//   step (LAG, in and out), the action where it is not the controls themselves, observation

import { get, put } from "../memory";
import { abs, le, load, lt, madd, max, min, mul, REAL, splat, store, zero } from "../physics/lanes";
import { CTRL, lane, NQ, NU, NV, place, QPOS, QVEL, record, word } from "../physics/model";
import { observePoints } from "../physics/observe";
import { BODY_ORIGIN, POINT_SIZE, POINT_WORDS, XPOINT } from "../physics/observe-model";

export const REWARD: i32 = 0;
export const ENDED: i32 = 1;
/** [2], in metres over the control step. */
export const MOVED: i32 = 2;
/** [4] */
export const LAG: i32 = 4;
/** [4] */
export const ACTION: i32 = 8;
export const OBSERVATION: i32 = 12;

// table of a task: words written by src/envs/bodies.ts
/** Leading elements of qpos along which the world looks the same everywhere. */
export const DRIFTS: i32 = 0;
/** Numbers of an observation. */
export const SIZE: i32 = 1;
/** Numbers that a copy keeps besides qpos and qvel. */
export const KEPT: i32 = 2;
/** Numbers of an action that the task itself makes controls of; 0 where actions are the controls. */
export const ACTS: i32 = 3;
/** Points that the task looks at, by their numbers in the model. */
const POINTS: i32 = 4;

/** Where the first `count` points of the task were at the last evaluation, for `pointOf`. */
export function lookAt(m: usize, w: usize, t: usize, count: i32): void {
  for (let i = 0; i < count; ++i) observePoints(m, w, word(t, POINTS + i), 1);
}

/** Coordinate `axis` of point `index`, in world axes. */
export function pointOf(m: usize, w: usize, t: usize, index: i32, axis: i32): v128 {
  return load(lane(place(w, m, XPOINT), 3 * word(t, POINTS + index) + axis));
}

/** Address of the origin of the tree that point `index` moves with. */
export function originOf(m: usize, w: usize, t: usize, index: i32): usize {
  return place(w, record(m, POINT_WORDS, POINT_SIZE, word(t, POINTS + index)), BODY_ORIGIN);
}

/** Observation from number `at` on: qpos from `first` on. Returns what comes next. */
export function positions(m: usize, w: usize, o: usize, at: i32, first: i32): i32 {
  const qpos = place(w, m, QPOS);
  const nq = word(m, NQ);
  for (let k = first; k < nq; ++k) store(lane(o, OBSERVATION + at++), load(lane(qpos, k)));
  return at;
}

/** The same with all velocities within ±limit; infinite for none. */
export function velocities(m: usize, w: usize, o: usize, at: i32, limit: f64): i32 {
  const qvel = place(w, m, QVEL);
  const nv = word(m, NV);
  for (let k = 0; k < nv; ++k) store(lane(o, OBSERVATION + at++), clip(load(lane(qvel, k)), limit));
  return at;
}

/** Within ±limit; NaN stays. */
export function clip(x: v128, limit: f64): v128 {
  return max(splat(-limit), min(splat(limit), x));
}

/** Sum of squares of the action, as it was given: what reaches a motor is clipped, what it costs is not. */
export function effort(m: usize, w: usize): v128 {
  const ctrl = place(w, m, CTRL);
  const nu = word(m, NU);
  let sum = zero();
  for (let k = 0; k < nu; ++k) sum = madd(load(lane(ctrl, k)), load(lane(ctrl, k)), sum);
  return sum;
}

/** Mask of |x| < limit for all of qpos from `first` on and qvel. */
export function within(m: usize, w: usize, first: i32, limit: f64): v128 {
  const nq = word(m, NQ);
  const nv = word(m, NV);
  const qpos = place(w, m, QPOS);
  const qvel = place(w, m, QVEL);
  let largest = zero();
  for (let k = first; k < nq; ++k) largest = max(largest, abs(load(lane(qpos, k))));
  for (let k = 0; k < nv; ++k) largest = max(largest, abs(load(lane(qvel, k))));
  return lt(largest, splat(limit));
}

/** Mean velocity of the root along drifting axis `k` over a control step of `seconds`. */
export function speed(o: usize, k: i32, seconds: f64): v128 {
  return mul(load(lane(o, MOVED + k)), splat(1 / seconds));
}

/** Mask of low < x < high. */
export function between(x: v128, low: f64, high: f64): v128 {
  return v128.and(lt(splat(low), x), lt(x, splat(high)));
}

/** Mask of low ≤ x ≤ high. */
export function inside(x: v128, low: f64, high: f64): v128 {
  return v128.and(le(splat(low), x), le(x, splat(high)));
}

/** Σ a² of a row of actions, for planners. */
export function effortOf(action: usize, A: i32): f64 {
  let sum: f64 = 0;
  for (let k = 0; k < A; ++k) {
    const a = <f64>get<f32>(action + ((<usize>k) << 2));
    sum += a * a;
  }
  return sum;
}

/** Element `k` of row `b` of f32 rows of `n`. */
// @ts-ignore: decorator
@inline
export function at(rows: usize, b: usize, n: usize, k: usize): f64 {
  return <f64>get<f32>(rows + ((b * n + k) << 2));
}

/** Mean of a number before and after: of a velocity, nearly the mean over the step. */
// @ts-ignore: decorator
@inline
export function between_steps(observation: usize, next: usize, b: usize, n: usize, k: usize): f64 {
  return 0.5 * (at(observation, b, n, k) + at(next, b, n, k));
}

/** Adds to element `k` of row `b` of f32 rows of `n`. */
// @ts-ignore: decorator
@inline
export function addTo(rows: usize, b: usize, n: usize, k: usize, value: f64): void {
  const to = rows + ((b * n + k) << 2);
  put<f32>(to, <f32>(<f64>get<f32>(to) + value));
}

/** Adds the gradient of −cost · Σ a² of row `b`, times `weight`. */
export function effortVjp(dAction: usize, action: usize, b: usize, A: usize, cost: f64, weight: f64): void {
  for (let k: usize = 0; k < A; k++) addTo(dAction, b, A, k, -2 * cost * weight * at(action, b, A, k));
}

/** Adds the gradient of the reward of a runner, v − cost · Σ a², with v the mean of column `vx` before and after the step. */
export function runnerVjp(
  dObservation: usize,
  dAction: usize,
  dNext: usize,
  action: usize,
  weight: usize,
  B: usize,
  D: usize,
  A: usize,
  vx: usize,
  cost: f64,
): void {
  for (let b: usize = 0; b < B; b++) {
    const w = at(weight, b, 1, 0);
    addTo(dObservation, b, D, vx, 0.5 * w);
    addTo(dNext, b, D, vx, 0.5 * w);
    effortVjp(dAction, action, b, A, cost, w);
  }
}

/** The number of lane `l` of a quantity. */
// @ts-ignore: decorator
@inline
export function value(at: usize, l: i32): f64 {
  const own = at + <usize>(l * REAL);
  return LANE_BITS == 64 ? get<f64>(own) : <f64>get<f32>(own);
}

/** Sets it. */
// @ts-ignore: decorator
@inline
export function putValue(at: usize, l: i32, value: f64): void {
  const own = at + <usize>(l * REAL);
  if (LANE_BITS == 64) put<f64>(own, value);
  else put<f32>(own, <f32>value);
}
