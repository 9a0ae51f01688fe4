// The value gradient: the gradient of the mean imagined return
//   J = 1/B Σ_b Σ_{t<H} γ^t r(s_t, a_t, s_{t+1}),   a_t = π(s_t; ε_t),   s_{t+1} = f(s_t, a_t)
// with respect to the policy's parameters, by going back through reward, learned dynamics and policy, step by step: back-
// propagation through time ("v2.0" of Levine's ladder), which with reparameterized noise ε is SVG(∞) in a model (Heess et al.
// 2015). An episode that ends collects nothing from then on; there is no gradient through its end. Members of the ensemble
// predict their means: noise of a probabilistic model is left out.
//
// The gradient at step t is a product of H − t Jacobians, which grows or vanishes with the horizon: `stateGradientNorms`
// shows it.

import { checkCallback, checkFlag, checkInteger, checkNumber, checkOptions, wrongKind, wrongValue } from "../check.js";
import { RandomStream } from "../kernels/index.js";
import { createModelPass, type DynamicsModel, type ModelPass, scoredInside, scoreOutside } from "../models/index.js";
import type { Policy, PolicyPass } from "../policies/index.js";
import { metaField } from "../saved-state.js";
import { finish } from "../steps.js";
import type { CompiledFunction, Disposable, RewardFunction, SavedState, Steps, TerminationFunction } from "../types.js";
import { type Scope, Tensor } from "../wasm/index.js";
import type { Sampling } from "./imagination.js";
import { checkChain } from "./check-chain.js";
import { combine, dot } from "./vectors.js";

/**
 * The ways of `Sampling` in which one member drives a trajectory at a time: what a gradient can be taken through. Under "step" and
 * "episode" trajectories lie in as many groups as there are elites, a member each.
 */
export type ChainSampling = Extract<Sampling, "step" | "episode" | number>;

export interface ValueGradientOptions {
  model: DynamicsModel;
  /** Not categorical: its actions must have a gradient. */
  policy: Policy;
  /** Reward with a `gradient`. Left out when the model has learned it (`learnReward`). */
  reward?: RewardFunction | undefined;
  /** Which next observations end an episode; default: none. */
  terminated?: TerminationFunction | undefined;
  /** Imagined steps (H). */
  horizon: number;
  /** Trajectories (B); under "step" and "episode" a multiple of the model's elites. */
  batch: number;
  /** Discount. Default 1. */
  gamma?: number | undefined;
  /** How members meet trajectories. Default "step", as ME-TRPO. */
  sampling?: ChainSampling | undefined;
  /** Draw the policy's noise; false: its mode acts. Default true. */
  stochastic?: boolean | undefined;
  /** Seed of noise and members. */
  seed: number;
}

export interface ValueGradientReport {
  /** J. */
  readonly return: number;
  /** Euclidean norm of the gradient; not finite when the gradient is not. */
  readonly gradientNorm: number;
  /**
   * For t = 0 … H, the root mean square over trajectories of the norm of the gradient of a trajectory's return with respect to
   * its state s_t: how well conditioned the chain is.
   */
  readonly stateGradientNorms: Float64Array;
}

/** What a step keeps for the way back. */
interface Step {
  readonly policy: PolicyPass;
  readonly model: ModelPass;
  readonly action: Tensor;
  readonly noise: Tensor | undefined;
  /** Discount / B where the trajectory goes on, else 0. */
  readonly weight: Tensor;
}

type Complete = ValueGradientOptions & { gamma: number; sampling: ChainSampling; stochastic: boolean };

export class ValueGradient implements Disposable {
  /** Gradient of J with respect to `policy.network.params`, laid out as they are; of the last `evaluate`. */
  readonly gradients: Tensor;
  readonly #options: Complete;
  readonly #scope: Scope;
  readonly #random: RandomStream;
  readonly #steps: readonly Step[];
  /** s_0 … s_H [B, D]. */
  readonly #states: readonly Tensor[];
  readonly #raw: Tensor;
  readonly #reward: Tensor;
  readonly #ended: Tensor<"u8">;
  readonly #alive: Tensor<"u8">;
  // of the state before a step and after it, through the policy, and of the action
  readonly #gradient: { before: Tensor; after: Tensor; readonly through: Tensor; readonly action: Tensor };

