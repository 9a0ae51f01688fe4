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

/** transposed [ceil(K/8)][N][8], the panels of bᵀ [N, K], from panels [ceil(N/8)][K][8] of b [K, N]. */
export function gemm_pack_transposed(transposed: usize, panels: usize, K: i32, N: i32): void {
  const panel = (<usize>K) << 5;
  for (let k = 0; k < K; k += 8) {
    const rows = min(K - k, 8);
    for (let n = 0; n < N; ++n) {
      let source = panels + <usize>(n >> 3) * panel + ((<usize>k) << 5) + ((<usize>(n & 7)) << 2);
      if (rows < 8) zero(transposed, 32);
      for (let r = 0; r < rows; ++r) {
        put<f32>(transposed + ((<usize>r) << 2), get<f32>(source));
        source += 32;
      }
      transposed += 32;
    }
  }
}
