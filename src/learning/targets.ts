// What a critic is fitted to. A rule writes targets for a minibatch of real transitions; the rule here is the one-step target of
// DDPG and TD3 with target networks Q' and π':
//
//   y = r + γ (1 − d) min_k Q'_k(s', π'(s') + clip(ε, ±c)),  ε ~ N(0, σ²), clipped to the range that is possible

import { checkInteger, checkNumber, checkOptions, wrongKind, wrongValue } from "../check.js";
import type { TransitionBatch } from "../data/index.js";
import { RandomStream } from "../kernels/index.js";
import { Policy, type PolicyPass, QFunction } from "../policies/index.js";
import type { Disposable } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import { ActionNoise } from "./action-noise.js";

/** Imagined rows that a critic is trained on beside the real ones, with targets and weights of their own. */
export interface ExtraRows {
  readonly rows: number;
  /** [rows, D], [rows, A] */
  readonly observation: Tensor;
  readonly action: Tensor;
  /** [rows] */
  readonly target: Tensor;
  /** What a row counts, beside 1 of a real one; those of 0 are not read [rows]. */
  readonly weight: Tensor;
}

/** What makes targets for critics. */
export interface TargetRule extends Disposable {
  /** Writes the targets of `batch` to out [rows]. One that is not finite shows in the gradient of the critics. */
  write(out: Tensor, batch: TransitionBatch): void;
  /** As the last `write` left them; their number never changes. */
  readonly extra?: ExtraRows | undefined;
}

export interface OneStepOptions {
  /** Target networks: a deterministic policy, and critics of which the least counts. */
  actor: Policy;
  critic: QFunction;
  /** Most rows of a batch. */
  rows: number;
  /** Discount. */
  gamma: number;
  /** Bounds of what a value can be. Default: none. */
  clip?: readonly [number, number] | undefined;
  /** Noise on the target's actions: σ and its limit in units of half the action's range. Default: none. */
  smoothing?: { readonly sigma: number; readonly limit: number; readonly random: RandomStream } | undefined;
}

class OneStepTarget implements TargetRule {
  readonly #scope: Scope;
  readonly #options: OneStepOptions;
  readonly #pass: PolicyPass;
  readonly #action: Tensor;
  readonly #raw: Tensor;
  readonly #value: Tensor;
  readonly #noise: ActionNoise | undefined;

  constructor(scope: Scope, options: OneStepOptions) {
    const { actor, critic, rows, smoothing } = options;
    this.#scope = scope;
    this.#options = options;
    this.#pass = scope.hold(actor.pass(rows));
    this.#action = scope.tensor([rows, actor.actionSize]);
    this.#raw = scope.tensor([rows, actor.actionSize]);
    this.#value = scope.tensor([critic.members, rows]);
    this.#noise = smoothing && new ActionNoise(scope, actor, rows);
  }

  write(out: Tensor, { rows, nextObservation, reward, terminated }: TransitionBatch): void {
    const { critic, gamma, clip = [-Infinity, Infinity], smoothing } = this.#options;
    this.#pass.forward(nextObservation, rows);
    this.#pass.act(this.#action, this.#raw, undefined, undefined);
    if (smoothing) this.#noise?.add(this.#action, rows, smoothing.random, smoothing.sigma, smoothing.limit);
    critic.predict(this.#value, nextObservation, this.#action, rows);
    this.#scope.runtime.kernels.one_step_target(
      out.address,
      reward.address,
      terminated.address,
      this.#value.address,
      gamma,
      ...clip,
      critic.members,
      rows,
    );
  }

  dispose(): void {
    this.#scope.dispose();
  }
}

/** Throws unless the target networks are what they should be, lie in one memory, and are of the same sizes. */
export function checkTargetNetworks(op: string, actor: Policy, critic: QFunction): void {
  if (!(actor instanceof Policy)) wrongKind(op, "actor", "a policy", actor);
  if (!(critic instanceof QFunction)) wrongKind(op, "critic", "a Q-function", critic);
  if (critic.runtime !== actor.runtime) wrongValue(op, "critic", "one of the actor's runtime", "one of another");
  const { observationSize: D, actionSize: A } = actor;
  if (critic.observationSize !== D || critic.actionSize !== A) {
    const own = `${critic.observationSize} and ${critic.actionSize}`;
    wrongValue(op, "critic", `one of ${D} observations and ${A} actions, as the actor`, own);
  }
}

/** Throws unless `clip` is two bounds in their order, if anything. */
export function checkClip(op: string, clip: readonly [number, number] | undefined): void {
  if (clip === undefined) return;
  if (!Array.isArray(clip) || clip.length !== 2) wrongKind(op, "clip", "two bounds", clip);
  if (!(clip[0] <= clip[1])) wrongValue(op, "clip", "bounds, the lower one first", clip.join(", "));
}

function checkSmoothing(op: string, smoothing: OneStepOptions["smoothing"]): void {
  if (smoothing === undefined) return;
  if (smoothing === null || typeof smoothing !== "object") wrongKind(op, "smoothing", "an object", smoothing);
  const { sigma, limit, random } = smoothing;
  checkNumber(op, "smoothing.sigma", sigma, 0);
  if (!(limit >= 0)) wrongValue(op, "smoothing.limit", "a number of at least 0", limit);
  if (!(random instanceof RandomStream)) wrongKind(op, "smoothing.random", "a stream of random numbers", random);
}

/** The one-step target of target networks. Throws `TypeError` or `RangeError` on options that do not fit together. */
export function oneStepTarget(options: OneStepOptions): TargetRule {
  const op = "oneStepTarget";
  const { actor, critic, rows, gamma, clip, smoothing } = checkOptions(op, options, [
    "actor",
    "critic",
    "rows",
    "gamma",
    "clip",
    "smoothing",
  ]);
  checkInteger(op, "rows", rows, 1);
  checkNumber(op, "gamma", gamma, 0, 1);
  checkClip(op, clip);
  checkSmoothing(op, smoothing);
  checkTargetNetworks(op, actor, critic);
  return actor.runtime.scoped((scope) => new OneStepTarget(scope, options));
}
