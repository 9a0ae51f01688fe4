// Running mean and spread of f32 rows, in float64 (Chan, Golub and LeVeque 1983): a batch's own mean and sum of squared
// deviations are found in two passes and merged into the totals. No E[x²] − E[x]², which loses every digit when the mean
// is large beside the spread.

import { get, getupto, put, putupto } from "../memory";

/**
 * Merges x [rows, D], whose rows lie `ldx` numbers apart, into mean [D] and sum of squared deviations m2 [D] (f64), which stand
 * for `count` rows so far.
 */
export function moments_merge(mean: usize, m2: usize, x: usize, count: f64, rows: i32, D: i32, ldx: i32): void {
  if (rows == 0) return;
  const stride = (<usize>ldx) << 2;
  const n = <f64>rows;
  const total = count + n;
  for (let d: usize = 0; d < <usize>D; ++d) {
    const column = x + (d << 2);
    let sum: f64 = 0;
    for (let r: usize = 0; r < <usize>rows; ++r) sum += <f64>get<f32>(column + r * stride);
    const batchMean = sum / n;
    let squares: f64 = 0;
    for (let r: usize = 0; r < <usize>rows; ++r) {
      const deviation = <f64>get<f32>(column + r * stride) - batchMean;
      squares += deviation * deviation;
    }
    const oldMean = get<f64>(mean + (d << 3));
    const delta = batchMean - oldMean;
    put<f64>(mean + (d << 3), oldMean + delta * (n / total));
    put<f64>(m2 + (d << 3), get<f64>(m2 + (d << 3)) + squares + delta * delta * ((count * n) / total));
  }
}

/** out [rows, D] = (x [rows, D] − mean [D]) · inverse [D], all f32; out may be x. */
export function standardize(out: usize, x: usize, mean: usize, inverse: usize, rows: i32, D: i32): void {
  for (; rows > 0; --rows) {
    let m = mean;
    let s = inverse;
    for (let n = D; n > 0; n -= 4) {
      const centered = f32x4.sub(getupto(x, n), getupto(m, n));
      const value = f32x4.mul(centered, getupto(s, n));
      putupto(out, value, n);
      const bytes = (<usize>min(n, 4)) << 2;
      x += bytes;
      out += bytes;
      m += bytes;
      s += bytes;
    }
  }
}
