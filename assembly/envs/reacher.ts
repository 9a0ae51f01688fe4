// Gymnasium's Reacher-v5: an arm of two links in the plane. Observation cosines and sines of its angles, the target's place,
// the arm's velocities, and from the target to the fingertip at the last evaluation. reward = −|that distance| − Σ a².
//
// As a task with a goal (goal.ts): cosines, sines, velocities | the fingertip's place | the target's.

import { put } from "../memory";
import { add, cos, load, madd, mul, neg, sin, sqrt, store, sub, zero } from "../physics/lanes";
import { lane, place, QPOS, QVEL } from "../physics/model";
import { addTo, at, effort, effortOf, effortVjp, ENDED, lookAt, OBSERVATION, pointOf, REWARD } from "./body";
import { rewardGoal } from "./goal";

const D: usize = 10;
const A: i32 = 2;

export function reacher_observe(m: usize, w: usize, t: usize, o: usize): void {
  const qpos = place(w, m, QPOS);
  const qvel = place(w, m, QVEL);
  lookAt(m, w, t, 2);
  for (let k = 0; k < 2; ++k) {
    const angle = load(lane(qpos, k));
    store(lane(o, OBSERVATION + k), cos(angle));
    store(lane(o, OBSERVATION + 2 + k), sin(angle));
    store(lane(o, OBSERVATION + 4 + k), load(lane(qpos, 2 + k)));
    store(lane(o, OBSERVATION + 6 + k), load(lane(qvel, k)));
    store(lane(o, OBSERVATION + 8 + k), sub(pointOf(m, w, t, 0, k), pointOf(m, w, t, 1, k)));
  }
  const x = load(lane(o, OBSERVATION + 8));
  const y = load(lane(o, OBSERVATION + 9));
  const z = sub(pointOf(m, w, t, 0, 2), pointOf(m, w, t, 1, 2));
  const distance = sqrt(madd(x, x, madd(y, y, mul(z, z))));
  store(lane(o, REWARD), neg(add(distance, effort(m, w))));
  store(lane(o, ENDED), zero());
}

/** Numbers of the observation before the goals, and of a goal. */
export const REACHER_ARM: i32 = 6;
export const REACHER_PLACE: i32 = 2;

export function reacher_goal_observe(m: usize, w: usize, t: usize, o: usize, threshold: f64): void {
  const qpos = place(w, m, QPOS);
  const qvel = place(w, m, QVEL);
  lookAt(m, w, t, 2);
  for (let k = 0; k < 2; ++k) {
    const angle = load(lane(qpos, k));
    store(lane(o, OBSERVATION + k), cos(angle));
    store(lane(o, OBSERVATION + 2 + k), sin(angle));
    store(lane(o, OBSERVATION + 4 + k), load(lane(qvel, k)));
    store(lane(o, OBSERVATION + REACHER_ARM + k), pointOf(m, w, t, 0, k));
    store(lane(o, OBSERVATION + REACHER_ARM + REACHER_PLACE + k), pointOf(m, w, t, 1, k));
  }
  rewardGoal(o, REACHER_ARM, REACHER_PLACE, threshold);
  store(lane(o, ENDED), zero());
}

/** Reward for planners, out [B] f32: exactly the task's, as the observation holds the distance. */
export function reacher_reward(out: usize, observation: usize, action: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) {
    const x = at(next, b, D, 8);
    const y = at(next, b, D, 9);
    put<f32>(out + (b << 2), <f32>-(Math.sqrt(x * x + y * y) + effortOf(action + b * A * 4, A)));
  }
}

/** Gradient of the reward for planners (tasks.ts); none of the distance where it is 0. */
export function reacher_reward_vjp(
  dAction: usize,
  dNext: usize,
  action: usize,
  next: usize,
  weight: usize,
  B: usize,
): void {
  for (let b: usize = 0; b < B; b++) {
    const w = at(weight, b, 1, 0);
    const x = at(next, b, D, 8);
    const y = at(next, b, D, 9);
    const distance = Math.sqrt(x * x + y * y);
    const scale = distance == 0 ? 0 : -w / distance;
    addTo(dNext, b, D, 8, scale * x);
    addTo(dNext, b, D, 9, scale * y);
    effortVjp(dAction, action, b, A, 1, w);
  }
}
