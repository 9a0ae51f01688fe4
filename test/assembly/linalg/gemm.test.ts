// Matrix kernels against their float64 twin, every element within 2(K + 2)u of the sum of magnitudes; nothing outside the
// result is touched; sums do not depend on neighbors; a NaN reaches exactly the elements that it belongs to.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Runtime, Tensor } from "../../../src/wasm/index.js";
import { gemm, transpose } from "../../oracle/gemm.js";
import { generator, numbers } from "../../support/numbers.js";
import { runtimes } from "../../support/runtime.js";

const U = 2 ** -24;
const size = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 40);
const exponent = fc.integer({ min: -20, max: 20 });
/** Numbers of the tiles of assembly/linalg/gemm.ts. */
const tiles = [0, 1, 2, 3];
const padded = (n: number) => Math.ceil(n / 8) * 8;

/** Calls `use` with a function that makes tensors of given numbers, disposed of afterwards. */
function withTensors(runtime: Runtime, use: (make: (values: ArrayLike<number>) => Tensor) => void): void {
  const made: Tensor[] = [];
  try {
    use((values) => {
      const tensor = runtime.tensor([values.length]);
      made.push(tensor);
      return tensor.write(values);
    });
  } finally {
    for (const tensor of made) tensor.dispose();
  }
}

const filled = (n: number, value: number) => new Float32Array(n).fill(value);

/** Rows of `columns` numbers spread to a leading dimension, with NaN or another value between them. */
function spread(values: ArrayLike<number>, rows: number, columns: number, ld: number, between = NaN): Float32Array {
  const out = filled(Math.max(0, (rows - 1) * ld + columns), between);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[r * ld + c] = values[r * columns + c];
  return out;
}

/** Panels [ceil(N/8)][K][8] of b [K, N]. */
function panelsOf(b: ArrayLike<number>, K: number, N: number): Float32Array {
  const panels = filled(padded(N) * K, 0);
  for (let k = 0; k < K; k++) for (let n = 0; n < N; n++) panels[((n >> 3) * K + k) * 8 + (n & 7)] = b[k * N + n];
  return panels;
}

function assertWithin(actual: number, expected: number, magnitude: number, K: number, where: string): void {
  // the last term: rounding of results that are denormal
  const bound = 2 * (K + 2) * U * magnitude + (K + 1) * 2 ** -149;
  assert.ok(Math.abs(actual - expected) <= bound, `${where}: expected ${expected} ± ${bound}, got ${actual}`);
}

