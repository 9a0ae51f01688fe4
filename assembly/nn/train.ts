// One training step of every member of an ensemble over a chunk of a minibatch, as one region: rows are gathered, taken
// forward, scored and taken backward in blocks; then come the parameters, each weight's gradient summed over all rows in
// their order. The last chunk ends with Adam. What is computed are the bits of forward, loss, vjp and Adam one by one.
//
// The tasks of a member that concern rows come before those that concern weights, which wait for them. With several threads
// the rows of the next member come between, so that nobody waits.
//
// Arguments: those of assembly/nn/weights.ts, then (words 10 – 25) features [n, F] and targets [n, T], order [slots,
// orderStride] of their rows, from the chunk's first on, orderStride, F, T, loss (0 squared error, 1 Gaussian), bounds,
// partials [slots, blocks, …] of the whole batch, the chunk's first block, blocks, members ahead (0 or 1), counters of
// finished blocks [slots], batch targets [slots, rows of the chunk, T]; word 26 on (f64): 1 / (rows of the batch · T).

import { LOSS_ROWS, mse_rows, nll_rows } from "./losses";
import { address, bytes, layer_count, layer_of, leading, word } from "./network";
import { backward_rows, forward_rows, layer_input } from "./passes";
import { member_task, weight_tasks } from "./weights";
import { rows_gather } from "../data/rows";
import { get } from "../memory";
import { signal, wait_for } from "../parallel/counter";

/** Region "train": one of slots · (row blocks + weight tasks) tasks. */
export function train_task(args: usize, task: i32, thread: i32): void {
  const slots = word(args, 2);
  const blocks = (word(address(args, 1), 0) + LOSS_ROWS - 1) / LOSS_ROWS;
  const weights = weight_tasks(address(args, 0));
  const ahead = word(args, 21);
  // rows of the first `ahead` members, then rounds of the rows of one member and the weights of another
  if (task < ahead * blocks) return rows_task(args, task / blocks, task % blocks, thread);
  task -= ahead * blocks;
  const round = task / (blocks + weights);
  task -= round * (blocks + weights);
  if (round + ahead < slots) {
    if (task < blocks) return rows_task(args, round + ahead, task, thread);
    task -= blocks;
  }
  wait_for(address(args, 22) + bytes(round, 1), blocks);
  member_task(args, round, task, thread);
}

function rows_task(args: usize, slot: i32, block: i32, thread: i32): void {
  const net = address(args, 0);
  const work = address(args, 1);
  const chunk = word(work, 0);
  const row = block * LOSS_ROWS;
  const rows = min(LOSS_ROWS, chunk - row);
  const F = word(args, 14);
  const T = word(args, 15);
  const order = address(args, 12) + bytes(slot * word(args, 13) + row, 1);
  const target = address(args, 24) + bytes(slot * chunk + row, T);
  rows_gather(layer_input(net, work, 0, slot, row), address(args, 10), order, rows, F);
  rows_gather(target, address(args, 11), order, rows, T);
  forward_rows(net, work, slot, row, rows);
  const ld = bytes(1, leading(layer_of(net, layer_count(net) - 1)));
  const at = <usize>(slot * chunk + row) * ld;
  const out = address(work, 8 + 4 * (layer_count(net) - 1)) + at;
  const dout = address(work, 3) + at;
  const inverse = get<f64>(args + 104);
  const number = slot * word(args, 20) + word(args, 19) + block;
  if (word(args, 16)) {
    const partial = address(args, 18) + ((<usize>(number * (1 + 2 * T))) << 3);
    nll_rows(partial, dout, out, target, address(args, 17), rows, T, ld, bytes(1, T), inverse);
  } else {
    mse_rows(address(args, 18) + ((<usize>number) << 3), dout, out, target, rows, T, ld, bytes(1, T), inverse);
  }
  backward_rows(net, work, slot, row, rows, 0, address(args, 5) + <usize>thread * <usize>word(args, 6));
  signal(address(args, 22) + bytes(slot, 1));
}
