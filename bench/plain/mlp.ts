// One swish network in plain JavaScript: forward, and a training step (loss, backward, Adam), on the tiled product of
// bench/plain/gemm.ts. A peer of the benches, which call it once per member.

import { packPanels, plainGemm } from "./gemm.js";
import type { PlainLoss } from "./losses.js";

interface Layer {
  readonly K: number;
  readonly N: number;
  /** Weights [K, N] and biases [N] in one array, and their gradient and Adam's moments likewise. */
  readonly params: Float32Array;
  readonly gradient: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
  /** Sums before the activation, outputs, and gradient of the sums, all [rows, N]. */
  readonly z: Float32Array;
  readonly y: Float32Array;
  readonly dz: Float32Array;
}

export class PlainMlp {
  readonly layers: readonly Layer[];
  readonly #rows: number;
  #steps = 0;

  /** `weights` [K, N] of each layer; biases start at zero. */
  constructor(sizes: readonly number[], weights: readonly Float32Array[], rows: number) {
    this.#rows = rows;
    this.layers = weights.map((weight, l) => {
      const [K, N] = [sizes[l]!, sizes[l + 1]!];
      const size = (K + 1) * N;
      const params = new Float32Array(size);
      params.set(weight);
      const [gradient, m, v] = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
      const [z, y, dz] = [new Float32Array(rows * N), new Float32Array(rows * N), new Float32Array(rows * N)];
      return { K, N, params, gradient, m, v, z, y, dz };
    });
  }

  /** Outputs [rows, out] for inputs [rows, in]. */
  forward(x: Float32Array): Float32Array {
    let input = x;
    for (const [l, { K, N, params, z, y }] of this.layers.entries()) {
      plainGemm(z, input, packPanels(params, K, N), this.#rows, N, K);
      const last = l === this.layers.length - 1;
      for (let i = 0; i < z.length; i++) {
        const sum = z[i]! + params[K * N + (i % N)]!;
        z[i] = sum;
        y[i] = last ? sum : sum / (1 + Math.exp(-sum));
      }
      input = y;
    }
    return input;
  }

  /** One step of Adam; returns the loss before it. */
  train(x: Float32Array, lossOf: PlainLoss, learningRate: number): number {
    const output = this.forward(x);
    const loss = lossOf(output, this.layers[this.layers.length - 1]!.dz);
    for (let l = this.layers.length - 1; l >= 0; l--) this.#backward(l, l > 0 ? this.layers[l - 1]!.y : x);
    this.#adam(learningRate);
    return loss;
  }

  // weight gradient of layer l, and the gradient of the sums of the layer before
  #backward(l: number, input: Float32Array): void {
    const { K, N, params, gradient, dz } = this.layers[l]!;
    const rows = this.#rows;
    plainGemm(gradient, transposed(input, rows, K), packPanels(dz, rows, N), K, N, rows);
    gradient.fill(0, K * N);
    for (let i = 0; i < dz.length; i++) gradient[K * N + (i % N)]! += dz[i]!;
    if (l === 0) return;
    const before = this.layers[l - 1]!;
    plainGemm(before.dz, dz, packPanels(transposed(params, K, N), N, K), rows, K, N);
    for (let i = 0; i < before.dz.length; i++) {
      const s = 1 / (1 + Math.exp(-before.z[i]!));
      before.dz[i]! *= s + before.z[i]! * s * (1 - s);
    }
  }

  #adam(learningRate: number): void {
    this.#steps++;
    const [correction1, correction2] = [1 / (1 - 0.9 ** this.#steps), 1 / (1 - 0.999 ** this.#steps)];
    for (const { params, gradient, m, v } of this.layers) {
      for (let i = 0; i < params.length; i++) {
        const g = gradient[i]!;
        m[i] = 0.9 * m[i]! + 0.1 * g;
        v[i] = 0.999 * v[i]! + 0.001 * g * g;
        params[i]! -= (learningRate * m[i]! * correction1) / (Math.sqrt(v[i]! * correction2) + 1e-8);
      }
    }
  }
}

function transposed(a: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) out[c * rows + r] = a[r * columns + c]!;
  }
  return out;
}
