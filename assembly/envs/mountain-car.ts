// Gymnasium's MountainCarContinuous-v0 (envs/classic_control/continuous_mountain_car.py): a car too weak for the hill has to
// swing up. The original keeps its state in f32 and, under numpy 2 with actions of its space (f32), computes in f32, but for
// the cosine and the force of a clipped action, which are Python's floats: so does this, to the last bit. Only the start, which
// the original rounds after its first step, is rounded at once.
//
//   state       [B, 2] f64: position in [−1.2, 0.6], velocity in ±0.07      observation [B, 2] f32: the state, exactly
//   action      [B, 1] f32: force, clipped to [−1, 1] as the original does

import { get, put } from "../memory";
import { effortVjp } from "./body";

const POWER: f64 = 0.0015;
const GRAVITY: f64 = 0.0025;
const LEFT: f32 = -1.2;
const RIGHT: f32 = 0.6;
const FASTEST: f32 = 0.07;
const GOAL: f32 = 0.45;

/** Start states: position uniform in [−0.6, −0.4], at rest. uniforms [B, 1] f32 in (0, 1). */
export function mountain_car_reset(state: usize, observation: usize, uniforms: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    const position = <f32>(-0.6 + 0.2 * <f64>get<f32>(uniforms + (b << 2)));
    put<f64>(state + (b << 4), <f64>position);
    put<f64>(state + (b << 4) + 8, 0);
    put<f32>(observation + (b << 3), position);
    put<f32>(observation + (b << 3) + 4, 0);
  }
}

// what force and slope add to the velocity
function push(action: f32, position: f32): f32 {
  const slope = GRAVITY * Math.cos(<f64>(<f32>3.0 * position));
  if (action > 1) return <f32>(POWER - slope);
  if (action < -1) return <f32>(-POWER - slope);
  return action * <f32>POWER - <f32>slope;
}

// @ts-ignore: decorator
@inline
function arrived(position: f32, velocity: f32): bool {
  return position >= GOAL && velocity >= 0;
}

// the original's reward charges the action as it was given
// @ts-ignore: decorator
@inline
function rewardOf(there: bool, action: f32): f32 {
  return <f32>((there ? 100.0 : 0.0) - <f64>action * <f64>action * 0.1);
}

/** One step of B copies, in place. reward [B] f32: 100 for the step that reaches the goal, less 0.1·action²; terminated [B] bytes. */
export function mountain_car_step(
  state: usize,
  observation: usize,
  reward: usize,
  terminated: usize,
  action: usize,
  B: usize,
): void {
  for (let b: usize = 0; b < B; b++) {
    const force = get<f32>(action + (b << 2));
    let position = <f32>get<f64>(state);
    let velocity = <f32>get<f64>(state + 8) + push(force, position);
    velocity = min<f32>(max<f32>(velocity, -FASTEST), FASTEST);
    position = min<f32>(max<f32>(position + velocity, LEFT), RIGHT);
    if (position == LEFT && velocity < 0) velocity = 0;
    put<f64>(state, <f64>position);
    put<f64>(state + 8, <f64>velocity);
    put<f32>(observation, position);
    put<f32>(observation + 4, velocity);
    const there = arrived(position, velocity);
    put<f32>(reward + (b << 2), rewardOf(there, force));
    put<u8>(terminated + b, there ? 1 : 0);
    state += 16;
    observation += 8;
  }
}

/** Reward for planners, out [B] f32: exact, the observation being the state; NaN when that is. */
export function mountain_car_reward(out: usize, observation: usize, action: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    const position = get<f32>(next + (b << 3));
    const velocity = get<f32>(next + (b << 3) + 4);
    const reward = rewardOf(arrived(position, velocity), get<f32>(action + (b << 2)));
    put<f32>(out + (b << 2), position == position && velocity == velocity ? reward : NaN);
  }
}

/** Termination for planners, out [B] bytes, exact. */
export function mountain_car_terminated(out: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    put<u8>(out + b, arrived(get<f32>(next + (b << 3)), get<f32>(next + (b << 3) + 4)) ? 1 : 0);
  }
}

/** Gradient of the reward for planners (tasks.ts): that of what the action costs. The goal pays by a step: no gradient. */
export function mountain_car_reward_vjp(dAction: usize, action: usize, weight: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) effortVjp(dAction, action, b, 1, 0.1, <f64>get<f32>(weight + (b << 2)));
}
