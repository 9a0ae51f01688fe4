// Noise that remembers: n_t = β·u_t + (1 − β)·n_{t−1} with n before the first step 0, along the time of each sequence
// (Nagabandi et al. 2019, PDDM). β = 1 is white noise; the variance grows from β² towards β / (2 − β).

import { get4, put4, width } from "./columns";

// sequences worked on at a time: no step waits for the one before, and all of them stay in the first-level cache
const BLOCK: usize = 32;

/** out [N, H, A] f32 from independent normals noise [N, H, A] f32, in place too. */
export function filtered_noise(out: usize, noise: usize, N: usize, H: usize, A: usize, beta: f64): void {
  const fresh = f32x4.splat(<f32>beta);
  const kept = f32x4.splat(<f32>(1 - beta));
  const step = A << 2;
  const stride = H * step;
  for (let first: usize = 0; first < N; first += BLOCK) {
    const last = min<usize>(N, first + BLOCK);
    for (let t: usize = 0; t < H; t++) {
      for (let n = first; n < last; n++) {
        const at = n * stride + t * step;
        for (let a: usize = 0; a < A; a += 4) {
          const count = width(A, a);
          const here = at + (a << 2);
          let value = f32x4.mul(fresh, get4(noise + here, count));
          if (t) value = f32x4.add(value, f32x4.mul(kept, get4(out + here - step, count)));
          put4(out + here, value, count);
        }
      }
    }
  }
}