for (const [name, runtime] of runtimes) {
  const { kernels } = runtime;
  const tests = suite(`gemm (${name})`);
  const numRuns = name === "checked" ? 60 : 400;

  tests("gemm_nn: zero, bias or c plus a · b, rows apart, whatever the sizes", () => {
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.constantFrom("zero", "bias", "add"),
        fc.constantFrom(...tiles),
        exponent,
        fc.integer(),
        (M, K, N, start, tile, e, seed) => {
          const next = generator(seed);
          const [a, b] = [numbers(next, M * K, 2 ** e), numbers(next, K * N)];
          const [bias, before] = [numbers(next, N, 2 ** e), numbers(next, M * N, 2 ** e)];
          const startAt = (i: number, j: number) =>
            start === "zero" ? 0 : start === "bias" ? bias[j] : before[i * N + j];
          const { product, magnitude } = gemm(a, b, M, K, N, startAt);
          const [lda, ldc] = [K + 3, N + 5];
          withTensors(runtime, (make) => {
            const c = make(start === "add" ? spread(before, M, N, ldc) : spread(filled(M * N, NaN), M, N, ldc));
            const left = make(spread(a, M, K, lda));
            const panels = make(panelsOf(b, K, N));
            const biasAddress = start === "bias" ? make(bias).address : 0;
            const add = start === "add" ? 1 : 0;
            kernels.gemm_nn(c.address, ldc, left.address, lda, panels.address, biasAddress, M, N, K, add, tile);
            const { view } = c;
            for (let i = 0; i < view.length; i++) {
              const [row, column] = [Math.floor(i / ldc), i % ldc];
              if (column >= N) assert.ok(Number.isNaN(view[i]), `between rows, at ${i}`);
              else {
                const at = row * N + column;
                assertWithin(view[i], product[at], magnitude[at], K, `${M}x${K}x${N} at ${row}, ${column}`);
              }
            }
          });
          runtime.checkGuards();
        },
      ),
      { numRuns },
    );
  });

  tests("gemm_tn: panels plus aᵀ · z in the packed layout", () => {
    fc.assert(
      fc.property(size, size, size, fc.constantFrom(...tiles), exponent, fc.integer(), (M, K, N, tile, e, seed) => {
        const next = generator(seed);
        const [a, z, before] = [numbers(next, M * K, 2 ** e), numbers(next, M * N), numbers(next, K * N, 2 ** e)];
        const { product, magnitude } = gemm(transpose(a, M, K), z, K, M, N, (i, j) => before[i * N + j]);
        const ldz = padded(N);
        const paddedZ = filled(M * ldz, 0);
        for (let r = 0; r < M; r++) for (let c = 0; c < N; c++) paddedZ[r * ldz + c] = z[r * N + c];
        withTensors(runtime, (make) => {
          const panels = make(panelsOf(before, K, N));
          const left = make(spread(a, M, K, K + 2));
          kernels.gemm_tn(panels.address, left.address, K + 2, make(paddedZ).address, ldz, M, N, K, 1, tile);
          const { view } = panels;
          const [products, magnitudes] = [product, magnitude].map((values) => {
            const out = new Float64Array(view.length);
            for (let k = 0; k < K; k++) {
              for (let n = 0; n < N; n++) out[((n >> 3) * K + k) * 8 + (n & 7)] = values[k * N + n];
            }
            return out;
          });
          for (let i = 0; i < view.length; i++) assertWithin(view[i], products[i], magnitudes[i], M, `${M}x${K}x${N}`);
        });
        runtime.checkGuards();
      }),
      { numRuns },
    );
  });

  tests("packing, unpacking and transposing move numbers and pad with zeros", () => {
    fc.assert(
      fc.property(size, size, fc.integer(), (K, N, seed) => {
        const b = numbers(generator(seed), K * N);
        const ldb = N + 3;
        withTensors(runtime, (make) => {
          const panels = make(filled(padded(N) * K, NaN));
          kernels.gemm_pack(panels.address, make(spread(b, K, N, ldb)).address, K, N, ldb);
          assert.equal(panels.read(), panelsOf(b, K, N));
          const transposed = make(filled(padded(K) * N, NaN));
          kernels.gemm_pack_transposed(transposed.address, panels.address, K, N);
          assert.equal(transposed.read(), panelsOf(transpose(b, K, N), N, K));
          const back = make(spread(filled(K * N, 7), K, N, ldb, -1));
          kernels.gemm_unpack(back.address, panels.address, K, N, ldb);
          assert.equal(back.read(), spread(b, K, N, ldb, -1));
        });
        runtime.checkGuards();
      }),
      { numRuns: 100 },
    );
  });

  tests("an element has the same bits whatever rows and columns stand beside it, and whatever the tile", () => {
    const [M, K, N] = [47, 19, 69];
    const next = generator(1);
    const [a, b] = [numbers(next, M * K), numbers(next, K * N)];
    withTensors(runtime, (make) => {
      const left = make(a);
      const panels = make(panelsOf(b, K, N));
      const product = (row: number, rows: number, tile: number): Float32Array => {
        const c = make(filled(rows * N, NaN));
        kernels.gemm_nn(c.address, N, left.address + 4 * row * K, K, panels.address, 0, rows, N, K, 0, tile);
        return c.read();
      };
      const all = product(0, M, 0);
      for (const tile of tiles) {
        assert.equal(product(0, M, tile), all);
        for (const rows of [1, 2, 3, 4, 5, 6, 7]) {
          const row = 5 * rows;
          assert.equal(product(row, rows, tile), all.slice(row * N, (row + rows) * N), `${rows} rows`);
        }
      }
      const z = make(numbers(next, M * 72));
      const weights = (tile: number): Float32Array => {
        const sum = make(filled(72 * K, NaN));
        kernels.gemm_tn(sum.address, left.address, K, z.address, 72, M, 69, K, 0, tile);
        return sum.read();
      };
      for (const tile of tiles) assert.equal(weights(tile), weights(0));
    });
  });

  tests("a NaN in a reaches its row, one in b its column, and nothing else", () => {
    const [M, K, N] = [13, 5, 11];
    const next = generator(2);
    const [a, b] = [numbers(next, M * K), numbers(next, K * N)];
    a[7 * K + 2] = NaN;
    b[3 * N + 9] = NaN;
    withTensors(runtime, (make) => {
      const c = make(filled(M * N, 0));
      kernels.gemm_nn(c.address, N, make(a).address, K, make(panelsOf(b, K, N)).address, 0, M, N, K, 0, 0);
      const { view } = c;
      for (let i = 0; i < M * N; i++) {
        assert.is(Number.isNaN(view[i]), Math.floor(i / N) === 7 || i % N === 9, `element ${i}`);
      }
    });
  });

  tests.run();
}

const generated = suite("tiles");

generated("the committed file is what the generator writes", () => {
  const script = fileURLToPath(new URL("../../../scripts/generate-tiles.mjs", import.meta.url));
  execFileSync(process.execPath, [script, "--check"]);
});

generated.run();
