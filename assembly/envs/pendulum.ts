// Gymnasium's Pendulum-v1 (envs/classic_control/pendulum.py): a rod on a motor too weak to lift it at once, one
// semi-implicit Euler step of 0.05 s. In f64 and in the order of operations of the original.
//
//   state       [B, 2] f64: θ (0 upright, grows without wrapping), θ̇ in [-8, 8]
//   observation [B, 3] f32: cos θ, sin θ, θ̇
//   action      [B, 1] f32: torque, clipped to [-2, 2] as the original does

import { get, put, zero } from "../memory";
import { addTo, at } from "./body";

const PI: f64 = 3.141592653589793;
const MAX_SPEED: f64 = 8.0;
const MAX_TORQUE: f64 = 2.0;
const TIME_STEP: f64 = 0.05;
/** 3g / 2l with g = 10, l = 1, and 3 / ml² with m = 1. */
const GRAVITY_TERM: f64 = 15.0;
const TORQUE_TERM: f64 = 3.0;

// @ts-ignore: decorator
@inline
function clip(value: f64, limit: f64): f64 {
  return min<f64>(max<f64>(value, -limit), limit);
}

// into [-π, π), with the sign rule of Python's %
function normalized(angle: f64): f64 {
  const turn = 2.0 * PI;
  let rest = (angle + PI) % turn;
  if (rest < 0.0) rest += turn;
  return rest - PI;
}

// @ts-ignore: decorator
@inline
function rewardOf(angle: f64, speed: f64, torque: f64): f32 {
  return <f32>-(angle * angle + 0.1 * (speed * speed) + 0.001 * (torque * torque));
}

// @ts-ignore: decorator
@inline
function observe(observation: usize, theta: f64, speed: f64): void {
  put<f32>(observation, <f32>Math.cos(theta));
  put<f32>(observation + 4, <f32>Math.sin(theta));
  put<f32>(observation + 8, <f32>speed);
}

/** Start states: θ uniform in ±π, θ̇ in ±1. uniforms [B, 2] f32 in (0, 1). */
export function pendulum_reset(state: usize, observation: usize, uniforms: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    const theta = -PI + 2.0 * PI * <f64>get<f32>(uniforms + (b << 3));
    const speed = -1.0 + 2.0 * <f64>get<f32>(uniforms + (b << 3) + 4);
    put<f64>(state + (b << 4), theta);
    put<f64>(state + (b << 4) + 8, speed);
    observe(observation + b * 12, theta, speed);
  }
}

/** One step of B copies, in place. reward [B] f32 judges the state before the step; terminated [B] bytes is never 1. */
export function pendulum_step(
  state: usize,
  observation: usize,
  reward: usize,
  terminated: usize,
  action: usize,
  B: usize,
): void {
  for (let b: usize = 0; b < B; b++) {
    const theta = get<f64>(state);
    const speed = get<f64>(state + 8);
    const torque = clip(<f64>get<f32>(action + (b << 2)), MAX_TORQUE);
    put<f32>(reward + (b << 2), rewardOf(normalized(theta), speed, torque));

    const acceleration = GRAVITY_TERM * Math.sin(theta) + TORQUE_TERM * torque;
    const nextSpeed = clip(speed + acceleration * TIME_STEP, MAX_SPEED);
    const nextTheta = theta + nextSpeed * TIME_STEP;
    put<f64>(state, nextTheta);
    put<f64>(state + 8, nextSpeed);
    observe(observation, nextTheta, nextSpeed);
    state += 16;
    observation += 12;
  }
  zero(terminated, B);
}

/**
 * Reward for planners, out [B] f32, from the observation before the step: θ = atan2(sin θ, cos θ), whatever the length of
 * (cos θ, sin θ), which a learned model does not keep at 1.
 */
export function pendulum_reward(out: usize, observation: usize, action: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    const cosine = <f64>get<f32>(observation);
    const sine = <f64>get<f32>(observation + 4);
    const speed = <f64>get<f32>(observation + 8);
    const torque = clip(<f64>get<f32>(action + (b << 2)), MAX_TORQUE);
    put<f32>(out + (b << 2), rewardOf(Math.atan2(sine, cosine), speed, torque));
    observation += 12;
  }
}

/** Termination for planners, out [B] bytes: never. */
export function pendulum_terminated(out: usize, next: usize, B: usize): void {
  zero(out, B);
}

/**
 * Gradient of the reward for planners (tasks.ts); none of the torque where it is clipped, none of the angle at the origin of
 * (cos θ, sin θ), which has none.
 */
export function pendulum_reward_vjp(
  dObservation: usize,
  dAction: usize,
  observation: usize,
  action: usize,
  weight: usize,
  B: usize,
): void {
  for (let b: usize = 0; b < B; b++) {
    const w = at(weight, b, 1, 0);
    const cosine = at(observation, b, 3, 0);
    const sine = at(observation, b, 3, 1);
    const square = cosine * cosine + sine * sine;
    const scale = square == 0 ? 0 : (-2 * w * Math.atan2(sine, cosine)) / square;
    addTo(dObservation, b, 3, 0, -scale * sine);
    addTo(dObservation, b, 3, 1, scale * cosine);
    addTo(dObservation, b, 3, 2, -0.2 * w * at(observation, b, 3, 2));
    const torque = at(action, b, 1, 0);
    if (Math.abs(torque) <= MAX_TORQUE) addTo(dAction, b, 1, 0, -2e-3 * w * torque);
  }
}
