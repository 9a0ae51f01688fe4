// The input of a dynamics model from observations and actions: copied, or as sine or cosine of an angle, then standardized:
//   feature_j = (op_j(source_j) − mean_j) · inverseStd_j

import { cos_v, sin_v } from "../math/sincos";
import { get, getsplat, put } from "../memory";

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
  const outStride = F << 2;
  for (let j: usize = 0; j < F; j++) {
    const op = get<i32>(table + (j << 3));
    const column = (<usize>get<i32>(table + (j << 3) + 4)) << 2;
    const stride = (op == FeatureOp.action ? A : D) << 2;
    const shift = getsplat(mean + (j << 2));
    const scale = getsplat(inverseStd + (j << 2));
    let source = (op == FeatureOp.action ? action : observation) + column;
    let target = out + (j << 2);
    for (let r: usize = 0; r < rows; r += 4) {
      const left = rows - r;
      let value = getcolumn(source, stride, left);
      if (op == FeatureOp.sine) value = sin_v(value);
      else if (op == FeatureOp.cosine) value = cos_v(value);
      putcolumn(target, outStride, f32x4.mul(f32x4.sub(value, shift), scale), left);
      source += stride << 2;
      target += outStride << 2;
    }
  }
}
