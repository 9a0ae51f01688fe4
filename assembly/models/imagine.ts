// Imagined trajectories of a policy in a learned model (ME-TRPO, Kurutach et al. 2018): a task takes a block of trajectories
// through steps of the horizon without leaving Wasm, and records them in a time-major batch (row t · B + b). All that a
// step needs lies in the batch, so that trajectories may be cut anywhere: in blocks, in steps, or after each step for
// rewards that only the host knows. Random numbers are drawn by their place in fills of which a step has three (the policy's,
// the model's, and the order of members), so results do not depend on the cut.
//
// A trajectory that has ended, or whose next state is no number, stands still: its rows are computed, and not valid. It can be made to
// end where the members disagree: what none of them knows is not worth going on from (Kidambi et al. 2020, MOReL).
//
// Arguments (32-bit words, written by src/learning/imagination.ts in this order):
//    0 –  4  model, policy, trajectories B, blocks, horizon T
//    5 –  7  starts [B, D], smallest and largest state that is predicted [D]
//    8 – 17  the batch: observation, raw, action, logProb, reward, nextObservation, terminated, ended, valid, time
//   18 – 20  how members are sampled, which one (where it is one), 1 to act by the policy's mode
//   21 – 23  tasks of the reward and of the termination (0: none); 1 to record, 0 when the host has yet to score
//   24 – 25  memory for blocks, bytes of it for one thread
//   26       where the disagreement of members lies at which a trajectory ends (0: none)
//   27 – 33  first step, last step + 1, seed (low, high), stream, number of the first fill (low, high)

import { task_reward, task_terminated } from "../envs/tasks";
import { copy, get, put } from "../memory";
import { address, bytes, word } from "../nn/network";
import { block_start } from "../nn/predict";
import { policy_step } from "../policies/policy";
import { Kind, kind_of, raw_size } from "../policies/table";
import { philox_bits, random_normal, random_uniform } from "../random/philox";
import {
  action_size,
  member_count,
  model_disagreement,
  model_step,
  observation_size,
  probabilistic,
  target_size,
  Together,
} from "./model";

/** A fill can be entered at multiples of so many elements (assembly/random/philox.ts). */
const ENTRY: i32 = 16;
/** Fills of a step: normals or uniforms of the policy, normals of the model, words that order members. */
const FILLS: i32 = 3;

/** How members meet blocks; src/learning/imagination.ts has the same numbers. */
namespace Sampling {
  export const step: i32 = 0;
  export const episode: i32 = 1;
  export const mean: i32 = 2;
  export const median: i32 = 3;
  export const gaussian: i32 = 4;
}

/** Task = block. */
export function imagine_task(args: usize, task: i32, thread: i32): void {
  const B = word(args, 2);
  const first = block_start(task, word(args, 3), B);
  const rows = block_start(task + 1, word(args, 3), B) - first;
  const scratch = address(args, 24) + <usize>thread * <usize>word(args, 25);
  for (let t = word(args, 27); t < word(args, 28); ++t) step(args, t, task, first, rows, scratch);
}

// step t of `rows` trajectories from `first` on
function step(args: usize, t: i32, block: i32, first: i32, rows: i32, scratch: usize): void {
  const model = address(args, 0);
  const policy = address(args, 1);
  const D = observation_size(model);
  const B = word(args, 2);
  const row = t * B + first;
  const observation = address(args, 8) + bytes(row, D);
  const action = address(args, 10) + bytes(row, action_size(model));
  const reward = address(args, 12) + bytes(row, 1);
  const next = address(args, 13) + bytes(row, D);
  const terminated = address(args, 14) + <usize>row;
  const ended = address(args, 15) + <usize>row;
  const valid = address(args, 16) + bytes(row, 1);
  const before = t == 0 ? address(args, 5) + bytes(first, D) : address(args, 13) + bytes(row - B, D);
  copy(observation, before, bytes(rows, D));
  act(args, t, first, rows, scratch);
  predict(args, t, block, first, rows, scratch);
  imagine_settle(
    next,
    valid,
    terminated,
    observation,
    t == 0 ? 0 : ended - <usize>B,
    address(args, 6),
    address(args, 7),
    rows,
    D,
  );
  task_reward(word(args, 21), reward, observation, action, next, rows);
  task_terminated(word(args, 22), terminated, next, rows);
  if (word(args, 26)) dispute(args, terminated, observation, action, rows, scratch);
  if (word(args, 23)) {
    const time = address(args, 17) + bytes(row, 1);
    imagine_record(reward, terminated, ended, valid, time, t, word(args, 4), rows);
  }
}

