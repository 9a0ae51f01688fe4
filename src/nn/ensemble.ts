// An ensemble of multi-layer perceptrons of one shape, all passes batched over its members: forward, vjp (gradients) and
// jvp (tangents) in a workspace, and `predict`, which keeps nothing. A pass runs over slots: slot i is member i, or member
// members[i] of a list, which may leave members out or name one several times.

import { checkInteger, checkOneOf, checkOptions, wrongKind, wrongValue } from "../check.js";
import type { Disposable, SavedState } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import { type Activation, activations } from "./activation.js";
import { type Layout, layout, padded, type Span } from "./layout.js";
import { drawWeights, type Parameters, readWeights, writeWeights } from "./parameters.js";
import { Workspace } from "./workspace.js";

// rows that `predict` takes through all layers before the next rows: their activations stay in the second-level cache
const PREDICT_ROWS = 240;

export interface EnsembleOptions {
  /** Number of networks (E). */
  members: number;
  /** Sizes from the input to the output: `[in, …hidden, out]`. */
  layers: readonly number[];
  /** Activation of the hidden layers. Default `swish`, as PETS. */
  activation?: Activation | undefined;
  /** Activation of the last layer. Default `none`. */
  outputActivation?: Activation | undefined;
  /** Seed of the initial weights. */
  seed: number;
}

export interface VjpOptions {
  /** Add to the gradients instead of replacing them. Default false. */
  accumulate?: boolean | undefined;
  /** Also write `workspace.inputGradient`. Default false. */
  inputGradient?: boolean | undefined;
}

export interface JvpOptions {
  /** Follow `workspace.inputTangent` too; false stands for zero. Default true. */
  inputTangent?: boolean | undefined;
}

export class Ensemble implements Disposable {
  readonly runtime: Runtime;
  readonly members: number;
  /** Layer sizes from input to output. */
  readonly layers: readonly number[];
  readonly activation: Activation;
  readonly outputActivation: Activation;
  /** Leading dimension of outputs: the last layer's size rounded up to a multiple of 8. */
  readonly outputStride: number;
  /**
   * All parameters of all members, packed (src/nn/layout.ts); gradients, tangents and optimizer states have the same
   * layout. Whoever writes to it calls `changed()`.
   */
  readonly params: Tensor;
  /** The weights of each layer within `params`, without biases: what weight decay acts on. */
  readonly weightSpans: readonly Span[];
  readonly #scope: Scope;
  readonly #layout: Layout;
  #version = 0;
  // version of the parameters that each layer's transposed weights were made from; 0: never
  readonly #transposedVersion: number[];
  #transposed: Tensor | undefined;
  #scratch: readonly [Tensor, Tensor] | undefined;

