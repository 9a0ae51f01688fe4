// Matrix multiplication around the register tiles. The right-hand matrix is stored packed, as panels of 8 columns:
//   panels [ceil(N/8)][K][8], columns beyond N zero.
// The left-hand matrix is row-major and read in place. A *strip* is 8, 16 or 32 columns of a product, all rows. Every
// element of a product is summed in the order of the reduction index, whatever the sizes of the other dimensions and
// whatever the tile: a row's result does not depend on the rows beside it, and the choice of tile changes no bit.
// Leading dimensions (`ld…`) count floats in the exported kernels, bytes in strips and tiles.

import {
  gemm_nn_edge_1,
  gemm_nn_edge_2,
  gemm_nn_edge_3,
  gemm_nn_edge_4,
  gemm_nn_edge_5,
  gemm_nn_edge_6,
  gemm_nn_tile_1x16,
  gemm_nn_tile_1x32,
  gemm_nn_tile_1x8,
  gemm_nn_tile_2x16,
  gemm_nn_tile_2x8,
  gemm_nn_tile_3x16,
  gemm_nn_tile_3x8,
  gemm_nn_tile_4x16,
  gemm_nn_tile_4x8,
  gemm_nn_tile_5x16,
  gemm_nn_tile_5x8,
  gemm_nn_tile_6x16,
  gemm_nn_tile_6x8,
  gemm_tn_tile_1x16,
  gemm_tn_tile_1x8,
  gemm_tn_tile_2x16,
  gemm_tn_tile_2x8,
  gemm_tn_tile_3x16,
  gemm_tn_tile_3x8,
  gemm_tn_tile_4x16,
  gemm_tn_tile_4x8,
  gemm_tn_tile_5x16,
  gemm_tn_tile_5x8,
  gemm_tn_tile_6x16,
  gemm_tn_tile_6x8,
} from "./tiles";
import { zero } from "../memory";

/** The tiles to choose from, as the host numbers them: most rows x columns. */
export namespace Tile {
  export const of5x8: i32 = 0;
  export const of6x8: i32 = 1;
  export const of4x16: i32 = 2;
  export const of6x16: i32 = 3;
}

// rows that pass over one panel before the next panel: they stay in the second-level cache
const BLOCK_ROWS: i32 = 240;

const zeros = memory.data<f32>(
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  16,
);

// @ts-ignore: decorator
@inline
function most_rows(tile: i32): i32 {
  return tile == Tile.of4x16 ? 4 : tile == Tile.of5x8 ? 5 : 6;
}

/** Columns of the next strip of a product of M rows that has `left` columns left. */
export function strip_columns(tile: i32, M: i32, left: i32): i32 {
  if (left < 16) return 8;
  // few rows: more columns, so that enough sums are in flight
  if (M == 1 && left >= 32) return 32;
  return tile >= Tile.of4x16 || M <= 3 ? 16 : 8;
}

function nn_8(
  rows: i32,
  c: usize,
  ldc: usize,
  init: usize,
  ldi: usize,
  a: usize,
  lda: usize,
  panel: usize,
  K: i32,
): void {
  switch (rows) {
    case 1:
      return gemm_nn_tile_1x8(c, ldc, init, ldi, a, lda, panel, K);
    case 2:
      return gemm_nn_tile_2x8(c, ldc, init, ldi, a, lda, panel, K);
    case 3:
      return gemm_nn_tile_3x8(c, ldc, init, ldi, a, lda, panel, K);
    case 4:
      return gemm_nn_tile_4x8(c, ldc, init, ldi, a, lda, panel, K);
    case 5:
      return gemm_nn_tile_5x8(c, ldc, init, ldi, a, lda, panel, K);
    default:
      return gemm_nn_tile_6x8(c, ldc, init, ldi, a, lda, panel, K);
  }
}

