// A batch of environments: groups of LANES of them, each with a state of its own [qpos, qvel, steps, diverged] as v128
// quantities. A task of the region takes a range of groups through `repeat` steps in the workspace of its thread, which
// stays in the first-level cache; an evaluation leaves every group's quantities in a workspace of its own, where a later
// task can observe more.
//
// Arguments of the region (32-bit words, written by src/physics/simulation.ts in this order):
//   0 model   1 environments   2 groups of a task   3 states   4 controls, rows [B, nu] of reals
//   5 repeat (0: evaluate, −1: take the evaluation that is there)   6 workspaces   7 bytes of a workspace
//   8 what to observe of an evaluation (bits of observe-model.ts)   9 states after the steps

import { copy, get, put } from "../memory";
import { LANES, REAL } from "./lanes";
import { CTRL, lane, NU, place, QPOS, STATE_SIZE, word } from "./model";
import { observe } from "./observe";
import { forward, step } from "./step";

export function physics_task(args: usize, task: i32, thread: i32): void {
  const m = place(0, args, 0);
  const B = word(args, 1);
  const groups = (B + LANES - 1) / LANES;
  const first = task * word(args, 2);
  const last = min(groups, first + word(args, 2));
  const repeat = word(args, 5);
  const stateBytes = (<usize>word(m, STATE_SIZE)) << 4;
  const states = place(0, args, 3);
  for (let group = first; group < last; ++group) {
    const w = place(0, args, 6) + <usize>(repeat > 0 ? thread : group) * place(0, args, 7);
    const state = states + <usize>group * stateBytes;
    if (repeat >= 0) {
      copy(place(w, m, QPOS), state, stateBytes);
      gather(place(w, m, CTRL), place(0, args, 4), group, B, word(m, NU));
    }
    if (repeat > 0) {
      for (let k = 0; k < repeat; ++k) step(m, w);
      copy(place(0, args, 9) + <usize>group * stateBytes, place(w, m, QPOS), stateBytes);
    } else {
      if (!repeat) forward(m, w);
      observe(m, w, word(args, 8));
    }
  }
}

// the rows [B, n] of a group's environments, side by side; lanes beyond B get the last row
function gather(out: usize, rows: usize, group: i32, B: i32, n: i32): void {
  for (let l = 0; l < LANES; ++l) {
    const row = rows + <usize>(min(group * LANES + l, B - 1) * n * REAL);
    const at = out + <usize>(l * REAL);
    for (let k = 0; k < n; ++k) {
      if (LANE_BITS == 64) put<f64>(lane(at, k), get<f64>(row + <usize>(k * REAL)));
      else put<f32>(lane(at, k), get<f32>(row + <usize>(k * REAL)));
    }
  }
}

/** Environments of a group. */
export function physics_lanes(): i32 {
  return LANES;
}
