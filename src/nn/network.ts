// The table by which kernels know a network; assembly/nn/network.ts reads the same words.

import type { Scope, Tensor } from "../wasm/index.js";
import type { Layout } from "./layout.js";

const HEADER = 8;
const LAYER = 8;

/** Writes the table of a network whose parameters and transposed weights lie in the given tensors. */
export function networkTable(scope: Scope, layout: Layout, members: number, params: Tensor, transposed: Tensor) {
  const { layers, widest } = layout;
  const words = new Uint32Array(HEADER + LAYER * layers.length);
  words.set([layers.length, members, widest, scope.runtime.tile, params.address]);
  layers.forEach((layer, l) => {
    words.set(
      [
        layer.inputs,
        layer.outputs,
        layer.leading,
        layer.activation,
        params.address + 4 * layer.weights,
        params.address + 4 * layer.bias,
        transposed.address + 4 * layer.transposed,
      ],
      HEADER + LAYER * l,
    );
  });
  return scope.tensor([words.length], "u32").write(words);
}