// terminated [rows] becomes 1 where members disagree too much about what follows
function dispute(args: usize, terminated: usize, observation: usize, action: usize, rows: i32, scratch: usize): void {
  const limit = get<f32>(address(args, 26));
  const memory = scratch + ((bytes(rows, 1) + 63) & ~(<usize>63));
  model_disagreement(address(args, 0), scratch, observation, action, rows, memory);
  for (let r: usize = 0; r < <usize>rows; ++r) {
    // of outputs that are no numbers, too
    if (!(get<f32>(scratch + (r << 2)) <= limit)) put<u8>(terminated + r, 1);
  }
}

// actions of the policy
function act(args: usize, t: i32, first: i32, rows: i32, scratch: usize): void {
  const policy = address(args, 1);
  const D = observation_size(address(args, 0));
  const A = raw_size(policy);
  const kind = kind_of(policy);
  const row = t * word(args, 2) + first;
  let noise: usize = 0;
  let memory = scratch;
  if (!word(args, 20) && kind != Kind.deterministic) {
    noise = draw(args, FILLS * t, kind == Kind.categorical, scratch, first * A, rows * A);
    memory += room(rows * A);
  }
  policy_step(
    policy,
    address(args, 10) + bytes(row, action_size(address(args, 0))),
    address(args, 9) + bytes(row, A),
    address(args, 11) + bytes(row, 1),
    address(args, 8) + bytes(row, D),
    noise,
    rows,
    memory,
  );
}

// next states (and rewards, where they are learned) of the members whose turn it is
function predict(args: usize, t: i32, block: i32, first: i32, rows: i32, scratch: usize): void {
  const model = address(args, 0);
  const D = observation_size(model);
  const T = target_size(model);
  const K = member_count(model);
  const sampling = word(args, 18);
  const one = sampling != Sampling.mean && sampling != Sampling.median && sampling != Sampling.gaussian;
  let slot = 0;
  if (sampling == Sampling.step) slot = turn(args, t, block, K, scratch);
  else if (sampling == Sampling.episode) slot = turn(args, 0, block, K, scratch);
  else if (one) slot = word(args, 19);
  let noise: usize = 0;
  let memory = scratch;
  if (sampling == Sampling.gaussian || (one && probabilistic(model))) {
    noise = draw(args, FILLS * t + 1, false, scratch, first * T, rows * T);
    memory += room(rows * T);
  }
  const row = t * word(args, 2) + first;
  model_step(
    model,
    slot,
    one ? 1 : K,
    sampling == Sampling.median ? Together.median : sampling == Sampling.gaussian ? Together.spread : Together.mean,
    address(args, 13) + bytes(row, D),
    address(args, 12) + bytes(row, 1),
    address(args, 8) + bytes(row, D),
    address(args, 10) + bytes(row, action_size(model)),
    noise,
    rows,
    memory,
  );
}

