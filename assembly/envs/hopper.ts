// Gymnasium's Hopper-v5: one leg with a foot. Observation qpos without x, qvel within ±10. It is healthy while z > 0.7,
// |angle| < 0.2 and every other number of the state but x lies within ±100; reward = v + 1 (while healthy) − 1e-3 Σ a², v the
// mean velocity along x over the step; the episode ends when it is not.

import { put } from "../memory";
import { add, and, load, nmadd, not, select, splat, store, zero } from "../physics/lanes";
import { lane, place, QPOS } from "../physics/model";
import {
  at,
  between,
  between_steps,
  effort,
  effortOf,
  ENDED,
  positions,
  REWARD,
  runnerVjp,
  speed,
  velocities,
  within,
} from "./body";

const LOW: f64 = 0.7;
const TILT: f64 = 0.2;
const LARGEST: f64 = 100;
const FASTEST: f64 = 10;
const EFFORT: f64 = 1e-3;
const SECONDS: f64 = 0.008;
const D: usize = 11;
const A: i32 = 3;
/** Number of the velocity along x in an observation. */
const VX: usize = 5;

export function hopper_observe(m: usize, w: usize, o: usize): void {
  velocities(m, w, o, positions(m, w, o, 0, 1), FASTEST);
  const qpos = place(w, m, QPOS);
  const standing = and(between(load(lane(qpos, 1)), LOW, Infinity), between(load(lane(qpos, 2)), -TILT, TILT));
  const healthy = and(standing, within(m, w, 2, LARGEST));
  const alive = select(splat(1), zero(), healthy);
  store(lane(o, REWARD), nmadd(splat(EFFORT), effort(m, w), add(alive, speed(o, 0, SECONDS))));
  store(lane(o, ENDED), not(healthy));
}

function healthy(next: usize, b: usize): bool {
  let fits = at(next, b, D, 0) > LOW && Math.abs(at(next, b, D, 1)) < TILT;
  for (let k: usize = 1; k < D; k++) fits = fits && Math.abs(at(next, b, D, k)) < LARGEST;
  return fits;
}

/** Reward for planners, out [B] f32: v as the mean of the velocities before and after the step, each of at most 10. */
export function hopper_reward(out: usize, observation: usize, action: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    const cost = EFFORT * effortOf(action + b * A * 4, A);
    const v = between_steps(observation, next, b, D, VX);
    put<f32>(out + (b << 2), <f32>(v + (healthy(next, b) ? 1.0 : 0.0) - cost));
  }
}

/** Termination for planners, out [B] bytes; velocities beyond 100 look like 10. */
export function hopper_terminated(out: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) put<u8>(out + b, healthy(next, b) ? 0 : 1);
}

/** Gradient of the reward for planners (tasks.ts). Being healthy pays by steps: no gradient. */
export function hopper_reward_vjp(
  dObservation: usize,
  dAction: usize,
  dNext: usize,
  action: usize,
  weight: usize,
  B: usize,
): void {
  runnerVjp(dObservation, dAction, dNext, action, weight, B, D, A, VX, EFFORT);
}
