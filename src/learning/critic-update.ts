// One step of all critics on a minibatch: the mean over rows of the squared error of their values, against targets that stand
// still. `gradient` computes and `apply` steps, so that whoever has several networks to move can look at all gradients first.

import { wrongValue } from "../check.js";
import type { TransitionBatch } from "../data/index.js";
import type { Workspace } from "../nn/index.js";
import type { QFunction } from "../policies/index.js";
import type { Disposable } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import type { TargetRule } from "./targets.js";
import { takesStep } from "./vectors.js";

export class CriticUpdate implements Disposable {
  /** Of the last `gradient`, laid out as the critics' parameters. */
  readonly gradients: Tensor;
  readonly #scope: Scope;
  readonly #critic: QFunction;
  readonly #rule: TargetRule;
  readonly #target: Tensor;
  readonly #workspace: Workspace;
  readonly #loss: Tensor<"f64">;
  readonly #rows: number;

  /** For batches of up to `rows` transitions and what `rule` adds to them. */
  constructor(scope: Scope, critic: QFunction, rule: TargetRule, rows: number) {
    const { network, members } = critic;
    this.#scope = scope;
    this.#critic = critic;
    this.#rule = rule;
    this.#rows = rows;
    this.gradients = scope.tensor([network.params.size]);
    this.#target = scope.tensor([rows]);
    this.#workspace = scope.hold(network.workspace(rows + (rule.extra?.rows ?? 0)));
    this.#loss = scope.tensor([members], "f64");
  }

  /** Mean over the critics of the loss before the last `apply`. */
  get loss(): number {
    return this.#loss.view.reduce((sum, loss) => sum + loss, 0) / this.#critic.members;
  }

  /** Targets and gradients of `batch`. False: they are no numbers that a step could be taken along. */
  gradient(batch: TransitionBatch): boolean {
    const { rows, observation, action } = batch;
    const { network, members } = this.#critic;
    const workspace = this.#workspace;
    const { extra } = this.#rule;
    // what a rule adds, it adds for every row that it was made for
    if (extra && rows !== this.#rows) wrongValue("criticUpdate.gradient", "batch.rows", String(this.#rows), rows);
    this.#rule.write(this.#target, batch);
    const all = rows + (extra?.rows ?? 0);
    let weights = rows;
    for (const weight of extra?.weight.view ?? []) weights += weight;
    for (let k = 0; k < members; k++) {
      this.#critic.encode(workspace.input, k * all, observation, action, rows);
      if (extra) {
        this.#critic.encode(workspace.input, k * all + rows, extra.observation, extra.action, extra.rows);
      }
    }
    network.forward(workspace, all);
    this.#loss.view.fill(0);
    this.#addLoss(0, rows, all, this.#target, 0, 1 / weights);
    if (extra) this.#addLoss(rows, extra.rows, all, extra.target, extra.weight.address, 1 / weights);
    network.vjp(workspace, all, this.gradients);
    return takesStep(this.#scope.runtime, this.gradients);
  }

  /** A step of Adam along the last gradients. */
  apply(): void {
    this.#critic.optimizer.step(this.gradients);
  }

  dispose(): void {
    this.#scope.dispose();
  }

  // of rows `at` … of `all`
  #addLoss(at: number, rows: number, all: number, target: Tensor, weight: number, scale: number): void {
    const { members, network, runtime } = this.#critic;
    const stride = network.outputStride;
    const shift = 4 * at * stride;
    runtime.kernels.critic_loss(
      this.#loss.address,
      this.#workspace.outputGradient.address + shift,
      this.#workspace.output.address + shift,
      target.address,
      weight,
      scale,
      members,
      rows,
      stride,
      all,
    );
  }
}
