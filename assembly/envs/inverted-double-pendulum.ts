// Gymnasium's InvertedDoublePendulum-v5: two poles on a cart. Observation x, sines and cosines of the two angles, velocities
// and the cart's constraint force within ±10. reward = 10 (unless the step ends the episode) − 0.01 x² − (y − 2)² − 0.001 v₁²
// − 0.005 v₂², (x, y) the tip at the last evaluation; the episode ends when y ≤ 1.

import { put } from "../memory";
import { cos, load, lt, madd, mul, nmadd, not, select, sin, splat, store, sub, zero } from "../physics/lanes";
import { lane, place, QFRC_CONSTRAINT, QPOS, QVEL } from "../physics/model";
import { addTo, at, clip, ENDED, lookAt, OBSERVATION, pointOf, REWARD, velocities } from "./body";

const LIMIT: f64 = 10;
const D: usize = 9;
/** Length of a pole. */
const POLE: f64 = 0.6;

export function inverted_double_pendulum_observe(m: usize, w: usize, t: usize, o: usize): void {
  const qpos = place(w, m, QPOS);
  store(lane(o, OBSERVATION), load(qpos));
  for (let k = 1; k < 3; ++k) {
    const angle = load(lane(qpos, k));
    store(lane(o, OBSERVATION + k), sin(angle));
    store(lane(o, OBSERVATION + k + 2), cos(angle));
  }
  const last = velocities(m, w, o, 5, LIMIT);
  store(lane(o, OBSERVATION + last), clip(load(place(w, m, QFRC_CONSTRAINT)), LIMIT));

  lookAt(m, w, t, 1);
  const x = pointOf(m, w, t, 0, 0);
  const y = pointOf(m, w, t, 0, 2);
  const up = lt(splat(1), y);
  const low = sub(y, splat(2));
  const qvel = place(w, m, QVEL);
  const v1 = load(lane(qvel, 1));
  const v2 = load(lane(qvel, 2));
  const distance = madd(mul(splat(0.01), x), x, mul(low, low));
  const penalty = madd(mul(splat(1e-3), v1), v1, madd(mul(splat(5e-3), v2), v2, distance));
  store(lane(o, ENDED), not(up));
  store(lane(o, REWARD), nmadd(splat(1), penalty, select(splat(10), zero(), up)));
}

// height of the tip of an observation
function height(next: usize, b: usize): f64 {
  const s1 = at(next, b, D, 1);
  const s2 = at(next, b, D, 2);
  const c1 = at(next, b, D, 3);
  const c2 = at(next, b, D, 4);
  return POLE * c1 + POLE * (c1 * c2 - s1 * s2);
}

/**
 * Reward for planners, out [B] f32: the tip from the observation, that is after the step instead of at its last evaluation,
 * and velocities of at most 10.
 */
export function inverted_double_pendulum_reward(
  out: usize,
  observation: usize,
  action: usize,
  next: usize,
  B: usize,
): void {
  for (let b: usize = 0; b < B; b++) {
    const s1 = at(next, b, D, 1);
    const s2 = at(next, b, D, 2);
    const c1 = at(next, b, D, 3);
    const c2 = at(next, b, D, 4);
    const x = at(next, b, D, 0) + POLE * s1 + POLE * (s1 * c2 + c1 * s2);
    const y = height(next, b);
    const v1 = at(next, b, D, 6);
    const v2 = at(next, b, D, 7);
    const penalty = 0.01 * x * x + (y - 2) * (y - 2) + 1e-3 * v1 * v1 + 5e-3 * v2 * v2;
    put<f32>(out + (b << 2), <f32>((y > 1 ? 10.0 : 0.0) - penalty));
  }
}

/** Termination for planners, out [B] bytes, from the tip after the step. */
export function inverted_double_pendulum_terminated(out: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) put<u8>(out + b, height(next, b) > 1 ? 0 : 1);
}

/** Gradient of the reward for planners (tasks.ts). Staying up pays by steps: no gradient. */
export function inverted_double_pendulum_reward_vjp(dNext: usize, next: usize, weight: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    const s1 = at(next, b, D, 1);
    const s2 = at(next, b, D, 2);
    const c1 = at(next, b, D, 3);
    const c2 = at(next, b, D, 4);
    const w = at(weight, b, 1, 0);
    // with respect to the tip's place
    const dx = -0.02 * w * (at(next, b, D, 0) + POLE * s1 + POLE * (s1 * c2 + c1 * s2));
    const dy = -2 * w * (height(next, b) - 2);
    addTo(dNext, b, D, 0, dx);
    addTo(dNext, b, D, 1, POLE * (dx * (1 + c2) - dy * s2));
    addTo(dNext, b, D, 2, POLE * (dx * c1 - dy * s1));
    addTo(dNext, b, D, 3, POLE * (dx * s2 + dy * (1 + c2)));
    addTo(dNext, b, D, 4, POLE * (dx * s1 + dy * c1));
    addTo(dNext, b, D, 6, -2e-3 * w * at(next, b, D, 6));
    addTo(dNext, b, D, 7, -1e-2 * w * at(next, b, D, 7));
  }
}
