// One step of a policy on a block of rows: filter, network, head. What rollouts in Wasm call, and what an agent acts with.

import { address, bytes, network_forward, widest } from "../nn/network";
import { policy_filter } from "./filter";
import { policy_act } from "./head";
import { clip_of, head_stride, observation_size } from "./table";

/**
 * action [rows, the environment's size], raw [rows, A] and logProb [rows] (the last two only where their address is not 0;
 * log-densities need raw) for observation [rows, D], with noise [rows, A] as `policy_act` has it (0: the mode). `scratch` holds
 * 2 · rows rows of the network's widest leading dimension, then rows of heads and rows of observations:
 * rows · (2 · widest + stride + D) floats. The bits are those of a pass over the rows, however they are cut into blocks.
 */
export function policy_step(
  policy: usize,
  action: usize,
  raw: usize,
  logProb: usize,
  observation: usize,
  noise: usize,
  rows: i32,
  scratch: usize,
): void {
  const net = address(policy, 0);
  const D = observation_size(policy);
  const stride = bytes(1, head_stride(policy));
  const head = scratch + bytes(2 * rows, widest(net));
  const filtered = head + <usize>rows * stride;
  policy_filter(filtered, observation, address(policy, 7), address(policy, 8), clip_of(policy), rows, D);
  network_forward(net, 0, head, stride, filtered, bytes(1, D), rows, scratch);
  policy_act(policy, action, raw, logProb, head, noise, rows);
}
