// Gymnasium's HalfCheetah-v5: a torso on two legs, in the plane. Observation qpos without x, qvel.
// reward = v − 0.1 Σ a², v the mean velocity along x over the step. The variant that PETS was measured on (Chua et al. 2018)
// sees v too, in front of the rest, so that its reward is a function of what it sees.

import { put } from "../memory";
import { nmadd, splat, store, zero } from "../physics/lanes";
import { lane } from "../physics/model";
import {
  addTo,
  at,
  between_steps,
  effort,
  effortOf,
  effortVjp,
  ENDED,
  OBSERVATION,
  positions,
  REWARD,
  runnerVjp,
  speed,
  velocities,
} from "./body";

const EFFORT: f64 = 0.1;
const SECONDS: f64 = 0.05;
const D: usize = 17;
const A: i32 = 6;
/** Number of the velocity along x in an observation. */
const VX: usize = 8;

function observe(m: usize, w: usize, o: usize, first: i32): void {
  velocities(m, w, o, positions(m, w, o, first, 1), Infinity);
  store(lane(o, REWARD), nmadd(splat(EFFORT), effort(m, w), speed(o, 0, SECONDS)));
  store(lane(o, ENDED), zero());
}

export function half_cheetah_observe(m: usize, w: usize, o: usize): void {
  observe(m, w, o, 0);
}

export function half_cheetah_pets_observe(m: usize, w: usize, o: usize): void {
  observe(m, w, o, 1);
  store(lane(o, OBSERVATION), speed(o, 0, SECONDS));
}

/** Reward for planners, out [B] f32: v as the mean of the velocities before and after the step. */
export function half_cheetah_reward(out: usize, observation: usize, action: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    const cost = EFFORT * effortOf(action + b * A * 4, A);
    put<f32>(out + (b << 2), <f32>(between_steps(observation, next, b, D, VX) - cost));
  }
}

/** Of the variant that sees v: exactly the task's. */
export function half_cheetah_pets_reward(out: usize, observation: usize, action: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    put<f32>(out + (b << 2), <f32>(at(next, b, D + 1, 0) - EFFORT * effortOf(action + b * A * 4, A)));
  }
}

/** Gradient of the reward for planners (tasks.ts). */
export function half_cheetah_reward_vjp(
  dObservation: usize,
  dAction: usize,
  dNext: usize,
  action: usize,
  weight: usize,
  B: usize,
): void {
  runnerVjp(dObservation, dAction, dNext, action, weight, B, D, A, VX, EFFORT);
}

/** Gradient of that of the variant that sees v. */
export function half_cheetah_pets_reward_vjp(
  dAction: usize,
  dNext: usize,
  action: usize,
  weight: usize,
  B: usize,
): void {
  for (let b: usize = 0; b < B; b++) {
    const w = at(weight, b, 1, 0);
    addTo(dNext, b, D + 1, 0, w);
    effortVjp(dAction, action, b, A, EFFORT, w);
  }
}
