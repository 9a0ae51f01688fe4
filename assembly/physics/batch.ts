// A batch of environments: groups of LANES of them, each with a state of its own [qpos, qvel, steps, diverged] as v128
// quantities. A task of the region takes a range of groups through `repeat` steps in the workspace of its thread, which
// stays in the first-level cache; an evaluation leaves every group's quantities in a workspace of its own.
//
// Arguments of the region (32-bit words, written by src/physics/simulation.ts in this order):
//   0 model   1 groups   2 groups of a task   3 states   4 controls [groups, nu]   5 repeat (0: evaluate)
//   6 workspaces   7 bytes of a workspace

import { copy, get, put } from "../memory";
import { LANES } from "./lanes";
import { CTRL, NU, place, QPOS, STATE_SIZE, word } from "./model";
import { forward, step } from "./step";

export function physics_task(args: usize, task: i32, thread: i32): void {
  const m = place(0, args, 0);
  const groups = word(args, 1);
  const first = task * word(args, 2);
  const last = min(groups, first + word(args, 2));
  const repeat = word(args, 5);
  const stateBytes = (<usize>word(m, STATE_SIZE)) << 4;
  const ctrlBytes = (<usize>word(m, NU)) << 4;
  const states = place(0, args, 3);
  const controls = place(0, args, 4);
  for (let group = first; group < last; ++group) {
    const w = place(0, args, 6) + <usize>(repeat ? thread : group) * place(0, args, 7);
    const state = states + <usize>group * stateBytes;
    copy(place(w, m, QPOS), state, stateBytes);
    copy(place(w, m, CTRL), controls + <usize>group * ctrlBytes, ctrlBytes);
    if (!repeat) {
      forward(m, w);
      continue;
    }
    for (let k = 0; k < repeat; ++k) step(m, w);
    copy(state, place(w, m, QPOS), stateBytes);
  }
}

/** Environments of a group. */
export function physics_lanes(): i32 {
  return LANES;
}

/**
 * lanes [groups][n] of v128 quantities, `stride` bytes from one group to the next, from rows [B, n] f64. Environments that
 * the last group has too many of get the row of the last one.
 */
export function lanes_from_rows(lanes: usize, stride: usize, rows: usize, B: i32, n: i32): void {
  const groups = (B + LANES - 1) / LANES;
  for (let g = 0; g < groups; ++g) {
    for (let l = 0; l < LANES; ++l) {
      const row = rows + <usize>min(g * LANES + l, B - 1) * ((<usize>n) << 3);
      for (let k = 0; k < n; ++k) {
        const value = get<f64>(row + ((<usize>k) << 3));
        const at = lanes + <usize>g * stride + ((<usize>k) << 4);
        if (LANE_BITS == 64) put<f64>(at + ((<usize>l) << 3), value);
        else put<f32>(at + ((<usize>l) << 2), <f32>value);
      }
    }
  }
}

/** rows [B, n] f64 from lanes, likewise. */
export function rows_from_lanes(rows: usize, lanes: usize, stride: usize, B: i32, n: i32): void {
  for (let b = 0; b < B; ++b) {
    const group = lanes + <usize>(b / LANES) * stride;
    const l = <usize>(b % LANES);
    const row = rows + <usize>b * ((<usize>n) << 3);
    for (let k = 0; k < n; ++k) {
      const at = group + ((<usize>k) << 4);
      const value = LANE_BITS == 64 ? get<f64>(at + (l << 3)) : <f64>get<f32>(at + (l << 2));
      put<f64>(row + ((<usize>k) << 3), value);
    }
  }
}
