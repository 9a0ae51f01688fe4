// Gymnasium's Ant-v5: a ball on four legs, in space. Observation qpos without x and y, qvel, and the contact forces on its 13
// bodies (moment and force) within ±1, none where an episode starts. It is healthy while 0.2 ≤ z ≤ 1; reward = v + 1 (while
// healthy) − 0.5 Σ a² − 5e-4 Σ f², v the mean velocity along x of the torso from the last evaluation of the step before to that
// of this one; the episode ends when it is not. What the torso's place then lacks of its new one is kept for the next step.

import { put } from "../memory";
import { add, and, eq, load, madd, mul, nmadd, not, select, splat, store, sub, zero } from "../physics/lanes";
import { lane, place, QPOS, STEPS } from "../physics/model";
import { observe } from "../physics/observe";
import { CFRC_EXT, FORCES } from "../physics/observe-model";
import {
  addTo,
  at,
  between_steps,
  clip,
  effort,
  effortOf,
  ENDED,
  inside,
  LAG,
  lookAt,
  MOVED,
  OBSERVATION,
  pointOf,
  positions,
  REWARD,
  runnerVjp,
  velocities,
} from "./body";

const LOW: f64 = 0.2;
const HIGH: f64 = 1;
const EFFORT: f64 = 0.5;
const CONTACT: f64 = 5e-4;
const SECONDS: f64 = 0.05;
const D: usize = 105;
const A: i32 = 8;
/** Number of the velocity along x in an observation, of the first contact force, and contact forces. */
const VX: usize = 13;
const FORCE: i32 = 27;
const FORCE_COUNT: i32 = 78;

export function ant_observe(m: usize, w: usize, t: usize, o: usize): void {
  velocities(m, w, o, positions(m, w, o, 0, 2), Infinity);
  observe(m, w, FORCES);
  const moving = not(eq(load(place(w, m, STEPS)), zero()));
  // the world is body 0
  const forces = lane(place(w, m, CFRC_EXT), 6);
  let contact = zero();
  for (let k = 0; k < FORCE_COUNT; ++k) {
    const force = and(clip(load(lane(forces, k)), 1), moving);
    store(lane(o, OBSERVATION + FORCE + k), force);
    contact = madd(force, force, contact);
  }

  lookAt(m, w, t, 1);
  const x = pointOf(m, w, t, 0, 0);
  const speed = mul(add(x, load(lane(o, LAG))), splat(1 / SECONDS));
  for (let k = 0; k < 2; ++k) store(lane(o, LAG + k), sub(load(lane(o, MOVED + k)), pointOf(m, w, t, 0, k)));

  const healthy = inside(load(lane(place(w, m, QPOS), 2)), LOW, HIGH);
  const alive = select(splat(1), zero(), healthy);
  const cost = madd(splat(EFFORT), effort(m, w), mul(splat(CONTACT), contact));
  store(lane(o, REWARD), nmadd(splat(1), cost, add(alive, speed)));
  store(lane(o, ENDED), not(healthy));
}

function healthy(next: usize, b: usize): bool {
  let finite: f64 = 0;
  for (let k: usize = 0; k < <usize>FORCE; k++) finite += 0 * at(next, b, D, k);
  const z = at(next, b, D, 0);
  return finite == 0 && z >= LOW && z <= HIGH;
}

/** Reward for planners, out [B] f32: v as the mean of the velocities before and after the step. */
export function ant_reward(out: usize, observation: usize, action: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    let contact: f64 = 0;
    for (let k: usize = FORCE; k < D; k++) contact += at(next, b, D, k) * at(next, b, D, k);
    const cost = EFFORT * effortOf(action + b * A * 4, A) + CONTACT * contact;
    const v = between_steps(observation, next, b, D, VX);
    put<f32>(out + (b << 2), <f32>(v + (healthy(next, b) ? 1.0 : 0.0) - cost));
  }
}

/** Termination for planners, out [B] bytes: exactly the task's but for heights that round to a limit. */
export function ant_terminated(out: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) put<u8>(out + b, healthy(next, b) ? 0 : 1);
}

/** Gradient of the reward for planners (tasks.ts). Being healthy pays by steps: no gradient. */
export function ant_reward_vjp(
  dObservation: usize,
  dAction: usize,
  dNext: usize,
  action: usize,
  next: usize,
  weight: usize,
  B: usize,
): void {
  runnerVjp(dObservation, dAction, dNext, action, weight, B, D, A, VX, EFFORT);
  for (let b: usize = 0; b < B; b++) {
    const scale = -2 * CONTACT * at(weight, b, 1, 0);
    for (let k: usize = FORCE; k < D; k++) addTo(dNext, b, D, k, scale * at(next, b, D, k));
  }
}
