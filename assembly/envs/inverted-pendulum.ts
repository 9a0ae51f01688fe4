// Gymnasium's InvertedPendulum-v5: a pole on a cart. Observation qpos, qvel; reward 1 unless the step ends the episode;
// it ends beyond 0.2 rad.

import { put } from "../memory";
import { load, not, select, splat, store, zero } from "../physics/lanes";
import { lane, place, QPOS } from "../physics/model";
import { at, ENDED, inside, positions, REWARD, velocities } from "./body";

const TILT: f64 = 0.2;
const D: usize = 4;

export function inverted_pendulum_observe(m: usize, w: usize, o: usize): void {
  velocities(m, w, o, positions(m, w, o, 0, 0), Infinity);
  const upright = inside(load(lane(place(w, m, QPOS), 1)), -TILT, TILT);
  store(lane(o, ENDED), not(upright));
  store(lane(o, REWARD), select(splat(1), zero(), upright));
}

// a state that is no number is not upright
function upright(next: usize, b: usize): bool {
  let finite: f64 = 0;
  for (let k: usize = 0; k < D; k++) finite += 0 * at(next, b, D, k);
  return finite == 0 && Math.abs(at(next, b, D, 1)) <= TILT;
}

/** Reward for planners, out [B] f32: exactly the task's but for angles that round to the limit. */
export function inverted_pendulum_reward(out: usize, observation: usize, action: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) put<f32>(out + (b << 2), upright(next, b) ? 1 : 0);
}

/** Termination for planners, out [B] bytes, likewise. */
export function inverted_pendulum_terminated(out: usize, next: usize, B: usize): void {
  for (let b: usize = 0; b < B; b++) put<u8>(out + b, upright(next, b) ? 0 : 1);
}
