// From observations and actions to standardized features, as a table of (operation, source column) says. Column j is
//   out_j = (op_j(source_j) − mean_j) · inverseStd_j
// Neighboring columns that are only copied, which is most of them, are taken as vectors along a row; sine and cosine of an
// angle as vectors down its column.

import { cos_v, sin_v } from "../math/sincos";
import { get, getsplat, getupto, getv, put, putupto, putv } from "../memory";

/** Codes of the first column of a feature table. */
export namespace FeatureOp {
  export const observation: i32 = 0;
  export const sine: i32 = 1;
  export const cosine: i32 = 2;
  export const action: i32 = 3;
}

// four f32 that lie `stride` bytes apart; the last ones repeat when fewer than four rows are left
// @ts-ignore: decorator
@inline
function getcolumn(source: usize, stride: usize, left: usize): v128 {
  let value = getsplat(source);
  if (left > 1) value = f32x4.replace_lane(value, 1, get<f32>(source + stride));
  if (left > 2) value = f32x4.replace_lane(value, 2, get<f32>(source + 2 * stride));
  if (left > 3) value = f32x4.replace_lane(value, 3, get<f32>(source + 3 * stride));
  return value;
}

// @ts-ignore: decorator
@inline
function putcolumn(out: usize, stride: usize, value: v128, left: usize): void {
  put<f32>(out, f32x4.extract_lane(value, 0));
  if (left > 1) put<f32>(out + stride, f32x4.extract_lane(value, 1));
  if (left > 2) put<f32>(out + 2 * stride, f32x4.extract_lane(value, 2));
  if (left > 3) put<f32>(out + 3 * stride, f32x4.extract_lane(value, 3));
}

// @ts-ignore: decorator
@inline
function standardized(value: v128, shift: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.sub(value, shift), scale);
}

// `n` columns of each row as they are; leading dimensions in bytes. The last vector covers columns that are done already.
function copied(
  out: usize,
  ldo: usize,
  source: usize,
  lds: usize,
  mean: usize,
  inverseStd: usize,
  rows: usize,
  n: usize,
): void {
  for (let column: usize = 0; column < n; column += 4) {
    const at = (n < 4 ? column : min<usize>(column, n - 4)) << 2;
    const count = <i32>min<usize>(n, 4);
    const shift = getupto(mean + at, count);
    const scale = getupto(inverseStd + at, count);
    let x = source + at;
    let y = out + at;
    if (count == 4) {
      for (let r: usize = 0; r < rows; r++) {
        putv(y, standardized(getv(x), shift, scale));
        x += lds;
        y += ldo;
      }
    } else {
      for (let r: usize = 0; r < rows; r++) {
        putupto(y, standardized(getupto(x, count), shift, scale), count);
        x += lds;
        y += ldo;
      }
    }
  }
}

// sine or cosine of one column
function waved(
  op: i32,
  out: usize,
  ldo: usize,
  source: usize,
  lds: usize,
  mean: usize,
  inverseStd: usize,
  rows: usize,
): void {
  const shift = getsplat(mean);
  const scale = getsplat(inverseStd);
  for (let r: usize = 0; r < rows; r += 4) {
    const left = rows - r;
    const angle = getcolumn(source, lds, left);
    const value = op == FeatureOp.sine ? sin_v(angle) : cos_v(angle);
    putcolumn(out, ldo, standardized(value, shift, scale), left);
    source += lds << 2;
    out += ldo << 2;
  }
}

/**
 * out [rows, F] from observation [rows, D] and action [rows, A]; table [F, 2] i32 of (op, source column);
 * mean and inverseStd [F].
 */
export function model_features(
  out: usize,
  observation: usize,
  action: usize,
  table: usize,
  mean: usize,
  inverseStd: usize,
  rows: usize,
  D: usize,
  A: usize,
  F: usize,
): void {
  const ldo = F << 2;
  for (let j: usize = 0; j < F;) {
    const entry = table + (j << 3);
    const op = get<i32>(entry);
    const column = get<i32>(entry + 4);
    const lds = (op == FeatureOp.action ? A : D) << 2;
    const source = (op == FeatureOp.action ? action : observation) + ((<usize>column) << 2);
    const at = j << 2;
    let n: usize = 1;
    if (op == FeatureOp.sine || op == FeatureOp.cosine) {
      waved(op, out + at, ldo, source, lds, mean + at, inverseStd + at, rows);
    } else {
      while (j + n < F && get<i32>(entry + (n << 3)) == op && get<i32>(entry + (n << 3) + 4) == column + <i32>n) n++;
      copied(out + at, ldo, source, lds, mean + at, inverseStd + at, rows, n);
    }
    j += n;
  }
}

/**
 * Adds to dObservation [rows, D] and dAction [rows, A] the gradients that dFeatures [rows, F] is of the features of
 * observation [rows, D]; table and inverseStd as for `model_features`.
 */
export function model_features_vjp(
  dObservation: usize,
  dAction: usize,
  dFeatures: usize,
  observation: usize,
  table: usize,
  inverseStd: usize,
  rows: usize,
  D: usize,
  A: usize,
  F: usize,
): void {
  const lds = F << 2;
  for (let j: usize = 0; j < F;) {
    const entry = table + (j << 3);
    const op = get<i32>(entry);
    const column = (<usize>get<i32>(entry + 4)) << 2;
    const at = j << 2;
    let n: usize = 1;
    if (op == FeatureOp.sine || op == FeatureOp.cosine) {
      const ldo = D << 2;
      waved_vjp(op, dObservation + column, ldo, dFeatures + at, lds, observation + column, inverseStd + at, rows);
    } else {
      const first = get<i32>(entry + 4);
      while (j + n < F && get<i32>(entry + (n << 3)) == op && get<i32>(entry + (n << 3) + 4) == first + <i32>n) n++;
      const ldo = (op == FeatureOp.action ? A : D) << 2;
      const out = (op == FeatureOp.action ? dAction : dObservation) + column;
      copied_vjp(out, ldo, dFeatures + at, lds, inverseStd + at, rows, n);
    }
    j += n;
  }
}

// adds n columns, each times its scale; leading dimensions in bytes
function copied_vjp(out: usize, ldo: usize, source: usize, lds: usize, inverseStd: usize, rows: usize, n: usize): void {
  for (let r: usize = 0; r < rows; r++) {
    for (let column: usize = 0; column < n; column += 4) {
      const at = column << 2;
      const count = <i32>min<usize>(4, n - column);
      const scaled = f32x4.mul(getupto(source + at, count), getupto(inverseStd + at, count));
      putupto(out + at, f32x4.add(getupto(out + at, count), scaled), count);
    }
    out += ldo;
    source += lds;
  }
}

// adds the gradient through sine or cosine of one column
function waved_vjp(
  op: i32,
  out: usize,
  ldo: usize,
  source: usize,
  lds: usize,
  observation: usize,
  inverseStd: usize,
  rows: usize,
): void {
  const scale = getsplat(inverseStd);
  for (let r: usize = 0; r < rows; r += 4) {
    const left = rows - r;
    const angle = getcolumn(observation, ldo, left);
    const slope = op == FeatureOp.sine ? cos_v(angle) : f32x4.neg(sin_v(angle));
    const change = f32x4.mul(f32x4.mul(getcolumn(source, lds, left), scale), slope);
    putcolumn(out, ldo, f32x4.add(getcolumn(out, ldo, left), change), left);
    out += ldo << 2;
    source += lds << 2;
    observation += ldo << 2;
  }
}
