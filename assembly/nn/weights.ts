// Gradients of an ensemble's parameters and what is done with them: added up, or taken for a step of Adam at once, while
// they are in the cache. A task is some panels of one layer of one member, whatever the number of slots: every weight
// belongs to one task, and its gradient is summed over slots and rows in their order.
//
// Arguments (32-bit words): network, workspace, slots, gradients (laid out as the parameters), flags, scratch, bytes of
// scratch for one thread, Adam's numbers (assembly/nn/adam.ts), first and second moments.

import { adam_update } from "./adam";
import {
  address,
  biases,
  bytes,
  inputs,
  layer_count,
  layer_of,
  leading,
  outputs,
  padded,
  parameters,
  tile_of,
  transposed,
  weights,
  word,
} from "./network";
import { input_leading, layer_gradient, layer_input, member_of } from "./passes";
import { Tile, tn_strip } from "../linalg/gemm";
import { transpose_panel } from "../linalg/pack";
import { getv, putv, zero } from "../memory";

export namespace WeightFlags {
  /** Start from what `gradients` holds, not from zero. */
  export const accumulate: i32 = 1;
  /** Write the sums to `gradients`. */
  export const keep: i32 = 2;
  /** Take a step of Adam with the sums, and renew the transposed weights of all layers but the first. */
  export const step: i32 = 4;
}

/**
 * Floats of weights that one task has, at most, unless it is a single panel: a layer of 200 × 200, so that one thread, not
 * every one, reads the rows that another has written.
 */
const TASK_FLOATS: i32 = 40960;

// panels of one task in a layer of K inputs
// @ts-ignore: decorator
@inline
function panels_per_task(K: i32): i32 {
  return max(1, TASK_FLOATS / (8 * K));
}

// @ts-ignore: decorator
@inline
function tasks_of(layer: usize): i32 {
  const per = panels_per_task(inputs(layer));
  return ((padded(outputs(layer)) >> 3) + per - 1) / per;
}

/** Tasks of one member. */
export function weight_tasks(net: usize): i32 {
  let count = 0;
  for (let l = layer_count(net) - 1; l >= 0; --l) count += tasks_of(layer_of(net, l));
  return count;
}

/** All slots of a member. */
const OWN_SLOTS: i32 = -1;

/** Region "weights": task `member · weight_tasks + …`. */
export function weights_task(args: usize, task: i32, thread: i32): void {
  const count = weight_tasks(address(args, 0));
  const rows = word(address(args, 1), 0);
  member_task(args, task / count, OWN_SLOTS, rows, word(args, 4), task % count, thread);
}

/** One of the tasks of a member, over `rows` rows of one slot, or of all slots that are the member's (OWN_SLOTS). */
export function member_task(args: usize, member: i32, only: i32, rows: i32, flags: i32, task: i32, thread: i32): void {
  const net = address(args, 0);
  const work = address(args, 1);
  const tile = tile_of(net);
  let l = 0;
  for (; task >= tasks_of(layer_of(net, l)); ++l) task -= tasks_of(layer_of(net, l));
  const layer = layer_of(net, l);
  const K = inputs(layer);
  const N = padded(outputs(layer));
  const per = panels_per_task(K) << 3;
  const stop = min(N, (task + 1) * per);
  // gradients lie as the parameters do, `shift` bytes further on; in training, which keeps them only from chunk to chunk,
  // members whose units are never under way together share a place that stays in the cache
  const shift = address(args, 3) - parameters(net);
  const place = only == OWN_SLOTS ? member : member % word(args, 2);
  const kept = flags & (WeightFlags.accumulate | WeightFlags.keep);
  const scratch = address(args, 5) + <usize>thread * <usize>word(args, 6);
  for (let column = task * per; column < stop;) {
    const columns = tile >= Tile.of4x16 && stop - column > 8 ? 16 : 8;
    const panel = weights(layer, member) + bytes(column, K);
    const bias = biases(layer, member) + bytes(column, 1);
    const size = bytes(columns, K);
    const sum = kept ? weights(layer, place) + bytes(column, K) + shift : scratch;
    const biasSum = kept ? biases(layer, place) + bytes(column, 1) + shift : scratch + size;
    if (!(flags & WeightFlags.accumulate)) {
      zero(sum, size);
      zero(biasSum, bytes(columns, 1));
    }
    if (only != OWN_SLOTS) add_rows(net, work, l, only, rows, columns, column, sum, biasSum);
    else {
      for (let slot = 0; slot < word(args, 2); ++slot) {
        if (member_of(work, slot) == member) add_rows(net, work, l, slot, rows, columns, column, sum, biasSum);
      }
    }
    if (flags & WeightFlags.step) {
      const numbers = address(args, 7);
      const m = address(args, 8) - parameters(net);
      const v = address(args, 9) - parameters(net);
      adam_update(numbers, 1 + l, panel, panel + m, panel + v, sum, columns * K);
      adam_update(numbers, 0, bias, bias + m, bias + v, biasSum, columns);
      for (let c = 0; l > 0 && c < columns; c += 8) {
        transpose_panel(transposed(layer, member), panel + bytes(c, K), K, outputs(layer), column + c);
      }
    }
    column += columns;
  }
}

// adds xᵀ · dz and the column sums of dz
function add_rows(
  net: usize,
  work: usize,
  l: i32,
  slot: i32,
  rows: i32,
  columns: i32,
  column: i32,
  sum: usize,
  biasSum: usize,
): void {
  const layer = layer_of(net, l);
  const ldx = bytes(1, input_leading(net, l));
  const ldz = bytes(1, leading(layer));
  const dz = layer_gradient(net, work, l, slot, 0) + bytes(column, 1);
  tn_strip(columns, tile_of(net), sum, layer_input(net, work, l, slot, 0), ldx, dz, ldz, rows, inputs(layer));
  for (let c: usize = 0; c < bytes(columns, 1); c += 32) add_columns(biasSum + c, dz + c, ldz, rows);
}

// sum [8] += Σ over rows of z [rows, 8]
function add_columns(sum: usize, z: usize, ld: usize, rows: i32): void {
  let left = getv(sum);
  let right = getv(sum + 16);
  for (; rows > 0; --rows) {
    left = f32x4.add(left, getv(z));
    right = f32x4.add(right, getv(z + 16));
    z += ld;
  }
  putv(sum, left);
  putv(sum + 16, right);
}
