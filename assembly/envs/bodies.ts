// Environments on rigid bodies: a region that takes groups of copies of one task through control steps, each of some steps of
// the engine, in the workspace of the thread. One control step of B copies that are kept is a step of environments; many of
// copies that all begin alike, with nothing kept but the sum of their rewards, are the true dynamics that planners ask for.
// A copy that ends collects nothing from then on, nor does one whose state leaves the numbers: that step pays nothing.
//
// Where the world looks the same everywhere along the first coordinates of qpos, a control step begins at 0 and what was
// covered is added afterwards: how far the root went does not blur how fast it goes.
//
// Arguments (32-bit words, written by src/envs/body-dynamics.ts in this order):
//    0 – 3   model, workspaces, bytes of a thread's workspace, bytes from there to its block of what is observed
//    4 – 6   number of the task, its table, steps of the engine in a control step
//    7 – 8   copies B, groups of a region's task
//    9 – 10  states [B, nq + nv + kept] f64, bytes from one to the next (0: all begin at one, which stays as it is)
//   11 – 13  actions [B, H, A] f32, H, control steps (0: what is observed at the start)
//   14 – 16  observation [B, D] f32 or 0, reward [B] f32 (the sum over control steps), how it ended [B] bytes or 0:
//            0 it goes on, 1 terminated, 2 + i diverged at degree of freedom i

import { get, put } from "../memory";
import { div, LANES, load, madd, mul, REAL, splat, sqrt, store, sub, add, zero } from "../physics/lanes";
import {
  CTRL,
  DIVERGED,
  JOINT_SIZE,
  JOINT_WORDS,
  JOINTS,
  lane,
  NQ,
  NU,
  NV,
  place,
  QPOS,
  QVEL,
  record,
  STEPS,
  word,
} from "../physics/model";
import { forward, step } from "../physics/step";
import { ACTION, ACTS, DRIFTS, ENDED, KEPT, LAG, MOVED, OBSERVATION, putValue, REWARD, SIZE, value } from "./body";
import { task_act, task_observe } from "./tasks";

const DIVERGED_CODE: i32 = 2;

export function bodies_task(args: usize, task: i32, thread: i32): void {
  const groups = (word(args, 7) + LANES - 1) / LANES;
  const first = task * word(args, 8);
  const last = min(groups, first + word(args, 8));
  const w = place(0, args, 1) + <usize>thread * place(0, args, 2);
  for (let group = first; group < last; ++group) {
    if (word(args, 13)) advance(args, w, group * LANES);
    else evaluate(args, w, group * LANES);
  }
}

// control steps of the group of copies from `first` on
function advance(args: usize, w: usize, first: i32): void {
  const m = place(0, args, 0);
  const o = w + place(0, args, 3);
  const t = place(0, args, 5);
  const count = min(LANES, word(args, 7) - first);
  const acts = word(t, ACTS);
  const A = acts ? acts : word(m, NU);
  const H = word(args, 12);
  const steps = word(args, 13);
  enter(args, m, w, o, first);
  // sums of rewards, and how each copy ended
  const totals = lane(o, OBSERVATION + word(t, SIZE));
  const ends = totals + 32;
  for (let l = 0; l < count; ++l) {
    put<f64>(totals + ((<usize>l) << 3), 0);
    put<u32>(ends + ((<usize>l) << 2), 0);
  }
  let alive = count;
  for (let s = 0; s < steps && alive; ++s) {
    const action = place(0, args, 11) + <usize>((first * H + s) * A) * 4;
    lanes_from_actions(acts ? lane(o, ACTION) : place(w, m, CTRL), action, <usize>(H * A) * 4, count, A);
    control(args, m, w, o);
    for (let l = 0; l < count; ++l) {
      const end = ends + ((<usize>l) << 2);
      if (get<u32>(end)) continue;
      const fault = <i32>value(place(w, m, DIVERGED), l);
      let code = 0;
      if (fault >= 0) code = DIVERGED_CODE + fault;
      else {
        const total = totals + ((<usize>l) << 3);
        put<f64>(total, get<f64>(total) + <f64>(<f32>value(lane(o, REWARD), l)));
        code = <i32>flag(lane(o, ENDED), l);
      }
      put<u32>(end, code);
      if (code) --alive;
    }
  }
  leave(args, m, w, o, first, ends);
  for (let l = 0; l < count; ++l) {
    const b = <usize>(first + l);
    put<f32>(place(0, args, 15) + (b << 2), <f32>get<f64>(totals + ((<usize>l) << 3)));
    if (word(args, 16)) put<u8>(place(0, args, 16) + b, <u8>get<u32>(ends + ((<usize>l) << 2)));
  }
}

// one control step, and what the task says of it
function control(args: usize, m: usize, w: usize, o: usize): void {
  const t = place(0, args, 5);
  const qpos = place(w, m, QPOS);
  const drifts = word(t, DRIFTS);
  const x = load(qpos);
  const y = load(lane(qpos, 1));
  for (let k = 0; k < drifts; ++k) store(lane(qpos, k), zero());
  unitQuaternions(m, qpos);
  if (word(t, ACTS)) task_act(word(args, 4), m, w, t, o);
  const repeat = word(args, 6);
  for (let k = 0; k < repeat; ++k) step(m, w);
  for (let k = 0; k < drifts; ++k) {
    const moved = load(lane(qpos, k));
    store(lane(o, MOVED + k), moved);
    store(lane(qpos, k), add(k ? y : x, moved));
  }
  task_observe(word(args, 4), m, w, t, o);
}

