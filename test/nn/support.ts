// An ensemble beside its float64 twins.

import type { Ensemble } from "../../src/nn/index.js";
import type { Tensor } from "../../src/wasm/index.js";
import type { Gradients, Mlp } from "../oracle/mlp.js";

const panel = (n: number) => Math.ceil(n / 8) * 8;

/** Weights and biases of one member out of a tensor laid out as the parameters. */
export function member(ensemble: Ensemble, tensor: Tensor, e: number): Gradients {
  const { layers, members } = ensemble;
  const values = tensor.view;
  const weights: number[][][] = [];
  const biases: number[][] = [];
  let at = 0;
  for (let l = 0; l + 1 < layers.length; l++) {
    const [K, N] = [layers[l], layers[l + 1]];
    const first = at + e * panel(N) * K;
    weights.push(
      Array.from({ length: K }, (_, k) =>
        Array.from({ length: N }, (_, n) => values[first + ((n >> 3) * K + k) * 8 + (n & 7)]),
      ),
    );
    at += members * panel(N) * K;
    biases.push([...values.subarray(at + e * panel(N), at + e * panel(N) + N)]);
    at += members * panel(N);
  }
  return { weights, biases };
}

/** The float64 twin of one member. */
export function twin(ensemble: Ensemble, e: number): Mlp {
  const { activation, outputActivation } = ensemble;
  return { ...member(ensemble, ensemble.params, e), activation, outputActivation };
}

/** Rows of slot `slot` of a tensor [slots, rows, stride] packed for a pass over `rows` rows: the first `columns` of each. */
export function rowsOf(tensor: Tensor, slot: number, rows: number, columns: number): number[][] {
  const stride = tensor.shape[tensor.shape.length - 1];
  return Array.from({ length: rows }, (_, r) => {
    const from = (slot * rows + r) * stride;
    return [...tensor.view.subarray(from, from + columns)];
  });
}

/** Writes rows [slots][rows][columns] to such a tensor. */
export function writeRows(tensor: Tensor, slots: readonly (readonly (readonly number[])[])[]): void {
  const stride = tensor.shape[tensor.shape.length - 1];
  for (const [i, row] of slots.flat().entries()) tensor.view.set(row, i * stride);
}
