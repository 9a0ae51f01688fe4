// One step of imagined transitions through a learned model: features, networks, head, target. The table by which kernels
// know a model (32-bit words, written by src/models/dynamics-model.ts in this order):
//    0 – 2   network, list of the members in use, their number
//    3 – 8   D, A, F, T, floats of an output row, 1 when probabilistic
//    9 – 11  features [F, 2], their mean and inverse deviation [F]
//   12 – 17  largest and smallest log-variance, mean and deviation of targets [T]; delta [D]; 1 when the reward is learned

import { get } from "../memory";
import { address, bytes, network_forward, widest, word } from "../nn/network";
import { model_features } from "./features";
import { apply_target, head_mean, head_sample } from "./head";
import { head_disagreement, head_median, head_spread } from "./members";

/** What several members' outputs become: their mean, their median, or normal with their mean and deviation. */
export namespace Together {
  export const mean: i32 = 0;
  export const median: i32 = 1;
  export const spread: i32 = 2;
}

// @ts-ignore: decorator
@inline
export function member_count(model: usize): i32 {
  return word(model, 2);
}
// @ts-ignore: decorator
@inline
export function observation_size(model: usize): i32 {
  return word(model, 3);
}
// @ts-ignore: decorator
@inline
export function action_size(model: usize): i32 {
  return word(model, 4);
}
// @ts-ignore: decorator
@inline
export function target_size(model: usize): i32 {
  return word(model, 6);
}
// @ts-ignore: decorator
@inline
export function probabilistic(model: usize): i32 {
  return word(model, 8);
}

/**
 * next [rows, D] (and reward [rows], if learned) after observation [rows, D] and action [rows, A], by the members in `slots`
 * slots from `slot` on: drawn with standard normals `noise` [rows, T] from the one slot, or, where `noise` is 0, the mean
 * over them, or what `together` says (`spread` draws with `noise`, from the members' means). `scratch` holds 2 · rows rows of the networks' widest leading dimension, then slots · rows rows of outputs,
 * rows of features, rows of targets.
 */
export function model_step(
  model: usize,
  slot: i32,
  slots: i32,
  together: i32,
  next: usize,
  reward: usize,
  observation: usize,
  action: usize,
  noise: usize,
  rows: i32,
  scratch: usize,
): void {
  const D = word(model, 3);
  const T = word(model, 6);
  const stride = word(model, 7);
  const output = outputs(model, slot, slots, observation, action, rows, scratch);
  const target = output + <usize>slots * bytes(rows, stride) + bytes(rows, word(model, 5));
  const shift = address(model, 14);
  const scale = address(model, 15);
  if (together == Together.median) {
    head_median(target, output, shift, scale, slots, rows, T, stride);
  } else if (together == Together.spread) {
    head_spread(target, output, noise, shift, scale, slots, rows, T, stride);
  } else if (noise) {
    head_sample(target, output, noise, address(model, 12), address(model, 13), shift, scale, rows, T, stride);
  } else {
    head_mean(target, output, shift, scale, slots, rows, T, stride);
  }
  apply_target(next, word(model, 17) ? reward : 0, observation, target, address(model, 16), rows, D, T);
}

/**
 * disagreement [rows] of all members about what follows observation [rows, D] and action [rows, A] (members.ts). `scratch` as for
 * `model_step`, without targets.
 */
export function model_disagreement(
  model: usize,
  disagreement: usize,
  observation: usize,
  action: usize,
  rows: i32,
  scratch: usize,
): void {
  const K = member_count(model);
  const output = outputs(model, 0, K, observation, action, rows, scratch);
  head_disagreement(disagreement, output, K, rows, word(model, 6), word(model, 7));
}

// outputs of the networks in `slots` slots from `slot` on, and after them the features; returns where
function outputs(
  model: usize,
  slot: i32,
  slots: i32,
  observation: usize,
  action: usize,
  rows: i32,
  scratch: usize,
): usize {
  const net = address(model, 0);
  const D = word(model, 3);
  const A = word(model, 4);
  const F = word(model, 5);
  const stride = word(model, 7);
  const output = scratch + bytes(2 * rows, widest(net));
  const outputBytes = bytes(rows, stride);
  const features = output + <usize>slots * outputBytes;
  model_features(
    features,
    observation,
    action,
    address(model, 9),
    address(model, 10),
    address(model, 11),
    rows,
    D,
    A,
    F,
  );
  for (let s = 0; s < slots; ++s) {
    const member = get<i32>(address(model, 1) + ((<usize>(slot + s)) << 2));
    const out = output + <usize>s * outputBytes;
    network_forward(net, member, out, bytes(1, stride), features, bytes(1, F), rows, scratch);
  }
  return output;
}
