// Loads and stores of the first `columns` (1 to 7) floats of an eight-float row, for the last panel of a matrix whose
// width is no multiple of 8: nothing beyond the row is read or written.

import { getpart, getv, putpart, putv } from "../memory";

/** Floats 0 to 3 of a row of `columns` floats; absent ones are zero. */
export function get_left(row: usize, columns: i32): v128 {
  return columns >= 4 ? getv(row) : getpart(row, columns);
}

/** Floats 4 to 7 of a row of `columns` floats; absent ones are zero. */
export function get_right(row: usize, columns: i32): v128 {
  return columns > 4 ? getpart(row + 16, columns - 4) : f32x4.splat(0);
}

/** Stores the first `columns` floats of a row. */
export function put_columns(row: usize, left: v128, right: v128, columns: i32): void {
  if (columns >= 4) {
    putv(row, left);
    if (columns > 4) putpart(row + 16, right, columns - 4);
  } else {
    putpart(row, left, columns);
  }
}
