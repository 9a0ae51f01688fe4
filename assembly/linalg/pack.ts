// Between row-major matrices and panels of 8 columns, `[ceil(N/8)][K][8]`, the layout that matrix multiplication reads.
// Columns beyond N are written as zero and never read back.

import { get_left, get_right, put_columns } from "./columns";
import { get, getv, put, putv, zero } from "../memory";

/** panels [ceil(N/8)][K][8] = b [K, N] with leading dimension `ldb` (floats). */
export function gemm_pack(panels: usize, b: usize, K: i32, N: i32, ldb: i32): void {
  const rowB = (<usize>ldb) << 2;
  for (let column = 0; column < N; column += 8) {
    const columns = N - column;
    let source = b + ((<usize>column) << 2);
    for (let k = 0; k < K; ++k) {
      if (columns >= 8) {
        putv(panels, getv(source));
        putv(panels + 16, getv(source + 16));
      } else {
        putv(panels, get_left(source, columns));
        putv(panels + 16, get_right(source, columns));
      }
      panels += 32;
      source += rowB;
    }
  }
}

/** b [K, N] with leading dimension `ldb` = panels [ceil(N/8)][K][8]; the inverse of `gemm_pack`. */
export function gemm_unpack(b: usize, panels: usize, K: i32, N: i32, ldb: i32): void {
  const rowB = (<usize>ldb) << 2;
  for (let column = 0; column < N; column += 8) {
    const columns = N - column;
    let out = b + ((<usize>column) << 2);
    for (let k = 0; k < K; ++k) {
      if (columns >= 8) {
        putv(out, getv(panels));
        putv(out + 16, getv(panels + 16));
      } else {
        put_columns(out, getv(panels), getv(panels + 16), columns);
      }
      panels += 32;
      out += rowB;
    }
  }
}

// rows i … i + 3 become columns: four f32 of each of four rows `from` + 0, 32, 64, 96
// @ts-ignore: decorator
@inline
function transpose4(out: usize, from: usize): void {
  const a = getv(from);
  const b = getv(from + 32);
  const c = getv(from + 64);
  const d = getv(from + 96);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const ef = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const gh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  putv(out, v128.shuffle<i64>(ab, cd, 0, 2));
  putv(out + 32, v128.shuffle<i64>(ab, cd, 1, 3));
  putv(out + 64, v128.shuffle<i64>(ef, gh, 0, 2));
  putv(out + 96, v128.shuffle<i64>(ef, gh, 1, 3));
}

/**
 * Eight columns (from `column` on) of a matrix [K, N], given as their panel [K][8], into the panels of its transpose:
 * transposed [ceil(K/8)][N][8], rows `column` … `column` + 7. Columns beyond N are left out, rows beyond K are zero.
 */
export function transpose_panel(transposed: usize, panel: usize, K: i32, N: i32, column: i32): void {
  const next = (<usize>N) << 5;
  let out = transposed + ((<usize>column) << 5);
  const columns = min(8, N - column);
  let k = K;
  if (columns == 8) {
    for (; k >= 8; k -= 8) {
      transpose4(out, panel);
      transpose4(out + 16, panel + 128);
      transpose4(out + 128, panel + 16);
      transpose4(out + 144, panel + 144);
      panel += 256;
      out += next;
    }
  }
  for (; k > 0; k -= 8) {
    const rows = min(k, 8);
    for (let c: usize = 0; c < <usize>columns; ++c) {
      const to = out + (c << 5);
      if (rows < 8) zero(to, 32);
      for (let r: usize = 0; r < <usize>rows; ++r) put<f32>(to + (r << 2), get<f32>(panel + (r << 5) + (c << 2)));
    }
    panel += 256;
    out += next;
  }
}

/** transposed [ceil(K/8)][N][8], the panels of bᵀ [N, K], from panels [ceil(N/8)][K][8] of b [K, N]. */
export function gemm_pack_transposed(transposed: usize, panels: usize, K: i32, N: i32): void {
  for (let column = 0; column < N; column += 8) {
    transpose_panel(transposed, panels, K, N, column);
    panels += (<usize>K) << 5;
  }
}
