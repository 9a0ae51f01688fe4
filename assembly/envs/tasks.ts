// The rewards and terminations that a rollout in Wasm can call, and the observations of tasks on rigid bodies, by the number of
// their task: src/envs/tasks has the same numbers in its records, from 1 on. 0 stands for none.

import { zero } from "../memory";
import { acrobot_reward, acrobot_terminated } from "./acrobot";
import { ant_observe, ant_reward, ant_reward_vjp, ant_terminated } from "./ant";
import { cartpole_reward, cartpole_terminated, cartpole_v1_reward } from "./cartpole";
import {
  half_cheetah_observe,
  half_cheetah_pets_observe,
  half_cheetah_pets_reward,
  half_cheetah_pets_reward_vjp,
  half_cheetah_reward,
  half_cheetah_reward_vjp,
} from "./half-cheetah";
import { hopper_observe, hopper_reward, hopper_reward_vjp, hopper_terminated } from "./hopper";
import {
  inverted_double_pendulum_observe,
  inverted_double_pendulum_reward,
  inverted_double_pendulum_reward_vjp,
  inverted_double_pendulum_terminated,
} from "./inverted-double-pendulum";
import { inverted_pendulum_observe, inverted_pendulum_reward, inverted_pendulum_terminated } from "./inverted-pendulum";
import { mountain_car_reward, mountain_car_reward_vjp, mountain_car_terminated } from "./mountain-car";
import { pendulum_reward, pendulum_reward_vjp } from "./pendulum";
import { FETCH_REACH_PLACE, FETCH_REACH_STATE, fetch_reach_act, fetch_reach_observe } from "./fetch-reach";
import { goal_reward, goal_reward_vjp } from "./goal";
import {
  REACHER_ARM,
  REACHER_PLACE,
  reacher_goal_observe,
  reacher_observe,
  reacher_reward,
  reacher_reward_vjp,
} from "./reacher";
import { swimmer_observe, swimmer_reward, swimmer_reward_vjp } from "./swimmer";
import { walker2d_observe, walker2d_reward, walker2d_reward_vjp, walker2d_terminated } from "./walker2d";

const CARTPOLE: i32 = 1;
const PENDULUM: i32 = 2;
const ACROBOT: i32 = 3;
const MOUNTAIN_CAR: i32 = 4;
const CARTPOLE_V1: i32 = 5;
const INVERTED_PENDULUM: i32 = 6;
const INVERTED_DOUBLE_PENDULUM: i32 = 7;
const REACHER: i32 = 8;
const SWIMMER: i32 = 9;
const HOPPER: i32 = 10;
const HALF_CHEETAH: i32 = 11;
const HALF_CHEETAH_PETS: i32 = 12;
const WALKER2D: i32 = 13;
const ANT: i32 = 14;
const REACHER_GOAL: i32 = 15;
const REACHER_GOAL_DENSE: i32 = 16;
const FETCH_REACH: i32 = 17;
const FETCH_REACH_DENSE: i32 = 18;

/** Distance within which a sparse goal is reached, in metres: src/envs/tasks has the same. */
const REACHER_WITHIN: f64 = 0.02;
const FETCH_REACH_WITHIN: f64 = 0.05;

/** out [B] f32: rewards of the task; nothing for task 0. */
export function task_reward(task: i32, out: usize, observation: usize, action: usize, next: usize, B: usize): void {
  if (task == CARTPOLE) cartpole_reward(out, observation, action, next, B);
  else if (task == PENDULUM) pendulum_reward(out, observation, action, next, B);
  else if (task == ACROBOT) acrobot_reward(out, observation, action, next, B);
  else if (task == MOUNTAIN_CAR) mountain_car_reward(out, observation, action, next, B);
  else if (task == CARTPOLE_V1) cartpole_v1_reward(out, observation, action, next, B);
  else if (task == INVERTED_PENDULUM) inverted_pendulum_reward(out, observation, action, next, B);
  else if (task == INVERTED_DOUBLE_PENDULUM) inverted_double_pendulum_reward(out, observation, action, next, B);
  else if (task == REACHER) reacher_reward(out, observation, action, next, B);
  else if (task == SWIMMER) swimmer_reward(out, observation, action, next, B);
  else if (task == HOPPER) hopper_reward(out, observation, action, next, B);
  else if (task == HALF_CHEETAH) half_cheetah_reward(out, observation, action, next, B);
  else if (task == HALF_CHEETAH_PETS) half_cheetah_pets_reward(out, observation, action, next, B);
  else if (task == WALKER2D) walker2d_reward(out, observation, action, next, B);
  else if (task == ANT) ant_reward(out, observation, action, next, B);
  else if (task == REACHER_GOAL) goal_reward(out, next, REACHER_ARM, REACHER_PLACE, REACHER_WITHIN, B);
  else if (task == REACHER_GOAL_DENSE) goal_reward(out, next, REACHER_ARM, REACHER_PLACE, 0, B);
  else if (task == FETCH_REACH) goal_reward(out, next, FETCH_REACH_STATE, FETCH_REACH_PLACE, FETCH_REACH_WITHIN, B);
  else if (task == FETCH_REACH_DENSE) goal_reward(out, next, FETCH_REACH_STATE, FETCH_REACH_PLACE, 0, B);
}

