// Gymnasium's Acrobot-v1 (envs/classic_control/acrobot.py): two links hang from a fixed joint, a motor between them swings the
// free end above a line. One Runge-Kutta step of 0.2 s of the "book" dynamics (Sutton and Barto), in f64 and in the order of
// operations of the original. Pairs of numbers, one per link, are lanes.
//
//   state       [B, 4] f64: θ1 (0 hanging), θ2 (relative to the first link), both in ±π; θ̇1 in ±4π, θ̇2 in ±9π
//   observation [B, 6] f32: cos θ1, sin θ1, cos θ2, sin θ2, θ̇1, θ̇2
//   action      [B, 1] f32: 0, 1, 2 for a torque of −1, 0, 1

import { get, getv, put, putv } from "../memory";
import { choice } from "./actions";

const PI: f64 = 3.141592653589793;
const TIME_STEP: f64 = 0.2;
/** Of links of mass 1, length 1, center at ½, moment 1: m·l·c of the second, and the weights of both. */
const COUPLING: f64 = 0.5;
const WEIGHT_1: f64 = (1.0 * 0.5 + 1.0 * 1.0) * 9.8;
const WEIGHT_2: f64 = 0.5 * 9.8;
const START_RANGE: f64 = 0.1;

const ROW_STATE: usize = 32;
const ROW_OBSERVATION: usize = 24;

// @ts-ignore: decorator
@inline
function first(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0);
}

// @ts-ignore: decorator
@inline
function second(pair: v128): f64 {
  return f64x2.extract_lane(pair, 1);
}

// @ts-ignore: decorator
@inline
function pairOf(a: f64, b: f64): v128 {
  return f64x2.replace_lane(f64x2.splat(a), 1, b);
}

// θ̈1, θ̈2
function acceleration(angles: v128, speeds: v128, torque: f64): v128 {
  const theta1 = first(angles);
  const theta2 = second(angles);
  const speed1 = first(speeds);
  const speed2 = second(speeds);
  const cosine = Math.cos(theta2);
  const sine = Math.sin(theta2);
  const d1 = 0.25 + (1.25 + cosine) + 1.0 + 1.0;
  const d2 = 0.25 + COUPLING * cosine + 1.0;
  const phi2 = WEIGHT_2 * Math.cos(theta1 + theta2 - PI / 2.0);
  const phi1 =
    -COUPLING * (speed2 * speed2) * sine - speed2 * speed1 * sine + WEIGHT_1 * Math.cos(theta1 - PI / 2.0) + phi2;
  const acceleration2 =
    (torque + (d2 / d1) * phi1 - COUPLING * (speed1 * speed1) * sine - phi2) / (0.25 + 1.0 - (d2 * d2) / d1);
  return pairOf(-(d2 * acceleration2 + phi1) / d1, acceleration2);
}

// by whole turns into ±π; the original's loop would not end for angles so large that a turn is lost in rounding
function wrapped(angle: f64): f64 {
  const turn = PI - -PI;
  if (!(abs(angle) < 1000.0)) angle = angle % turn;
  while (angle > PI) angle -= turn;
  while (angle < -PI) angle += turn;
  return angle;
}

// @ts-ignore: decorator
@inline
function clip(value: f64, limit: f64): f64 {
  return min<f64>(max<f64>(value, -limit), limit);
}

function observe(observation: usize, angles: v128, speeds: v128): void {
  put<f32>(observation, <f32>Math.cos(first(angles)));
  put<f32>(observation + 4, <f32>Math.sin(first(angles)));
  put<f32>(observation + 8, <f32>Math.cos(second(angles)));
  put<f32>(observation + 12, <f32>Math.sin(second(angles)));
  put<f32>(observation + 16, <f32>first(speeds));
  put<f32>(observation + 20, <f32>second(speeds));
}