  /** Made by `createEnsemble`. */
  constructor(scope: Scope, options: Required<{ [K in keyof EnsembleOptions]: NonNullable<EnsembleOptions[K]> }>) {
    const { members, layers, activation, outputActivation, seed } = options;
    this.#scope = scope;
    this.runtime = scope.runtime;
    this.members = members;
    this.layers = [...layers];
    this.activation = activation;
    this.outputActivation = outputActivation;
    this.#layout = layout(members, layers, activation, outputActivation);
    this.#transposedVersion = this.#layout.layers.map(() => 0);
    this.outputStride = padded(layers[layers.length - 1]);
    this.params = scope.tensor([this.#layout.size]);
    this.weightSpans = this.#layout.layers.map(({ weights, bias }) => ({ offset: weights, length: bias - weights }));
    this.initialize(seed);
  }

  /** Draws all weights anew: normal with σ = 1 / (2√in), truncated at 2σ, as PETS; biases zero. */
  initialize(seed: number): void {
    drawWeights(this.#parameters, seed);
    this.changed();
  }

  /** Says that `params` was written to. Optimizers, `setWeights` and `copyMember` say it themselves. */
  changed(): void {
    this.#version++;
  }

  /** Memory for passes over up to `rows` rows of each slot; `slots` defaults to the number of members. */
  workspace(rows: number, slots: number = this.members): Workspace {
    checkInteger("ensemble.workspace", "rows", rows, 1);
    checkInteger("ensemble.workspace", "slots", slots, 1);
    return this.runtime.scoped((scope) => new Workspace(scope, this.#layout, slots, rows));
  }

  /**
   * From `workspace.input` to `workspace.output`, keeping what `vjp` and `jvp` need. Uses the first slots · rows rows of
   * every tensor, packed.
   */
  forward(workspace: Workspace, rows: number, members?: ArrayLike<number>): void {
    const op = "ensemble.forward";
    const slots = members?.length ?? this.members;
    checkInteger(op, "rows", rows, 0, workspace.rows);
    if (slots > workspace.slots) wrongValue(op, "members", `at most ${workspace.slots}, the workspace's slots`, slots);
    const list = workspace.members.view;
    for (let i = 0; i < slots; i++)
      list[i] = members ? checkInteger(op, "members", members[i], 0, this.members - 1) : i;
    workspace.pass = { slots, rows };

    this.#layout.layers.forEach((layer, l) => {
      this.runtime.kernels.dense_forward(
        workspace.outputs[l].address,
        workspace.slopes[l]?.address ?? 0,
        (l > 0 ? workspace.outputs[l - 1] : workspace.input).address,
        this.#float(layer.weights),
        this.#float(layer.bias),
        workspace.members.address,
        slots,
        rows,
        layer.inputs,
        layer.outputs,
        this.#inputStride(l),
        rows * this.#inputStride(l),
        layer.activation,
      );
    });
  }

  /**
   * Gradients from `workspace.outputGradient` after `forward` of the same rows: into `gradients` (laid out as `params`;
   * undefined: not wanted), and into `workspace.inputGradient` if asked. Slots of one member add up.
   */
  vjp(workspace: Workspace, rows: number, gradients: Tensor | undefined, options: VjpOptions = {}): void {
    const { accumulate = false, inputGradient = false } = options;
    const { slots } = this.#checkPass("ensemble.vjp", workspace, rows);
    if (gradients) this.#checkFlat("ensemble.vjp", "gradients", gradients);
    if (gradients && !accumulate) gradients.view.fill(0);
    const { kernels } = this.runtime;
    const { layers } = this.#layout;
    const last = layers.length - 1;
    let dz = workspace.outputGradient.address;
    if (layers[last].activation > 0) {
      const out = workspace.scratch(last).address;
      const { activation, stride } = layers[last];
      const slope = workspace.slopes[last]?.address ?? 0;
      kernels.activation_slope(out, dz, workspace.output.address, slope, slots * rows * stride, activation);
      dz = out;
    }
    for (let l = last; l >= 0; l--) {
      const layer = layers[l];
      const ld = this.#inputStride(l);
      if (gradients) {
        kernels.dense_weight_gradient(
          gradients.address + 4 * layer.weights,
          gradients.address + 4 * layer.bias,
          (l > 0 ? workspace.outputs[l - 1] : workspace.input).address,
          dz,
          workspace.members.address,
          slots,
          rows,
          layer.inputs,
          layer.outputs,
          ld,
          rows * ld,
        );
      }
      if (l === 0 && !inputGradient) break;
      const dx = (l > 0 ? workspace.scratch(l - 1) : workspace.inputGradient).address;
      kernels.dense_input_gradient(
        dx,
        dz,
        this.#transposedWeights(l),
        l > 0 ? workspace.outputs[l - 1].address : 0,
        l > 0 ? (workspace.slopes[l - 1]?.address ?? 0) : 0,
        workspace.members.address,
        slots,
        rows,
        layer.inputs,
        layer.outputs,
        ld,
        l > 0 ? layers[l - 1].activation : 0,
      );
      dz = dx;
    }
  }

  /**
   * The change of the outputs, to `workspace.outputTangent`, along `paramsTangent` (laid out as `params`; undefined: zero)
   * and `workspace.inputTangent`, after `forward` of the same rows.
   */
  jvp(workspace: Workspace, rows: number, paramsTangent: Tensor | undefined, options: JvpOptions = {}): void {
    const op = "ensemble.jvp";
    const { inputTangent = true } = options;
    const { slots } = this.#checkPass(op, workspace, rows);
    if (paramsTangent) this.#checkFlat(op, "paramsTangent", paramsTangent);
    if (!paramsTangent && !inputTangent) wrongValue(op, "paramsTangent", "a tensor, or an input tangent", "neither");
    const { layers } = this.#layout;
    let tangent = inputTangent ? workspace.inputTangent.address : 0;
    layers.forEach((layer, l) => {
      const out = (l + 1 < layers.length ? workspace.scratch(l) : workspace.outputTangent).address;
      const ld = this.#inputStride(l);
      this.runtime.kernels.dense_tangent(
        out,
        tangent,
        (l > 0 ? workspace.outputs[l - 1] : workspace.input).address,
        this.#float(layer.weights),
        paramsTangent ? paramsTangent.address + 4 * layer.weights : 0,
        paramsTangent ? paramsTangent.address + 4 * layer.bias : 0,
        workspace.outputs[l].address,
        workspace.slopes[l]?.address ?? 0,
        workspace.members.address,
        slots,
        rows,
        layer.inputs,
        layer.outputs,
        ld,
        rows * ld,
        layer.activation,
      );
      tangent = out;
    });
  }

  /**
   * out [slots, rows, outputStride] = networks at x: [slots, rows, in], or [rows, in] for all slots. Only the first
   * slots · rows rows of larger tensors are used, packed. Keeps nothing, allocates nothing after the first call, and gives
   * the bits that `forward` gives.
   */
  predict(out: Tensor, x: Tensor, rows: number, members?: ArrayLike<number>): void {
    const op = "ensemble.predict";
    const slots = members?.length ?? this.members;
    const shared = x.shape.length === 2;
    const inputs = this.layers[0];
    checkInteger(op, "rows", rows);
    checkSize(op, "x", x, (shared ? 1 : slots) * rows, inputs);
    checkSize(op, "out", out, slots * rows, this.outputStride);
    for (let slot = 0; slot < slots; slot++) {
      const member = members ? checkInteger(op, "members", members[slot], 0, this.members - 1) : slot;
      for (let row = 0; row < rows; row += PREDICT_ROWS) {
        const block = Math.min(PREDICT_ROWS, rows - row);
        const from = x.address + 4 * ((shared ? 0 : slot * rows) + row) * inputs;
        this.#predictBlock(out.address + 4 * (slot * rows + row) * this.outputStride, from, member, block);
      }
    }
  }

  /** Copies one member's part of `source` to `target`, both laid out as `params`: parameters or optimizer state. */
  copyMember(target: Tensor, source: Tensor, member: number): void {
    const op = "ensemble.copyMember";
    this.#checkFlat(op, "target", target);
    this.#checkFlat(op, "source", source);
    checkInteger(op, "member", member, 0, this.members - 1);
    for (const { inputs, stride, weights, bias } of this.#layout.layers) {
      const parts = [
        { offset: weights + member * stride * inputs, length: stride * inputs },
        { offset: bias + member * stride, length: stride },
      ];
      for (const { offset, length } of parts) {
        target.view.set(source.view.subarray(offset, offset + length), offset);
      }
    }
    if (target === this.params) this.changed();
  }

  /** The parameters as plain arrays: `layer0.weight` [E, in, out] row-major, `layer0.bias` [E, out], … */
  weights(): SavedState {
    const { members, layers, activation, outputActivation } = this;
    return { meta: { members, layers, activation, outputActivation }, arrays: readWeights(this.#parameters) };
  }

  /** Sets the parameters to what `weights` returned here or in another process. Throws `FormatError` when they do not fit. */
  setWeights(state: SavedState): void {
    writeWeights(this.#parameters, state);
    this.changed();
  }

  /** Gives the memory back, not that of workspaces. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using ensemble = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  get #parameters(): Parameters {
    return { runtime: this.runtime, members: this.members, params: this.params, layout: this.#layout };
  }

  // address of an offset in the parameters
  #float(offset: number): number {
    return this.params.address + 4 * offset;
  }

  // leading dimension of what layer l reads
  #inputStride(l: number): number {
    return l > 0 ? this.#layout.layers[l - 1].stride : this.layers[0];
  }

  #predictBlock(out: number, x: number, member: number, rows: number): void {
    const { layers, widest } = this.#layout;
    this.#scratch ??= [this.#scope.tensor([PREDICT_ROWS, widest]), this.#scope.tensor([PREDICT_ROWS, widest])];
    for (let l = 0; l < layers.length; l++) {
      const { inputs, outputs, stride, weights, bias, activation } = layers[l];
      const y = l + 1 < layers.length ? this.#scratch[l & 1].address : out;
      const w = this.#float(weights + member * stride * inputs);
      const b = this.#float(bias + member * stride);
      this.runtime.kernels.dense_forward(
        y,
        0,
        x,
        w,
        b,
        0,
        1,
        rows,
        inputs,
        outputs,
        this.#inputStride(l),
        0,
        activation,
      );
      x = y;
    }
  }

  // address of the transposed weights of layer l, made anew when the parameters have changed since
  #transposedWeights(l: number): number {
    this.#transposed ??= this.#scope.tensor([this.#layout.transposedSize]);
    const { inputs, outputs, stride, weights, transposed } = this.#layout.layers[l];
    const address = this.#transposed.address + 4 * transposed;
    if (this.#transposedVersion[l] !== this.#version) {
      this.#transposedVersion[l] = this.#version;
      const size = 4 * padded(inputs) * outputs;
      for (let e = 0; e < this.members; e++) {
        const panels = this.#float(weights + e * stride * inputs);
        this.runtime.kernels.gemm_pack_transposed(address + e * size, panels, inputs, outputs);
      }
    }
    return address;
  }

  #checkPass(op: string, workspace: Workspace, rows: number): { slots: number } {
    if (!(workspace instanceof Workspace)) wrongKind(op, "workspace", "a workspace", workspace);
    if (rows !== workspace.pass.rows) wrongValue(op, "rows", `${workspace.pass.rows}, as the forward pass`, rows);
    return workspace.pass;
  }

  #checkFlat(op: string, name: string, tensor: Tensor): void {
    if (tensor.dtype !== "f32" || tensor.size !== this.params.size) {
      wrongValue(op, name, `a tensor of ${this.params.size} f32, laid out as the parameters`, tensor.size);
    }
  }
}

/**
 * An ensemble with weights drawn as PETS draws them: normal with σ = 1 / (2√in), truncated at 2σ; biases zero. The member
 * list of a pass may leave members out or repeat them.
 */
export function createEnsemble(runtime: Runtime, options: EnsembleOptions): Ensemble {
  const op = "createEnsemble";
  const known = ["members", "layers", "activation", "outputActivation", "seed"] as const;
  const { activation = "swish", outputActivation = "none", members, layers, seed } = checkOptions(op, options, known);
  checkInteger(op, "members", members, 1);
  if (!Array.isArray(layers)) wrongKind(op, "layers", "an array of sizes", layers);
  if (layers.length < 2) wrongValue(op, "layers", "at least 2 sizes", layers);
  for (const size of layers) checkInteger(op, "layers", size, 1);
  checkOneOf(op, "activation", activation, activations);
  checkOneOf(op, "outputActivation", outputActivation, activations);
  checkInteger(op, "seed", seed, 0, Number.MAX_SAFE_INTEGER);
  return runtime.scoped((scope) => new Ensemble(scope, { members, layers, activation, outputActivation, seed }));
}

function checkSize(op: string, name: string, tensor: Tensor, rows: number, columns: number): void {
  const { shape } = tensor;
  if (tensor.dtype !== "f32" || shape[shape.length - 1] !== columns || tensor.size < rows * columns) {
    wrongValue(op, name, `at least ${rows} rows of ${columns} f32`, `[${shape.join(", ")}]`);
  }
}