function nn_16(
  rows: i32,
  c: usize,
  ldc: usize,
  init: usize,
  ldi: usize,
  a: usize,
  lda: usize,
  panel: usize,
  K: i32,
): void {
  switch (rows) {
    case 1:
      return gemm_nn_tile_1x16(c, ldc, init, ldi, a, lda, panel, K);
    case 2:
      return gemm_nn_tile_2x16(c, ldc, init, ldi, a, lda, panel, K);
    case 3:
      return gemm_nn_tile_3x16(c, ldc, init, ldi, a, lda, panel, K);
    case 4:
      return gemm_nn_tile_4x16(c, ldc, init, ldi, a, lda, panel, K);
    case 5:
      return gemm_nn_tile_5x16(c, ldc, init, ldi, a, lda, panel, K);
    default:
      return gemm_nn_tile_6x16(c, ldc, init, ldi, a, lda, panel, K);
  }
}

function nn_edge(
  rows: i32,
  c: usize,
  ldc: usize,
  init: usize,
  ldi: usize,
  a: usize,
  lda: usize,
  panel: usize,
  K: i32,
  columns: i32,
): void {
  switch (rows) {
    case 1:
      return gemm_nn_edge_1(c, ldc, init, ldi, a, lda, panel, K, columns);
    case 2:
      return gemm_nn_edge_2(c, ldc, init, ldi, a, lda, panel, K, columns);
    case 3:
      return gemm_nn_edge_3(c, ldc, init, ldi, a, lda, panel, K, columns);
    case 4:
      return gemm_nn_edge_4(c, ldc, init, ldi, a, lda, panel, K, columns);
    case 5:
      return gemm_nn_edge_5(c, ldc, init, ldi, a, lda, panel, K, columns);
    default:
      return gemm_nn_edge_6(c, ldc, init, ldi, a, lda, panel, K, columns);
  }
}

function tn_8(rows: i32, c: usize, panel: usize, a: usize, lda: usize, z: usize, ldz: usize, M: i32): void {
  switch (rows) {
    case 1:
      return gemm_tn_tile_1x8(c, panel, a, lda, z, ldz, M);
    case 2:
      return gemm_tn_tile_2x8(c, panel, a, lda, z, ldz, M);
    case 3:
      return gemm_tn_tile_3x8(c, panel, a, lda, z, ldz, M);
    case 4:
      return gemm_tn_tile_4x8(c, panel, a, lda, z, ldz, M);
    case 5:
      return gemm_tn_tile_5x8(c, panel, a, lda, z, ldz, M);
    default:
      return gemm_tn_tile_6x8(c, panel, a, lda, z, ldz, M);
  }
}

function tn_16(rows: i32, c: usize, panel: usize, a: usize, lda: usize, z: usize, ldz: usize, M: i32): void {
  switch (rows) {
    case 1:
      return gemm_tn_tile_1x16(c, panel, a, lda, z, ldz, M);
    case 2:
      return gemm_tn_tile_2x16(c, panel, a, lda, z, ldz, M);
    case 3:
      return gemm_tn_tile_3x16(c, panel, a, lda, z, ldz, M);
    case 4:
      return gemm_tn_tile_4x16(c, panel, a, lda, z, ldz, M);
    case 5:
      return gemm_tn_tile_5x16(c, panel, a, lda, z, ldz, M);
    default:
      return gemm_tn_tile_6x16(c, panel, a, lda, z, ldz, M);
  }
}

/**
 * One strip of `columns` columns, as `strip_columns` says, or fewer than 8 at the end of a matrix:
 * c [M, columns] = init + a [M, K] · panel. `ldi` 0 gives all rows the same start; `init` 0 stands for zero.
 */
