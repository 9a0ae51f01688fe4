// Float64 twin of matrix multiplication, with the sum of magnitudes that bounds its rounding error.

/** c [M, N] = start + a [M, K] · b [K, N], and Σ|a·b| + |start| per element; row-major, `start` zero unless given. */
export function gemm(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  M: number,
  K: number,
  N: number,
  start: (row: number, column: number) => number = () => 0,
): { product: Float64Array; magnitude: Float64Array } {
  const product = new Float64Array(M * N);
  const magnitude = new Float64Array(M * N);
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++) {
      let sum = start(i, j);
      let size = Math.abs(sum);
      for (let k = 0; k < K; k++) {
        const term = a[i * K + k] * b[k * N + j];
        sum += term;
        size += Math.abs(term);
      }
      product[i * N + j] = sum;
      magnitude[i * N + j] = size;
    }
  }
  return { product, magnitude };
}

/** The transpose of a [rows, columns]. */
export function transpose(a: ArrayLike<number>, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, i) => a[(i % rows) * columns + Math.floor(i / rows)]);
}
