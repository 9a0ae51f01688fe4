// What the output of a policy's network means, for rows of heads [rows, stride] (table.ts): actions, log-densities, entropies,
// and the vectors that the passes of the network carry back to the parameters. Sums over rows are taken in float64 by blocks
// of SUM_ROWS. Whatever writes a gradient writes whole rows, zero beyond the head's own columns.

import { get, put, zero } from "../memory";
import { address, bytes, inputs, layer_count, layer_of, parameters, weights } from "../nn/network";
import {
  categorical_choice,
  categorical_entropy,
  categorical_fisher,
  categorical_kl,
  categorical_log_prob,
  categorical_score,
  choice_at,
} from "./categorical";
import {
  gaussian_act,
  gaussian_action_vjp,
  gaussian_entropy,
  gaussian_fisher,
  gaussian_kl,
  gaussian_log_prob,
  gaussian_score,
} from "./gaussian";
import { constant_std, first_choice, head_size, head_stride, Kind, kind_of, raw_size } from "./table";

/** Rows whose sums are taken together. */
const SUM_ROWS: i32 = 64;

// @ts-ignore: decorator
@inline
function after(row: usize, columns: i32): usize {
  return row ? row + bytes(1, columns) : 0;
}

/**
 * action [rows, the environment's size], raw [rows, A] (u; the index of a categorical one) and logProb [rows], each only where
 * its address is not 0, from noise [rows, A]: standard normals, or a uniform number (categorical). Without noise (0): the mode.
 * A deterministic policy has no density: its logProb is 0.
 */
export function policy_act(
  policy: usize,
  action: usize,
  raw: usize,
  logProb: usize,
  head: usize,
  noise: usize,
  rows: i32,
): void {
  const kind = kind_of(policy);
  const A = raw_size(policy);
  const n = head_size(policy);
  const stride = head_stride(policy);
  for (; rows > 0; --rows) {
    if (kind == Kind.categorical) {
      const k = categorical_choice(head, noise, n);
      if (action) put<f32>(action, <f32>(first_choice(policy) + k));
      if (raw) put<f32>(raw, <f32>k);
      if (logProb) put<f32>(logProb, <f32>categorical_log_prob(head, k, n));
    } else {
      gaussian_act(policy, kind, action, raw, head, noise, A);
      if (logProb) {
        const value = kind == Kind.deterministic || !raw ? 0 : gaussian_log_prob(kind, head, raw, A);
        put<f32>(logProb, <f32>value);
      }
    }
    head = after(head, stride);
    action = after(action, A);
    raw = after(raw, A);
    logProb = after(logProb, 1);
    noise = after(noise, A);
  }
}

/** out [rows] = log-density of raw [rows, A]. */
export function policy_log_prob(policy: usize, out: usize, head: usize, raw: usize, rows: i32): void {
  const kind = kind_of(policy);
  const A = raw_size(policy);
  const n = head_size(policy);
  for (; rows > 0; --rows) {
    const value =
      kind == Kind.categorical
        ? categorical_log_prob(head, choice_at(raw, n), n)
        : gaussian_log_prob(kind, head, raw, A);
    put<f32>(out, <f32>value);
    out += 4;
    head = after(head, head_stride(policy));
    raw = after(raw, A);
  }
}

/** out [rows] = entropies; 0 where `weight` [rows] is, whatever the head (address 0: all rows count). */
export function policy_entropy(policy: usize, out: usize, head: usize, weight: usize, rows: i32): void {
  const kind = kind_of(policy);
  for (; rows > 0; --rows) {
    let value: f64 = 0;
    if (!weight || get<f32>(weight) != 0) {
      value =
        kind == Kind.categorical
          ? categorical_entropy(head, head_size(policy))
          : gaussian_entropy(head, raw_size(policy));
    }
    put<f32>(out, <f32>value);
    out += 4;
    head = after(head, head_stride(policy));
    weight = after(weight, 1);
  }
}

// zeros beyond the columns of the head
// @ts-ignore: decorator
@inline
function pad(dh: usize, n: i32, stride: i32): void {
  zero(dh + bytes(1, n), bytes(1, stride - n));
}

/**
 * dh [rows, stride] = weight [rows] · ∂ log-density(raw) / ∂h + entropy · ∂ entropy / ∂h. Where the weight is 0, raw does not
 * count whatever it is; where `entropy` is 0 too, nor does the head.
 */
