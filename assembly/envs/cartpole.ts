// The cart-poles of mbrl-lib (mbrl/env/cartpole_continuous.py: pushed with a force in [-10, 10] N) and of Gymnasium
// (CartPole-v1, envs/classic_control/cartpole.py: pushed left or right with 10 N): one Euler step of 0.02 s of the same pole.
// In f64 and in the order of operations of the originals, so that states agree to the last bits. Every copy is stepped on
// its own: what happens in one changes nothing in another.
//
//   state       [B, 4] f64: x, ẋ, θ, θ̇ (θ = 0 upright)      observation [B, 4] f32: the state, rounded
//   action      [B, 1] f32 in [-1, 1], times 10 N; like mbrl-lib's, the kernel applies larger ones as they are.
//               CartPole-v1: 0 pushes to the left, 1 to the right

import { get, getv, put } from "../memory";
import { choice } from "./actions";

const GRAVITY: f64 = 9.8;
const POLE_MASS: f64 = 0.1;
const TOTAL_MASS: f64 = 0.1 + 1.0;
const HALF_LENGTH: f64 = 0.5;
const POLE_MOMENT: f64 = 0.1 * 0.5;
const FORCE: f64 = 10.0;
const TIME_STEP: f64 = 0.02;
const TRACK_LIMIT: f64 = 2.4;
const ANGLE_LIMIT: f64 = (12.0 * 2.0 * 3.141592653589793) / 360.0;
const START_RANGE: f64 = 0.05;

// bytes of a row of four f32, of four f64
const ROW32: usize = 16;
const ROW64: usize = 32;

// @ts-ignore: decorator
@inline
function observe(observation: usize, state: usize): void {
  put<f32>(observation, <f32>get<f64>(state));
  put<f32>(observation + 4, <f32>get<f64>(state + 8));
  put<f32>(observation + 8, <f32>get<f64>(state + 16));
  put<f32>(observation + 12, <f32>get<f64>(state + 24));
}

/** Start states: each number uniform in ±0.05. uniforms [B, 4] f32 in (0, 1). */
export function cartpole_reset(state: usize, observation: usize, uniforms: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    for (let i: usize = 0; i < 4; i++) {
      const u = <f64>get<f32>(uniforms + (i << 2));
      put<f64>(state + (i << 3), -START_RANGE + 2.0 * START_RANGE * u);
    }
    observe(observation, state);
    state += ROW64;
    observation += ROW32;
    uniforms += ROW32;
  }
}

// moves one copy; has it fallen or left the track?
function advance(state: usize, observation: usize, force: f64): u8 {
  let x = get<f64>(state);
  let xDot = get<f64>(state + 8);
  let theta = get<f64>(state + 16);
  let thetaDot = get<f64>(state + 24);
  const cosine = Math.cos(theta);
  const sine = Math.sin(theta);

  const temp = (force + POLE_MOMENT * (thetaDot * thetaDot) * sine) / TOTAL_MASS;
  const inertia = HALF_LENGTH * (4.0 / 3.0 - (POLE_MASS * (cosine * cosine)) / TOTAL_MASS);
  const thetaAcc = (GRAVITY * sine - cosine * temp) / inertia;
  const xAcc = temp - (POLE_MOMENT * thetaAcc * cosine) / TOTAL_MASS;

  // positions move with the old velocities
  x = x + TIME_STEP * xDot;
  xDot = xDot + TIME_STEP * xAcc;
  theta = theta + TIME_STEP * thetaDot;
  thetaDot = thetaDot + TIME_STEP * thetaAcc;
  put<f64>(state, x);
  put<f64>(state + 8, xDot);
  put<f64>(state + 16, theta);
  put<f64>(state + 24, thetaDot);
  observe(observation, state);
  return x < -TRACK_LIMIT || x > TRACK_LIMIT || theta < -ANGLE_LIMIT || theta > ANGLE_LIMIT ? 1 : 0;
}

/** One step of B copies, in place. reward [B] f32 is 1, also for the step that ends the episode; terminated [B] bytes. */
export function cartpole_step(
  state: usize,
  observation: usize,
  reward: usize,
  terminated: usize,
  action: usize,
  B: usize,
): void {
  for (let b: usize = 0; b < B; b++) {
    const force = <f64>get<f32>(action + (b << 2)) * FORCE;
    put<u8>(terminated + b, advance(state + b * ROW64, observation + b * ROW32, force));
    put<f32>(reward + (b << 2), 1);
  }
}

/** The same of CartPole-v1. */
export function cartpole_v1_step(
  state: usize,
  observation: usize,
  reward: usize,
  terminated: usize,
  action: usize,
  B: usize,
): void {
  for (let b: usize = 0; b < B; b++) {
    const force = choice(get<f32>(action + (b << 2)), 2) == 1 ? FORCE : -FORCE;
    put<u8>(terminated + b, advance(state + b * ROW64, observation + b * ROW32, force));
    put<f32>(reward + (b << 2), 1);
  }
}

// the limits of an observation's numbers
const LIMITS = memory.data<f32>([<f32>TRACK_LIMIT, Infinity, <f32>ANGLE_LIMIT, Infinity], 16);

// position and angle strictly inside their limits, compared in f32 as the original's tensors are; NaN is not inside
// @ts-ignore: decorator
@inline
function upright(observation: usize): i32 {
  return <i32>((i32x4.bitmask(f32x4.lt(f32x4.abs(getv(observation)), getv(LIMITS))) & 5) == 5);
}

/** Reward for planners, out [B] f32 (mbrl-lib's reward_fns.cartpole): 1 while the pole is up after the step, else 0. */
export function cartpole_reward(out: usize, observation: usize, action: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) put<f32>(out + (b << 2), <f32>upright(next + b * ROW32));
}

/** Reward of CartPole-v1 for planners, out [B] f32: 1 for every step, the last one included. */
export function cartpole_v1_reward(out: usize, observation: usize, action: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) put<f32>(out + (b << 2), 1);
}

/**
 * Termination for planners, out [B] bytes (mbrl-lib's termination_fns.cartpole, and CartPole-v1's but for states that round to
 * a limit).
 */
export function cartpole_terminated(out: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) put<u8>(out + b, <u8>(1 - upright(next + b * ROW32)));
}
