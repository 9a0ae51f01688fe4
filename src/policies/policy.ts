// Stochastic and deterministic policies on one perceptron: π(u | s), u the policy's own action without bounds.
//
//   kind           head of the network        the environment's action
//   gaussian       mean and log σ of u        clip(center + half · u, low, high)
//   squashed       mean and log σ of u        center + half · tanh(u) (Haarnoja et al. 2018, appendix C)
//   categorical    a logit for each index     start + index; u is the index
//   deterministic  u                          center + half · tanh(u)
//
// center and half are those of the action's range, 0 and 1 where there is none. Learners keep u, never the environment's
// action. All that is learned is in `network.params`; a log σ that does not depend on the observation is the bias of its
// column, whose weights are zero and stay so, because gradients and Fisher products are zero there.

import { checkNumber, checkOneOf, checkOptions, FormatError, wrongKind, wrongValue } from "../check.js";
import type { Activation, Ensemble } from "../nn/index.js";
import { joinStates, metaField, partState } from "../saved-state.js";
import type { Box, Discrete, Disposable, SavedState } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import { checkFilter, checkNetworkOptions, createNetwork, drawNetwork, followNetwork } from "./networks.js";
import { actionRanges } from "./action-ranges.js";
import { createObservationFilter, ObservationFilter } from "./observation-filter.js";
import { type AgentOptions, PolicyAgent } from "./policy-agent.js";
import { PolicyPass } from "./policy-pass.js";

/** Kinds of policies, in the order of assembly/policies/table.ts. */
export const policyKinds = ["gaussian", "squashed", "categorical", "deterministic"] as const;

export type PolicyKind = (typeof policyKinds)[number];

export interface PolicyOptions {
  kind: PolicyKind;
  /** Length of an observation (D). */
  observationSize: number;
  /** Discrete for a categorical policy, a box for the others. */
  actionSpace: Box | Discrete;
  /** Units of the hidden layers. Default [64, 64], as OpenAI's baselines. */
  hidden?: readonly number[] | undefined;
  /** Default `tanh`, as TRPO and PPO. */
  activation?: Activation | undefined;
  /** Is log σ a parameter, or a function of the observation? Default `state-independent`, as TRPO and PPO. */
  std?: "state-independent" | "state-dependent" | undefined;
  /** First σ of u: a share of half the action's range. Default 1. Between e⁻⁵ and e², the bounds of σ. */
  initialStd?: number | undefined;
  /** Normalize observations by running statistics, or by a filter to share, whose owner disposes of it. Default true. */
  filter?: boolean | ObservationFilter | undefined;
  /** Seed of the first weights. */
  seed: number;
}

type Complete = { [K in keyof PolicyOptions]-?: NonNullable<PolicyOptions[K]> };

// factor of the last layer's first weights: the first actions hardly depend on the observation
const LAST = 0.01;
// rounded outwards
const SMALLEST_STD = 0.0067;
const LARGEST_STD = 7.3891;

export class Policy implements Disposable {
  readonly runtime: Runtime;
  readonly kind: PolicyKind;
  /** Length of an observation (D), and of the policy's own action u (A; 1 for a categorical one). */
  readonly observationSize: number;
  readonly actionSize: number;
  /** Columns of a head that mean something, and from one row to the next. */
  readonly headSize: number;
  readonly headStride: number;
  readonly actionSpace: Box | Discrete;
  /** Elements of the environment's action; A but for its name. */
  readonly envActionSize: number;
  /** True when log σ is a parameter. */
  readonly constantStd: boolean;
  /** One perceptron. Whoever writes to its `params` calls `network.changed()`. */
  readonly network: Ensemble;
  /** Frozen but when its `update` is called. */
  readonly filter: ObservationFilter;
  /** The table by which kernels know the policy (assembly/policies/table.ts). @internal */
  readonly table: Tensor<"u32">;
  readonly #scope: Scope;
  readonly #initialStd: number;

