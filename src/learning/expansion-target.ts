// The target rule of value expansion: what the minibatch led to is carried on, by a learned ensemble or by whatever is put in its
// place, valued along the way by the target networks, and mixed (src/learning/expansion.ts). With `tdk` the critic also learns at
// the states in between, each row from one member (the TD-k trick of Feinberg et al. 2018).

import { checkFlag, checkInteger, checkOptions, wrongKind } from "../check.js";
import type { TransitionBatch } from "../data/index.js";
import type { Policy, PolicyPass, QFunction } from "../policies/index.js";
import type { Disposable } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import { checkMix, mix, type MixOptions } from "./expansion.js";
import { checkTargetNetworks, type ExtraRows, type TargetRule } from "./targets.js";

/** What carries starts on: `Expansion`, or something in its place. Tensors are [H, E, B, …], packed. */
export interface Carrier extends Disposable {
  readonly horizon: number;
  readonly members: number;
  readonly observation: Tensor;
  readonly action: Tensor;
  readonly reward: Tensor;
  /** Probability to go on after each step, and 1 where the prediction is a finite number. */
  readonly goes: Tensor;
  readonly finite: Tensor;
  /** Carries `rows` starts [B, D], where `startAction` [B, A] is the first action, on. */
  imagine(start: Tensor, startAction: Tensor, rows: number): void;
}

export interface ExpansionTargetOptions extends MixOptions {
  /** Target networks: a policy whose mode acts, and critics. */
  readonly actor: Policy;
  readonly critic: QFunction;
  /** Disposed of with the rule. */
  readonly carrier: Carrier;
  /** Most rows of a batch. */
  readonly rows: number;
  /** Learn at the imagined states too. Default false. */
  readonly tdk?: boolean | undefined;
}

export class ExpansionTarget implements TargetRule {
  readonly extra: ExtraRows | undefined;
  readonly #scope: Scope;
  readonly #options: ExpansionTargetOptions;
  readonly #mix: Required<MixOptions>;
  readonly #pass: PolicyPass;
  readonly #action: Tensor;
  readonly #raw: Tensor;
  // of the critics [K, B] and [K, H · E · B]
  readonly #value: Tensor;
  readonly #values: Tensor;
  readonly #shares: Tensor<"f64">;
  readonly #scratch: Tensor<"f64">;

  /** Made by `expansionTarget`. */
  constructor(scope: Scope, options: ExpansionTargetOptions) {
    const { actor, critic, carrier, rows: B, tdk = false } = options;
    const { horizon: H, members: E } = carrier;
    const { members: K, observationSize: D, actionSize: A } = critic;
    this.#scope = scope;
    this.#options = options;
    this.#mix = checkMix("expansionTarget", options);
    scope.hold(carrier);
    this.#pass = scope.hold(actor.pass(B));
    this.#action = scope.tensor([B, A]);
    this.#raw = scope.tensor([B, A]);
    this.#value = scope.tensor([K, B]);
    this.#values = scope.tensor([K, H * E * B]);
    this.#shares = scope.tensor([H + 1], "f64");
    this.#scratch = scope.tensor([H + 1, E * K + 2], "f64");
    if (tdk && H > 0) {
      const n = H * B;
      const [observation, action] = [scope.tensor([n, D]), scope.tensor([n, A])];
      this.extra = { rows: n, observation, action, target: scope.tensor([n]), weight: scope.tensor([n]) };
    }
  }

  /** Mean weight of the horizons 0 … H in the targets of the last `write`. */
  get shares(): Float64Array {
    return this.#shares.read() as Float64Array;
  }

  write(out: Tensor, batch: TransitionBatch): void {
    const { critic, carrier } = this.#options;
    const { rows: B, nextObservation, reward, terminated } = batch;
    const { horizon, members } = carrier;
    this.#pass.forward(nextObservation, B);
    this.#pass.act(this.#action, this.#raw, undefined, undefined);
    critic.predict(this.#value, nextObservation, this.#action, B);
    carrier.imagine(nextObservation, this.#action, B);
    const imagined = horizon * members * B;
    if (imagined > 0) critic.predict(this.#values, carrier.observation, carrier.action, imagined);
    const real = { rows: B, reward, terminated, value: this.#value };
    const steps = { horizon, members, reward: carrier.reward, goes: carrier.goes, finite: carrier.finite };
    const to = { out, estimates: undefined, shares: this.#shares, scratch: this.#scratch };
    mix(this.#scope.runtime, to, real, { ...steps, value: this.#values }, critic.members, this.#mix);
    if (this.extra) this.#writeExtra(this.extra, batch);
  }

  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using rule = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #writeExtra({ observation, action, target, weight }: ExtraRows, batch: TransitionBatch): void {
    const { critic, carrier } = this.#options;
    const { gamma, clip, critics } = this.#mix;
    this.#scope.runtime.kernels.expansion_rows(
      observation.address,
      action.address,
      target.address,
      weight.address,
      batch.nextObservation.address,
      this.#action.address,
      carrier.observation.address,
      carrier.action.address,
      batch.terminated.address,
      carrier.reward.address,
      carrier.goes.address,
      carrier.finite.address,
      this.#values.address,
      carrier.horizon,
      carrier.members,
      critic.members,
      batch.rows,
      critic.observationSize,
      critic.actionSize,
      Number(critics === "min"),
      gamma,
      ...(clip as readonly [number, number]),
    );
  }
}

/** The rule of value expansion. Throws `TypeError` or `RangeError` on options that do not fit together. */
export function expansionTarget(options: ExpansionTargetOptions): ExpansionTarget {
  const op = "expansionTarget";
  const own = ["actor", "critic", "carrier", "rows", "tdk"] as const;
  const { actor, critic, carrier, rows, tdk } = checkOptions(op, options, [
    ...own,
    "rule",
    "gamma",
    "lambda",
    "beta",
    "critics",
    "clip",
  ]);
  checkInteger(op, "rows", rows, 1);
  checkMix(op, options);
  if (tdk !== undefined) checkFlag(op, "tdk", tdk);
  checkTargetNetworks(op, actor, critic);
  if (typeof carrier?.imagine !== "function") wrongKind(op, "carrier", "what carries starts on", carrier);
  return actor.runtime.scoped((scope) => new ExpansionTarget(scope, options));
}
