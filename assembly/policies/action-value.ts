// What an action-value network reads, [filtered observation | action in units of half its range], and the way back from its
// input's gradient to the action.

import { get, put } from "../memory";
import { policy_filter } from "./filter";

// @ts-ignore: decorator
@inline
function element(row: usize, i: i32): usize {
  return row + ((<usize>i) << 2);
}

/**
 * out [rows, D + A] = clip((observation [rows, D] − mean) · inverse, ±limit), then (action [rows, A] − center) / half, for the
 * vectors mean and inverse [D], center and half [A].
 */
export function action_value_features(
  out: usize,
  observation: usize,
  action: usize,
  mean: usize,
  inverse: usize,
  limit: f32,
  center: usize,
  half: usize,
  rows: i32,
  D: i32,
  A: i32,
): void {
  for (; rows > 0; --rows) {
    policy_filter(out, observation, mean, inverse, limit, 1, D);
    for (let a = 0; a < A; ++a) {
      const scaled = (get<f32>(element(action, a)) - get<f32>(element(center, a))) / get<f32>(element(half, a));
      put<f32>(element(out, D + a), scaled);
    }
    out = element(out, D + A);
    observation = element(observation, D);
    action = element(action, A);
  }
}

/**
 * out [rows, A] = gradient with respect to the action of scale · value + penalty · Σ ((action − center) / half)², from the
 * gradient g [rows, D + A] of the value with respect to the features.
 */
export function action_value_gradient(
  out: usize,
  g: usize,
  action: usize,
  center: usize,
  half: usize,
  scale: f64,
  penalty: f64,
  rows: i32,
  D: i32,
  A: i32,
): void {
  for (; rows > 0; --rows) {
    for (let a = 0; a < A; ++a) {
      const h = <f64>get<f32>(element(half, a));
      const scaled = (<f64>get<f32>(element(action, a)) - <f64>get<f32>(element(center, a))) / h;
      put<f32>(element(out, a), <f32>((scale * <f64>get<f32>(element(g, D + a)) + 2 * penalty * scaled) / h));
    }
    out = element(out, A);
    g = element(g, D + A);
    action = element(action, A);
  }
}
