// One batch of observations on its way through a policy: `forward` once, then whatever is asked of the distributions at those
// observations. Quantities of the heads are float64 inside (assembly/policies/head.ts); gradients and tangents go through
// the network's own vjp and jvp. The exact Fisher-vector product is vjp(F_head · jvp(v)) (Schraudolph 2002).

import { checkInteger, checkNumber, wrongKind, wrongValue } from "../check.js";
import type { Workspace } from "../nn/index.js";
import type { Disposable } from "../types.js";
import { checkRows, type Scope, type Tensor } from "../wasm/index.js";
import type { Policy } from "./policy.js";

export interface VjpActionOptions {
  /** Also the gradient with respect to the observations [rows, D], through the filter; 0 where that clips. */
  observationGradient?: Tensor | undefined;
  /** Add to `gradients` instead of replacing them. Default false. */
  accumulate?: boolean | undefined;
}

export class PolicyPass implements Disposable {
  /** Most rows of a batch. */
  readonly rows: number;
  readonly #scope: Scope;
  readonly #policy: Policy;
  readonly #workspace: Workspace;
  // Σ w KL and Σ w
  readonly #sums: Tensor<"f64">;
  // a masked copy of a direction, where log σ does not depend on the observation
  readonly #direction: Tensor | undefined;
  // rows of the last forward pass
  #live = 0;

  /** Made by `policy.pass`. */
  constructor(scope: Scope, policy: Policy, rows: number) {
    checkInteger("policy.pass", "rows", rows, 1);
    this.#scope = scope;
    this.#policy = policy;
    this.rows = rows;
    this.#workspace = scope.hold(policy.network.workspace(rows, 1));
    this.#sums = scope.tensor([2], "f64");
    this.#direction = policy.constantStd ? scope.tensor([policy.network.params.size]) : undefined;
  }