// what is observed where an episode starts
function evaluate(args: usize, w: usize, first: i32): void {
  const m = place(0, args, 0);
  const o = w + place(0, args, 3);
  enter(args, m, w, o, first);
  const nu = word(m, NU);
  for (let i = 0; i < nu; ++i) store(lane(place(w, m, CTRL), i), zero());
  for (let k = 0; k < 2; ++k) store(lane(o, MOVED + k), zero());
  unitQuaternions(m, place(w, m, QPOS));
  const t = place(0, args, 5);
  const acts = word(t, ACTS);
  for (let k = 0; k < acts; ++k) store(lane(o, ACTION + k), zero());
  if (acts) task_act(word(args, 4), m, w, t, o);
  forward(m, w);
  // a quaternion is observed as it was drawn
  enter(args, m, w, o, first);
  task_observe(word(args, 4), m, w, t, o);
  leave(args, m, w, o, first, 0);
}

// states of the group's copies into the workspace
function enter(args: usize, m: usize, w: usize, o: usize, first: i32): void {
  const stride = place(0, args, 10);
  const state = place(0, args, 9) + <usize>first * stride;
  const size = word(m, NQ) + word(m, NV);
  const count = min(LANES, word(args, 7) - first);
  lanes_from_states(place(w, m, QPOS), state, stride, count, size);
  lanes_from_states(lane(o, LAG), state + ((<usize>size) << 3), stride, count, word(place(0, args, 5), KEPT));
  store(place(w, m, STEPS), zero());
  store(place(w, m, DIVERGED), splat(-1));
}

// states and observations back into rows, observations of those that diverged excepted
function leave(args: usize, m: usize, w: usize, o: usize, first: i32, ends: usize): void {
  const t = place(0, args, 5);
  const count = min(LANES, word(args, 7) - first);
  const stride = place(0, args, 10);
  const D = word(t, SIZE);
  if (stride && word(args, 13)) {
    const state = place(0, args, 9) + <usize>first * stride;
    const size = word(m, NQ) + word(m, NV);
    states_from_lanes(state, stride, place(w, m, QPOS), count, size);
    states_from_lanes(state + ((<usize>size) << 3), stride, lane(o, LAG), count, word(t, KEPT));
  }
  if (!word(args, 14)) return;
  const rows = place(0, args, 14) + <usize>(first * D) * 4;
  for (let l = 0; l < count; ++l) {
    if (ends && <i32>get<u32>(ends + ((<usize>l) << 2)) >= DIVERGED_CODE) continue;
    for (let k = 0; k < D; ++k) {
      put<f32>(rows + <usize>((l * D + k) << 2), <f32>value(lane(o, OBSERVATION + k), l));
    }
  }
}

// quaternions of free joints, which a start state need not have of length 1
function unitQuaternions(m: usize, qpos: usize): void {
  const joints = word(m, JOINTS);
  for (let j = 0; j < joints; ++j) {
    const joint = record(m, JOINT_WORDS, JOINT_SIZE, j);
    if (word(joint, 0)) continue;
    const q = lane(place(qpos, joint, 1), 3);
    let square = zero();
    for (let k = 0; k < 4; ++k) square = madd(load(lane(q, k)), load(lane(q, k)), square);
    const scale = div(splat(1), sqrt(square));
    for (let k = 0; k < 4; ++k) store(lane(q, k), mul(scale, load(lane(q, k))));
  }
}

// is a mask set in one lane?
// @ts-ignore: decorator
@inline
function flag(at: usize, l: i32): bool {
  return get<i32>(at + <usize>(l * REAL)) != 0;
}

// n quantities from rows `stride` bytes apart; lanes that are too many take the last row
function lanes_from_states(to: usize, rows: usize, stride: usize, count: i32, n: i32): void {
  for (let l = 0; l < LANES; ++l) {
    const row = rows + <usize>min(l, count - 1) * stride;
    for (let k = 0; k < n; ++k) putValue(lane(to, k), l, get<f64>(row + ((<usize>k) << 3)));
  }
}

function lanes_from_actions(to: usize, rows: usize, stride: usize, count: i32, n: i32): void {
  for (let l = 0; l < LANES; ++l) {
    const row = rows + <usize>min(l, count - 1) * stride;
    for (let k = 0; k < n; ++k) putValue(lane(to, k), l, <f64>get<f32>(row + ((<usize>k) << 2)));
  }
}

function states_from_lanes(rows: usize, stride: usize, from: usize, count: i32, n: i32): void {
  for (let l = 0; l < count; ++l) {
    const row = rows + <usize>l * stride;
    for (let k = 0; k < n; ++k) put<f64>(row + ((<usize>k) << 3), value(lane(from, k), l));
  }
}
