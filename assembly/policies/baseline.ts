// The linear feature baseline (Duan et al. 2016; asynch-mb has the same): value ≈ w · φ with
//   φ = [clip(o, ±10), clip(o, ±10)², τ, τ², τ³, 1],  τ = step / 100,
// fitted by ridge regression on the normal equations, all in float64.

import { get, put } from "../memory";
import { at } from "./table";

const CLIP: f64 = 10;

// φ of one row, F = 2D + 4 numbers
function features(phi: usize, observation: usize, time: i32, D: i32): void {
  for (let d = 0; d < D; ++d) {
    const o = max<f64>(-CLIP, min<f64>(CLIP, at(observation, d)));
    put<f64>(phi + ((<usize>d) << 3), o);
    put<f64>(phi + ((<usize>(D + d)) << 3), o * o);
  }
  const tau = <f64>time / 100;
  const rest = phi + ((<usize>(2 * D)) << 3);
  put<f64>(rest, tau);
  put<f64>(rest + 8, tau * tau);
  put<f64>(rest + 16, tau * tau * tau);
  put<f64>(rest + 24, 1);
}

/**
 * normal [F, F] (lower triangle) = Σ w φ φᵀ and moment [F] = Σ w φ y over rows, f64; observation [rows, D], time [rows] i32,
 * y [rows], weight [rows] (0: all 1; rows of weight 0 are not read). phi [F] is scratch.
 */
export function baseline_normal(
  normal: usize,
  moment: usize,
  phi: usize,
  observation: usize,
  time: usize,
  y: usize,
  weight: usize,
  rows: i32,
  D: i32,
): void {
  const F = <usize>(2 * D + 4);
  for (let i: usize = 0; i < F * F; ++i) put<f64>(normal + (i << 3), 0);
  for (let i: usize = 0; i < F; ++i) put<f64>(moment + (i << 3), 0);
  for (let r: usize = 0; r < <usize>rows; ++r) {
    const w = weight ? <f64>get<f32>(weight + (r << 2)) : 1;
    if (w == 0) continue;
    features(phi, observation + ((r * <usize>D) << 2), get<i32>(time + (r << 2)), D);
    const target = <f64>get<f32>(y + (r << 2));
    for (let i: usize = 0; i < F; ++i) {
      const x = w * get<f64>(phi + (i << 3));
      const to = moment + (i << 3);
      put<f64>(to, get<f64>(to) + x * target);
      const row = normal + ((i * F) << 3);
      for (let j: usize = 0; j <= i; ++j) {
        put<f64>(row + (j << 3), get<f64>(row + (j << 3)) + x * get<f64>(phi + (j << 3)));
      }
    }
  }
}

/**
 * Solves (normal + ridge · 1) w = moment by Cholesky in factor [F, F] and returns true, or false when the matrix is not
 * positive definite in float64 or the solution is not finite. All f64; normal is lower triangular and stays as it is.
 */
export function baseline_solve(w: usize, factor: usize, normal: usize, moment: usize, ridge: f64, F: i32): bool {
  const n = <usize>F;
  for (let i: usize = 0; i < n; ++i) {
    for (let j: usize = 0; j <= i; ++j) {
      let sum = get<f64>(normal + ((i * n + j) << 3)) + (i == j ? ridge : 0);
      for (let k: usize = 0; k < j; ++k) {
        sum -= get<f64>(factor + ((i * n + k) << 3)) * get<f64>(factor + ((j * n + k) << 3));
      }
      const to = factor + ((i * n + j) << 3);
      if (i == j) {
        if (!(sum > 0)) return false;
        put<f64>(to, Math.sqrt(sum));
      } else put<f64>(to, sum / get<f64>(factor + ((j * n + j) << 3)));
    }
  }
  for (let i: usize = 0; i < n; ++i) {
    let sum = get<f64>(moment + (i << 3));
    for (let k: usize = 0; k < i; ++k) sum -= get<f64>(factor + ((i * n + k) << 3)) * get<f64>(w + (k << 3));
    put<f64>(w + (i << 3), sum / get<f64>(factor + ((i * n + i) << 3)));
  }
  let finite = true;
  for (let i = n; i > 0;) {
    --i;
    let sum = get<f64>(w + (i << 3));
    for (let k = i + 1; k < n; ++k) sum -= get<f64>(factor + ((k * n + i) << 3)) * get<f64>(w + (k << 3));
    const value = sum / get<f64>(factor + ((i * n + i) << 3));
    put<f64>(w + (i << 3), value);
    if (!(value - value == 0)) finite = false;
  }
  return finite;
}

/** out [rows] = w [F] f64 · φ; phi [F] is scratch. */
export function baseline_predict(
  out: usize,
  phi: usize,
  w: usize,
  observation: usize,
  time: usize,
  rows: i32,
  D: i32,
): void {
  const F = <usize>(2 * D + 4);
  for (; rows > 0; --rows) {
    features(phi, observation, get<i32>(time), D);
    let sum: f64 = 0;
    for (let i: usize = 0; i < F; ++i) sum += get<f64>(w + (i << 3)) * get<f64>(phi + (i << 3));
    put<f32>(out, <f32>sum);
    out += 4;
    observation += (<usize>D) << 2;
    time += 4;
  }
}
