// Where the parameters of an ensemble's layers lie in its flat tensor, in floats:
//   layer 0 weights [E][ceil(N/8)][K][8], layer 0 biases [E][8·ceil(N/8)], layer 1 weights, …

import { type Activation, activationNumber } from "./activation.js";

/** One layer of all members: K inputs, N outputs. */
export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** Outputs rounded up to a multiple of 8: rows of biases, and of the outputs of the last layer. */
  readonly stride: number;
  /** Floats from one row of the layer's activations to the next: `stride`, and more where rows would share cache lines. */
  readonly leading: number;
  /** Offsets of the weights and biases in the parameters, and of the transposed weights in their own tensor. */
  readonly weights: number;
  readonly bias: number;
  readonly transposed: number;
  /** Number of the activation after the layer. */
  readonly activation: number;
}

/** A piece of a flat tensor, in elements. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

export interface Layout {
  readonly layers: readonly Layer[];
  /** Lengths of the parameter tensor and of that of the transposed weights. */
  readonly size: number;
  readonly transposedSize: number;
  /** Largest leading dimension of any layer. */
  readonly widest: number;
}

/** n rounded up to a multiple of 8. */
export function padded(n: number): number {
  return Math.ceil(n / 8) * 8;
}

/** The layout of `members` networks with the layer sizes `sizes`. */
export function layout(members: number, sizes: readonly number[], hidden: Activation, output: Activation): Layout {
  const layers: Layer[] = [];
  let size = 0;
  let transposedSize = 0;
  for (let l = 0; l + 1 < sizes.length; l++) {
    const inputs = sizes[l];
    const outputs = sizes[l + 1];
    const stride = padded(outputs);
    const bias = size + members * stride * inputs;
    const last = l + 2 === sizes.length;
    const activation = activationNumber(last ? output : hidden);
    // rows a multiple of 512 bytes apart fall into the same few sets of the first-level cache
    const leading = !last && stride % 128 === 0 ? stride + 16 : stride;
    layers.push({ inputs, outputs, stride, leading, weights: size, bias, transposed: transposedSize, activation });
    size = bias + members * stride;
    transposedSize += members * padded(inputs) * outputs;
  }
  return { layers, size, transposedSize, widest: Math.max(...layers.map(({ leading }) => leading)) };
}
