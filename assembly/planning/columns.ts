// Rows of any length, four columns at a time: the last step is as wide as what is left.

import { getpart, getv, putpart, putv } from "../memory";

/** Columns of the step that starts at `column` of `length`: 1 to 4. */
// @ts-ignore: decorator
@inline
export function width(length: usize, column: usize): i32 {
  return <i32>min<usize>(length - column, 4);
}

/** Loads `count` (1 to 4) f32; the other lanes are zero. */
// @ts-ignore: decorator
@inline
export function get4(address: usize, count: i32): v128 {
  return count == 4 ? getv(address) : getpart(address, count);
}

/** Stores the first `count` (1 to 4) f32. */
// @ts-ignore: decorator
@inline
export function put4(address: usize, value: v128, count: i32): void {
  if (count == 4) putv(address, value);
  else putpart(address, value, count);
}
