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

/** out [N, H, A] f32: N·A series along time, from independent normals noise [N, A, H] f32. Not in place. */
export function colored_noise(out: usize, noise: usize, table: usize, N: usize, H: usize, A: usize): void {
  const P = padded(H);
  for (let n: usize = 0; n < N; n++) {
    for (let a: usize = 0; a < A; a++) {
      for (let t: usize = 0; t < H; t += 4) {
        let sum = f32x4.splat(0);
        for (let j: usize = 0; j < H; j++) {
          sum = f32x4.add(sum, f32x4.mul(getv(table + ((j * P + t) << 2)), getsplat(noise + (j << 2))));
        }
        const target = out + ((t * A + a) << 2);
        const step = A << 2;
        put<f32>(target, f32x4.extract_lane(sum, 0));
        if (t + 1 < H) put<f32>(target + step, f32x4.extract_lane(sum, 1));
        if (t + 2 < H) put<f32>(target + 2 * step, f32x4.extract_lane(sum, 2));
        if (t + 3 < H) put<f32>(target + 3 * step, f32x4.extract_lane(sum, 3));
      }
      noise += H << 2;
    }
    out += (H * A) << 2;
  }
}