  /** Made by `createPolicy`. */
  constructor(scope: Scope, options: Complete) {
    const { kind, observationSize, actionSpace, std, initialStd, filter, seed } = options;
    this.#scope = scope;
    this.runtime = scope.runtime;
    this.kind = kind;
    this.observationSize = observationSize;
    this.actionSpace = actionSpace;
    this.#initialStd = initialStd;
    const gaussian = kind === "gaussian" || kind === "squashed";
    this.constantStd = gaussian && std === "state-independent";
    this.actionSize = actionSpace.kind === "box" ? actionSpace.low.length : 1;
    this.envActionSize = this.actionSize;
    this.headSize = actionSpace.kind === "discrete" ? actionSpace.n : (gaussian ? 2 : 1) * this.actionSize;
    this.network = createNetwork(scope, options, this.headSize, LAST);
    this.headStride = this.network.outputStride;
    this.filter =
      typeof filter === "boolean"
        ? scope.hold(createObservationFilter(scope.runtime, observationSize, filter))
        : filter;
    this.table = this.#makeTable(scope);
    this.initialize(seed);
  }

  /** Draws the weights anew and takes σ back to what it was at first. The filter stays. */
  initialize(seed: number): void {
    drawNetwork(this.network, seed, LAST);
    if (this.#gaussian) this.setStd(this.#initialStd);
  }

  /** Memory for batches of up to `rows` rows; disposed of by the caller. */
  pass(rows: number): PolicyPass {
    return this.runtime.scoped((scope) => new PolicyPass(scope, this, rows));
  }

  /** Something that acts on one observation at a time; it reads the policy as it is at each call, and does not own it. */
  agent(options?: AgentOptions): PolicyAgent {
    return this.runtime.scoped((scope) => new PolicyAgent(scope, this, options));
  }

  /** σ of u [A], where it does not depend on the observation; otherwise empty. */
  stdValues(): Float32Array {
    if (!this.constantStd) return new Float32Array(0);
    const { params } = this.network;
    const from = this.#logStdOffset;
    const log = params.read().subarray(from, from + this.actionSize);
    return this.#elementwise(
      "exp_f32",
      log.map((value) => Math.max(-5, Math.min(2, value))),
    );
  }

