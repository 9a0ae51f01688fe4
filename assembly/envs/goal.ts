// Tasks with a goal: an observation is [what is observed | achieved goal | desired goal], and the reward a function of the two
// goals of the state that a step leads to: minus their distance, or, sparse, −1 unless it is within a threshold. It is computed
// from the f32 of the observation in f64, here and in src/envs/goal.ts, so that a step, a planner and a relabelled goal get
// the same bits.

import { put } from "../memory";
import { LANES } from "../physics/lanes";
import { lane } from "../physics/model";
import { addTo, at, OBSERVATION, putValue, REWARD, value } from "./body";

// threshold 0: dense
// @ts-ignore: decorator
@inline
function rewardOf(distance: f64, threshold: f64): f32 {
  if (threshold == 0) return <f32>-distance;
  return distance > threshold ? -1 : 0;
}

/** The reward of a group whose achieved goal [G] is observed from number `first` on, the desired one after it. */
export function rewardGoal(o: usize, first: i32, G: i32, threshold: f64): void {
  for (let l = 0; l < LANES; ++l) {
    let square: f64 = 0;
    for (let k = 0; k < G; ++k) {
      const achieved = <f32>value(lane(o, OBSERVATION + first + k), l);
      const difference = <f64>achieved - <f64>(<f32>value(lane(o, OBSERVATION + first + G + k), l));
      square += difference * difference;
    }
    putValue(lane(o, REWARD), l, <f64>rewardOf(Math.sqrt(square), threshold));
  }
}

/** Reward for planners, out [B] f32, from observations next [B, first + 2G]. */
export function goal_reward(out: usize, next: usize, first: usize, G: usize, threshold: f64, B: usize): void {
  for (let b: usize = 0; b < B; b++) put<f32>(out + (b << 2), rewardOf(distance(next, b, first, G), threshold));
}

/** Gradient of the dense reward for planners (tasks.ts); none where the distance is 0. */
export function goal_reward_vjp(dNext: usize, next: usize, first: usize, G: usize, weight: usize, B: usize): void {
  const D = first + 2 * G;
  for (let b: usize = 0; b < B; b++) {
    const d = distance(next, b, first, G);
    if (d == 0) continue;
    const scale = -at(weight, b, 1, 0) / d;
    for (let k = first; k < first + G; k++) {
      const g = scale * (at(next, b, D, k) - at(next, b, D, k + G));
      addTo(dNext, b, D, k, g);
      addTo(dNext, b, D, k + G, -g);
    }
  }
}

// from the achieved to the desired goal of row b
function distance(next: usize, b: usize, first: usize, G: usize): f64 {
  const D = first + 2 * G;
  let square: f64 = 0;
  for (let k = first; k < first + G; k++) {
    const difference = at(next, b, D, k) - at(next, b, D, k + G);
    square += difference * difference;
  }
  return Math.sqrt(square);
}
