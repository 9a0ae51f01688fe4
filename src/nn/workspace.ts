// What one batch needs on its way through an ensemble: inputs and outputs, the activations that the backward pass reads,
// gradients and tangents. Tensors hold `rows` rows of each of `slots` networks; a pass over fewer rows uses the start of
// each tensor, packed: row r of slot i lies at (i · rowsOfThePass + r) · columns.

import type { Disposable } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import { SWISH } from "./activation.js";
import type { Layout } from "./layout.js";

export class Workspace implements Disposable {
  /** Most networks and most rows of each in one pass. */
  readonly slots: number;
  readonly rows: number;
  /** Inputs [slots, rows, in]: written by the caller. */
  readonly input: Tensor;
  /** Outputs of every layer [slots, rows, stride]; the last is `output`. @internal */
  readonly outputs: readonly Tensor[];
  /** act' of every layer, where it cannot be had from the output. @internal */
  readonly slopes: readonly (Tensor | undefined)[];
  /** Member of each slot of the last pass. @internal */
  readonly members: Tensor<"i32">;
  /** Slots and rows of the last forward pass. @internal */
  pass = { slots: 0, rows: 0 };
  readonly #scope: Scope;
  readonly #layout: Layout;
  readonly #lazy = new Map<string, Tensor>();

  /** Made by `ensemble.workspace`. */
  constructor(scope: Scope, layout: Layout, slots: number, rows: number) {
    this.#scope = scope;
    this.#layout = layout;
    this.slots = slots;
    this.rows = rows;
    this.members = scope.tensor([slots], "i32");
    this.input = scope.tensor([slots, rows, layout.layers[0].inputs]);
    this.outputs = layout.layers.map(({ stride }) => scope.tensor([slots, rows, stride]));
    this.slopes = layout.layers.map(({ stride, activation }) =>
      activation === SWISH ? scope.tensor([slots, rows, stride]) : undefined,
    );
  }

  /** Outputs of the last forward pass [slots, rows, outputStride]; columns beyond the last layer's size are act(0). */
  get output(): Tensor {
    return this.outputs[this.outputs.length - 1];
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

  /** One of two buffers of the widest layer's size. @internal */
  scratch(index: number): Tensor {
    return this.#tensor(`scratch${index & 1}`, [this.slots, this.rows, this.#layout.widest]);
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using workspace = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #tensor(name: string, shape: readonly number[]): Tensor {
    let tensor = this.#lazy.get(name);
    if (tensor === undefined) {
      tensor = this.#scope.tensor(shape);
      this.#lazy.set(name, tensor);
    }
    return tensor;
  }
}
