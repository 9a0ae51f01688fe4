// Activations of dense layers over strips of a product: `columns` (a multiple of 8) columns of `rows` rows. Where an
// address `slope` is given, the derivative is stored beside the output, so that no backward pass evaluates anything: it
// multiplies. A NaN stays a NaN in every function here.

import { getv, putv } from "../memory";
import { tanh_v } from "../math/tanh";
import { swish_strip } from "./swish";

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
function strip(kind: i32, y: usize, slope: usize, ld: usize, rows: i32, columns: i32): void {
  for (; rows > 0; --rows) {
    for (let column: usize = 0; column < (<usize>columns) << 2; column += 32) {
      const first = activated(kind, getv(y + column));
      const second = activated(kind, getv(y + column + 16));
      putv(y + column, first);
      putv(y + column + 16, second);
      if (slope) {
        putv(slope + column, slope_of(kind, first));
        putv(slope + column + 16, slope_of(kind, second));
      }
    }
    y += ld;
    if (slope) slope += ld;
  }
}

/** y [rows, columns] = act(y) in place; with an address `slope`, also slope = act'. Rows of both are `ld` bytes apart. */
export function activate_strip(kind: i32, y: usize, slope: usize, ld: usize, rows: i32, columns: i32): void {
  if (kind == RELU) strip(RELU, y, slope, ld, rows, columns);
  else if (kind == LEAKY_RELU) strip(LEAKY_RELU, y, slope, ld, rows, columns);
  else if (kind == TANH) strip(TANH, y, slope, ld, rows, columns);
  else if (kind == SWISH) {
    // the columns of a wide strip eight at a time
    for (; columns > 0; columns -= 8) {
      swish_strip(y, slope, ld, rows);
      y += 32;
      if (slope) slope += 32;
    }
  }
}

/**
 * out [rows, 8] = x · slope: from the gradient (or tangent) of a layer's output to that of its input. Leading dimensions in
 * bytes; `out` may be `x` or `slope`.
 */
export function scale_strip(out: usize, ldo: usize, x: usize, ldx: usize, slope: usize, lds: usize, rows: i32): void {
  for (; rows > 0; --rows) {
    const first = f32x4.mul(getv(x), getv(slope));
    const second = f32x4.mul(getv(x + 16), getv(slope + 16));
    putv(out, first);
    putv(out + 16, second);
    out += ldo;
    x += ldx;
    slope += lds;
  }
}
