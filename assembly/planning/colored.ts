// Noise with power spectrum 1/f^β along time, so that an action sequence changes slowly (Pinneri et al. 2020). A series of
// length H is a real inverse DFT of H independent normals: y = Σ_j c·w_j·φ_j·z_j with the orthonormal Fourier basis φ_j
// (constant, cosine and sine of k = 1, 2, …, and the alternating one when H is even), w_j = k^(−β/2), and the constant as
// strong as k = 1. Every y_t then has variance 1 exactly, and β = 0 is white noise exactly.

import { exp_v } from "../math/exp";
import { log_v } from "../math/log";
import { cos_v, sin_v } from "../math/sincos";
import { get, getsplat, getv, put, zero } from "../memory";

const TURN: f64 = 6.283185307179586;

// row length of the table: H rounded up to whole vectors
// @ts-ignore: decorator
@inline
function padded(H: usize): usize {
  return (H + 3) & ~(<usize>3);
}

// strength of basis function j, a cosine or sine of frequency k = ⌈j / 2⌉
function strength(j: usize, beta: f64): f64 {
  const k = max<usize>((j + 1) >> 1, 1);
  const logarithm = f32x4.extract_lane(log_v(f32x4.splat(<f32>k)), 0);
  return <f64>f32x4.extract_lane(exp_v(f32x4.splat(<f32>(-0.5 * beta * <f64>logarithm))), 0);
}

/** table [H, ⌈H/4⌉·4] f32: row j is c·w_j·φ_j over time, with zeros beyond H. For `colored_noise`. */
export function colored_table(table: usize, H: usize, beta: f64): void {
  const P = padded(H);
  zero(table, (H * P) << 2);
  let power: f64 = 0;
  for (let j: usize = 0; j < H; j++) power += strength(j, beta) * strength(j, beta);
  for (let j: usize = 0; j < H; j++) {
    const k = (j + 1) >> 1;
    const alone = k == 0 || k << 1 == H;
    const amplitude = strength(j, beta) * Math.sqrt((alone ? 1.0 : 2.0) / power);
    const sine = k > 0 && (j & 1) == 0;
    for (let t: usize = 0; t < H; t++) {
      const angle = f32x4.splat(<f32>((TURN * <f64>((k * t) % H)) / <f64>H));
      const wave = f32x4.extract_lane(sine ? sin_v(angle) : cos_v(angle), 0);
      put<f32>(table + ((j * P + t) << 2), <f32>(amplitude * <f64>wave));
    }
  }
}

// four steps of a series into column `out` of rows of A numbers; `left` steps are left of it
// @ts-ignore: decorator
@inline
function put_steps(out: usize, step: usize, sum: v128, left: usize): void {
  put<f32>(out, f32x4.extract_lane(sum, 0));
  if (left > 1) put<f32>(out + step, f32x4.extract_lane(sum, 1));
  if (left > 2) put<f32>(out + 2 * step, f32x4.extract_lane(sum, 2));
  if (left > 3) put<f32>(out + 3 * step, f32x4.extract_lane(sum, 3));
}

// where series s of N·A begins
// @ts-ignore: decorator
@inline
function series_of(out: usize, s: usize, H: usize, A: usize): usize {
  const n = s / A;
  return out + ((n * H * A + (s - n * A)) << 2);
}

/** out [N, H, A] f32: N·A series along time, from independent normals noise [N, A, H] f32. Not in place. */
export function colored_noise(out: usize, noise: usize, table: usize, N: usize, H: usize, A: usize): void {
  const row = padded(H) << 2;
  const bytes = H << 2;
  const step = A << 2;
  const series = N * A;
  // four series at a time, so that sums need not wait for themselves; the last four overlap those before
  const together: usize = series < 4 ? 1 : 4;
  for (let first: usize = 0; first < series; first += together) {
    const s = together == 4 ? min<usize>(first, series - 4) : first;
    const z = noise + s * bytes;
    for (let t: usize = 0; t < H; t += 4) {
      const at = t * step;
      if (together == 1) {
        put_steps(series_of(out, s, H, A) + at, step, colored(table + (t << 2), row, z, H), H - t);
        continue;
      }
      let sum0 = f32x4.splat(0);
      let sum1 = sum0;
      let sum2 = sum0;
      let sum3 = sum0;
      let basis = table + (t << 2);
      let weight = z;
      for (let j: usize = 0; j < H; j++) {
        const wave = getv(basis);
        sum0 = f32x4.add(sum0, f32x4.mul(wave, getsplat(weight)));
        sum1 = f32x4.add(sum1, f32x4.mul(wave, getsplat(weight + bytes)));
        sum2 = f32x4.add(sum2, f32x4.mul(wave, getsplat(weight + 2 * bytes)));
        sum3 = f32x4.add(sum3, f32x4.mul(wave, getsplat(weight + 3 * bytes)));
        basis += row;
        weight += 4;
      }
      put_steps(series_of(out, s, H, A) + at, step, sum0, H - t);
      put_steps(series_of(out, s + 1, H, A) + at, step, sum1, H - t);
      put_steps(series_of(out, s + 2, H, A) + at, step, sum2, H - t);
      put_steps(series_of(out, s + 3, H, A) + at, step, sum3, H - t);
    }
  }
}

// four steps of one series
function colored(basis: usize, row: usize, noise: usize, H: usize): v128 {
  let sum = f32x4.splat(0);
  for (let j: usize = 0; j < H; j++) {
    sum = f32x4.add(sum, f32x4.mul(getv(basis), getsplat(noise + (j << 2))));
    basis += row;
  }
  return sum;
}
