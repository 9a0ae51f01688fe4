// Matrix products as the networks need them: activations [M, K] times weights [K, N] that are stored packed, on both sides.
// Sizes: a training batch of small networks, a planning batch of them, PETS's 200 units, a square, and odd numbers.

import type { Runtime } from "../src/wasm/index.js";
import type { Case } from "./harness.js";
import { packPanels, plainGemm } from "./plain/gemm.js";

const sizes = [
  [64, 64, 64],
  [500, 64, 64],
  [32, 200, 200],
  [500, 200, 200],
  [256, 256, 256],
  [99, 101, 103],
] as const;

export function cases(runtime: Runtime): Case[] {
  const { kernels } = runtime;
  const columnsOf8 = (N: number): number => 8 * Math.ceil(N / 8);
  return sizes.map(([M, N, K], sample) => {
    const a = runtime.tensor([M, K]);
    const b = runtime.tensor([K, N]);
    const c = runtime.tensor([M, N]);
    const panels = runtime.tensor([columnsOf8(N), K]);
    kernels.random_normal(a.address, a.size, 0, 0, 0, 0, 0, sample);
    kernels.random_normal(b.address, b.size, 0, 0, 0, 0, 1, sample);
    kernels.gemm_pack(panels.address, b.address, K, N, N);
    const plainA = a.read();
    const plainB = packPanels(b.read(), K, N);
    const plainC = new Float32Array(M * N);
    const ours = (): number => {
      kernels.gemm_nn(c.address, N, a.address, K, panels.address, 0, M, N, K, 0);
      return c.view[0]!;
    };
    const plain = (): number => {
      plainGemm(plainC, plainA, plainB, M, N, K);
      return plainC[0]!;
    };
    return {
      name: `${M}×${K} · ${K}×${N}`,
      unit: "GFLOP/s",
      work: 2e-9 * M * N * K,
      ours: { name: "mbrl-wasm", run: ours },
      peer: { name: "plain JS", run: plain },
      check() {
        ours();
        plain();
        checkProduct(c.read(), a.read(), b.read(), N, K);
        checkProduct(plainC, plainA, b.read(), N, K);
      },
    };
  });
}

// in float64, with the rounding of K additions in float32 allowed for
function checkProduct(c: Float32Array, a: Float32Array, b: Float32Array, N: number, K: number): void {
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