export function nn_strip(
  columns: i32,
  tile: i32,
  c: usize,
  ldc: usize,
  init: usize,
  ldi: usize,
  a: usize,
  lda: usize,
  panel: usize,
  M: i32,
  K: i32,
): void {
  if (!init) init = zeros;
  if (columns == 32) return gemm_nn_tile_1x32(c, ldc, init, ldi, a, lda, panel, K);
  // tiles whose sizes differ by at most one row, the larger ones first: no slow remainder
  const most = most_rows(tile);
  const tiles = (M + most - 1) / most;
  const small = M / tiles;
  let large = M % tiles;
  for (let i = tiles; i > 0; --i) {
    const rows = small + i32(large-- > 0);
    if (columns == 8) nn_8(rows, c, ldc, init, ldi, a, lda, panel, K);
    else if (columns == 16) nn_16(rows, c, ldc, init, ldi, a, lda, panel, K);
    else nn_edge(rows, c, ldc, init, ldi, a, lda, panel, K, columns);
    c += <usize>rows * ldc;
    init += <usize>rows * ldi;
    a += <usize>rows * lda;
  }
}

/** panel [columns / 8][K][8] += (a [M, K])ᵀ · z [M, columns], for a strip of 8 or 16 columns. */
export function tn_strip(
  columns: i32,
  tile: i32,
  panel: usize,
  a: usize,
  lda: usize,
  z: usize,
  ldz: usize,
  M: i32,
  K: i32,
): void {
  const most = most_rows(tile);
  const tiles = (K + most - 1) / most;
  const small = K / tiles;
  let large = K % tiles;
  const next = (<usize>K) << 5;
  for (let i = tiles; i > 0; --i) {
    const rows = small + i32(large-- > 0);
    if (columns == 8) tn_8(rows, panel, next, a, lda, z, ldz, M);
    else tn_16(rows, panel, next, a, lda, z, ldz, M);
    panel += (<usize>rows) << 5;
    a += (<usize>rows) << 2;
  }
}

/**
 * c [M, N] = start + a [M, K] · panels. `start` is c itself if `accumulate` is not 0; else `bias` [N], one for all rows,
 * or zero where the address `bias` is 0. c overlaps no input. `tile` is one of `Tile`.
 */
export function gemm_nn(
  c: usize,
  ldc: i32,
  a: usize,
  lda: i32,
  panels: usize,
  bias: usize,
  M: i32,
  N: i32,
  K: i32,
  accumulate: i32,
  tile: i32,
): void {
  const rowC = (<usize>ldc) << 2;
  const rowA = (<usize>lda) << 2;
  for (let row = 0; row < M; row += BLOCK_ROWS) {
    const rows = min(BLOCK_ROWS, M - row);
    let panel = panels;
    for (let column = 0; column < N;) {
      const columns = min(strip_columns(tile, rows, N - column), N - column);
      const shift = (<usize>column) << 2;
      const out = c + shift;
      const init = accumulate ? out : bias ? bias + shift : 0;
      nn_strip(columns, tile, out, rowC, init, accumulate ? rowC : 0, a, rowA, panel, rows, K);
      panel += (<usize>(columns * K)) << 2;
      column += columns;
    }
    c += <usize>rows * rowC;
    a += <usize>rows * rowA;
  }
}

/**
 * panels [ceil(N/8)][K][8] = (a [M, K])ᵀ · z [M, N] in the packed layout, added to what is there if `accumulate` is not 0.
 * z is read in whole panels: its rows hold ceil(N/8)·8 columns, those beyond N zero.
 */
export function gemm_tn(
  panels: usize,
  a: usize,
  lda: i32,
  z: usize,
  ldz: i32,
  M: i32,
  N: i32,
  K: i32,
  accumulate: i32,
  tile: i32,
): void {
  const rowA = (<usize>lda) << 2;
  const rowZ = (<usize>ldz) << 2;
  if (K == 0) return;
  for (let column = 0; column < N;) {
    const columns = tile >= Tile.of4x16 && N - column > 8 ? 16 : 8;
    const bytes = (<usize>(columns * K)) << 2;
    if (!accumulate) zero(panels, bytes);
    tn_strip(columns, tile, panels, a, rowA, z, rowZ, M, K);
    panels += bytes;
    z += (<usize>columns) << 2;
    column += columns;
  }
}
