// Reach with an arm that is led by the hand (Plappert et al. 2018, the task FetchReach): an action moves the body that the
// gripper is welded to from where the gripper is by up to 5 cm along each axis, always upright; the fourth number, for the
// fingers, does nothing here, as they are kept shut. The goal is a place for the point between the fingers.
//
//   kept         [3] the goal
//   observation  place of the grip (3), of the fingers (2), velocity of the grip times the step (3), of the fingers (2)
//                | place of the grip (3) | goal (3)

import { add, det, load, madd, mul, splat, store, sub, zero } from "../physics/lanes";
import { kinematics } from "../physics/kinematics";
import { CDOF, CTRL, lane, MOCAP_POSES, NU, NV, place, QPOS, QVEL, word } from "../physics/model";
import { ACTION, clip, ENDED, LAG, lookAt, OBSERVATION, originOf, pointOf } from "./body";
import { rewardGoal } from "./goal";

/** Numbers of the observation before the goals, and of a goal. */
export const FETCH_REACH_STATE: i32 = 10;
export const FETCH_REACH_PLACE: i32 = 3;

/** Metres for an action of 1. */
const REACH: f64 = 0.05;
/** Hinges of the arm, the first degrees of freedom, and fingers, the last. */
const HINGES: i32 = 7;
const FINGERS: i32 = 2;
/** Seconds of a control step. */
const STEP: f64 = 0.04;

// points of the task
const GRIP: i32 = 0;
const GRIPPER: i32 = 1;

/** The hand to where the action leads; the fingers' motors want them shut. */
export function fetch_reach_act(m: usize, w: usize, t: usize, o: usize): void {
  kinematics(m, w);
  lookAt(m, w, t, 2);
  const pose = place(w, m, MOCAP_POSES);
  for (let k = 0; k < 3; ++k) {
    const by = mul(splat(REACH), clip(load(lane(o, ACTION + k)), 1));
    store(lane(pose, k), add(pointOf(m, w, t, GRIPPER, k), by));
    store(lane(pose, 4 + k), zero());
  }
  store(lane(pose, 3), splat(1));
  const nu = word(m, NU);
  for (let k = 0; k < nu; ++k) store(lane(place(w, m, CTRL), k), zero());
}

export function fetch_reach_observe(m: usize, w: usize, t: usize, o: usize, threshold: f64): void {
  const qpos = place(w, m, QPOS);
  const qvel = place(w, m, QVEL);
  const first = word(m, NV) - FINGERS;
  for (let k = first; k < first + FINGERS; ++k) store(lane(qpos, k), zero());
  kinematics(m, w);
  lookAt(m, w, t, 1);
  const origin = originOf(m, w, t, GRIP);
  const x = sub(pointOf(m, w, t, GRIP, 0), load(origin));
  const y = sub(pointOf(m, w, t, GRIP, 1), load(lane(origin, 1)));
  const z = sub(pointOf(m, w, t, GRIP, 2), load(lane(origin, 2)));
  let vx = zero();
  let vy = zero();
  let vz = zero();
  for (let i = 0; i < HINGES; ++i) {
    const axis = lane(place(w, m, CDOF), 6 * i);
    const rate = load(lane(qvel, i));
    const ax = load(axis);
    const ay = load(lane(axis, 1));
    const az = load(lane(axis, 2));
    vx = madd(rate, add(load(lane(axis, 3)), det(ay, az, y, z)), vx);
    vy = madd(rate, add(load(lane(axis, 4)), det(az, ax, z, x)), vy);
    vz = madd(rate, add(load(lane(axis, 5)), det(ax, ay, x, y)), vz);
  }
  const seconds = splat(STEP);
  const out = lane(o, OBSERVATION);
  store(lane(out, 5), mul(seconds, vx));
  store(lane(out, 6), mul(seconds, vy));
  store(lane(out, 7), mul(seconds, vz));
  for (let k = 0; k < FINGERS; ++k) {
    store(lane(out, 3 + k), load(lane(qpos, first + k)));
    store(lane(out, 8 + k), mul(seconds, load(lane(qvel, first + k))));
  }
  for (let k = 0; k < 3; ++k) {
    const at = pointOf(m, w, t, GRIP, k);
    store(lane(out, k), at);
    store(lane(out, FETCH_REACH_STATE + k), at);
    store(lane(out, FETCH_REACH_STATE + FETCH_REACH_PLACE + k), load(lane(o, LAG + k)));
  }
  rewardGoal(o, FETCH_REACH_STATE, FETCH_REACH_PLACE, threshold);
  store(lane(o, ENDED), zero());
}
