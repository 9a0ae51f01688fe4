// One step of a deterministic policy up the values of the first critic (Silver et al. 2014; TD3 takes the first of two), minus
// what large actions cost: the gradient of
//   mean over rows of −Q_1(s, π(s)) + penalty · mean over elements of ((a − center) / half)²
// goes back through the critic to the action and from there through the policy.

import { type Adam, createAdam, type Workspace } from "../nn/index.js";
import type { Policy, PolicyPass, QFunction } from "../policies/index.js";
import type { Disposable } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import { takesStep } from "./vectors.js";

export interface ActorOptions {
  /** Step size of Adam. */
  readonly learningRate: number;
  /** Weight of the actions' mean square. */
  readonly penalty: number;
}

// the critic that the actor climbs
const FIRST = [0];

export class ActorUpdate implements Disposable {
  readonly optimizer: Adam;
  /** Of the last `gradient`, laid out as the policy's parameters. */
  readonly gradients: Tensor;
  readonly #scope: Scope;
  readonly #actor: Policy;
  readonly #critic: QFunction;
  readonly #penalty: number;
  readonly #pass: PolicyPass;
  readonly #workspace: Workspace;
  readonly #action: Tensor;
  readonly #raw: Tensor;
  readonly #actionGradient: Tensor;

  /** For batches of up to `rows` observations. */
  constructor(scope: Scope, actor: Policy, critic: QFunction, rows: number, { learningRate, penalty }: ActorOptions) {
    const A = actor.actionSize;
    this.#scope = scope;
    this.#actor = actor;
    this.#critic = critic;
    this.#penalty = penalty;
    this.optimizer = scope.hold(createAdam(scope.runtime, actor.network, { learningRate }));
    this.gradients = scope.tensor([actor.network.params.size]);
    this.#pass = scope.hold(actor.pass(rows));
    this.#workspace = scope.hold(critic.network.workspace(rows, 1));
    this.#action = scope.tensor([rows, A]);
    this.#raw = scope.tensor([rows, A]);
    this.#actionGradient = scope.tensor([rows, A]);
    // of the sum of values: 1 in the first column
    const stride = critic.network.outputStride;
    const { view } = this.#workspace.outputGradient;
    for (let i = 0; i < view.length; i += stride) view[i] = 1;
  }

  /** Gradients at observations [rows, D]. False: they are no numbers that a step could be taken along. */
  gradient(observation: Tensor, rows: number): boolean {
    const { network } = this.#critic;
    const workspace = this.#workspace;
    this.#pass.forward(observation, rows);
    this.#pass.act(this.#action, this.#raw, undefined, undefined);
    this.#critic.encode(workspace.input, 0, observation, this.#action, rows);
    network.forward(workspace, rows, FIRST);
    network.vjp(workspace, rows, undefined, { inputGradient: true });
    const scale = -1 / rows;
    const penalty = this.#penalty / (rows * this.#actor.actionSize);
    const { inputGradient } = workspace;
    this.#critic.actionGradient(this.#actionGradient, inputGradient, this.#action, rows, scale, penalty);
    this.#pass.vjpAction(this.gradients, this.#actionGradient, undefined);
    return takesStep(this.#scope.runtime, this.gradients);
  }

  /** A step of Adam along the last gradients. */
  apply(): void {
    this.optimizer.step(this.gradients);
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
