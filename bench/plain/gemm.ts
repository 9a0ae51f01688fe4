// c [M, N] = a [M, K] · b [K, N] in plain JavaScript on typed arrays, as well as it can be written there: a tile of 4 × 4 sums
// in local variables, b packed beforehand in panels of 4 columns. The peer of the gemm bench.

/** b [K, N] row-major to panels [ceil(N/4)][K][4], zero-padded. */
export function packPanels(b: Float32Array, K: number, N: number): Float32Array {
  const panels = new Float32Array(Math.ceil(N / 4) * 4 * K);
  for (let k = 0; k < K; k++) {
    for (let n = 0; n < N; n++) panels[((n >> 2) * K + k) * 4 + (n & 3)] = b[k * N + n]!;
  }
  return panels;
}

export function plainGemm(
  c: Float32Array,
  a: Float32Array,
  panels: Float32Array,
  M: number,
  N: number,
  K: number,
): void {
  for (let column = 0; column < N; column += 4) {
    for (let row = 0; row < M; row += 4) tile(c, a, panels, row, column, M, N, K);
  }
}

function tile(
  c: Float32Array,
  a: Float32Array,
  panels: Float32Array,
  row: number,
  column: number,
  M: number,
  N: number,
  K: number,
): void {
  // rows beyond M repeat the last one and are not stored
  const a0 = row * K;
  const a1 = Math.min(row + 1, M - 1) * K;
  const a2 = Math.min(row + 2, M - 1) * K;
  const a3 = Math.min(row + 3, M - 1) * K;
  let c00 = 0;
  let c01 = 0;
  let c02 = 0;
  let c03 = 0;
  let c10 = 0;
  let c11 = 0;
  let c12 = 0;
  let c13 = 0;
  let c20 = 0;
  let c21 = 0;
  let c22 = 0;
  let c23 = 0;
  let c30 = 0;
  let c31 = 0;
  let c32 = 0;
  let c33 = 0;
  let p = column * K;
  for (let k = 0; k < K; k++) {
    const b0 = panels[p]!;
    const b1 = panels[p + 1]!;
    const b2 = panels[p + 2]!;
    const b3 = panels[p + 3]!;
    p += 4;
    const x0 = a[a0 + k]!;
    c00 += x0 * b0;
    c01 += x0 * b1;
    c02 += x0 * b2;
    c03 += x0 * b3;
    const x1 = a[a1 + k]!;
    c10 += x1 * b0;
    c11 += x1 * b1;
    c12 += x1 * b2;
    c13 += x1 * b3;
    const x2 = a[a2 + k]!;
    c20 += x2 * b0;
    c21 += x2 * b1;
    c22 += x2 * b2;
    c23 += x2 * b3;
    const x3 = a[a3 + k]!;
    c30 += x3 * b0;
    c31 += x3 * b1;
    c32 += x3 * b2;
    c33 += x3 * b3;
  }
  const columns = Math.min(4, N - column);
  store(c, row * N + column, columns, c00, c01, c02, c03);
  if (row + 1 < M) store(c, (row + 1) * N + column, columns, c10, c11, c12, c13);
  if (row + 2 < M) store(c, (row + 2) * N + column, columns, c20, c21, c22, c23);
  if (row + 3 < M) store(c, (row + 3) * N + column, columns, c30, c31, c32, c33);
}

function store(c: Float32Array, at: number, columns: number, v0: number, v1: number, v2: number, v3: number): void {
  c[at] = v0;
  if (columns > 1) c[at + 1] = v1;
  if (columns > 2) c[at + 2] = v2;
  if (columns > 3) c[at + 3] = v3;
}
