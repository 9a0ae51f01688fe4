// Matrix products as the networks need them, one side stored packed: activations [M, K] times weights [K, N] (nn), and
// activations transposed times gradients, [M, K]ᵀ · [M, N] (tn), which adds up the gradient of the weights.
// The products of PETS's 200 units, by batch and by layer, are held against the most that registers alone can do (bench/
// peak.ts), to which memory and the tiles' edges add their share; products of other sizes against plain JavaScript.

import { probeFeatures } from "../src/wasm/probe.js";
import type { Runtime, Tensor } from "../src/wasm/index.js";
import type { Case, Side } from "./harness.js";
import { PEAK_WORK, peak } from "./peak.js";
import { packPanels, plainGemm } from "./plain/gemm.js";

type Size = readonly [M: number, N: number, K: number];

const layers: readonly Size[] = [
  [32, 200, 200],
  [256, 200, 200],
  [2048, 200, 200],
  [256, 200, 24],
  [256, 36, 200],
];

// a training batch of small networks, a planning batch of them, a square, and odd numbers
const others: readonly Size[] = [
  [64, 64, 64],
  [500, 64, 64],
  [500, 200, 200],
  [256, 256, 256],
  [99, 101, 103],
];

interface Product {
  /** What `run` leaves, row-major, of a fresh start. */
  compute(): Float32Array;
  readonly a: Float32Array;
  readonly b: Float32Array;
  run(): number;
}

export function cases(runtime: Runtime): Case[] {
  const fused = runtime.info().variant === "relaxed" && probeFeatures().relaxedSimd;
  const limit: Side = { ...peak(fused ? "fused" : "separate"), work: 1e-9 * PEAK_WORK };
  return [
    ...layers.map((size) => againstPeak("nn", size, forward(runtime, size), limit)),
    ...layers.map((size) => againstPeak("tn", size, gradient(runtime, size), limit)),
    ...others.map((size) => againstPlain(size, forward(runtime, size))),
  ];
}

function againstPeak(kind: "nn" | "tn", size: Size, product: Product, limit: Side): Case {
  const [M, N, K] = size;
  return {
    name: `${kind} ${M}×${K}×${N}`,
    unit: "GFLOP/s",
    work: 2e-9 * M * N * K,
    ours: { name: "mbrl-wasm", run: product.run },
    peer: limit,
    check() {
      const { a, b } = product;
      if (kind === "nn") checkProduct(product.compute(), a, b, size);
      else checkProduct(product.compute(), transposed(a, M, K), b, [K, N, M]);
    },
  };
}

function againstPlain(size: Size, product: Product): Case {
  const [M, N, K] = size;
  const panels = packPanels(product.b, K, N);
  const c = new Float32Array(M * N);
  const plain = (): number => {
    plainGemm(c, product.a, panels, M, N, K);
    return c[0]!;
  };
  return {
    name: `nn ${M}×${K}×${N}`,
    unit: "GFLOP/s",
    work: 2e-9 * M * N * K,
    ours: { name: "mbrl-wasm", run: product.run },
    peer: { name: "plain JavaScript", run: plain },
    check() {
      plain();
      checkProduct(product.compute(), product.a, product.b, size);
      checkProduct(c, product.a, product.b, size);
    },
  };
}

// c [M, N] = a [M, K] · b [K, N], b packed
function forward(runtime: Runtime, [M, N, K]: Size): Product {
  const { kernels } = runtime;
  const a = normal(runtime, 0, M, K);
  const b = normal(runtime, 1, K, N);
  const panels = runtime.tensor([padded(N), K]);
  kernels.gemm_pack(panels.address, b.address, K, N, N);
  const c = runtime.tensor([M, N]);
  const run = (): number => {
    kernels.gemm_nn(c.address, N, a.address, K, panels.address, 0, M, N, K, 0, runtime.tile);
    return c.view[0]!;
  };
  const compute = (): Float32Array => {
    run();
    return c.read();
  };
  return { a: a.read(), b: b.read(), run, compute };
}

// panels [K, N] += (a [M, K])ᵀ · z [M, N], as the weights' gradient over a batch of M rows
function gradient(runtime: Runtime, [M, N, K]: Size): Product {
  const { kernels } = runtime;
  const a = normal(runtime, 0, M, K);
  const b = normal(runtime, 1, M, N);
  const z = runtime.tensor([M, padded(N)]);
  for (let row = 0; row < M; row++) z.view.set(b.view.subarray(row * N, (row + 1) * N), row * padded(N));
  const panels = runtime.tensor([padded(N), K]);
  const c = runtime.tensor([K, N]);
  const run = (): number => {
    kernels.gemm_tn(panels.address, a.address, K, z.address, padded(N), M, N, K, 1, runtime.tile);
    return panels.view[0]!;
  };
  const compute = (): Float32Array => {
    panels.view.fill(0);
    run();
    kernels.gemm_unpack(c.address, panels.address, K, N, N);
    return c.read();
  };
  return { a: a.read(), b: b.read(), run, compute };
}

function normal(runtime: Runtime, stream: number, rows: number, columns: number): Tensor {
  const tensor = runtime.tensor([rows, columns]);
  runtime.kernels.random_normal(tensor.address, tensor.size, 0, 0, 0, 0, stream, rows);
  return tensor;
}

function padded(columns: number): number {
  return 8 * Math.ceil(columns / 8);
}

function transposed(a: Float32Array, rows: number, columns: number): Float32Array {
  return a.map((_, i) => a[(i % rows) * columns + Math.floor(i / rows)]!);
}

// in float64, with the rounding of K additions in float32 allowed for
function checkProduct(c: Float32Array, a: Float32Array, b: Float32Array, [, N, K]: Size): void {
  for (const [i, value] of c.entries()) {
    let sum = 0;
    let size = 0;
    for (let k = 0; k < K; k++) {
      const term = a[Math.floor(i / N) * K + k]! * b[k * N + (i % N)]!;
      sum += term;
      size += Math.abs(term);
    }
    if (!(Math.abs(value - sum) <= 6e-8 * (K + 1) * size))
      throw new Error(`gemm: element ${i} is ${value}, not ${sum}`);
  }
}