/** Start states: each number uniform in ±0.1 and, as in the original, an f32. uniforms [B, 4] f32 in (0, 1). */
export function acrobot_reset(state: usize, observation: usize, uniforms: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    for (let i: usize = 0; i < 4; i++) {
      const u = <f64>get<f32>(uniforms + (i << 2));
      put<f64>(state + (i << 3), <f64>(<f32>(-START_RANGE + 2.0 * START_RANGE * u)));
    }
    observe(observation, getv(state), getv(state + 16));
    state += ROW_STATE;
    observation += ROW_OBSERVATION;
    uniforms += 16;
  }
}

/** One step of B copies, in place. reward [B] f32 is 0 for the step that reaches the goal, else −1; terminated [B] bytes. */
export function acrobot_step(
  state: usize,
  observation: usize,
  reward: usize,
  terminated: usize,
  action: usize,
  B: usize,
): void {
  const half = f64x2.splat(TIME_STEP / 2.0);
  const whole = f64x2.splat(TIME_STEP);
  const sixth = f64x2.splat(TIME_STEP / 6.0);
  const two = f64x2.splat(2.0);
  for (let b: usize = 0; b < B; b++) {
    const torque = choice(get<f32>(action + (b << 2)), 3) - 1.0;
    let angles = getv(state);
    let speeds = getv(state + 16);
    // derivatives of the speeds; those of the angles are the speeds themselves
    const a1 = acceleration(angles, speeds, torque);
    const s2 = f64x2.add(speeds, f64x2.mul(half, a1));
    const a2 = acceleration(f64x2.add(angles, f64x2.mul(half, speeds)), s2, torque);
    const s3 = f64x2.add(speeds, f64x2.mul(half, a2));
    const a3 = acceleration(f64x2.add(angles, f64x2.mul(half, s2)), s3, torque);
    const s4 = f64x2.add(speeds, f64x2.mul(whole, a3));
    const a4 = acceleration(f64x2.add(angles, f64x2.mul(whole, s3)), s4, torque);
    const sumS = f64x2.add(f64x2.add(f64x2.add(speeds, f64x2.mul(two, s2)), f64x2.mul(two, s3)), s4);
    const sumA = f64x2.add(f64x2.add(f64x2.add(a1, f64x2.mul(two, a2)), f64x2.mul(two, a3)), a4);
    angles = f64x2.add(angles, f64x2.mul(sixth, sumS));
    speeds = f64x2.add(speeds, f64x2.mul(sixth, sumA));
    const theta1 = wrapped(first(angles));
    const theta2 = wrapped(second(angles));
    angles = pairOf(theta1, theta2);
    speeds = pairOf(clip(first(speeds), 4.0 * PI), clip(second(speeds), 9.0 * PI));
    putv(state, angles);
    putv(state + 16, speeds);
    observe(observation, angles, speeds);
    const above = -Math.cos(theta1) - Math.cos(theta2 + theta1) > 1.0;
    put<f32>(reward + (b << 2), above ? 0 : -1);
    put<u8>(terminated + b, above ? 1 : 0);
    state += ROW_STATE;
    observation += ROW_OBSERVATION;
  }
}

// height of the free end, whatever the length of (cos θ, sin θ), which a learned model does not keep at 1
function height(observation: usize): f64 {
  const c1 = <f64>get<f32>(observation);
  const s1 = <f64>get<f32>(observation + 4);
  const c2 = <f64>get<f32>(observation + 8);
  const s2 = <f64>get<f32>(observation + 12);
  const length1 = Math.sqrt(c1 * c1 + s1 * s1);
  const length2 = Math.sqrt(c2 * c2 + s2 * s2);
  return -c1 / length1 - (c1 * c2 - s1 * s2) / (length1 * length2);
}

/** Reward for planners, out [B] f32, from the observation after the step; NaN when that is. */
export function acrobot_reward(out: usize, observation: usize, action: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    const above = height(next + b * ROW_OBSERVATION);
    put<f32>(out + (b << 2), above > 1.0 ? 0 : above <= 1.0 ? -1 : NaN);
  }
}

/** Termination for planners, out [B] bytes. */
export function acrobot_terminated(out: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) put<u8>(out + b, height(next + b * ROW_OBSERVATION) > 1.0 ? 1 : 0);
}