// The member of a block at step t: blocks b · K … b · K + K − 1 meet the K members in random order, each one once. The place
// of a block in the order is that of its word among theirs.
function turn(args: usize, t: i32, block: i32, K: i32, scratch: usize): i32 {
  const begin = block - (block % K);
  const entry = begin & ~(ENTRY - 1);
  const fill = fill_number(args, FILLS * t + 2);
  const words = scratch + bytes(begin - entry, 1);
  philox_bits(
    scratch,
    begin - entry + K,
    entry,
    word(args, 29),
    word(args, 30),
    word(args, 31),
    <i32>fill,
    <i32>(fill >> 32),
  );
  const own = get<u32>(words + bytes(block - begin, 1));
  let place = 0;
  for (let k = 0; k < K; ++k) {
    const other = get<u32>(words + bytes(k, 1));
    if (other < own || (other == own && k < block - begin)) place++;
  }
  return place;
}

// @ts-ignore: decorator
@inline
function fill_number(args: usize, offset: i32): u64 {
  return (((<u64>(<u32>word(args, 33))) << 32) | (<u64>(<u32>word(args, 32)))) + <u64>offset;
}

// bytes that `n` numbers of a fill take, entered wherever it must be
// @ts-ignore: decorator
@inline
function room(n: i32): usize {
  return bytes(n + 2 * ENTRY, 1) & ~(<usize>63);
}

// elements start … start + n − 1 of a fill of the step, in `scratch`; returns where
function draw(args: usize, offset: i32, uniform: bool, scratch: usize, start: i32, n: i32): usize {
  const entry = start & ~(ENTRY - 1);
  const fill = fill_number(args, offset);
  const count = start - entry + n;
  const low = word(args, 29);
  const high = word(args, 30);
  const stream = word(args, 31);
  if (uniform) random_uniform(scratch, count, entry, low, high, stream, <i32>fill, <i32>(fill >> 32));
  else random_normal(scratch, count, entry, low, high, stream, <i32>fill, <i32>(fill >> 32));
  return scratch + bytes(start - entry, 1);
}

/**
 * Next states [rows, D] brought between low and high [D]. valid [rows] = 1 where the trajectory goes on (by `ended` [rows] of
 * the step before; 0: all) to a state of finite numbers; elsewhere the state stays `observation`. Clears terminated [rows].
 */
export function imagine_settle(
  next: usize,
  valid: usize,
  terminated: usize,
  observation: usize,
  ended: usize,
  low: usize,
  high: usize,
  rows: i32,
  D: i32,
): void {
  for (let r: usize = 0; r < <usize>rows; ++r) {
    let good = ended == 0 || get<u8>(ended + r) == 0;
    for (let d: usize = 0; d < <usize>D && good; ++d) {
      const value = get<f32>(next + (d << 2));
      if (!(value - value == 0)) good = false;
    }
    for (let d: usize = 0; d < <usize>D; ++d) {
      const at = d << 2;
      const state = max<f32>(get<f32>(low + at), min<f32>(get<f32>(high + at), get<f32>(next + at)));
      put<f32>(next + at, select<f32>(state, get<f32>(observation + at), good));
    }
    put<f32>(valid + (r << 2), select<f32>(1, 0, good));
    put<u8>(terminated + r, 0);
    next += bytes(1, D);
    observation += bytes(1, D);
  }
}

/**
 * Writes what became of step t of T: rewards are 0 in rows that are not valid, which those with a reward that is no finite
 * number also become; ended [rows] where no step follows, time [rows] = t.
 */
export function imagine_record(
  reward: usize,
  terminated: usize,
  ended: usize,
  valid: usize,
  time: usize,
  t: i32,
  T: i32,
  rows: i32,
): void {
  for (let r: usize = 0; r < <usize>rows; ++r) {
    const at = r << 2;
    const value = get<f32>(reward + at);
    const good = get<f32>(valid + at) != 0 && value - value == 0;
    const ends = good && get<u8>(terminated + r) != 0;
    put<f32>(reward + at, select<f32>(value, 0, good));
    put<f32>(valid + at, select<f32>(1, 0, good));
    put<u8>(terminated + r, <u8>ends);
    put<u8>(ended + r, <u8>(ends || !good || t == T - 1));
    put<i32>(time + at, t);
  }
}
