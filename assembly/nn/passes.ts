// The passes of an ensemble over the rows of a workspace: outputs, gradients with respect to them, tangents. Each takes a
// block of rows of one slot through all layers before the next block. Slot i works with the parameters of member members[i]
// (in training a slot is lent to one member after the other).
//
// The table of a workspace (32-bit words, src/nn/workspace.ts has the same numbers):
//   words 0 – 7   rows of a slot in this pass, members, input [slots, rows, K], output gradient [slots, rows, N8],
//                 input gradient and input tangent (as the input), output tangent (as the output), blocks of a slot
//   then 4 a layer: outputs h [slots, rows, ld], slope act' (likewise), gradient dz and tangent of what act is applied to
// With z = x·W + b and h = act(z):  dz = dh ∘ act',  dx = dz·Wᵀ,  tangent of z = tx·W + x·tW + tb.

import { activate_strip, NONE, scale_strip } from "./activation";
import {
  activation,
  address,
  biases,
  bytes,
  inputs,
  layer_count,
  layer_forward,
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
import { block_start } from "./predict";
import { nn_strip, strip_columns } from "../linalg/gemm";
import { copy, get } from "../memory";

/** Addresses of what a workspace keeps of one layer, at a row of a slot. */
// @ts-ignore: decorator
@inline
function of_layer(work: usize, l: i32, field: i32): usize {
  return address(work, 8 + 4 * l + field);
}
const OUTPUT = 0;
const SLOPE = 1;
const GRADIENT = 2;
const TANGENT = 3;

// @ts-ignore: decorator
@inline
function slot_rows(work: usize): i32 {
  return word(work, 0);
}

/** Member of a slot. */
// @ts-ignore: decorator
@inline
export function member_of(work: usize, slot: i32): i32 {
  return get<i32>(address(work, 1) + ((<usize>slot) << 2));
}

/** What layer `l` reads: rows of a slot from `row` on; `input_leading` floats apart. */
export function layer_input(net: usize, work: usize, l: i32, slot: i32, row: i32): usize {
  const at = slot * slot_rows(work) + row;
  if (l == 0) return address(work, 2) + bytes(at, inputs(layer_of(net, 0)));
  return of_layer(work, l - 1, OUTPUT) + bytes(at, leading(layer_of(net, l - 1)));
}

// @ts-ignore: decorator
@inline
export function input_leading(net: usize, l: i32): i32 {
  return l == 0 ? inputs(layer_of(net, 0)) : leading(layer_of(net, l - 1));
}

/** Gradient dz of layer `l`, rows of a slot from `row` on. */
export function layer_gradient(net: usize, work: usize, l: i32, slot: i32, row: i32): usize {
  return of_layer(work, l, GRADIENT) + bytes(slot * slot_rows(work) + row, leading(layer_of(net, l)));
}

/** Rows `row … row + rows − 1` of a slot from the input to the output; the slopes are kept. */
export function forward_rows(net: usize, work: usize, member: i32, slot: i32, row: i32, rows: i32): void {
  const tile = tile_of(net);
  const L = layer_count(net);
  for (let l = 0; l < L; ++l) {
    const layer = layer_of(net, l);
    const at = bytes(slot * slot_rows(work) + row, leading(layer));
    const slope = activation(layer) == NONE ? <usize>0 : of_layer(work, l, SLOPE) + at;
    layer_forward(
      layer,
      tile,
      member,
      of_layer(work, l, OUTPUT) + at,
      slope,
      bytes(1, leading(layer)),
      layer_input(net, work, l, slot, row),
      bytes(1, input_leading(net, l)),
      rows,
    );
  }
}

/**
 * dz of every layer from the output gradient, for the same rows; into the input gradient too if asked. dz may lie where the
 * slopes are: they are then used up. `scratch` holds rows · 16 floats.
 */
export function backward_rows(
  net: usize,
  work: usize,
  member: i32,
  slot: i32,
  row: i32,
  rows: i32,
  inputGradient: i32,
  scratch: usize,
): void {
  const tile = tile_of(net);
  const at = slot * slot_rows(work) + row;
  const last = layer_count(net) - 1;
  const top = layer_of(net, last);
  const ldTop = bytes(1, leading(top));
  const given = address(work, 3) + bytes(at, leading(top));
  let dz = layer_gradient(net, work, last, slot, row);
  if (activation(top) == NONE) {
    if (dz != given) copy(dz, given, bytes(rows, leading(top)));
  } else {
    const slope = of_layer(work, last, SLOPE) + bytes(at, leading(top));
    for (let column: usize = 0; column < ldTop; column += 32) {
      scale_strip(dz + column, ldTop, given + column, ldTop, slope + column, ldTop, rows);
    }
  }
  for (let l = last; l >= 1 - inputGradient; --l) {
    const layer = layer_of(net, l);
    const N = outputs(layer);
    const ldz = bytes(1, leading(layer));
    let panel = transposed(layer, member);
    if (l == 0) {
      const K = inputs(layer);
      input_gradient(address(work, 4) + bytes(at, K), K, tile, dz, ldz, panel, rows, N);
      return;
    }
    const below = layer_of(net, l - 1);
    const K = padded(inputs(layer));
    const ld = bytes(1, leading(below));
    const slopes = activation(below) == NONE ? <usize>0 : of_layer(work, l - 1, SLOPE) + bytes(at, leading(below));
    const next = layer_gradient(net, work, l - 1, slot, row);
    for (let column = 0; column < K;) {
      const columns = min(strip_columns(tile, rows, K - column), 16);
      const shift = bytes(column, 1);
      if (slopes) {
        // through scratch, because dz may lie where the slopes are
        const ldScratch = bytes(1, columns);
        nn_strip(columns, tile, scratch, ldScratch, 0, 0, dz, ldz, panel, rows, N);
        for (let half: usize = 0; half < ldScratch; half += 32) {
          const to = shift + half;
          scale_strip(next + to, ld, scratch + half, ldScratch, slopes + to, ld, rows);
        }
      } else {
        nn_strip(columns, tile, next + shift, ld, 0, 0, dz, ldz, panel, rows, N);
      }
      panel += bytes(columns, N);
      column += columns;
    }
    dz = next;
  }
}

// dx [rows, K] = dz · Wᵀ, not padded
function input_gradient(dx: usize, K: i32, tile: i32, dz: usize, ldz: usize, panel: usize, rows: i32, N: i32): void {
  for (let column = 0; column < K;) {
    const columns = min(min(strip_columns(tile, rows, K - column), 16), K - column);
    nn_strip(columns, tile, dx + bytes(column, 1), bytes(1, K), 0, 0, dz, ldz, panel, rows, N);
    panel += bytes(columns, N);
    column += columns;
  }
}

/**
 * The change of the output along a direction in parameters (address `direction`, laid out as they are; 0: none) and input
 * (`inputTangent` not 0), for the same rows after `forward_rows`.
 */
export function tangent_rows(
  net: usize,
  work: usize,
  slot: i32,
  row: i32,
  rows: i32,
  direction: usize,
  inputTangent: i32,
): void {
  const member = member_of(work, slot);
  const tile = tile_of(net);
  const at = slot * slot_rows(work) + row;
  const last = layer_count(net) - 1;
  // wraps around where the direction lies below the parameters, and back again when added
  const shift = direction - parameters(net);
  let tx = inputTangent ? address(work, 5) + bytes(at, inputs(layer_of(net, 0))) : 0;
  for (let l = 0; l <= last; ++l) {
    const layer = layer_of(net, l);
    const K = inputs(layer);
    const N = padded(outputs(layer));
    const ld = bytes(1, leading(layer));
    const ldx = bytes(1, input_leading(net, l));
    const x = layer_input(net, work, l, slot, row);
    let y = (l == last ? address(work, 6) : of_layer(work, l, TANGENT)) + bytes(at, leading(layer));
    let slope = activation(layer) == NONE ? <usize>0 : of_layer(work, l, SLOPE) + bytes(at, leading(layer));
    let panel = weights(layer, member);
    let bias = biases(layer, member) + shift;
    const out = y;
    for (let column = 0; column < N;) {
      const columns = strip_columns(tile, rows, N - column);
      const step = bytes(columns, 1);
      if (direction) nn_strip(columns, tile, y, ld, bias, 0, x, ldx, panel + shift, rows, K);
      if (tx) nn_strip(columns, tile, y, ld, direction ? y : 0, direction ? ld : 0, tx, ldx, panel, rows, K);
      if (slope) {
        for (let half: usize = 0; half < step; half += 32) {
          scale_strip(y + half, ld, y + half, ld, slope + half, ld, rows);
        }
        slope += step;
      }
      y += step;
      bias += step;
      panel += bytes(columns, K);
      column += columns;
    }
    tx = out;
  }
}

// rows of a task `slot · blocks + block`
// @ts-ignore: decorator
@inline
function task_row(work: usize, index: i32): i32 {
  return block_start(index % word(work, 7), word(work, 7), slot_rows(work));
}

/** Region "forward": words network, workspace. */
export function forward_task(args: usize, task: i32): void {
  const work = address(args, 1);
  const row = task_row(work, task);
  const slot = task / word(work, 7);
  forward_rows(address(args, 0), work, member_of(work, slot), slot, row, block_end(work, task) - row);
}

/** Region "backward": words network, workspace, input gradient wanted, scratch, bytes of scratch for one thread. */
export function backward_task(args: usize, task: i32, thread: i32): void {
  const work = address(args, 1);
  const row = task_row(work, task);
  const scratch = address(args, 3) + <usize>thread * <usize>word(args, 4);
  const slot = task / word(work, 7);
  const rows = block_end(work, task) - row;
  backward_rows(address(args, 0), work, member_of(work, slot), slot, row, rows, word(args, 2), scratch);
}

/** Region "tangent": words network, workspace, direction, input tangent wanted. */
export function tangent_task(args: usize, task: i32): void {
  const work = address(args, 1);
  const row = task_row(work, task);
  const slot = task / word(work, 7);
  const rows = block_end(work, task) - row;
  tangent_rows(address(args, 0), work, slot, row, rows, address(args, 2), word(args, 3));
}

// @ts-ignore: decorator
@inline
function block_end(work: usize, task: i32): i32 {
  const blocks = word(work, 7);
  return block_start((task % blocks) + 1, blocks, slot_rows(work));
}
