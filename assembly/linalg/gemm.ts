// Matrix multiplication around the register tiles. The right-hand matrix is stored packed, as panels of 8 columns:
//   panels [ceil(N/8)][K][8], columns beyond N zero.
// The left-hand matrix is row-major and read in place. Every element of a product is summed in the order of the
// reduction index, whatever the sizes of the other dimensions: a row's result does not depend on the rows beside it.
// Leading dimensions (`ld…`) count floats.

import {
  gemm_nn_tile_1,
  gemm_nn_tile_2,
  gemm_nn_tile_3,
  gemm_nn_tile_4,
  gemm_nn_tile_5,
  gemm_nn_tile_6,
  gemm_tn_tile_1,
  gemm_tn_tile_2,
  gemm_tn_tile_3,
  gemm_tn_tile_4,
  gemm_tn_tile_5,
  gemm_tn_tile_6,
} from "./tiles";
import { get_left, get_right, put_columns } from "./columns";
import { madd } from "../math/madd";
import { getsplat, getv } from "../memory";

/** Rows of the largest tile that keeps its accumulators in registers. */
export const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;

// row tiles that pass over one panel before the next panel: about 200 rows, which stay in the second-level cache
const BLOCK_TILES: i32 = 40;

const zeros = memory.data<f32>([0, 0, 0, 0, 0, 0, 0, 0], 16);

function nn_tile(
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
      return gemm_nn_tile_1(c, ldc, init, ldi, a, lda, panel, K);
    case 2:
      return gemm_nn_tile_2(c, ldc, init, ldi, a, lda, panel, K);
    case 3:
      return gemm_nn_tile_3(c, ldc, init, ldi, a, lda, panel, K);
    case 4:
      return gemm_nn_tile_4(c, ldc, init, ldi, a, lda, panel, K);
    case 5:
      return gemm_nn_tile_5(c, ldc, init, ldi, a, lda, panel, K);
    default:
      return gemm_nn_tile_6(c, ldc, init, ldi, a, lda, panel, K);
  }
}

// the last panel of a matrix whose width is no multiple of 8, row by row and with partial loads and stores; kept out of
// the tiles, where the extra branches would cost a third of the speed
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
  for (; rows > 0; --rows) {
    let left = get_left(init, columns);
    let right = get_right(init, columns);
    let x = a;
    let y = panel;
    for (let k = K; k > 0; --k) {
      const splat = getsplat(x);
      left = madd(splat, getv(y), left);
      right = madd(splat, getv(y + 16), right);
      x += 4;
      y += 32;
    }
    put_columns(c, left, right, columns);
    c += ldc;
    init += ldi;
    a += lda;
  }
}

function tn_tile(rows: i32, c: usize, a: usize, lda: usize, z: usize, ldz: usize, M: i32): void {
  switch (rows) {
    case 1:
      return gemm_tn_tile_1(c, a, lda, z, ldz, M);
    case 2:
      return gemm_tn_tile_2(c, a, lda, z, ldz, M);
    case 3:
      return gemm_tn_tile_3(c, a, lda, z, ldz, M);
    case 4:
      return gemm_tn_tile_4(c, a, lda, z, ldz, M);
    case 5:
      return gemm_tn_tile_5(c, a, lda, z, ldz, M);
    default:
      return gemm_tn_tile_6(c, a, lda, z, ldz, M);
  }
}

/**
 * c [M, N] = start + a [M, K] · panels. `start` is c itself if `accumulate` is not 0; else `bias` [N], one for all rows,
 * or zero where the address `bias` is 0. c overlaps no input.
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
): void {
  const rowC = (<usize>ldc) << 2;
  const rowA = (<usize>lda) << 2;
  // tiles whose sizes differ by at most one row, the larger ones first: no slow remainder
  const tiles = (M + TILE_ROWS - 1) / TILE_ROWS;
  if (tiles == 0) return;
  const small = M / tiles;
  const large = M % tiles;
  let row: i32 = 0;
  for (let first = 0; first < tiles; first += BLOCK_TILES) {
    const last = min(first + BLOCK_TILES, tiles);
    const firstRow = row;
    let panel = panels;
    for (let column = 0; column < N; column += 8) {
      row = firstRow;
      const shift = (<usize>column) << 2;
      for (let tile = first; tile < last; ++tile) {
        const rows = small + i32(tile < large);
        const out = c + <usize>row * rowC + shift;
        const init = accumulate ? out : bias ? bias + shift : zeros;
        const ldi = accumulate ? rowC : 0;
        const left = a + <usize>row * rowA;
        if (N - column >= 8) nn_tile(rows, out, rowC, init, ldi, left, rowA, panel, K);
        else nn_edge(rows, out, rowC, init, ldi, left, rowA, panel, K, N - column);
        row += rows;
      }
      panel += (<usize>K) << 5;
    }
  }
}

/**
 * panels [ceil(N/8)][K][8] += (a [M, K])ᵀ · z [M, N], written in the packed layout. z is read in whole panels: its rows
 * hold ceil(N/8)·8 columns, those beyond N zero.
 */
export function gemm_tn(panels: usize, a: usize, lda: i32, z: usize, ldz: i32, M: i32, N: i32, K: i32): void {
  const rowA = (<usize>lda) << 2;
  const rowZ = (<usize>ldz) << 2;
  const tiles = (K + TILE_ROWS - 1) / TILE_ROWS;
  if (tiles == 0 || M == 0) return;
  const small = K / tiles;
  const large = K % tiles;
  let out = panels;
  for (let column = 0; column < N; column += 8) {
    let left = a;
    for (let tile = 0; tile < tiles; ++tile) {
      const rows = small + i32(tile < large);
      tn_tile(rows, out, left, rowA, z, rowZ, M);
      left += (<usize>rows) << 2;
      out += (<usize>rows) << 5;
    }
    z += 32;
  }
}
