// One training step of every member of an ensemble, as one region. A member's minibatch is cut into chunks of rows; a *unit*
// is one chunk of one member. Its rows are gathered, taken forward, scored and taken backward, a block of LOSS_ROWS at a
// time; then its weights' gradients are summed over all its rows in their order, and with the last chunk Adam takes its
// step. What is computed are the bits of forward, loss, vjp and Adam one by one.
//
// Units share the workspace's slots in turn, so that few of them fill the cache. Tasks wait for what they need, which is
// always work of lower numbers: the weights of a unit for its rows and for the weights of the chunk before; its rows for
// the unit that had the slot before. With several threads the rows of a unit come before the weights of the one before, so
// that hardly anybody waits.
//
// Arguments: those of assembly/nn/weights.ts, then (words 10 – 24) features [n, F], targets [n, T], order [members,
// orderStride] of their rows, orderStride, F, T, loss (0 squared error, 1 Gaussian), bounds, partials [members, blocks, …],
// rows of the minibatch, of a chunk, units ahead (0 or 1), counters of finished tasks [units, 2], batch targets [slots,
// rows of a chunk, T], members; word 26 on (f64): 1 / (rows of the minibatch · T).

import { LOSS_ROWS, mse_rows, nll_rows } from "./losses";
import { address, bytes, layer_count, layer_of, leading, word } from "./network";
import { backward_rows, forward_rows, layer_input } from "./passes";
import { member_task, WeightFlags, weight_tasks } from "./weights";
import { rows_gather } from "../data/rows";
import { get } from "../memory";
import { signal, wait_for } from "../parallel/counter";

// blocks of `rows` rows
// @ts-ignore: decorator
@inline
function blocks_of(rows: i32): i32 {
  return (rows + LOSS_ROWS - 1) / LOSS_ROWS;
}

// @ts-ignore: decorator
@inline
function chunks_of(args: usize): i32 {
  return (word(args, 19) + word(args, 20) - 1) / word(args, 20);
}

// rows of a unit
// @ts-ignore: decorator
@inline
function rows_of(args: usize, unit: i32): i32 {
  const chunk = unit % chunks_of(args);
  return min(word(args, 20), word(args, 19) - chunk * word(args, 20));
}

// counters of a unit's finished tasks: rows, then weights
// @ts-ignore: decorator
@inline
function counter(args: usize, unit: i32, ofWeights: i32): usize {
  return address(args, 22) + bytes(2 * unit + ofWeights, 1);
}

/** Region "train": one of the row blocks and weight tasks of all units. */
export function train_task(args: usize, task: i32, thread: i32): void {
  const chunks = chunks_of(args);
  const units = word(args, 24) * chunks;
  const perMember = blocks_of(word(args, 19));
  const perChunk = blocks_of(word(args, 20));
  const weights = weight_tasks(address(args, 0));
  const ahead = word(args, 21);
  // rounds: the rows of unit `round + ahead`, then the weights of unit `round`; before them the rows of the first units
  for (let round = -ahead; ; ++round) {
    const unit = round + ahead;
    if (unit < units) {
      const chunk = unit % chunks;
      const blocks = min(perChunk, perMember - chunk * perChunk);
      if (task < blocks) return rows_task(args, unit, task, weights, thread);
      task -= blocks;
    }
    if (round < 0) continue;
    if (task < weights) return unit_weights(args, round, task, weights, thread);
    task -= weights;
  }
}

function unit_weights(args: usize, unit: i32, task: i32, weights: i32, thread: i32): void {
  const chunks = chunks_of(args);
  const chunk = unit % chunks;
  const slot = unit % word(args, 2);
  const kept = chunks == 1 ? 0 : chunk == 0 ? WeightFlags.keep : WeightFlags.accumulate;
  const flags = chunk == chunks - 1 ? kept | WeightFlags.step : kept;
  if (!wait_for(counter(args, unit, 0), blocks_of(rows_of(args, unit)))) return;
  if (chunk > 0 && !wait_for(counter(args, unit - 1, 1), weights)) return;
  member_task(args, unit / chunks, slot, rows_of(args, unit), flags, task, thread);
  signal(counter(args, unit, 1));
}

function rows_task(args: usize, unit: i32, block: i32, weights: i32, thread: i32): void {
  const net = address(args, 0);
  const work = address(args, 1);
  const slots = word(args, 2);
  if (unit >= slots && !wait_for(counter(args, unit - slots, 1), weights)) return;
  const chunks = chunks_of(args);
  const member = unit / chunks;
  const chunk = unit % chunks;
  const slot = unit % slots;
  const chunkRows = word(args, 20);
  const row = block * LOSS_ROWS;
  const rows = min(LOSS_ROWS, rows_of(args, unit) - row);
  const F = word(args, 14);
  const T = word(args, 15);
  const order = address(args, 12) + bytes(member * word(args, 13) + chunk * chunkRows + row, 1);
  const target = address(args, 23) + bytes(slot * chunkRows + row, T);
  rows_gather(layer_input(net, work, 0, slot, row), address(args, 10), order, rows, F);
  rows_gather(target, address(args, 11), order, rows, T);
  forward_rows(net, work, member, slot, row, rows);
  const ld = bytes(1, leading(layer_of(net, layer_count(net) - 1)));
  const at = <usize>(slot * chunkRows + row) * ld;
  const out = address(work, 8 + 4 * (layer_count(net) - 1)) + at;
  const dout = address(work, 3) + at;
  const inverse = get<f64>(args + 104);
  const number = member * blocks_of(word(args, 19)) + chunk * blocks_of(chunkRows) + block;
  if (word(args, 16)) {
    const partial = address(args, 18) + ((<usize>(number * (1 + 2 * T))) << 3);
    nll_rows(partial, dout, out, target, address(args, 17), rows, T, ld, bytes(1, T), inverse);
  } else {
    mse_rows(address(args, 18) + ((<usize>number) << 3), dout, out, target, rows, T, ld, bytes(1, T), inverse);
  }
  backward_rows(net, work, member, slot, row, rows, 0, address(args, 5) + <usize>thread * <usize>word(args, 6));
  signal(counter(args, unit, 0));
}
