// Activations of dense layers and their derivatives, over arrays whose length is a multiple of 8. The derivative is taken
// from the output alone, except for swish, whose derivative the forward pass stores, so that no backward pass evaluates
// an exponential. A NaN stays a NaN in every function here.

import { copy, getv, putv } from "../memory";
import { tanh_v } from "../math/tanh";
import { swish_in_place, swish_with_slope } from "./swish";

/** The numbers of the activations; src/nn/activation.ts lists the same in the same order. */
export const NONE: i32 = 0;
export const RELU: i32 = 1;
export const LEAKY_RELU: i32 = 2;
export const TANH: i32 = 3;
export const SWISH: i32 = 4;

const LEAK: f32 = 0.01;

// @ts-ignore: decorator
@inline
function activated(kind: i32, z: v128): v128 {
  // pmax keeps a NaN in its first operand
  if (kind == RELU) return f32x4.pmax(z, f32x4.splat(0));
  if (kind == LEAKY_RELU) return f32x4.pmax(z, f32x4.mul(z, f32x4.splat(LEAK)));
  return tanh_v(z);
}

// 1 where y > 0, `below` where y ≤ 0, NaN where y is NaN
// @ts-ignore: decorator
@inline
function step_slope(y: v128, below: f32): v128 {
  const zero = f32x4.splat(0);
  const above = v128.bitselect(f32x4.splat(1), y, f32x4.gt(y, zero));
  return v128.bitselect(f32x4.splat(below), above, f32x4.le(y, zero));
}

// derivative at the point whose output is y
// @ts-ignore: decorator
@inline
function slope_of(kind: i32, y: v128): v128 {
  if (kind == RELU) return step_slope(y, 0);
  if (kind == LEAKY_RELU) return step_slope(y, LEAK);
  return f32x4.sub(f32x4.splat(1), f32x4.mul(y, y));
}

// @ts-ignore: decorator
@inline
function map_in_place(kind: i32, y: usize, n: i32): void {
  for (; n > 0; n -= 8) {
    const first = activated(kind, getv(y));
    const second = activated(kind, getv(y + 16));
    putv(y, first);
    putv(y + 16, second);
    y += 32;
  }
}

/** y[n] = act(y[n]) in place; for swish with an address `slope`, also slope[n] = act'. n is a multiple of 8. */
export function activate(y: usize, slope: usize, n: i32, kind: i32): void {
  if (kind == RELU) map_in_place(RELU, y, n);
  else if (kind == LEAKY_RELU) map_in_place(LEAKY_RELU, y, n);
  else if (kind == TANH) map_in_place(TANH, y, n);
  else if (kind == SWISH) {
    if (slope) swish_with_slope(y, slope, n);
    else swish_in_place(y, n);
  }
}

// @ts-ignore: decorator
@inline
function scale(kind: i32, out: usize, x: usize, y: usize, n: i32): void {
  for (; n > 0; n -= 4) {
    putv(out, f32x4.mul(getv(x), kind == SWISH ? getv(y) : slope_of(kind, getv(y))));
    out += 16;
    x += 16;
    y += 16;
  }
}

/**
 * out[n] = x[n] · act'[n]: from the gradient (or tangent) of a layer's output to that of its input. `y` is the layer's
 * output, `slope` what the forward pass stored for swish (else unused). `out` may be `x`; n is a multiple of 8.
 */
export function activation_slope(out: usize, x: usize, y: usize, slope: usize, n: i32, kind: i32): void {
  if (kind == RELU) scale(RELU, out, x, y, n);
  else if (kind == LEAKY_RELU) scale(LEAKY_RELU, out, x, y, n);
  else if (kind == TANH) scale(TANH, out, x, y, n);
  else if (kind == SWISH) scale(SWISH, out, x, slope, n);
  else if (out != x) copy(out, x, (<usize>n) << 2);
}
