// Inference of an ensemble, cut into blocks of rows that go through all layers before the next block, so that activations
// stay in the first- and second-level cache. A row's result does not depend on its block.
//
// Arguments (32-bit words): network, out [slots, rows, N8], x [slots, rows, K] (slots `strideX` floats apart; 0: one input for
// all), members [slots], rows, blocks of a slot, strideX, scratch, bytes of scratch for one thread.

import { address, bytes, inputs, layer_count, layer_of, network_forward, outputs, padded, word } from "./network";
import { get } from "../memory";

/** Rows from `block` on of `blocks` blocks whose sizes differ by at most one. */
// @ts-ignore: decorator
@inline
export function block_start(block: i32, blocks: i32, rows: i32): i32 {
  return <i32>((<i64>rows * <i64>block) / <i64>blocks);
}

/** Task `slot · blocks + block`. */
export function predict_task(args: usize, task: i32, thread: i32): void {
  const net = address(args, 0);
  const rows = word(args, 4);
  const blocks = word(args, 5);
  const slot = task / blocks;
  const first = block_start(task % blocks, blocks, rows);
  const count = block_start((task % blocks) + 1, blocks, rows) - first;
  const member = get<i32>(address(args, 3) + ((<usize>slot) << 2));
  const K = inputs(layer_of(net, 0));
  const N = padded(outputs(layer_of(net, layer_count(net) - 1)));
  const x = address(args, 2) + bytes(slot, word(args, 6)) + bytes(first, K);
  const out = address(args, 1) + bytes(slot * rows + first, N);
  const scratch = address(args, 7) + <usize>thread * <usize>word(args, 8);
  network_forward(net, member, out, bytes(1, N), x, bytes(1, K), count, scratch);
}
