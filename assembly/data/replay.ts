// Minibatches out of a replay buffer (src/data/replay-buffer.ts): rows drawn with replacement, gathered into tensors of the
// caller; and hindsight (Andrychowicz et al. 2017, "future"): which later step of its own episode a row is relabelled with, and
// the goal that was achieved there in the place of the one that was asked for.

import { row_copy, rows_gather } from "./rows";
import { get, put } from "../memory";

/** rows [n] u32, in place: random words become numbers below `length`. Their odds differ by length / 2³² at most. */
export function replay_rows(rows: usize, n: i32, length: i32): void {
  for (; n > 0; --n) {
    put<u32>(rows, <u32>((<u64>get<u32>(rows) * <u64>length) >> 32));
    rows += 4;
  }
}

/**
 * Rows [n] (u32, trusted) of the columns of a buffer, each to an output of its own: observation and nextObservation [n, D],
 * action [n, A], reward [n], terminated [n] bytes.
 */
export function replay_gather(
  observation: usize,
  action: usize,
  reward: usize,
  nextObservation: usize,
  terminated: usize,
  fromObservation: usize,
  fromAction: usize,
  fromReward: usize,
  fromNextObservation: usize,
  fromTerminated: usize,
  rows: usize,
  n: i32,
  D: i32,
  A: i32,
): void {
  rows_gather(observation, fromObservation, rows, n, D);
  rows_gather(action, fromAction, rows, n, A);
  rows_gather(reward, fromReward, rows, n, 1);
  rows_gather(nextObservation, fromNextObservation, rows, n, D);
  for (let i: usize = 0; i < <usize>n; ++i) {
    put<u8>(terminated + i, get<u8>(fromTerminated + <usize>get<u32>(rows + (i << 2))));
  }
}

/**
 * goals [n] i32: for each of rows [n] (u32) the row of a step of the same episode, itself or a later one, each equally likely;
 * -1 where the row keeps its goal, with a chance of 1 - share. Of a buffer of `length` rows, follower [length] i32 leads from a row
 * to the next of its episode (-1: there is none yet), which is of the same trajectory [length] (u32) and one step [length] (u32) on;
 * uniform [n, 2] are numbers in (0, 1).
 */
export function hindsight_rows(
  goals: usize,
  rows: usize,
  follower: usize,
  trajectory: usize,
  step: usize,
  uniform: usize,
  share: f32,
  n: i32,
  length: i32,
): void {
  for (; n > 0; --n) {
    let goal: i32 = -1;
    if (get<f32>(uniform) < share) {
      const first = get<i32>(rows);
      const last = later(first, i32.MAX_VALUE, follower, trajectory, step, length);
      const left = number(step, last) - number(step, first) + 1;
      // the product of a number below 1 is rounded, in float64, to one below `left`
      const hops = <i32>(<f64>get<f32>(uniform + 4) * <f64>left);
      goal = later(first, hops, follower, trajectory, step, length);
    }
    put<i32>(goals, goal);
    goals += 4;
    rows += 4;
    uniform += 8;
  }
}

// The row `hops` links after `row`, or the last of its episode where that comes first. Lanes mostly add in turn, so that rows of an
// episode are evenly spaced: it leaps as many links at once as lead to a row of the right step, looking twice as far each time.
function later(row: i32, hops: i32, follower: usize, trajectory: usize, step: usize, length: i32): i32 {
  const own = number(trajectory, row);
  let leap = 1;
  while (hops > 0) {
    const next = number(follower, row);
    if (next < 0) break;
    const apart = next > row ? next - row : next - row + length;
    const at = number(step, row);
    let to = next;
    for (leap = min(leap << 1, hops); leap > 1; leap >>= 1) {
      const far = <i64>row + <i64>leap * <i64>apart;
      // more than once round the ring is behind
      if (far - row >= length) continue;
      to = <i32>(far < length ? far : far - length);
      if (number(trajectory, to) == own && number(step, to) == at + leap) break;
    }
    row = leap > 1 ? to : next;
    hops -= leap;
  }
  return row;
}


@inline
function number(column: usize, row: i32): i32 {
  return get<i32>(column + ((<usize>row) << 2));
}

/**
 * Where goals [n] (i32) is not -1: columns desired … desired + G - 1 of observation and nextObservation [n, D] become columns
 * achieved … of that row of `source` [., D]. For every row achievedGoal and desiredGoal [n, G] are what the reward of the step
 * depends on: those columns of nextObservation.
 */
export function hindsight_goals(
  observation: usize,
  nextObservation: usize,
  achievedGoal: usize,
  desiredGoal: usize,
  source: usize,
  goals: usize,
  achieved: i32,
  desired: i32,
  G: i32,
  n: i32,
  D: i32,
): void {
  const row = (<usize>D) << 2;
  const from = (<usize>achieved) << 2;
  const to = (<usize>desired) << 2;
  for (; n > 0; --n) {
    const goal = get<i32>(goals);
    if (goal >= 0) {
      const reached = source + <usize>goal * row + from;
      row_copy(observation + to, reached, G);
      row_copy(nextObservation + to, reached, G);
    }
    row_copy(achievedGoal, nextObservation + from, G);
    row_copy(desiredGoal, nextObservation + to, G);
    observation += row;
    nextObservation += row;
    achievedGoal += (<usize>G) << 2;
    desiredGoal += (<usize>G) << 2;
    goals += 4;
  }
}
