// Passes of one dense layer, y = act(x · W + b), for many networks at once. Slot i works with the parameters of member
// members[i] (of member i where the address `members` is 0), so that a list may leave members out or repeat them.
//
//   x        [slots, rows, ldx], slots `strideX` floats apart (0: all slots read the same rows); columns 0 … K − 1 count
//   y, slope [slots, rows, N8], N8 = N rounded up to a multiple of 8; dz, dy and the tangent of y likewise
//   weights  [members][N8 / 8][K][8] and bias [members][N8]: zero beyond column N, so the padding of y is act(0) = 0
//
// Rows go through product and activation in blocks that stay in the first-level cache. Sums run over rows or inputs in
// their order, whatever the blocks.

import { activate, activation_slope } from "./activation";
import { gemm_nn, gemm_tn, TILE_ROWS } from "../linalg/gemm";
import { get, getv, putv } from "../memory";

const BLOCK_ROWS: i32 = 16 * TILE_ROWS;

// @ts-ignore: decorator
@inline
function member(members: usize, slot: i32): usize {
  return members ? <usize>get<i32>(members + ((<usize>slot) << 2)) : <usize>slot;
}

// @ts-ignore: decorator
@inline
function padded(n: i32): i32 {
  return (n + 7) & ~7;
}

// bytes of `rows` rows of `ld` floats
// @ts-ignore: decorator
@inline
function span(rows: i32, ld: i32): usize {
  return (<usize>rows * <usize>ld) << 2;
}

/** y = act(x · W + b); for swish with an address `slope`, also slope = act'. */
export function dense_forward(
  y: usize,
  slope: usize,
  x: usize,
  weights: usize,
  bias: usize,
  members: usize,
  slots: i32,
  rows: i32,
  K: i32,
  N: i32,
  ldx: i32,
  strideX: i32,
  activation: i32,
): void {
  const ldy = padded(N);
  for (let slot = 0; slot < slots; ++slot) {
    const m = member(members, slot);
    const w = weights + m * span(K, ldy);
    const b = bias + m * span(1, ldy);
    const base = x + span(slot, strideX);
    for (let row = 0; row < rows; row += BLOCK_ROWS) {
      const block = min(BLOCK_ROWS, rows - row);
      gemm_nn(y, ldy, base + span(row, ldx), ldx, w, b, block, ldy, K, 0);
      activate(y, slope, block * ldy, activation);
      y += span(block, ldy);
      if (slope) slope += span(block, ldy);
    }
  }
}

/** dweights += xᵀ · dz and dbias += Σ over rows of dz, in the layouts of weights and bias. */
export function dense_weight_gradient(
  dweights: usize,
  dbias: usize,
  x: usize,
  dz: usize,
  members: usize,
  slots: i32,
  rows: i32,
  K: i32,
  N: i32,
  ldx: i32,
  strideX: i32,
): void {
  const ldz = padded(N);
  for (let slot = 0; slot < slots; ++slot) {
    const m = member(members, slot);
    gemm_tn(dweights + m * span(K, ldz), x + span(slot, strideX), ldx, dz, ldz, rows, N, K);
    add_rows(dbias + m * span(1, ldz), dz, rows, ldz);
    dz += span(rows, ldz);
  }
}

// sum [ld] += Σ over rows of z [rows, ld]
function add_rows(sum: usize, z: usize, rows: i32, ld: i32): void {
  const bytes = span(1, ld);
  for (let column: usize = 0; column < bytes; column += 32) {
    let left = getv(sum + column);
    let right = getv(sum + column + 16);
    let p = z + column;
    for (let row = rows; row > 0; --row) {
      left = f32x4.add(left, getv(p));
      right = f32x4.add(right, getv(p + 16));
      p += bytes;
    }
    putv(sum + column, left);
    putv(sum + column + 16, right);
  }
}

/**
 * dx [slots, rows, lddx] = dz · Wᵀ, times the derivative of the activation that made x: `activation`, `y` and `slope` are
 * those of the layer before, laid out as dx (none for the first layer). `transposed` [members][ceil(K/8)][N][8] holds the
 * panels of Wᵀ. Where lddx leaves room the padding up to a multiple of 8 is written too, as zeros.
 */
export function dense_input_gradient(
  dx: usize,
  dz: usize,
  transposed: usize,
  y: usize,
  slope: usize,
  members: usize,
  slots: i32,
  rows: i32,
  K: i32,
  N: i32,
  lddx: i32,
  activation: i32,
): void {
  const ldz = padded(N);
  const columns = min(lddx, padded(K));
  for (let slot = 0; slot < slots; ++slot) {
    const w = transposed + member(members, slot) * span(N, padded(K));
    for (let row = 0; row < rows; row += BLOCK_ROWS) {
      const block = min(BLOCK_ROWS, rows - row);
      gemm_nn(dx, lddx, dz, ldz, w, 0, block, columns, N, 0);
      if (activation) activation_slope(dx, dx, y, slope, block * lddx, activation);
      dx += span(block, lddx);
      dz += span(block, ldz);
      y += span(block, lddx);
      slope += span(block, lddx);
    }
  }
}

/**
 * ty = act' · (tx · W + x · tweights + tbias): the change of y along a direction in input and parameters. tx is laid out as
 * x; address 0 for `tx` or for both `tweights` and `tbias` stands for zero (not both).
 */
export function dense_tangent(
  ty: usize,
  tx: usize,
  x: usize,
  weights: usize,
  tweights: usize,
  tbias: usize,
  y: usize,
  slope: usize,
  members: usize,
  slots: i32,
  rows: i32,
  K: i32,
  N: i32,
  ldx: i32,
  strideX: i32,
  activation: i32,
): void {
  const ldy = padded(N);
  for (let slot = 0; slot < slots; ++slot) {
    const m = member(members, slot);
    const w = m * span(K, ldy);
    const base = span(slot, strideX);
    for (let row = 0; row < rows; row += BLOCK_ROWS) {
      const block = min(BLOCK_ROWS, rows - row);
      const at = base + span(row, ldx);
      if (tweights) gemm_nn(ty, ldy, x + at, ldx, tweights + w, tbias + m * span(1, ldy), block, ldy, K, 0);
      if (tx) gemm_nn(ty, ldy, tx + at, ldx, weights + w, 0, block, ldy, K, i32(tweights != 0));
      activation_slope(ty, ty, y, slope, block * ldy, activation);
      ty += span(block, ldy);
      y += span(block, ldy);
      slope += span(block, ldy);
    }
  }
}
