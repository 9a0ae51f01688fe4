// An ensemble's packed parameters as plain arrays, and their first values.

import { FormatError } from "../check.js";
import { RandomStream } from "../kernels/index.js";
import type { NamedArray, SavedState } from "../types.js";
import type { Runtime, Tensor } from "../wasm/index.js";
import type { Layer, Layout } from "./layout.js";

/** A flat tensor of parameters and what is needed to find one's way in it. */
export interface Parameters {
  readonly runtime: Runtime;
  readonly members: number;
  readonly params: Tensor;
  readonly layout: Layout;
}

/** Draws all weights: normal with σ = 1 / (2√in), truncated at 2σ; biases zero. */
export function drawWeights(parameters: Parameters, seed: number): void {
  const random = new RandomStream(parameters.runtime, seed, "ensemble.initialize");
  try {
    parameters.params.view.fill(0);
    for (const layer of parameters.layout.layers) {
      const sigma = 1 / (2 * Math.sqrt(layer.inputs));
      packWeights(parameters, layer, (weights) => {
        random.truncatedNormal(weights);
        const { view } = weights;
        for (let i = 0; i < view.length; i++) view[i] *= sigma;
      });
    }
  } finally {
    random.dispose();
  }
}

/** `layer0.weight` [E, in, out] row-major, `layer0.bias` [E, out], … */
export function readWeights(parameters: Parameters): Record<string, NamedArray> {
  const { runtime, members, params, layout } = parameters;
  const arrays: Record<string, NamedArray> = {};
  layout.layers.forEach((layer, l) => {
    const { inputs, outputs, stride, bias } = layer;
    const weights = new Float32Array(members * inputs * outputs);
    withMatrix(runtime, layer, (matrix) => {
      for (let e = 0; e < members; e++) {
        runtime.kernels.gemm_unpack(matrix.address, panels(parameters, layer, e), inputs, outputs, outputs);
        matrix.read(weights.subarray(e * inputs * outputs, (e + 1) * inputs * outputs));
      }
    });
    const biases = new Float32Array(members * outputs);
    for (let e = 0; e < members; e++) {
      const from = bias + e * stride;
      biases.set(params.view.subarray(from, from + outputs), e * outputs);
    }
    arrays[`layer${l}.weight`] = { dtype: "f32", shape: [members, inputs, outputs], data: weights };
    arrays[`layer${l}.bias`] = { dtype: "f32", shape: [members, outputs], data: biases };
  });
  return arrays;
}

/** The inverse of `readWeights`. Throws `FormatError` when an array is missing or of another shape; then nothing changes. */
export function writeWeights(parameters: Parameters, state: SavedState): void {
  const { members, params, layout } = parameters;
  const parts = layout.layers.map(({ inputs, outputs }, l) => ({
    weight: savedArray(state, `layer${l}.weight`, [members, inputs, outputs]),
    bias: savedArray(state, `layer${l}.bias`, [members, outputs]),
  }));
  layout.layers.forEach((layer, l) => {
    const { inputs, outputs, stride, bias } = layer;
    packWeights(parameters, layer, (matrix, e) => {
      matrix.write(parts[l].weight.subarray(e * inputs * outputs, (e + 1) * inputs * outputs));
    });
    for (let e = 0; e < members; e++) {
      params.view.set(parts[l].bias.subarray(e * outputs, (e + 1) * outputs), bias + e * stride);
    }
  });
}

/** Address of the panels of one member's weights. */
function panels({ params }: Parameters, { weights, stride, inputs }: Layer, member: number): number {
  return params.address + 4 * (weights + member * stride * inputs);
}

// packs the matrices [in, out] that `fill` writes, one for each member
function packWeights(parameters: Parameters, layer: Layer, fill: (matrix: Tensor, member: number) => void): void {
  const { runtime, members } = parameters;
  const { inputs, outputs } = layer;
  withMatrix(runtime, layer, (matrix) => {
    for (let e = 0; e < members; e++) {
      fill(matrix, e);
      runtime.kernels.gemm_pack(panels(parameters, layer, e), matrix.address, inputs, outputs, outputs);
    }
  });
}

function withMatrix(runtime: Runtime, { inputs, outputs }: Layer, use: (matrix: Tensor) => void): void {
  const matrix = runtime.tensor([inputs, outputs]);
  try {
    use(matrix);
  } finally {
    matrix.dispose();
  }
}

function savedArray(state: SavedState, name: string, shape: readonly number[]): Float32Array {
  const array = Object.hasOwn(state.arrays, name) ? state.arrays[name] : undefined;
  if (array === undefined) throw new FormatError(`saved ensemble lacks "${name}"`);
  const { dtype, data } = array;
  if (dtype !== "f32" || !(data instanceof Float32Array) || array.shape.join() !== shape.join()) {
    throw new FormatError(
      `saved "${name}" expected f32 [${shape.join(", ")}], got ${dtype} [${array.shape.join(", ")}]`,
    );
  }
  const size = shape.reduce((a, b) => a * b);
  if (data.length !== size) throw new FormatError(`saved "${name}" expected ${size} numbers, got ${data.length}`);
  return data;
}
