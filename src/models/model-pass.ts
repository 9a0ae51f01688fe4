// One step of imagined transitions through a learned model, kept for the way back: features, the members' forward pass, target,
// and the gradients through all of it. Members predict their means: what a probabilistic member says of the noise is left
// aside, as its gradient would be that of another draw.

import { checkInteger, wrongValue } from "../check.js";
import type { Workspace } from "../nn/index.js";
import type { Disposable } from "../types.js";
import { checkRows, type Scope, type Tensor } from "../wasm/index.js";
import type { DynamicsModel } from "./dynamics-model.js";

/** Tensors of rows of a transition. */
export interface TransitionRows {
  /** [rows, D] */
  readonly observation: Tensor;
  /** [rows, A] */
  readonly action: Tensor;
  /** [rows, D] */
  readonly nextObservation: Tensor;
  /** [rows]; of a model that has learned the reward. */
  readonly reward?: Tensor | undefined;
}

export class ModelPass implements Disposable {
  /** Rows of the pass, and of each of its groups. */
  readonly rows: number;
  readonly groups: number;
  readonly #scope: Scope;
  readonly #model: DynamicsModel;
  readonly #workspace: Workspace;
  readonly #target: Tensor;

  /** Made by `createModelPass`. */
  constructor(scope: Scope, model: DynamicsModel, rows: number, groups: number) {
    this.#scope = scope;
    this.#model = model;
    this.rows = rows;
    this.groups = groups;
    this.#workspace = scope.hold(model.network.ensemble.workspace(rows / groups, groups));
    this.#target = scope.tensor([rows, model.network.targetSize]);
  }

  /**
   * Writes `nextObservation` (and `reward`, if learned) after `observation` and `action`: the rows of group g, which lie
   * together, as members[g] predicts them.
   */
  forward({ observation, action, nextObservation, reward }: TransitionRows, members: ArrayLike<number>): void {
    const op = "modelPass.forward";
    this.#check(op, { observation, action, nextObservation, reward });
    if (members.length !== this.groups) wrongValue(op, "members", `${this.groups}, one a group`, members);
    const { network, encoder, delta, learnsReward, observationSize: D } = this.#model;
    const { normalizer, ensemble, targetSize: T, outputStride } = network;
    const { kernels } = this.#scope.runtime;
    const { rows } = this;
    const { input, output } = this.#workspace;
    const { mean, inverseStd } = normalizer;
    encoder.encode(input.address, observation.address, action.address, mean, inverseStd, rows);
    ensemble.forward(this.#workspace, rows / this.groups, members);
    const [, , shift, scale] = network.words.head;
    const target = this.#target.address;
    kernels.head_mean(target, output.address, shift, scale, 1, rows, T, outputStride);
    const learned = learnsReward ? (reward?.address ?? 0) : 0;
    kernels.apply_target(nextObservation.address, learned, observation.address, target, delta.address, rows, D, T);
  }

  /**
   * After `forward` from `observation`: takes the gradients of a scalar with respect to the next observation (and the learned
   * reward), and adds to those with respect to the observation and the action; where `parameters` are given, also to those of
   * the networks, laid out as theirs.
   */
  vjp(gradients: TransitionRows, observation: Tensor, parameters?: Tensor): void {
    const op = "modelPass.vjp";
    const { network, encoder, delta, learnsReward, observationSize: D, actionSize: A } = this.#model;
    const { kernels } = this.#scope.runtime;
    const { rows } = this;
    this.#check(op, gradients);
    checkRows(op, "observation", observation, rows, D);
    const { outputGradient, inputGradient } = this.#workspace;
    const [, , , scale] = network.words.head;
    kernels.apply_target_vjp(
      outputGradient.address,
      gradients.observation.address,
      gradients.nextObservation.address,
      learnsReward ? (gradients.reward?.address ?? 0) : 0,
      scale,
      delta.address,
      rows,
      D,
      network.outputStride,
    );
    network.ensemble.vjp(this.#workspace, rows / this.groups, parameters, { inputGradient: true, accumulate: true });
    kernels.model_features_vjp(
      gradients.observation.address,
      gradients.action.address,
      inputGradient.address,
      observation.address,
      encoder.table.address,
      network.normalizer.inverseStd.address,
      rows,
      D,
      A,
      encoder.size,
    );
  }

  #check(op: string, { observation, action, nextObservation, reward }: TransitionRows): void {
    const { learnsReward, observationSize: D, actionSize: A } = this.#model;
    checkRows(op, "observation", observation, this.rows, D);
    checkRows(op, "action", action, this.rows, A);
    checkRows(op, "nextObservation", nextObservation, this.rows, D);
    if (learnsReward) checkRows(op, "reward", reward, this.rows, 1);
  }

  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using pass = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Memory for one step of `rows` imagined transitions and the way back through it, the rows in `groups` equal groups, each
 * driven by one member. Throws `RangeError` when the rows are no multiple of the groups.
 */
export function createModelPass(model: DynamicsModel, rows: number, groups = 1): ModelPass {
  const op = "createModelPass";
  checkInteger(op, "groups", groups, 1);
  checkInteger(op, "rows", rows, 1);
  if (rows % groups !== 0) wrongValue(op, "rows", `a multiple of the ${groups} groups`, rows);
  return model.runtime.scoped((scope) => new ModelPass(scope, model, rows, groups));
}
