// The table of 32-bit words by which kernels know a policy, written by src/policies/policy.ts in this order:
//    0 – 6   network, list of its one member, kind, D (observation), A (the policy's own action u), floats of a head row in
//            use, and from one head row to the next
//    7 – 8   mean and inverse deviation of observations [D]
//    9 – 12  of each element of the environment's action: smallest, largest, center and half of the range (0 and 1 where
//            there is no range)
//   13 – 17  first index of a discrete action, widest leading dimension of the network, size of the environment's action,
//            largest normalized observation (f32), 1 when the deviation does not depend on the observation
//
// A row of a head is [mean A | log σ A] (gaussian, squashed), logits (categorical) or means (deterministic). The policy's own
// action u has no bounds; the environment's action is made of it in action.ts.

import { get } from "../memory";
import { address, word } from "../nn/network";

export namespace Kind {
  export const gaussian: i32 = 0;
  export const squashed: i32 = 1;
  export const categorical: i32 = 2;
  export const deterministic: i32 = 3;
}

// @ts-ignore: decorator
@inline
export function kind_of(policy: usize): i32 {
  return word(policy, 2);
}
// @ts-ignore: decorator
@inline
export function observation_size(policy: usize): i32 {
  return word(policy, 3);
}
/** A, the length of u. */
// @ts-ignore: decorator
@inline
export function raw_size(policy: usize): i32 {
  return word(policy, 4);
}
// @ts-ignore: decorator
@inline
export function head_size(policy: usize): i32 {
  return word(policy, 5);
}
// @ts-ignore: decorator
@inline
export function head_stride(policy: usize): i32 {
  return word(policy, 6);
}
// @ts-ignore: decorator
@inline
export function low_of(policy: usize): usize {
  return address(policy, 9);
}
// @ts-ignore: decorator
@inline
export function high_of(policy: usize): usize {
  return address(policy, 10);
}
// @ts-ignore: decorator
@inline
export function center_of(policy: usize): usize {
  return address(policy, 11);
}
// @ts-ignore: decorator
@inline
export function half_of(policy: usize): usize {
  return address(policy, 12);
}
// @ts-ignore: decorator
@inline
export function first_choice(policy: usize): i32 {
  return word(policy, 13);
}
// @ts-ignore: decorator
@inline
export function clip_of(policy: usize): f32 {
  return get<f32>(policy + 64);
}
/** 1 when log σ is a parameter and not a function of the observation. */
// @ts-ignore: decorator
@inline
export function constant_std(policy: usize): i32 {
  return word(policy, 17);
}

/** Element `i` of a row of f32, in f64. */
// @ts-ignore: decorator
@inline
export function at(row: usize, i: i32): f64 {
  return <f64>get<f32>(row + ((<usize>i) << 2));
}
