// The observation filter: z = clip((x − mean) / σ, ±c), with statistics that are frozen while a batch is collected.

import { get, getupto, put, putupto } from "../memory";

/** out [rows, D] = clip((x [rows, D] − mean [D]) · inverse [D], ±limit); out may be x. A NaN stays a NaN. */
export function policy_filter(out: usize, x: usize, mean: usize, inverse: usize, limit: f32, rows: i32, D: i32): void {
  const high = f32x4.splat(limit);
  const low = f32x4.splat(-limit);
  for (; rows > 0; --rows) {
    for (let d = 0; d < D; d += 4) {
      const n = D - d;
      const shift = (<usize>d) << 2;
      const centered = f32x4.sub(getupto(x + shift, n), getupto(mean + shift, n));
      const value = f32x4.mul(centered, getupto(inverse + shift, n));
      putupto(out + shift, f32x4.max(low, f32x4.min(high, value)), n);
    }
    x += (<usize>D) << 2;
    out += (<usize>D) << 2;
  }
}

/**
 * Gradient with respect to the observation, out [rows, D] = g · inverse where the filter's output z [rows, D] is within the
 * limit, else 0. out may be g.
 */
export function policy_filter_vjp(out: usize, g: usize, z: usize, inverse: usize, limit: f32, rows: i32, D: i32): void {
  for (; rows > 0; --rows) {
    for (let d: usize = 0; d < (<usize>D) << 2; d += 4) {
      const within = Math.abs(<f64>get<f32>(z + d)) < <f64>limit;
      put<f32>(out + d, within ? get<f32>(g + d) * get<f32>(inverse + d) : 0);
    }
    z += (<usize>D) << 2;
    g += (<usize>D) << 2;
    out += (<usize>D) << 2;
  }
}