/** 1 when the reward of the task has a gradient that is not 0 everywhere. */
export function task_differentiable(task: i32): i32 {
  const balances = task == CARTPOLE || task == ACROBOT || task == CARTPOLE_V1 || task == INVERTED_PENDULUM;
  const sparse = task == REACHER_GOAL || task == FETCH_REACH;
  return task > 0 && task <= FETCH_REACH_DENSE && !balances && !sparse ? 1 : 0;
}

/**
 * Adds to dObservation [B, D], dAction [B, A] and dNext [B, D] the gradient of Σ weight[b] · reward[b] of `task_reward`; weight
 * [B] f32. Where the reward jumps, as when an episode ends, there is none. Nothing for a task that is not differentiable.
 */
export function task_reward_vjp(
  task: i32,
  dObservation: usize,
  dAction: usize,
  dNext: usize,
  observation: usize,
  action: usize,
  next: usize,
  weight: usize,
  B: usize,
): void {
  if (task == PENDULUM) pendulum_reward_vjp(dObservation, dAction, observation, action, weight, B);
  else if (task == MOUNTAIN_CAR) mountain_car_reward_vjp(dAction, action, weight, B);
  else if (task == INVERTED_DOUBLE_PENDULUM) inverted_double_pendulum_reward_vjp(dNext, next, weight, B);
  else if (task == REACHER) reacher_reward_vjp(dAction, dNext, action, next, weight, B);
  else if (task == SWIMMER) swimmer_reward_vjp(dObservation, dAction, dNext, action, weight, B);
  else if (task == HOPPER) hopper_reward_vjp(dObservation, dAction, dNext, action, weight, B);
  else if (task == HALF_CHEETAH) half_cheetah_reward_vjp(dObservation, dAction, dNext, action, weight, B);
  else if (task == HALF_CHEETAH_PETS) half_cheetah_pets_reward_vjp(dAction, dNext, action, weight, B);
  else if (task == WALKER2D) walker2d_reward_vjp(dObservation, dAction, dNext, action, weight, B);
  else if (task == ANT) ant_reward_vjp(dObservation, dAction, dNext, action, next, weight, B);
  else if (task == REACHER_GOAL_DENSE) goal_reward_vjp(dNext, next, REACHER_ARM, REACHER_PLACE, weight, B);
  else if (task == FETCH_REACH_DENSE) goal_reward_vjp(dNext, next, FETCH_REACH_STATE, FETCH_REACH_PLACE, weight, B);
}

/** out [B] bytes: where an episode of the task ends; nothing for task 0. */
export function task_terminated(task: i32, out: usize, next: usize, B: usize): void {
  if (task == CARTPOLE || task == CARTPOLE_V1) cartpole_terminated(out, next, B);
  else if (task == ACROBOT) acrobot_terminated(out, next, B);
  else if (task == MOUNTAIN_CAR) mountain_car_terminated(out, next, B);
  else if (task == INVERTED_PENDULUM) inverted_pendulum_terminated(out, next, B);
  else if (task == INVERTED_DOUBLE_PENDULUM) inverted_double_pendulum_terminated(out, next, B);
  else if (task == HOPPER) hopper_terminated(out, next, B);
  else if (task == WALKER2D) walker2d_terminated(out, next, B);
  else if (task == ANT) ant_terminated(out, next, B);
  // episodes of the others have no end but the time limit
  else if (task) zero(out, B);
}

/** What the task observes of a group of copies in the workspace `w`, to the block `o` (body.ts); `t` is its table. */
export function task_observe(task: i32, m: usize, w: usize, t: usize, o: usize): void {
  if (task == INVERTED_PENDULUM) inverted_pendulum_observe(m, w, o);
  else if (task == INVERTED_DOUBLE_PENDULUM) inverted_double_pendulum_observe(m, w, t, o);
  else if (task == REACHER) reacher_observe(m, w, t, o);
  else if (task == SWIMMER) swimmer_observe(m, w, o);
  else if (task == HOPPER) hopper_observe(m, w, o);
  else if (task == HALF_CHEETAH) half_cheetah_observe(m, w, o);
  else if (task == HALF_CHEETAH_PETS) half_cheetah_pets_observe(m, w, o);
  else if (task == WALKER2D) walker2d_observe(m, w, o);
  else if (task == ANT) ant_observe(m, w, t, o);
  else if (task == REACHER_GOAL) reacher_goal_observe(m, w, t, o, REACHER_WITHIN);
  else if (task == REACHER_GOAL_DENSE) reacher_goal_observe(m, w, t, o, 0);
  else if (task == FETCH_REACH) fetch_reach_observe(m, w, t, o, FETCH_REACH_WITHIN);
  else if (task == FETCH_REACH_DENSE) fetch_reach_observe(m, w, t, o, 0);
}

/** What the action of a task means, where it is not the controls: to the controls and to what is moved by hand. */
export function task_act(task: i32, m: usize, w: usize, t: usize, o: usize): void {
  if (task == FETCH_REACH || task == FETCH_REACH_DENSE) fetch_reach_act(m, w, t, o);
}
