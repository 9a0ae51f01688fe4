// Other ways than the mean to make one prediction of the outputs of E members [E, rows, stride]: the median of each number,
// and a draw from the normal distribution that has the members' mean and deviation (ME-TRPO's model_med and model_mean_std). And
// how far the members are from one prediction.

import { get, getupto, put, putupto } from "../memory";

// first byte of the vector of columns that starts at `column`: the last one covers columns that are done already
// @ts-ignore: decorator
@inline
function vector_at(column: usize, columns: usize): usize {
  return (columns < 4 ? 0 : min<usize>(column, columns - 4)) << 2;
}

/**
 * out [rows, T] = shift + scale · (median over members), of an even number of members the mean of the two in the middle.
 * A number's place is counted: those that are less, and those of members before it that are equal.
 */
export function head_median(
  out: usize,
  output: usize,
  shift: usize,
  scale: usize,
  E: usize,
  rows: usize,
  T: usize,
  stride: usize,
): void {
  const memberBytes = (rows * stride) << 2;
  const n = <i32>min<usize>(4, T);
  const half = f32x4.splat(0.5);
  const low = i32x4.splat(<i32>((E - 1) >> 1));
  const high = i32x4.splat(<i32>(E >> 1));
  for (let column: usize = 0; column < T; column += 4) {
    const at = vector_at(column, T);
    const center = getupto(shift + at, n);
    const factor = getupto(scale + at, n);
    let row = output + at;
    let to = out + at;
    for (let r: usize = 0; r < rows; r++) {
      // numbers that are none have no place, and leave one where nothing is
      let lower = f32x4.splat(NaN);
      let upper = lower;
      for (let e: usize = 0; e < E; e++) {
        const value = getupto(row + e * memberBytes, n);
        let place = i32x4.splat(0);
        for (let j: usize = 0; j < E; j++) {
          const other = getupto(row + j * memberBytes, n);
          const before = j < e ? f32x4.le(other, value) : f32x4.lt(other, value);
          place = i32x4.sub(place, before);
        }
        lower = v128.bitselect(value, lower, i32x4.eq(place, low));
        upper = v128.bitselect(value, upper, i32x4.eq(place, high));
      }
      const middle = f32x4.mul(half, f32x4.add(lower, upper));
      putupto(to, f32x4.add(center, f32x4.mul(factor, middle)), n);
      row += stride << 2;
      to += T << 2;
    }
  }
}

/**
 * out [rows, T] = shift + scale · (μ + σ · noise), μ and σ the mean and the deviation (population form) of the members,
 * standard normals `noise` [rows, T].
 */
export function head_spread(
  out: usize,
  output: usize,
  noise: usize,
  shift: usize,
  scale: usize,
  E: usize,
  rows: usize,
  T: usize,
  stride: usize,
): void {
  const memberBytes = (rows * stride) << 2;
  const perMember = f32x4.splat(<f32>1.0 / <f32>E);
  const n = <i32>min<usize>(4, T);
  for (let column: usize = 0; column < T; column += 4) {
    const at = vector_at(column, T);
    const center = getupto(shift + at, n);
    const factor = getupto(scale + at, n);
    let row = output + at;
    let normal = noise + at;
    let to = out + at;
    for (let r: usize = 0; r < rows; r++) {
      let sum = f32x4.splat(0);
      for (let e: usize = 0; e < E; e++) sum = f32x4.add(sum, getupto(row + e * memberBytes, n));
      const mean = f32x4.mul(sum, perMember);
      // second pass: the difference of squares would cancel
      let squares = f32x4.splat(0);
      for (let e: usize = 0; e < E; e++) {
        const difference = f32x4.sub(getupto(row + e * memberBytes, n), mean);
        squares = f32x4.add(squares, f32x4.mul(difference, difference));
      }
      const deviation = f32x4.sqrt(f32x4.mul(squares, perMember));
      const value = f32x4.add(mean, f32x4.mul(deviation, getupto(normal, n)));
      putupto(to, f32x4.add(center, f32x4.mul(factor, value)), n);
      row += stride << 2;
      normal += T << 2;
      to += T << 2;
    }
  }
}

/**
 * out [rows] = √(mean over the T targets of the variance of the members, population form), of outputs before they are scaled: how far
 * the members disagree, in deviations of the targets.
 */
export function head_disagreement(out: usize, output: usize, E: usize, rows: usize, T: usize, stride: usize): void {
  const memberBytes = (rows * stride) << 2;
  for (let r: usize = 0; r < rows; r++) {
    let squares: f64 = 0;
    for (let t: usize = 0; t < T; t++) {
      const at = output + ((r * stride + t) << 2);
      let sum: f64 = 0;
      for (let e: usize = 0; e < E; e++) sum += <f64>get<f32>(at + e * memberBytes);
      const mean = sum / <f64>E;
      for (let e: usize = 0; e < E; e++) {
        const difference = <f64>get<f32>(at + e * memberBytes) - mean;
        squares += difference * difference;
      }
    }
    put<f32>(out + (r << 2), <f32>sqrt(squares / <f64>(E * T)));
  }
}
