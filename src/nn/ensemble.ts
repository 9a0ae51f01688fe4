// An ensemble of multi-layer perceptrons of one shape, all passes batched over its members: forward, vjp (gradients) and
// jvp (tangents) in a workspace, and `predict`, which keeps nothing. A pass runs over slots: slot i is member i, or member
// members[i] of a list, which may leave members out or name one several times.

import { checkInteger, checkOneOf, checkOptions, wrongKind, wrongValue } from "../check.js";
import type { Disposable, SavedState } from "../types.js";
import { blockCount, MAX_BLOCK_ROWS, Region, type Runtime, type Scope, type Tensor } from "../wasm/index.js";
import { type Activation, activations } from "./activation.js";
import { type Layout, layout, padded, type Span } from "./layout.js";
import { networkTable } from "./network.js";
import { drawWeights, type Parameters, readWeights, writeWeights } from "./parameters.js";
import { BLOCK_ROWS, Workspace } from "./workspace.js";

// what the region "weights" does with gradients (WeightFlags of assembly/nn/weights.ts)
const WeightFlags = { accumulate: 1, keep: 2 } as const;

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
  readonly #transposed: Tensor;
  readonly #network: Tensor<"u32">;
  readonly #forward: Region;
  readonly #backward: Region;
  readonly #tangent: Region;
  readonly #weights: Region;
  readonly #predict: Region;
  // all members in order, and the list of a prediction
  readonly #all: readonly number[];
  #list: Tensor<"i32">;
  readonly #scratch: Tensor;

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
    this.#transposed = scope.tensor([this.#layout.transposedSize]);
    this.#network = networkTable(scope, this.#layout, members, this.params, this.#transposed);
    this.#forward = new Region(scope, "forward", 2);
    this.#backward = new Region(scope, "backward", 5);
    this.#tangent = new Region(scope, "tangent", 4);
    this.#weights = new Region(scope, "weights", 7);
    this.#predict = new Region(scope, "predict", 9);
    // of each thread: activations of a block of rows on their way; or a strip of rows; or sixteen columns with their biases
    const strip = 16 * Math.max(BLOCK_ROWS, Math.max(...layers.slice(0, -1)) + 1);
    const perThread = Math.max(2 * MAX_BLOCK_ROWS * this.#layout.widest, strip);
    this.#scratch = scope.tensor([scope.runtime.threads, perThread]);
    this.#all = Array.from({ length: members }, (_, e) => e);
    this.#list = scope.tensor([members], "i32");
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

  /** Says that an optimizer's step was taken by kernels that renewed the transposed weights but the first. @internal */
  stepped(): void {
    this.#version++;
    this.#transposedVersion.fill(this.#version, 1);
  }

  /** Address of the table by which kernels know the networks, and their widest leading dimension. @internal */
  get table(): { network: number; widest: number } {
    return { network: this.#network.address, widest: this.#layout.widest };
  }

  /** Addresses of the tables and of scratch memory, for regions over this ensemble. @internal */
  prepareTraining(): { network: number; scratch: readonly [number, number]; weightTasks: number } {
    this.#transpose(1);
    const network = this.#network.address;
    return { network, scratch: this.#scratchWords, weightTasks: this.runtime.kernels.weight_tasks(network) };
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
    this.#checkMembers(op, members);
    checkInteger(op, "rows", rows, 0, workspace.rows);
    if (slots > workspace.slots) wrongValue(op, "members", `at most ${workspace.slots}, the workspace's slots`, slots);
    workspace.begin(members ?? this.#all, rows);
    if (rows === 0) return;
    this.#forward.run([this.#network.address, workspace.table.address], slots * workspace.pass.blocks);
  }

  /**
   * Gradients from `workspace.outputGradient` after `forward` of the same rows: into `gradients` (laid out as `params`;
   * undefined: not wanted), and into `workspace.inputGradient` if asked. Slots of one member add up.
   */
  vjp(workspace: Workspace, rows: number, gradients: Tensor | undefined, options: VjpOptions = {}): void {
    const { accumulate = false, inputGradient = false } = options;
    const { slots, blocks } = this.#checkPass("ensemble.vjp", workspace, rows);
    if (gradients) this.#checkFlat("ensemble.vjp", "gradients", gradients);
    if (inputGradient) void workspace.inputGradient;
    workspace.prepareGradients();
    this.#transpose(inputGradient ? 0 : 1);
    const network = this.#network.address;
    const scratch = this.#scratchWords;
    const backward = [network, workspace.table.address, Number(inputGradient), ...scratch];
    if (rows > 0) this.#backward.run(backward, slots * blocks);
    if (!gradients) return;
    const flags = accumulate ? WeightFlags.accumulate : WeightFlags.keep;
    const weights = [network, workspace.table.address, slots, gradients.address, flags, ...scratch];
    this.#weights.run(weights, this.members * this.runtime.kernels.weight_tasks(network));
  }

  /**
   * The change of the outputs, to `workspace.outputTangent`, along `paramsTangent` (laid out as `params`; undefined: zero)
   * and `workspace.inputTangent`, after `forward` of the same rows.
   */
  jvp(workspace: Workspace, rows: number, paramsTangent: Tensor | undefined, options: JvpOptions = {}): void {
    const op = "ensemble.jvp";
    const { inputTangent = true } = options;
    const { slots, blocks } = this.#checkPass(op, workspace, rows);
    if (paramsTangent) this.#checkFlat(op, "paramsTangent", paramsTangent);
    if (!paramsTangent && !inputTangent) wrongValue(op, "paramsTangent", "a tensor, or an input tangent", "neither");
    // make sure that they are there
    void [workspace.inputTangent, workspace.outputTangent];
    workspace.prepareTangents();
    if (rows === 0) return;
    const direction = paramsTangent?.address ?? 0;
    this.#tangent.run(
      [this.#network.address, workspace.table.address, direction, Number(inputTangent)],
      slots * blocks,
    );
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
    this.#checkMembers(op, members);
    if (this.#list.size < slots) {
      this.#list.dispose();
      this.#list = this.#scope.tensor([slots], "i32");
    }
    this.#list.view.set(members ?? this.#all);
    if (rows === 0) return;
    const blocks = blockCount(slots, rows);
    const stride = shared ? 0 : rows * inputs;
    this.#predict.run(
      [this.#network.address, out.address, x.address, this.#list.address, rows, blocks, stride, ...this.#scratchWords],
      slots * blocks,
    );
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

  // renews the transposed weights of layers `from` on, where the parameters have changed since
  #transpose(from: number): void {
    for (let l = from; l < this.#layout.layers.length; l++) {
      if (this.#transposedVersion[l] === this.#version) continue;
      this.#transposedVersion[l] = this.#version;
      const { inputs, outputs, stride, weights, transposed } = this.#layout.layers[l];
      for (let e = 0; e < this.members; e++) {
        this.runtime.kernels.gemm_pack_transposed(
          this.#transposed.address + 4 * (transposed + e * padded(inputs) * outputs),
          this.params.address + 4 * (weights + e * stride * inputs),
          inputs,
          outputs,
        );
      }
    }
  }

  // address of the scratch memory, and bytes of one thread's
  get #scratchWords(): readonly [number, number] {
    return [this.#scratch.address, 4 * this.#scratch.shape[1]];
  }

  #checkMembers(op: string, members: ArrayLike<number> | undefined): void {
    for (let i = 0; members && i < members.length; i++) {
      checkInteger(op, "members", members[i], 0, this.members - 1);
    }
  }

  #checkPass(op: string, workspace: Workspace, rows: number): { slots: number; blocks: number } {
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
