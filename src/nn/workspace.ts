// What one batch needs on its way through an ensemble: inputs and outputs, the activations and slopes that the backward pass
// reads, gradients and tangents. Tensors hold `rows` rows of each of `slots` networks; a pass over fewer rows uses the start
// of each tensor, packed: row r of slot i lies at (i · rowsOfThePass + r) · columns.

import type { Disposable } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import { NONE } from "./activation.js";
import type { Layout } from "./layout.js";

// the table of assembly/nn/passes.ts: words before the layers, words of a layer, and the numbers of both
const HEADER = 8;
const LAYER = 4;
const Word = { rows: 0, members: 1, input: 2, outputGradient: 3, inputGradient: 4, inputTangent: 5, outputTangent: 6 };
const BLOCKS = 7;
const Field = { output: 0, slope: 1, gradient: 2, tangent: 3 };

/** Rows of a block that goes through all layers at once. @internal */
export const BLOCK_ROWS = 64;

export class Workspace implements Disposable {
  /** Most networks and most rows of each in one pass. */
  readonly slots: number;
  readonly rows: number;
  /** Inputs [slots, rows, in]: written by the caller. */
  readonly input: Tensor;
  /** Outputs of the last forward pass [slots, rows, outputStride]; columns beyond the last layer's size are act(0). */
  readonly output: Tensor;
  /** Where kernels find all this. @internal */
  readonly table: Tensor<"u32">;
  /** Slots, rows, and blocks of rows of the last forward pass. @internal */
  pass = { slots: 0, rows: 0, blocks: 1 };
  readonly #scope: Scope;
  readonly #layout: Layout;
  readonly #members: Tensor<"i32">;
  readonly #lazy = new Map<string, Tensor>();

  /** Made by `ensemble.workspace`. */
  constructor(scope: Scope, layout: Layout, slots: number, rows: number) {
    const { layers } = layout;
    this.#scope = scope;
    this.#layout = layout;
    this.slots = slots;
    this.rows = rows;
    this.table = scope.tensor([HEADER + LAYER * layers.length], "u32");
    this.#members = scope.tensor([slots], "i32");
    this.input = scope.tensor([slots, rows, layers[0].inputs]);
    this.table.view[Word.members] = this.#members.address;
    this.table.view[Word.input] = this.input.address;
    const outputs = layers.map((layer, l) => {
      const output = scope.tensor([slots, rows, layer.leading]);
      this.#setField(l, Field.output, output);
      if (layer.activation !== NONE) this.#setField(l, Field.slope, scope.tensor([slots, rows, layer.leading]));
      return output;
    });
    this.output = outputs[outputs.length - 1];
  }

  /** Gradient of a scalar with respect to `output`, for `vjp`: written by the caller, columns beyond the outputs zero. */
  get outputGradient(): Tensor {
    return this.#tensor("outputGradient", this.output.shape);
  }

  /** Gradient with respect to `input` [slots, rows, in], which `vjp` writes if asked. */
  get inputGradient(): Tensor {
    return this.#tensor("inputGradient", this.input.shape);
  }

  /** Direction in input space [slots, rows, in], for `jvp`: written by the caller. */
  get inputTangent(): Tensor {
    return this.#tensor("inputTangent", this.input.shape);
  }

  /** Change of `output` along the direction, which `jvp` writes. */
  get outputTangent(): Tensor {
    return this.#tensor("outputTangent", this.output.shape);
  }

  /** Says which members the slots of the next pass are, and how many rows each has. @internal */
  begin(members: ArrayLike<number>, rows: number): void {
    this.#members.view.set(members);
    const blocks = Math.max(1, Math.ceil(rows / BLOCK_ROWS));
    this.table.view[Word.rows] = rows;
    this.table.view[BLOCKS] = blocks;
    this.pass = { slots: members.length, rows, blocks };
  }

  /** Room for gradients within the networks. Where slopes are needed no more (`reuse`), gradients take their place. @internal */
  prepareGradients(reuse = false): void {
    const { layers } = this.#layout;
    const given = this.outputGradient;
    layers.forEach(({ leading, activation }, l) => {
      if (this.#field(l, Field.gradient) !== 0) return;
      const slope = this.#field(l, Field.slope);
      if (activation === NONE && l === layers.length - 1) this.#setField(l, Field.gradient, given);
      else if (reuse && slope !== 0) this.table.view[HEADER + LAYER * l + Field.gradient] = slope;
      else this.#setField(l, Field.gradient, this.#scope.tensor([this.slots, this.rows, leading]));
    });
  }

  /** Room for tangents within the networks. @internal */
  prepareTangents(): void {
    this.#layout.layers.forEach(({ leading }, l) => {
      if (this.#field(l, Field.tangent) !== 0) return;
      this.#setField(l, Field.tangent, this.#scope.tensor([this.slots, this.rows, leading]));
    });
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using workspace = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #field(layer: number, field: number): number {
    return this.table.view[HEADER + LAYER * layer + field];
  }

  #setField(layer: number, field: number, tensor: Tensor): void {
    this.table.view[HEADER + LAYER * layer + field] = tensor.address;
  }

  #tensor(name: keyof typeof Word, shape: readonly number[]): Tensor {
    let tensor = this.#lazy.get(name);
    if (tensor === undefined) {
      tensor = this.#scope.tensor(shape);
      this.#lazy.set(name, tensor);
      this.table.view[Word[name]] = tensor.address;
    }
    return tensor;
  }
}