export function policy_score(
  policy: usize,
  dh: usize,
  head: usize,
  raw: usize,
  weight: usize,
  entropy: f64,
  rows: i32,
): void {
  const kind = kind_of(policy);
  const A = raw_size(policy);
  const n = head_size(policy);
  const stride = head_stride(policy);
  for (; rows > 0; --rows) {
    const w = <f64>get<f32>(weight);
    if (w == 0 && entropy == 0) zero(dh, bytes(1, stride));
    else {
      if (kind == Kind.categorical) categorical_score(dh, head, choice_at(raw, n), n, w, entropy);
      else gaussian_score(dh, head, raw, A, w, entropy);
      pad(dh, n, stride);
    }
    dh = after(dh, stride);
    head = after(head, stride);
    raw = after(raw, A);
    weight += 4;
  }
}

/** out [2] f64 = Σ w · KL(old ‖ present) and Σ w over rows; the weights are 1 where `weight` is 0. Rows of weight 0 are not read. */
export function policy_kl(policy: usize, out: usize, old: usize, head: usize, weight: usize, rows: i32): void {
  const kind = kind_of(policy);
  const stride = head_stride(policy);
  let total: f64 = 0;
  let weights: f64 = 0;
  for (let row = 0; row < rows; row += SUM_ROWS) {
    let sum: f64 = 0;
    for (let left = min(SUM_ROWS, rows - row); left > 0; --left) {
      const w = weight ? <f64>get<f32>(weight) : 1;
      if (w != 0) {
        sum +=
          w *
          (kind == Kind.categorical
            ? categorical_kl(old, head, head_size(policy))
            : gaussian_kl(old, head, raw_size(policy)));
      }
      weights += w;
      old = after(old, stride);
      head = after(head, stride);
      weight = after(weight, 1);
    }
    total += sum;
  }
  put<f64>(out, total);
  put<f64>(out + 8, weights);
}

/** dh [rows, stride] = w · F · tangent [rows, stride] / Σ w, F the Fisher matrix of each row's distribution. */
export function policy_fisher(policy: usize, dh: usize, tangent: usize, head: usize, weight: usize, rows: i32): void {
  const kind = kind_of(policy);
  const n = head_size(policy);
  const stride = head_stride(policy);
  let weights: f64 = weight ? 0 : <f64>rows;
  for (let r: usize = 0; weight && r < <usize>rows; ++r) weights += <f64>get<f32>(weight + (r << 2));
  const inverse = weights != 0 ? 1 / weights : 0;
  for (; rows > 0; --rows) {
    const w = weight ? <f64>get<f32>(weight) : 1;
    if (w == 0) zero(dh, bytes(1, stride));
    else {
      if (kind == Kind.categorical) categorical_fisher(dh, tangent, head, n, w * inverse);
      else gaussian_fisher(dh, tangent, head, raw_size(policy), w * inverse);
      pad(dh, n, stride);
    }
    dh = after(dh, stride);
    tangent = after(tangent, stride);
    head = after(head, stride);
    weight = after(weight, 1);
  }
}

/** dh [rows, stride] from the gradient g [rows, A] of the environment's action, `noise` as `policy_act` had it. Not categorical. */
export function policy_action_vjp(policy: usize, dh: usize, g: usize, head: usize, noise: usize, rows: i32): void {
  const kind = kind_of(policy);
  const A = raw_size(policy);
  const n = head_size(policy);
  const stride = head_stride(policy);
  for (; rows > 0; --rows) {
    gaussian_action_vjp(policy, kind, dh, g, head, noise, A);
    pad(dh, n, stride);
    dh = after(dh, stride);
    g = after(g, A);
    head = after(head, stride);
    noise = after(noise, A);
  }
}

/**
 * Where log σ does not depend on the observation: zeroes the weights that lead to it in `flat`, a vector laid out as the
 * parameters (gradient, direction, or the parameters themselves). What is left of those columns is the bias.
 */
export function policy_mask(policy: usize, flat: usize): void {
  if (!constant_std(policy)) return;
  const net = address(policy, 0);
  const layer = layer_of(net, layer_count(net) - 1);
  const K = inputs(layer);
  const A = raw_size(policy);
  const start = flat + (weights(layer, 0) - parameters(net));
  for (let column = A; column < 2 * A; ++column) {
    const panel = start + bytes(column >> 3, 8 * K) + bytes(1, column & 7);
    for (let k = 0; k < K; ++k) put<f32>(panel + bytes(k, 8), 0);
  }
}
