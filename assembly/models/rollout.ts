// Imagined rollouts of an ensemble: a task takes a block of the particles of one member (or, under expectation, of the rows
// that all members share) through steps of the horizon without leaving Wasm. What a particle is (state, total, alive) lies
// in rows of its own, so that a rollout may be cut anywhere: in blocks, in steps, or after each step for what the host does
// between them. Noise is drawn by the particle's place in the step's fill, so results do not depend on the cut.
//
// Arguments (32-bit words, written by src/models/learned-rollout.ts in this order):
//    0 – 3   model, blocks of a group, rows of a group (N·Q), particles of a sequence in a group (Q)
//    4 – 6   horizon H, actions [N, H, A], start [D]
//    7 – 13  states before even steps and before odd ones [rows, D], actions of the step [rows, A], rewards [rows], ended
//            [rows], totals [rows] f64, alive [rows]
//   14 – 17  1 for the mean over members; task of the reward and of the termination (0: none); 1 to add rewards to totals
//   18 – 19  memory for blocks, bytes of it for one thread
//   20 – 26  first step, last step + 1, seed (low, high), stream, number of the first step's fill (low, high)

import { rows_repeat } from "../data/rows";
import { task_reward, task_terminated } from "../envs/tasks";
import { put, zero } from "../memory";
import { address, bytes, word } from "../nn/network";
import { block_start } from "../nn/predict";
import { random_normal } from "../random/philox";
import { action_size, member_count, model_step, observation_size, probabilistic, target_size, Together } from "./model";
import { particle_actions, particle_rewards } from "./particles";

/** A fill can be entered at multiples of so many elements (assembly/random/philox.ts). */
const ENTRY: i32 = 16;

/** Task `group · blocks + block`. */
export function rollout_task(args: usize, task: i32, thread: i32): void {
  const blocks = word(args, 1);
  const groupRows = word(args, 2);
  const group = task / blocks;
  const first = block_start(task % blocks, blocks, groupRows);
  const rows = block_start((task % blocks) + 1, blocks, groupRows) - first;
  const scratch = address(args, 18) + <usize>thread * <usize>word(args, 19);
  if (word(args, 20) == 0) begin(args, group * groupRows + first, rows);
  for (let t = word(args, 20); t < word(args, 21); ++t) step(args, t, group, first, rows, scratch);
}

// particles `row` … row + rows − 1 at the start
function begin(args: usize, row: i32, rows: i32): void {
  const D = observation_size(address(args, 0));
  rows_repeat(address(args, 7) + bytes(row, D), address(args, 6), rows, D);
  zero(address(args, 12) + ((<usize>row) << 3), (<usize>rows) << 3);
  for (let r: usize = 0; r < <usize>rows; ++r) put<u8>(address(args, 13) + <usize>row + r, 1);
}

// step t of `rows` particles of a group from its particle `first` on
function step(args: usize, t: i32, group: i32, first: i32, rows: i32, scratch: usize): void {
  const model = address(args, 0);
  const D = observation_size(model);
  const A = action_size(model);
  const row = group * word(args, 2) + first;
  const state = address(args, 7 + (t & 1)) + bytes(row, D);
  const next = address(args, 8 - (t & 1)) + bytes(row, D);
  const action = address(args, 9) + bytes(row, A);
  const reward = address(args, 10) + bytes(row, 1);
  const ended = address(args, 11) + <usize>row;
  particle_actions(action, address(args, 5), t, first, rows, word(args, 3), word(args, 4), A);
  if (word(args, 14)) {
    model_step(model, 0, member_count(model), Together.mean, next, reward, state, action, 0, rows, scratch);
  } else {
    const T = target_size(model);
    let noise: usize = 0;
    let memory = scratch;
    if (probabilistic(model)) {
      // from the last place before the block at which the fill can be entered
      const start = row * T;
      const entry = start & ~(ENTRY - 1);
      draw(args, t, scratch, entry, start - entry + rows * T);
      noise = scratch + bytes(start - entry, 1);
      memory += bytes(rows * T + 2 * ENTRY, 1) & ~(<usize>63);
    }
    model_step(model, group, 1, Together.mean, next, reward, state, action, noise, rows, memory);
  }
  task_reward(word(args, 15), reward, state, action, next, rows);
  task_terminated(word(args, 16), ended, next, rows);
  if (word(args, 17)) {
    const total = address(args, 12) + ((<usize>row) << 3);
    particle_rewards(total, address(args, 13) + <usize>row, reward, ended, rows);
  }
}

// `n` normals of the fill of step t, from element `entry` on
function draw(args: usize, t: i32, out: usize, entry: i32, n: i32): void {
  const fill = (((<u64>(<u32>word(args, 26))) << 32) | (<u64>(<u32>word(args, 25)))) + <u64>(t - word(args, 20));
  const seedLow = word(args, 22);
  const seedHigh = word(args, 23);
  const stream = word(args, 24);
  random_normal(out, n, entry, seedLow, seedHigh, stream, <i32>fill, <i32>(fill >> 32));
}