  /**
   * Makes σ of u `value` everywhere: the bias of log σ, with no weights towards it. ME-TRPO does so at every outer iteration.
   * Throws `TypeError` for a policy without a σ.
   */
  setStd(value: number): void {
    const op = "policy.setStd";
    if (!this.#gaussian) wrongKind(op, "policy", "one with a standard deviation", this.kind);
    checkNumber(op, "value", value, SMALLEST_STD, LARGEST_STD);
    const [log] = this.#elementwise("log_f32", Float32Array.of(value));
    const { params } = this.network;
    this.#zeroStdWeights(params);
    const from = this.#logStdOffset;
    params.view.fill(log, from, from + this.actionSize);
    this.network.changed();
  }

  /** Parameters and filter, bit for bit. */
  save(): SavedState {
    const { kind, constantStd } = this;
    const { meta, arrays } = this.network.weights();
    return joinStates({ kind, constantStd }, { network: { meta, arrays }, filter: this.filter.save() });
  }

  /** Takes over the parameters of a policy of the same shape, not its filter. */
  copyFrom(other: Policy): void {
    followNetwork("policy.copyFrom", this.network, other.network, 1);
  }

  /** Moves the parameters by the share `tau` towards those of a policy of the same shape; 1 copies them. */
  follow(other: Policy, tau: number): void {
    followNetwork("policy.follow", this.network, other.network, tau);
  }

  /** Takes over a saved state. Throws `FormatError` when it is of another kind or shape; then nothing changes. */
  load(state: SavedState): void {
    for (const name of ["kind", "constantStd"] as const) {
      const value = metaField(state, name);
      if (value !== this[name]) throw new FormatError(`saved policy has ${name} ${value}, this one ${this[name]}`);
    }
    const filter = partState(state, "filter");
    const network = partState(state, "network");
    const before = this.network.weights();
    this.network.setWeights(network);
    try {
      this.filter.load(filter);
    } catch (error) {
      this.network.setWeights(before);
      throw error;
    }
  }

  /** Gives the memory back, not that of passes and agents. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using policy = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  get #gaussian(): boolean {
    return this.kind === "gaussian" || this.kind === "squashed";
  }

  // place of the biases of log σ: the parameters end with the last layer's biases
  get #logStdOffset(): number {
    return this.network.params.size - this.headStride + this.actionSize;
  }

  // whatever `std`, the weights that lead to log σ
  #zeroStdWeights(flat: Tensor): void {
    const flag = this.table.view[Word.constantStd] as number;
    this.table.view[Word.constantStd] = 1;
    this.runtime.kernels.policy_mask(this.table.address, flat.address);
    this.table.view[Word.constantStd] = flag;
  }

  #elementwise(kernel: "exp_f32" | "log_f32", values: Float32Array): Float32Array {
    const tensor = this.runtime.tensor([values.length]).write(values);
    try {
      this.runtime.kernels[kernel](tensor.address, tensor.address, values.length);
      return tensor.read();
    } finally {
      tensor.dispose();
    }
  }

  // everything in it stays where it is for the life of the policy
  #makeTable(scope: Scope): Tensor<"u32"> {
    const { actionSpace, network, filter } = this;
    const bounds = actionRanges(actionSpace);
    const vectors = bounds.map((values) => scope.tensor([values.length]).write(values).address);
    const { network: net, widest } = network.table;
    const member = scope.tensor([1], "i32").address;
    const sizes = [this.observationSize, this.actionSize, this.headSize, this.headStride];
    const start = actionSpace.kind === "discrete" ? actionSpace.start : 0;
    const [limit] = new Uint32Array(Float32Array.of(filter.limit).buffer);
    const words = [net, member, policyKinds.indexOf(this.kind), ...sizes, filter.mean.address];
    words.push(filter.inverseStd.address, ...vectors, start, widest, this.envActionSize, limit);
    words.push(Number(this.constantStd));
    return scope.tensor([words.length], "u32").write(words);
  }
}

const Word = { constantStd: 17 } as const;

/** A policy with fresh parameters. Throws `TypeError` or `RangeError` on options that do not fit together. */
export function createPolicy(runtime: Runtime, options: PolicyOptions): Policy {
  const op = "createPolicy";
  const known = [
    "kind",
    "observationSize",
    "actionSpace",
    "hidden",
    "activation",
    "std",
    "initialStd",
    "filter",
    "seed",
  ] as const;
  const given = checkOptions(op, options, known);
  const { hidden = [64, 64], activation = "tanh", std = "state-independent", initialStd = 1, filter = true } = given;
  const complete = { ...given, hidden, activation, std, initialStd, filter };
  const { kind, actionSpace } = given;
  checkOneOf(op, "kind", kind, policyKinds);
  checkNetworkOptions(op, complete);
  checkOneOf(op, "std", std, ["state-independent", "state-dependent"]);
  checkNumber(op, "initialStd", initialStd, SMALLEST_STD, LARGEST_STD);
  if (filter instanceof ObservationFilter) checkFilter(op, filter, given.observationSize);
  else if (typeof filter !== "boolean") wrongKind(op, "filter", "true or false, or an observation filter", filter);
  const wanted = kind === "categorical" ? "discrete" : "box";
  if (actionSpace?.kind !== wanted) {
    wrongValue(op, "actionSpace", `a ${wanted} space, for kind "${kind}"`, actionSpace?.kind ?? actionSpace);
  }
  return runtime.scoped((scope) => new Policy(scope, complete));
}
