// From noise to action sequences within bounds. A sequence is a row of L = H·A numbers; mean, variance, low and high have
// one entry per column of the row. Each kernel may work in place (actions = noise).
//
//   truncated   a = μ + σz with z in ±2 and σ = min(√v, (μ − low) / 2, (high − μ) / 2), so that no sample can leave the
//               bounds (Chua et al. 2018, the sampling of their CEM); clipping then only undoes a rounding
//   clipped     a = clip(μ + √v·z), which piles mass at the bounds (Pinneri et al. 2020; Nagabandi et al. 2019)
//   uniform     a = low + u·(high − low)

import { get4, put4, width } from "./columns";

// rows worked on at a time, so that all their columns stay in the first-level cache
const BLOCK: usize = 32;

// one instruction each, and a NaN stays a NaN
// @ts-ignore: decorator
@inline
function clip(value: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(value, low), high);
}

// the same columns of N rows: actions = clip(center + scale · noise)
function affine(
  actions: usize,
  noise: usize,
  center: v128,
  scale: v128,
  low: v128,
  high: v128,
  N: usize,
  L: usize,
  count: i32,
): void {
  const stride = L << 2;
  for (let n: usize = 0; n < N; n++) {
    put4(actions, clip(f32x4.add(center, f32x4.mul(scale, get4(noise, count))), low, high), count);
    actions += stride;
    noise += stride;
  }
}

/** CEM's population from normals truncated to ±2. actions, noise [N, L]; mean, variance, low, high [L], all f32. */
export function cem_sample(
  actions: usize,
  noise: usize,
  mean: usize,
  variance: usize,
  low: usize,
  high: usize,
  N: usize,
  L: usize,
): void {
  const half = f32x4.splat(0.5);
  for (let first: usize = 0; first < N; first += BLOCK) {
    const rows = min<usize>(N - first, BLOCK);
    const block = (first * L) << 2;
    for (let column: usize = 0; column < L; column += 4) {
      const at = column << 2;
      const count = width(L, column);
      const lowest = get4(low + at, count);
      const highest = get4(high + at, count);
      const center = get4(mean + at, count);
      const below = f32x4.mul(f32x4.sub(center, lowest), half);
      const above = f32x4.mul(f32x4.sub(highest, center), half);
      const deviation = f32x4.min(f32x4.sqrt(get4(variance + at, count)), f32x4.min(below, above));
      affine(actions + block + at, noise + block + at, center, deviation, lowest, highest, rows, L, count);
    }
  }
}

/** The populations of iCEM and MPPI from (colored, filtered) normals. actions, noise [N, L]; mean, variance, low, high [L], all f32. */
export function clipped_sample(
  actions: usize,
  noise: usize,
  mean: usize,
  variance: usize,
  low: usize,
  high: usize,
  N: usize,
  L: usize,
): void {
  for (let first: usize = 0; first < N; first += BLOCK) {
    const rows = min<usize>(N - first, BLOCK);
    const block = (first * L) << 2;
    for (let column: usize = 0; column < L; column += 4) {
      const at = column << 2;
      const count = width(L, column);
      const deviation = f32x4.sqrt(get4(variance + at, count));
      const lowest = get4(low + at, count);
      affine(
        actions + block + at,
        noise + block + at,
        get4(mean + at, count),
        deviation,
        lowest,
        get4(high + at, count),
        rows,
        L,
        count,
      );
    }
  }
}

/** Random shooting's population from uniforms in (0, 1). actions, noise [N, L]; low, high [L], all f32. */
export function shooting_sample(actions: usize, noise: usize, low: usize, high: usize, N: usize, L: usize): void {
  for (let first: usize = 0; first < N; first += BLOCK) {
    const rows = min<usize>(N - first, BLOCK);
    const block = (first * L) << 2;
    for (let column: usize = 0; column < L; column += 4) {
      const at = column << 2;
      const count = width(L, column);
      const lowest = get4(low + at, count);
      const highest = get4(high + at, count);
      affine(
        actions + block + at,
        noise + block + at,
        lowest,
        f32x4.sub(highest, lowest),
        lowest,
        highest,
        rows,
        L,
        count,
      );
    }
  }
}
