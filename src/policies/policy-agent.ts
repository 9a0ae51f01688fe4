// A policy as an agent: one observation in, one action of the environment out.

import { toFloat32 } from "../array.js";
import { checkFinite, checkFlag, checkInteger, checkOptions, wrongKind, wrongValue } from "../check.js";
import { RandomStream } from "../kernels/index.js";
import { metaField } from "../saved-state.js";
import type { Agent, Disposable, NumericInput, SavedState } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import type { Policy } from "./policy.js";

export interface AgentOptions {
  /** Draw actions from the distribution instead of taking its mode (mean, largest logit). Default false. */
  stochastic?: boolean | undefined;
  /** Seed of the draws. Default 0. */
  seed?: number | undefined;
}

export class PolicyAgent implements Agent, Disposable {
  readonly #scope: Scope;
  readonly #policy: Policy;
  readonly #stochastic: boolean;
  readonly #random: RandomStream;
  readonly #observation: Tensor;
  readonly #noise: Tensor;
  readonly #action: Tensor;
  readonly #scratch: Tensor;

  /** Made by `policy.agent`. */
  constructor(scope: Scope, policy: Policy, options: AgentOptions | undefined) {
    const op = "policy.agent";
    const { stochastic = false, seed = 0 } = checkOptions(op, options, ["stochastic", "seed"]);
    checkFlag(op, "stochastic", stochastic);
    checkInteger(op, "seed", seed, 0, Number.MAX_SAFE_INTEGER);
    const { observationSize: D, actionSize, envActionSize, headStride, network } = policy;
    this.#scope = scope;
    this.#policy = policy;
    this.#stochastic = stochastic;
    this.#random = scope.hold(new RandomStream(scope.runtime, seed, "policy.agent"));
    this.#observation = scope.tensor([D]);
    this.#noise = scope.tensor([actionSize]);
    this.#action = scope.tensor([envActionSize]);
    this.#scratch = scope.tensor([2 * network.table.widest + headStride + D]);
  }

  /**
   * The environment's action for an observation [D], into `out` if given: elements of a box, or the one integer of a discrete
   * space. Throws `RangeError` on an observation of another shape or that is not finite; nothing is drawn then.
   */
  act(observation: NumericInput, out?: Float32Array): Float32Array {
    const op = "policy.act";
    const { observationSize: D, envActionSize, kind, runtime, table } = this.#policy;
    const values = toFloat32(op, "observation", observation, [D]);
    checkFinite(op, "observation", values);
    if (out !== undefined && !(out instanceof Float32Array)) wrongKind(op, "out", "a Float32Array", out);
    if (out !== undefined && out.length !== envActionSize) wrongValue(op, "out", `${envActionSize} elements`, out);
    this.#observation.write(values);
    const drawn = this.#stochastic && kind !== "deterministic";
    if (drawn && kind === "categorical") this.#random.uniform(this.#noise);
    else if (drawn) this.#random.normal(this.#noise);
    runtime.kernels.policy_step(
      table.address,
      this.#action.address,
      0,
      0,
      this.#observation.address,
      drawn ? this.#noise.address : 0,
      1,
      this.#scratch.address,
    );
    return this.#action.read(out) as Float32Array;
  }

  /** Nothing: a policy remembers no episode. */
  reset(): void {}

  /** The random stream; parameters and filter are the policy's to save. */
  save(): SavedState {
    return { meta: { random: this.#random.save() }, arrays: {} };
  }

  /** Continues from a saved state. */
  load(state: SavedState): void {
    this.#random.load(metaField(state, "random"));
  }

  /** Gives the memory back, not the policy's. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using agent = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
