// The cross-entropy method in plain JavaScript on typed arrays, as one writes it without this package: the peer of the cem
// bench. Same distribution, same refit; its random numbers are its own.

/** xorshift128 (Marsaglia 2003): a uniform in (0, 1). */
export function uniformSource(seed: number): () => number {
  let [x, y, z, w] = [seed | 1, 362436069, 521288629, 88675123];
  return () => {
    const t = x ^ (x << 11);
    x = y;
    y = z;
    z = w;
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return ((w >>> 0) + 0.5) / 4294967296;
  };
}

/** Fills with standard normals truncated to ±2: Box and Muller, drawn again while outside. */
export function truncatedNormals(out: Float32Array, uniform: () => number): void {
  for (let i = 0; i < out.length;) {
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    const first = radius * Math.cos(angle);
    const second = radius * Math.sin(angle);
    if (Math.abs(first) <= 2) out[i++] = first;
    if (Math.abs(second) <= 2 && i < out.length) out[i++] = second;
  }
}

export interface PlainCemOptions {
  readonly population: number;
  readonly length: number;
  readonly low: number;
  readonly high: number;
  readonly iterations: number;
  readonly elites: number;
  readonly alpha: number;
}

/** Returns a function that plans once for `returns(actions [N, L], out [N])`. */
export function plainCem(
  options: PlainCemOptions,
  returns: (actions: Float32Array, out: Float32Array) => void,
): () => Float32Array {
  const { population: N, length: L, low, high, iterations, elites: K, alpha } = options;
  const uniform = uniformSource(1);
  const actions = new Float32Array(N * L);
  const values = new Float32Array(N);
  const mean = new Float32Array(L);
  const variance = new Float32Array(L);
  const order = new Uint32Array(N);
  return () => {
    mean.fill((low + high) / 2);
    variance.fill(((high - low) * (high - low)) / 16);
    for (let iteration = 0; iteration < iterations; iteration++) {
      truncatedNormals(actions, uniform);
      for (let l = 0; l < L; l++) {
        const space = Math.min(mean[l]! - low, high - mean[l]!) / 2;
        const deviation = Math.sqrt(Math.min(variance[l]!, space * space));
        for (let i = l; i < N * L; i += L) actions[i] = mean[l]! + deviation * actions[i]!;
      }
      returns(actions, values);
      for (let n = 0; n < N; n++) order[n] = n;
      order.sort((a, b) => values[b]! - values[a]!);
      for (let l = 0; l < L; l++) {
        let sum = 0;
        for (let k = 0; k < K; k++) sum += actions[order[k]! * L + l]!;
        const center = sum / K;
        let squares = 0;
        for (let k = 0; k < K; k++) squares += (actions[order[k]! * L + l]! - center) ** 2;
        mean[l] = alpha * mean[l]! + (1 - alpha) * center;
        variance[l] = alpha * variance[l]! + ((1 - alpha) * squares) / K;
      }
    }
    return mean;
  };
}