  /**
   * Filters observations [rows, D] and takes them through the network; all else here is about them. Rows whose `valid` [rows]
   * is 0 go in as zeros: whatever they hold, it reaches no gradient.
   */
  forward(observation: Tensor, rows: number, valid?: Tensor): void {
    const op = "policyPass.forward";
    const policy = this.#policy;
    checkInteger(op, "rows", rows, 0, this.rows);
    checkRows(op, "observation", observation, rows, policy.observationSize);
    if (valid) checkRows(op, "valid", valid, rows, 1);
    const { input } = this.#workspace;
    policy.filter.apply(input, observation, rows);
    const D = policy.observationSize;
    for (let r = 0; valid && r < rows; r++) if (valid.view[r] === 0) input.view.fill(0, r * D, (r + 1) * D);
    policy.network.forward(this.#workspace, rows);
    this.#live = rows;
  }

  /** Heads [rows, headStride] of the last forward pass, from the tensor's start. */
  get head(): Tensor {
    return this.#workspace.output;
  }

  /**
   * Actions for the environment [rows, A], the policy's own [rows, A] and their log-densities [rows], with `noise` [rows, A]:
   * standard normals, or uniform numbers [rows, 1] for a categorical policy. Without noise: the mode. A deterministic policy
   * ignores noise and has log-density 0.
   */
  act(action: Tensor, raw: Tensor, logProb: Tensor | undefined, noise: Tensor | undefined): void {
    const op = "policyPass.act";
    const { actionSize: A, envActionSize, table, runtime } = this.#policy;
    this.#check(op, "action", action, envActionSize);
    this.#check(op, "raw", raw, A);
    if (logProb) this.#check(op, "logProb", logProb, 1);
    if (noise) this.#check(op, "noise", noise, A);
    runtime.kernels.policy_act(
      table.address,
      action.address,
      raw.address,
      logProb?.address ?? 0,
      this.head.address,
      noise?.address ?? 0,
      this.#live,
    );
  }

  /**
   * out [rows] = log π(raw | s): of u for a gaussian policy; of tanh(u) for a squashed one, the constant Σ ln half of the
   * action's range left out. Throws `TypeError` for a deterministic policy.
   */
  logProb(out: Tensor, raw: Tensor): void {
    const op = "policyPass.logProb";
    this.#checkDensity(op);
    this.#check(op, "out", out, 1);
    this.#check(op, "raw", raw, this.#policy.actionSize);
    const { table, runtime } = this.#policy;
    runtime.kernels.policy_log_prob(table.address, out.address, this.head.address, raw.address, this.#live);
  }

  /**
   * out [rows] = entropies; of u, before squashing, for a squashed policy; 0 where `weight` [rows] is. Throws `TypeError` for a
   * deterministic one.
   */
  entropy(out: Tensor, weight?: Tensor): void {
    const op = "policyPass.entropy";
    this.#checkDensity(op);
    this.#check(op, "out", out, 1);
    if (weight) this.#check(op, "weight", weight, 1);
    const { table, runtime } = this.#policy;
    const at = weight?.address ?? 0;
    runtime.kernels.policy_entropy(table.address, out.address, this.head.address, at, this.#live);
  }

  /**
   * Gradients of Σ_i weight[i] · log π(raw_i | s_i) + entropyWeight / rows · Σ_i entropy_i, laid out as `network.params`.
   * Actions of weight 0 are not looked at. Throws `TypeError` for a deterministic policy.
   */
  gradient(gradients: Tensor, raw: Tensor, weight: Tensor, entropyWeight = 0): void {
    const op = "policyPass.gradient";
    const { table, runtime, actionSize } = this.#policy;
    this.#checkDensity(op);
    this.#check(op, "raw", raw, actionSize);
    this.#check(op, "weight", weight, 1);
    checkNumber(op, "entropyWeight", entropyWeight);
    runtime.kernels.policy_score(
      table.address,
      this.#workspace.outputGradient.address,
      this.head.address,
      raw.address,
      weight.address,
      this.#live > 0 ? entropyWeight / this.#live : 0,
      this.#live,
    );
    this.#backward(gradients, false, false);
  }

  /**
   * Mean over rows of KL(old ‖ present), `old` a copy of `head` [rows, headStride]; with `weight` [rows] Σ w KL / Σ w, whose
   * rows of weight 0 are not read. Sums in float64 by fixed blocks; 0 when all weights are. Throws `TypeError` for a
   * deterministic policy.
   */
  kl(old: Tensor, weight?: Tensor): number {
    const op = "policyPass.kl";
    const { table, runtime, headStride } = this.#policy;
    this.#checkDensity(op);
    this.#check(op, "old", old, headStride);
    if (weight) this.#check(op, "weight", weight, 1);
    const sums = this.#sums;
    const at = weight?.address ?? 0;
    runtime.kernels.policy_kl(table.address, sums.address, old.address, this.head.address, at, this.#live);
    const [total, weights] = sums.view as Float64Array;
    return weights === 0 ? 0 : total / weights;
  }

  /**
   * out = F · v, both laid out as `network.params`: F the mean (with `weight` [rows]: Σ w F_i / Σ w) over rows of the Fisher
   * matrix of the action's distribution, without damping. `out` may be `v`. Throws `TypeError` for a deterministic policy.
   */
  fisher(out: Tensor, v: Tensor, weight?: Tensor): void {
    const op = "policyPass.fisher";
    const { table, runtime, network } = this.#policy;
    this.#checkDensity(op);
    checkFlat(op, "out", out, network.params.size);
    checkFlat(op, "v", v, network.params.size);
    if (weight) this.#check(op, "weight", weight, 1);
    let direction = v;
    if (this.#direction) {
      direction = this.#direction;
      direction.view.set(v.view);
      runtime.kernels.policy_mask(table.address, direction.address);
    }
    network.jvp(this.#workspace, this.#live, direction, { inputTangent: false });
    runtime.kernels.policy_fisher(
      table.address,
      this.#workspace.outputGradient.address,
      this.#workspace.outputTangent.address,
      this.head.address,
      weight?.address ?? 0,
      this.#live,
    );
    this.#backward(out, false, false);
  }

  /**
   * Gradients of Σ_i ⟨actionGradient_i, action_i⟩ with the environment's action as `act` makes it of the head and the same
   * `noise`, held fast (the reparameterization). Where an action is clipped its gradient is 0. Throws `TypeError` for a
   * categorical policy.
   */
  vjpAction(
    gradients: Tensor | undefined,
    actionGradient: Tensor,
    noise: Tensor | undefined,
    options: VjpActionOptions = {},
  ): void {
    const op = "policyPass.vjpAction";
    const { observationGradient, accumulate = false } = options;
    const { table, runtime, kind, actionSize, envActionSize, observationSize: D, filter } = this.#policy;
    if (kind === "categorical") wrongKind(op, "policy", "one whose actions are continuous", kind);
    this.#check(op, "actionGradient", actionGradient, envActionSize);
    if (noise) this.#check(op, "noise", noise, actionSize);
    if (observationGradient) this.#check(op, "observationGradient", observationGradient, D);
    runtime.kernels.policy_action_vjp(
      table.address,
      this.#workspace.outputGradient.address,
      actionGradient.address,
      this.head.address,
      noise?.address ?? 0,
      this.#live,
    );
    this.#backward(gradients, accumulate, observationGradient !== undefined);
    if (!observationGradient) return;
    const { input, inputGradient } = this.#workspace;
    runtime.kernels.policy_filter_vjp(
      observationGradient.address,
      inputGradient.address,
      input.address,
      filter.inverseStd.address,
      filter.limit,
      this.#live,
      D,
    );
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using pass = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  // from the workspace's output gradient to the parameters
  #backward(gradients: Tensor | undefined, accumulate: boolean, inputGradient: boolean): void {
    const { network, runtime, table } = this.#policy;
    network.vjp(this.#workspace, this.#live, gradients, { accumulate, inputGradient });
    if (gradients) runtime.kernels.policy_mask(table.address, gradients.address);
  }

  #check(op: string, name: string, tensor: Tensor, columns: number): void {
    checkRows(op, name, tensor, this.#live, columns);
  }

  #checkDensity(op: string): void {
    const { kind } = this.#policy;
    if (kind === "deterministic") wrongKind(op, "policy", "one with a density", kind);
  }
}

function checkFlat(op: string, name: string, tensor: Tensor, size: number): void {
  checkRows(op, name, tensor, 1, size);
  if (tensor.size !== size) wrongValue(op, name, `${size} elements, laid out as the parameters`, tensor.size);
}
