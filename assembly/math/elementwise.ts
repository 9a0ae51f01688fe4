// The functions of this folder over arrays: out[i] = f(x[i]), i < n; `out` may be `x`. One loop serves all: the operation
// is a constant that the compiler folds. Four vectors per turn keep the arithmetic units busy through the long chains of
// the polynomials; what remains is computed on vectors padded with zeros, so every element has the same bits whatever its place.

import { getpart, getv, putpart, putv } from "../memory";
import { exp_v } from "./exp";
import { log_v } from "./log";
import { sigmoid_v, swish_v } from "./sigmoid";
import { cos_v, sin_v } from "./sincos";
import { softplus_v } from "./softplus";
import { tanh_v } from "./tanh";

const EXP = 0;
const LOG = 1;
const TANH = 2;
const SIGMOID = 3;
const SOFTPLUS = 4;
const SWISH = 5;
const SIN = 6;
const COS = 7;

// @ts-ignore: decorator
@inline
function apply(operation: i32, x: v128): v128 {
  if (operation == EXP) return exp_v(x);
  if (operation == LOG) return log_v(x);
  if (operation == TANH) return tanh_v(x);
  if (operation == SIGMOID) return sigmoid_v(x);
  if (operation == SOFTPLUS) return softplus_v(x);
  if (operation == SWISH) return swish_v(x);
  if (operation == SIN) return sin_v(x);
  return cos_v(x);
}

// @ts-ignore: decorator
@inline
function map(operation: i32, out: usize, x: usize, n: i32): void {
  for (; n >= 16; n -= 16) {
    const first = apply(operation, getv(x));
    const second = apply(operation, getv(x + 16));
    const third = apply(operation, getv(x + 32));
    const fourth = apply(operation, getv(x + 48));
    putv(out, first);
    putv(out + 16, second);
    putv(out + 32, third);
    putv(out + 48, fourth);
    x += 64;
    out += 64;
  }
  for (; n > 0; n -= 4) {
    const full = n >= 4;
    const value = apply(operation, full ? getv(x) : getpart(x, n));
    if (full) putv(out, value);
    else putpart(out, value, n);
    x += 16;
    out += 16;
  }
}

/** out[n] = e^x[n]. */
export function exp_f32(out: usize, x: usize, n: i32): void {
  map(EXP, out, x, n);
}

/** out[n] = log x[n]. */
export function log_f32(out: usize, x: usize, n: i32): void {
  map(LOG, out, x, n);
}

/** out[n] = tanh x[n]. */
export function tanh_f32(out: usize, x: usize, n: i32): void {
  map(TANH, out, x, n);
}

/** out[n] = 1 / (1 + e^−x[n]). */
export function sigmoid_f32(out: usize, x: usize, n: i32): void {
  map(SIGMOID, out, x, n);
}

/** out[n] = log(1 + e^x[n]). */
export function softplus_f32(out: usize, x: usize, n: i32): void {
  map(SOFTPLUS, out, x, n);
}

/** out[n] = x[n] / (1 + e^−x[n]). */
export function swish_f32(out: usize, x: usize, n: i32): void {
  map(SWISH, out, x, n);
}

/** out[n] = sin x[n]. */
export function sin_f32(out: usize, x: usize, n: i32): void {
  map(SIN, out, x, n);
}

/** out[n] = cos x[n]. */
export function cos_f32(out: usize, x: usize, n: i32): void {
  map(COS, out, x, n);
}
