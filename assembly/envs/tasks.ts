// The rewards and terminations that a rollout in Wasm can call, by the number of their task: src/envs/tasks has the same
// numbers in its records, from 1 on. 0 stands for none.

import { acrobot_reward, acrobot_terminated } from "./acrobot";
import { cartpole_reward, cartpole_terminated, cartpole_v1_reward } from "./cartpole";
import { mountain_car_reward, mountain_car_terminated } from "./mountain-car";
import { pendulum_reward, pendulum_terminated } from "./pendulum";

const CARTPOLE: i32 = 1;
const PENDULUM: i32 = 2;
const ACROBOT: i32 = 3;
const MOUNTAIN_CAR: i32 = 4;
const CARTPOLE_V1: i32 = 5;

/** out [B] f32: rewards of the task; nothing for task 0. */
export function task_reward(task: i32, out: usize, observation: usize, action: usize, next: usize, B: usize): void {
  if (task == CARTPOLE) cartpole_reward(out, observation, action, next, B);
  else if (task == PENDULUM) pendulum_reward(out, observation, action, next, B);
  else if (task == ACROBOT) acrobot_reward(out, observation, action, next, B);
  else if (task == MOUNTAIN_CAR) mountain_car_reward(out, observation, action, next, B);
  else if (task == CARTPOLE_V1) cartpole_v1_reward(out, observation, action, next, B);
}

/** out [B] bytes: where an episode of the task ends; nothing for task 0. */
export function task_terminated(task: i32, out: usize, next: usize, B: usize): void {
  if (task == CARTPOLE || task == CARTPOLE_V1) cartpole_terminated(out, next, B);
  else if (task == PENDULUM) pendulum_terminated(out, next, B);
  else if (task == ACROBOT) acrobot_terminated(out, next, B);
  else if (task == MOUNTAIN_CAR) mountain_car_terminated(out, next, B);
}
