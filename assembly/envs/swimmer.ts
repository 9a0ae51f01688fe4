// Gymnasium's Swimmer-v5: three links in a viscous medium. Observation qpos without x and y, qvel.
// reward = v − 1e-4 Σ a², v the mean velocity along x over the step.

import { put } from "../memory";
import { nmadd, splat, store, zero } from "../physics/lanes";
import { lane } from "../physics/model";
import { between_steps, effort, effortOf, ENDED, positions, REWARD, runnerVjp, speed, velocities } from "./body";

const EFFORT: f64 = 1e-4;
const SECONDS: f64 = 0.04;
const D: usize = 8;
const A: i32 = 2;
/** Number of the velocity along x in an observation. */
const VX: usize = 3;

export function swimmer_observe(m: usize, w: usize, o: usize): void {
  velocities(m, w, o, positions(m, w, o, 0, 2), Infinity);
  store(lane(o, REWARD), nmadd(splat(EFFORT), effort(m, w), speed(o, 0, SECONDS)));
  store(lane(o, ENDED), zero());
}

/** Reward for planners, out [B] f32: v as the mean of the velocities before and after the step. */
export function swimmer_reward(out: usize, observation: usize, action: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    const cost = EFFORT * effortOf(action + b * A * 4, A);
    put<f32>(out + (b << 2), <f32>(between_steps(observation, next, b, D, VX) - cost));
  }
}

/** Gradient of the reward for planners (tasks.ts). */
export function swimmer_reward_vjp(
  dObservation: usize,
  dAction: usize,
  dNext: usize,
  action: usize,
  weight: usize,
  B: usize,
): void {
  runnerVjp(dObservation, dAction, dNext, action, weight, B, D, A, VX, EFFORT);
}
