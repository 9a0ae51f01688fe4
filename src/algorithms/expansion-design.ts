// What a run that expands values adds to DDPG: an ensemble that is fitted to the replay buffer now and then, and targets that carry
// every minibatch on in it.

import { desiredDims, goalReward, observedDynamics } from "../envs/index.js";
import { createExpansion, expansionTarget, SteppedExpansion } from "../learning/index.js";
import {
  createDynamicsModel,
  createEnsembleRegressor,
  type DynamicsModel,
  type EnsembleRegressor,
  MULTI_STEP_RATE,
  openLoopLoss,
} from "../models/index.js";
import { joinStates, metaField, metaNumber, partState } from "../saved-state.js";
import type { SavedState, Steps } from "../types.js";
import type { Scope } from "../wasm/index.js";
import { type ExpansionSettings, taskOfBatch } from "./expansion-settings.js";
import type { FittedModel, OffPolicyDesign, OffPolicyParts } from "./off-policy-run.js";

type Parts = OffPolicyParts<ExpansionSettings>;

/** The design of `mve` and `steve`. */
export function expansionDesign(scope: Scope, parts: Parts): OffPolicyDesign {
  const { settings, targetActor: actor, targetCritic: critic } = parts;
  const { batchSize: rows, gamma, targetClip, targets: rule, lambda, beta, tdk } = settings;
  const [low, high] = targetClip;
  const clip = targetClip.length > 0 ? ([low, high] as const) : undefined;
  const common = { actor, critic, rows, rule, gamma, lambda, beta, tdk, clip };
  if (settings.trueModel) return { rule: expansionTarget({ ...common, carrier: trueCarrier(scope, parts) }) };
  const model = new BufferModel(scope, parts);
  const carrier = createExpansion({
    model: model.dynamics,
    policy: actor,
    horizon: settings.horizon,
    rows,
    range: settings.range,
    reward: settings.learnReward ? undefined : (parts.env.reward ?? (parts.env.goal && goalReward(parts.env.goal))),
    terminated: parts.env.terminated,
    continues: model.ends && ((next) => model.continues(next)),
  });
  // without steps there is nothing that a model is needed for
  return { rule: expansionTarget({ ...common, carrier }), model: settings.horizon > 0 ? model : undefined };
}

function trueCarrier(scope: Scope, { env, settings, targetActor }: Parts): SteppedExpansion {
  const task = taskOfBatch(env);
  if (!task) throw new TypeError("expansion: the true dynamics are those of a built-in task");
  const { horizon, batchSize } = settings;
  const dynamics = observedDynamics(scope.runtime, task, batchSize);
  return scope.runtime.scoped((inner) => new SteppedExpansion(inner, dynamics, targetActor, horizon, batchSize));
}

/** The ensemble, fitted to all transitions every so many steps; where the task cannot tell, also the end of episodes. */
class BufferModel implements FittedModel {
  readonly dynamics: DynamicsModel;
  /** Chance that an observation is an end; undefined where the task tells. */
  readonly ends: EnsembleRegressor | undefined;
  readonly #parts: Parts;
  readonly #scope: Scope;
  #fittedAt = -1;
  #loss: number | null = null;

  constructor(scope: Scope, parts: Parts) {
    const { env, settings, buffer } = parts;
    const { runtime } = scope;
    const { members, modelHidden: hidden, modelLearningRate: learningRate, learnReward, seed } = settings;
    const { observationSize, actionSize } = buffer;
    const shared = { hidden, learningRate, probabilistic: false, seed };
    const constant = env.goal ? desiredDims(env.goal) : [];
    const { angles = [] } = env;
    const sizes = { observationSize, actionSize };
    this.#scope = scope;
    this.#parts = parts;
    this.dynamics = scope.hold(
      createDynamicsModel(runtime, { ...shared, ...sizes, members, learnReward, constant, angles }),
    );
    if (env.terminated === undefined) {
      const one = { ...shared, members: 1, inputSize: observationSize, targetSize: 1 };
      this.ends = scope.hold(createEnsembleRegressor(runtime, one));
    }
  }

  get loss(): number | null {
    return this.#loss;
  }

  get fitted(): boolean {
    return this.#fittedAt >= 0;
  }

  due(envSteps: number): boolean {
    const { settings, buffer } = this.#parts;
    if (buffer.length < 2 || envSteps < settings.initialSteps) return false;
    return !this.fitted || envSteps - this.#fittedAt >= settings.modelEvery;
  }

  *fitSteps(envSteps: number): Steps<void> {
    const { settings, buffer } = this.#parts;
    const { modelBatch: batchSize, modelSteps, modelPatience: patience, modelLearningRate, multiStep } = settings;
    const fit = { batchSize, epochs: Math.max(1, Math.ceil((modelSteps * batchSize) / buffer.length)), patience };
    const { optimizer } = this.dynamics.network;
    // what errors of several steps tell is of use to models that are good at one, of new rows too
    if (multiStep > 1) {
      optimizer.learningRate = modelLearningRate;
      yield* silently(this.dynamics.fitSteps(buffer, fit));
    }
    const loss = multiStep > 1 ? openLoopLoss(multiStep) : undefined;
    optimizer.learningRate = multiStep > 1 ? MULTI_STEP_RATE * modelLearningRate : modelLearningRate;
    const { score } = yield* silently(this.dynamics.fitSteps(buffer, { ...fit, loss }));
    if (this.ends) yield* this.#fitEnds(this.ends, fit);
    this.#loss = score.reduce((a, b) => a + b, 0) / score.length;
    this.#fittedAt = envSteps;
  }

  /** Chances to go on from next observations [rows, D]. */
  continues(next: Float32Array): Float32Array {
    const { ends } = this;
    if (!ends) return new Float32Array(next.length / this.dynamics.observationSize).fill(1);
    return ends.predict(next).mean.map((chance) => 1 - Math.min(1, Math.max(0, chance)));
  }

  save(): SavedState {
    const parts = { dynamics: this.dynamics.save(), ...(this.ends && { ends: this.ends.save() }) };
    return joinStates({ fittedAt: this.#fittedAt, loss: this.#loss }, parts);
  }

  load(state: SavedState): void {
    const loss = metaField(state, "loss") === null ? null : metaNumber(state, "loss");
    const fittedAt = metaNumber(state, "fittedAt");
    this.dynamics.load(partState(state, "dynamics"));
    this.ends?.load(partState(state, "ends"));
    this.#fittedAt = fittedAt;
    this.#loss = loss;
  }

  // the squared error makes the prediction the chance of an end
  *#fitEnds(ends: EnsembleRegressor, fit: { batchSize: number; epochs: number; patience: number }): Steps<void> {
    const { buffer } = this.#parts;
    const n = buffer.length;
    const data = this.#scope.runtime.scoped((scope) => ({
      scope,
      features: scope.tensor([n, buffer.observationSize]),
      targets: scope.tensor([n, 1]),
    }));
    try {
      data.features.write(buffer.nextObservation.view.subarray(0, n * buffer.observationSize));
      data.targets.write(Float32Array.from(buffer.terminated.view.subarray(0, n)));
      yield* silently(ends.fitSteps(data.features, data.targets, fit));
    } finally {
      data.scope.dispose();
    }
  }
}

// a fit whose progress nobody asks for; given up when it is given up
function* silently<T, R>(steps: Generator<T, R>): Steps<R> {
  let done = false;
  try {
    for (;;) {
      const result = steps.next();
      if (result.done) {
        done = true;
        return result.value;
      }
      yield;
    }
  } finally {
    if (!done) steps.return(undefined as never);
  }
}