  /** Made by `valueGradient`. */
  constructor(scope: Scope, options: Complete) {
    const { model, policy, horizon: H, batch: B, sampling, stochastic, seed } = options;
    const [D, A] = [model.observationSize, model.actionSize];
    this.#scope = scope;
    this.#options = options;
    this.gradients = scope.tensor([policy.network.params.size]);
    this.#random = scope.hold(new RandomStream(scope.runtime, seed, "value-gradient"));
    const groups = typeof sampling === "number" ? 1 : model.network.eliteCount;
    const noisy = stochastic && policy.kind !== "deterministic";
    this.#steps = Array.from({ length: H }, () => ({
      policy: scope.hold(policy.pass(B)),
      model: scope.hold(createModelPass(model, B, groups)),
      action: scope.tensor([B, A]),
      noise: noisy ? scope.tensor([B, A]) : undefined,
      weight: scope.tensor([B]),
    }));
    const rows = (n: number): Tensor => scope.tensor([B, n]);
    this.#states = Array.from({ length: H + 1 }, () => rows(D));
    this.#raw = rows(A);
    this.#reward = scope.tensor([B]);
    this.#ended = scope.tensor([B], "u8");
    this.#alive = scope.tensor([B], "u8");
    this.#gradient = { before: rows(D), after: rows(D), through: rows(D), action: rows(A) };
  }

  /** J and its gradient from start states [B, D]; the next call draws other noise and members. */
  evaluate(starts: Tensor): ValueGradientReport {
    return finish(this.evaluateSteps(starts));
  }

  /** `evaluate` in slices, a step of all trajectories each. */
  *evaluateSteps(starts: Tensor): Steps<ValueGradientReport> {
    const { horizon: H, model, batch } = this.#options;
    const op = "valueGradient.evaluate";
    if (!(starts instanceof Tensor)) wrongKind(op, "starts", "a tensor", starts);
    const shape = `[${batch}, ${model.observationSize}]`;
    if (starts.dtype !== "f32" || `[${starts.shape.join(", ")}]` !== shape) {
      wrongValue(op, "starts", `f32 ${shape}`, `${starts.dtype} [${starts.shape.join(", ")}]`);
    }
    this.#states[0].write(starts.view);
    this.#alive.view.fill(1);
    let sum = 0;
    for (let t = 0; t < H; t++) {
      sum += this.#forward(t);
      yield;
    }
    const norms = new Float64Array(H + 1);
    this.#gradient.after.view.fill(0);
    for (let t = H - 1; t >= 0; t--) {
      this.#backward(t);
      norms[t + 1] = this.#norm(this.#gradient.after);
      const { before, after } = this.#gradient;
      [this.#gradient.before, this.#gradient.after] = [after, before];
      yield;
    }
    norms[0] = this.#norm(this.#gradient.after);
    const square = dot(this.#scope.runtime, this.gradients, this.gradients);
    return { return: sum, gradientNorm: Math.sqrt(square), stateGradientNorms: norms };
  }

  /** Where its random numbers stand. */
  save(): SavedState {
    return { meta: { random: this.#random.save() }, arrays: {} };
  }

  load(state: SavedState): void {
    this.#random.load(metaField(state, "random"));
  }

  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using gradient = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  // step t: act, predict, score; returns its share of J
  #forward(t: number): number {
    const { model, gamma, batch: B } = this.#options;
    const { policy, model: dynamics, action, noise, weight } = this.#steps[t];
    const [state, next] = [this.#states[t], this.#states[t + 1]];
    const reward = this.#reward;
    policy.forward(state, B);
    if (noise) this.#random.normal(noise);
    policy.act(action, this.#raw, undefined, noise);
    dynamics.forward({ observation: state, action, nextObservation: next, reward }, this.#members());
    this.#score(state, action, next);
    return this.#scope.runtime.kernels.imagined_return(
      weight.address,
      this.#alive.address,
      next.address,
      state.address,
      reward.address,
      this.#ended.address,
      power(gamma, t),
      B,
      model.observationSize,
    );
  }

  // the members of the groups at the next step
  #members(): readonly number[] {
    const { sampling, model } = this.#options;
    const { elites } = model.network;
    if (typeof sampling === "number") return [elites[sampling]];
    if (sampling === "episode") return elites;
    return Array.from(this.#random.permutation(new Uint32Array(elites.length)), (i) => elites[i]);
  }

  // reward and end of a step; what is compiled stays in Wasm
  #score(state: Tensor, action: Tensor, next: Tensor): void {
    const { reward, terminated, batch: B } = this.#options;
    const { kernels } = this.#scope.runtime;
    const [out, ended] = [this.#reward, this.#ended];
    if (reward?.compiled) {
      kernels.task_reward(reward.compiled.task, out.address, state.address, action.address, next.address, B);
    }
    if (terminated?.compiled) kernels.task_terminated(terminated.compiled.task, ended.address, next.address, B);
    if (scoredInside(this.#options)) return;
    const { rewards, ends } = scoreOutside(this.#options, state.read(), action.read(), next.read(), B);
    if (rewards) out.write(rewards);
    if (ends) ended.write(ends);
  }

  // from the gradient with respect to s_{t+1} so far, which gets what r_t has of it, to that with respect to s_t and the policy
  #backward(t: number): void {
    const { runtime } = this.#scope;
    const { policy, model, noise, weight } = this.#steps[t];
    const state = this.#states[t];
    const { before, after, through, action: dAction } = this.#gradient;
    before.view.fill(0);
    dAction.view.fill(0);
    this.#scoreBack(t);
    model.vjp({ observation: before, action: dAction, nextObservation: after, reward: weight }, state);
    const accumulate = t + 1 < this.#steps.length;
    policy.vjpAction(this.gradients, dAction, noise, { observationGradient: through, accumulate });
    combine(runtime, before, 1, before, 1, through);
  }

  // adds the gradient of the weighted rewards of step t
  #scoreBack(t: number): void {
    const { reward, batch: B } = this.#options;
    if (!reward) return;
    const { action, weight } = this.#steps[t];
    const [state, next] = [this.#states[t], this.#states[t + 1]];
    const { before, after, action: dAction } = this.#gradient;
    if (reward.compiled) {
      const gradients = [before.address, dAction.address, after.address] as const;
      const at = [state.address, action.address, next.address] as const;
      this.#scope.runtime.kernels.task_reward_vjp(reward.compiled.task, ...gradients, ...at, weight.address, B);
      return;
    }
    const out = { observation: before.read(), action: dAction.read(), nextObservation: after.read() };
    reward.gradient?.(state.read(), action.read(), next.read(), weight.read(), out);
    before.write(out.observation);
    dAction.write(out.action);
    after.write(out.nextObservation);
  }

  // root mean square over trajectories, of the gradients of their own returns
  #norm(gradient: Tensor): number {
    return Math.sqrt(this.#options.batch * dot(this.#scope.runtime, gradient, gradient));
  }
}

// by repeated multiplication: `Math.pow` differs between engines
function power(base: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < exponent; i++) result *= base;
  return result;
}

const known = [
  "model",
  "policy",
  "reward",
  "terminated",
  "horizon",
  "batch",
  "gamma",
  "sampling",
  "stochastic",
  "seed",
] as const;

/**
 * The gradient of a policy's imagined return, with memory for a horizon and a batch.
 * Throws `TypeError` for a policy whose actions have no gradient, and for a reward without one; `RangeError` on sizes that do not
 * fit together.
 */
export function valueGradient(options: ValueGradientOptions): ValueGradient {
  const op = "valueGradient";
  checkOptions(op, options ?? null, known);
  const { model, policy, reward, terminated, horizon, batch } = options;
  const { gamma = 1, sampling = "step", stochastic = true, seed } = options;
  checkInteger(op, "horizon", horizon, 1, 10_000);
  checkInteger(op, "batch", batch, 1);
  checkNumber(op, "gamma", gamma, 0, 1);
  checkInteger(op, "seed", seed, 0, Number.MAX_SAFE_INTEGER);
  checkFlag(op, "stochastic", stochastic);
  checkChain(op, model, policy);
  const { eliteCount } = model.network;
  if (typeof sampling === "number") checkInteger(op, "sampling", sampling, 0, eliteCount - 1);
  else if (sampling !== "step" && sampling !== "episode") {
    wrongKind(op, "sampling", '"step", "episode" or the place of an elite member', sampling);
  } else if (batch % eliteCount !== 0) wrongValue(op, "batch", `a multiple of the ${eliteCount} elite members`, batch);
  if (policy.kind === "categorical") wrongKind(op, "policy", "one whose actions have a gradient", policy.kind);
  if (model.learnsReward) {
    if (reward !== undefined) wrongKind(op, "reward", "nothing, since the model has learned the reward", reward);
  } else checkGradient(op, reward);
  checkCallback(op, "terminated", terminated);
  const sizes = `${model.observationSize} observations and ${model.actionSize} actions, as the model`;
  for (const [name, compiled] of Object.entries({ reward: reward?.compiled, terminated: terminated?.compiled })) {
    if (!compiled || fits(compiled, model)) continue;
    wrongValue(op, name, sizes, `${compiled.observationSize} and ${compiled.actionSize} of ${compiled.id}`);
  }
  return model.runtime.scoped((scope) => new ValueGradient(scope, { ...options, gamma, sampling, stochastic }));
}

function fits({ observationSize, actionSize }: CompiledFunction, model: DynamicsModel): boolean {
  return observationSize === model.observationSize && actionSize === model.actionSize;
}

/** Throws `TypeError` unless `reward` is a function with a gradient, and says what is missing. @internal */
export function checkGradient(op: string, reward: RewardFunction | undefined): void {
  if (typeof reward !== "function") wrongKind(op, "reward", "a function with a gradient", reward);
  if (typeof reward.gradient === "function") return;
  const { compiled } = reward;
  if (compiled) {
    throw new TypeError(
      `${op}: the reward of ${compiled.id} is constant or only jumps, so that it has no gradient to learn from; give a smooth "reward" with a "gradient"`,
    );
  }
  throw new TypeError(
    `${op}: "reward" expected a property "gradient(observation, action, nextObservation, weight, out)" that adds the gradient of Σ weight · reward to out.observation, out.action and out.nextObservation, got ${typeof reward.gradient}`,
  );
}
