// The mechanics of a run that learns an actor and critics from replayed transitions: step the environment, fit a model where the
// design has one, then so many updates, over and over. A run is made of units that happen whole or not at all: an environment
// step, a fit, an update. An update computes all gradients before it takes a step along any, so that one which meets a number that
// is not finite leaves everything as it was. What is saved between units goes on with the same bits.

import { FormatError, TrainingDivergedError, wrongKind, wrongValue } from "../check.js";
import {
  createReplayBuffer,
  createTransitionBatch,
  type ReplayBuffer,
  sampleTransitions,
  type TransitionBatch,
} from "../data/index.js";
import type { VectorEnv } from "../envs/index.js";
import { RandomStream } from "../kernels/index.js";
import {
  ActorUpdate,
  CriticUpdate,
  type EndedEpisodes,
  Explorer,
  Hindsight,
  type TargetRule,
} from "../learning/index.js";
import {
  createObservationFilter,
  createPolicy,
  createQFunction,
  type Policy,
  type PolicyAgent,
  type QFunction,
} from "../policies/index.js";
import { joinStates, metaCount, metaField, metaNumber, partState } from "../saved-state.js";
import type { Box, Progress, Run, SavedState, Steps } from "../types.js";
import type { Scope } from "../wasm/index.js";
import type { OffPolicyRunOptions, OffPolicySettings, OffPolicyStep } from "./off-policy-settings.js";
import { RunClock } from "./run-clock.js";
import { settingsJson } from "./saved-settings.js";
import { timeSlices } from "./time-slice.js";

const FORMAT = 1;

/** What a design is made of and for. */
export interface OffPolicyParts<S extends OffPolicySettings = OffPolicySettings> {
  readonly env: VectorEnv;
  readonly settings: S;
  readonly buffer: ReplayBuffer;
  readonly actor: Policy;
  readonly critic: QFunction;
  /** Those that follow. */
  readonly targetActor: Policy;
  readonly targetCritic: QFunction;
  /** What an update draws comes from here: an update that fails puts it back. */
  readonly random: RandomStream;
}

/** A model that is fitted to the buffer between environment steps, each time wholly or not at all. */
export interface FittedModel {
  /** Is a fit due? Never while the buffer is empty; false once it has been made. */
  due(envSteps: number): boolean;
  /** Has there been one? Before, nothing learns from the model. */
  readonly fitted: boolean;
  /** The fit, in slices; what it changes is what `save` holds. */
  fitSteps(envSteps: number): Steps<void>;
  /** Hold-out loss; null before there is one. */
  readonly loss: number | null;
  save(): SavedState;
  load(state: SavedState): void;
}

/** What tells one algorithm from another. */
export interface OffPolicyDesign {
  /** Made in the scope that is handed over, or held by it. */
  readonly rule: TargetRule;
  readonly model?: FittedModel | undefined;
}

/** One line of the log: a step in which episodes ended. */
export interface OffPolicyProgress extends Progress {
  readonly updates: number;
  /** Of the last update, the mean over its critics; null before there was one. */
  readonly criticLoss: number | null;
  /** Share of the episodes whose last step reached the goal; null without a goal. */
  readonly successRate: number | null;
}

type Breathe = () => Promise<void> | undefined;

export class OffPolicyRun<S extends OffPolicySettings = OffPolicySettings> implements Run {
  readonly settings: S;
  /** Without noise. */
  readonly agent: PolicyAgent;
  readonly parts: OffPolicyParts<S>;
  readonly #algorithm: string;
  readonly #scope: Scope;
  readonly #env: VectorEnv;
  readonly #options: OffPolicyRunOptions;
  readonly #explorer: Explorer;
  readonly #exploring: RandomStream;
  readonly #model: FittedModel | undefined;
  readonly #batch: TransitionBatch;
  readonly #hindsight: Hindsight | undefined;
  readonly #criticUpdate: CriticUpdate;
  readonly #actorUpdate: ActorUpdate;
  #trial = 0;
  #updates = 0;
  // updates that are due, a fraction of one included
  #owed = 0;
  #criticLoss: number | null = null;
  // episodes of a step that are yet to be reported
  #ended: EndedEpisodes | null = null;
  // the model before the fit that is under way
  #modelBefore: SavedState | null = null;
  readonly #clock = new RunClock();

  /** Made by `ddpg`, `td3` and others that replay. */
  constructor(
    scope: Scope,
    algorithm: string,
    env: VectorEnv,
    settings: S,
    options: OffPolicyRunOptions,
    createDesign: (scope: Scope, parts: OffPolicyParts<S>) => OffPolicyDesign,
  ) {
    this.#algorithm = algorithm;
    this.#scope = scope;
    this.#env = env;
    this.#options = options;
    this.settings = settings;
    const { runtime } = scope;
    const { seed, batchSize, actorLearningRate, actionPenalty, noise, randomShare } = settings;
    this.parts = makeParts(scope, algorithm, env, settings);
    const { actor, critic, buffer } = this.parts;
    this.agent = scope.hold(actor.agent());
    this.#exploring = scope.hold(new RandomStream(runtime, seed, "exploration"));
    const explorerParts = { name: algorithm, env, policy: actor, buffer, random: this.#exploring };
    this.#explorer = hold(scope, (inner) => new Explorer(inner, explorerParts, { seed, noise, randomShare }));
    const { rule, model } = createDesign(scope, this.parts);
    scope.hold(rule);
    this.#model = model;
    this.#batch = createTransitionBatch(scope, batchSize, buffer.observationSize, buffer.actionSize);
    const { goal } = env;
    const { hindsight: relabelled } = settings;
    if (relabelled > 0) {
      if (!goal) wrongValue(algorithm, "hindsight", "0, for a task without a goal", relabelled);
      const rows = batchSize;
      this.#hindsight = hold(scope, (inner) => new Hindsight(inner, buffer, { goal, relabelled, rows }));
    }
    this.#criticUpdate = hold(scope, (inner) => new CriticUpdate(inner, critic, rule, batchSize));
    const climbing = { learningRate: actorLearningRate, penalty: actionPenalty };
    this.#actorUpdate = hold(scope, (inner) => new ActorUpdate(inner, actor, critic, batchSize, climbing));
    if (options.resume) this.#load(options.resume);
  }

  /** Environment steps so far. */
  get envSteps(): number {
    return this.#explorer.envSteps;
  }

  /** Updates so far. */
  get updates(): number {
    return this.#updates;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OffPolicyProgress, void, undefined> {
    this.#clock.start(this.#algorithm);
    try {
      yield* this.#learn();
    } finally {
      this.#clock.stop();
    }
  }

  async *#learn(): AsyncGenerator<OffPolicyProgress, void, undefined> {
    const breathe = timeSlices(this.#options.signal);
    const { initialSteps, updatesPerStep, totalSteps } = this.settings;
    const explorer = this.#explorer;
    for (;;) {
      if (this.#model?.due(explorer.envSteps)) await this.#fit(this.#model, breathe);
      while (this.#owed >= 1 && this.#model?.fitted !== false) {
        this.#update();
        this.#tell("update", this.#updates, 1);
        await breathe();
      }
      if (this.#ended) yield this.#finishTrial(this.#ended);
      if (this.#trial >= this.#options.trials || explorer.envSteps >= totalSteps) return;
      const blind = explorer.envSteps < initialSteps;
      const before = explorer.envSteps;
      this.#ended = explorer.step(blind);
      // an update learns from what the step before it left, of steps after the first ones
      this.#owed +=
        updatesPerStep * Math.min(explorer.envSteps - before, Math.max(0, explorer.envSteps - initialSteps));
      this.#tell(blind ? "random" : "act", explorer.episode.episodeLength, this.#env.spec.maxEpisodeSteps);
      await breathe();
    }
  }

  // one minibatch; throws before anything is changed
  #update(): void {
    const { buffer, actor, critic, targetActor, targetCritic, random } = this.parts;
    const { policyDelay, targetEvery, tau } = this.settings;
    const number = this.#updates + 1;
    const moves = number % policyDelay === 0;
    const batch = this.#batch;
    const before = random.save();
    try {
      sampleTransitions(buffer, batch, random);
      this.#hindsight?.relabel(batch, random);
      if (!this.#criticUpdate.gradient(batch)) this.#diverged("the gradient of a critic");
      if (moves && !this.#actorUpdate.gradient(batch.observation, batch.rows))
        this.#diverged("the gradient of the actor");
    } catch (error) {
      random.load(before);
      throw error;
    }
    this.#criticUpdate.apply();
    if (moves) this.#actorUpdate.apply();
    if (number % targetEvery === 0) {
      targetActor.follow(actor, tau);
      targetCritic.follow(critic, tau);
    }
    this.#criticLoss = this.#criticUpdate.loss;
    this.#updates = number;
    this.#owed--;
  }

  #diverged(quantity: string): never {
    throw new TrainingDivergedError(this.#algorithm, null, this.#updates, quantity);
  }

  async #fit(model: FittedModel, breathe: Breathe): Promise<void> {
    this.#modelBefore = model.save();
    const steps = model.fitSteps(this.envSteps);
    let done = false;
    try {
      for (let step = 1; !steps.next().done; step++) {
        this.#tell("fit", step, step);
        await breathe();
      }
      done = true;
    } finally {
      if (!done) {
        steps.return();
        model.load(this.#modelBefore);
      }
      this.#modelBefore = null;
    }
  }

  #finishTrial(ended: EndedEpisodes): OffPolicyProgress {
    const progress: OffPolicyProgress = {
      algorithm: this.#algorithm,
      trial: this.#trial,
      envSteps: this.envSteps,
      ...ended,
      modelLoss: this.#model?.loss ?? null,
      updates: this.#updates,
      criticLoss: this.#criticLoss,
      wallSeconds: this.#clock.seconds,
    };
    this.#trial++;
    this.#ended = null;
    return progress;
  }

  #tell(phase: OffPolicyStep["phase"], step: number, steps: number): void {
    const { episodeReturn } = this.#explorer.episode;
    this.#options.onStep?.({ phase, trial: this.#trial, step, steps, envSteps: this.envSteps, episodeReturn });
  }

  save(): SavedState {
    const { actor, critic, targetActor, targetCritic, buffer, random } = this.parts;
    const meta = {
      kind: "run",
      format: FORMAT,
      algorithm: this.#algorithm,
      env: this.#env.spec.id,
      envs: this.#env.batch,
      options: settingsJson(this.settings),
      trial: this.#trial,
      envSteps: this.envSteps,
      updates: this.#updates,
      owed: this.#owed,
      criticLoss: this.#criticLoss,
      ended: this.#ended && { ...this.#ended },
      exploring: this.#exploring.save(),
      random: random.save(),
      wallSeconds: this.#clock.seconds,
    };
    const model = this.#model && { model: this.#modelBefore ?? this.#model.save() };
    return joinStates(meta, {
      policy: actor.save(),
      critic: critic.save(),
      optimizer: this.#actorUpdate.optimizer.save(),
      targetPolicy: targetActor.save(),
      targetCritic: targetCritic.save(),
      buffer: buffer.save(),
      explorer: this.#explorer.save(),
      ...model,
    });
  }

  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using run = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #load(state: SavedState): void {
    const op = this.#algorithm;
    const { actor, critic, targetActor, targetCritic, buffer, random } = this.parts;
    if (metaField(state, "kind") !== "run" || metaField(state, "algorithm") !== op) {
      throw new FormatError(`the saved state is not a run of ${op}`);
    }
    const format = metaField(state, "format");
    if (format !== FORMAT) throw new FormatError(`saved run has format ${format}`);
    const id = metaField(state, "env");
    if (id !== this.#env.spec.id) wrongValue(op, "resume", `a run of ${this.#env.spec.id}`, id);
    const envs = metaField(state, "envs");
    if (envs !== this.#env.batch) wrongValue(op, "env.batch", `${envs}, as in the saved run`, this.#env.batch);
    actor.load(partState(state, "policy"));
    critic.load(partState(state, "critic"));
    this.#actorUpdate.optimizer.load(partState(state, "optimizer"));
    targetActor.load(partState(state, "targetPolicy"));
    targetCritic.load(partState(state, "targetCritic"));
    buffer.load(partState(state, "buffer"));
    this.#explorer.load(partState(state, "explorer"));
    this.#model?.load(partState(state, "model"));
    this.#exploring.load(metaField(state, "exploring"));
    random.load(metaField(state, "random"));
    this.#trial = metaCount(state, "trial");
    this.#updates = metaCount(state, "updates");
    this.#owed = metaNumber(state, "owed");
    this.#criticLoss = metaField(state, "criticLoss") === null ? null : metaNumber(state, "criticLoss");
    this.#ended = metaField(state, "ended") as EndedEpisodes | null;
    this.#clock.load(metaNumber(state, "wallSeconds"));
  }
}

// a part with a scope of its own that goes with the run's
function hold<P extends { dispose(): void }>(scope: Scope, make: (inner: Scope) => P): P {
  return scope.hold(scope.runtime.scoped(make));
}

function makeParts<S extends OffPolicySettings>(
  scope: Scope,
  op: string,
  env: VectorEnv,
  settings: S,
): OffPolicyParts<S> {
  const actionSpace = env.singleActionSpace as Box;
  const { runtime } = scope;
  const { seed, hidden, activation, criticLearningRate, critics, bufferSize } = settings;
  const observationSize = env.singleObservationSpace.low.length;
  const actionSize = actionSpace.low.length;
  const filter = scope.hold(createObservationFilter(runtime, observationSize, settings.filter, settings.filterClip));
  const shape = { observationSize, actionSpace, hidden, activation, filter };
  const policy = (): Policy => scope.hold(createPolicy(runtime, { ...shape, kind: "deterministic", seed }));
  // networks of one seed and one shape would start alike
  const values = { ...shape, members: critics, learningRate: criticLearningRate, seed: (seed + 1) % 2 ** 53 };
  const q = (): QFunction => scope.hold(createQFunction(runtime, values));
  // `targets` start as what they follow: of the same seed
  const [actor, targetActor, critic, targetCritic] = [policy(), policy(), q(), q()];
  const sizes = { observationSize, actionSize, lanes: env.batch };
  if (bufferSize < env.batch) wrongValue(op, "bufferSize", `room for ${env.batch} environments`, bufferSize);
  const buffer = scope.hold(createReplayBuffer(runtime, { ...sizes, capacity: bufferSize }));
  const random = scope.hold(new RandomStream(runtime, seed, "updates"));
  return { env, settings, buffer, actor, critic, targetActor, targetCritic, random };
}

/** Checks that `env` is one that a run can learn to act in: its actions are vectors of numbers. */
export function checkActionEnv(op: string, env: VectorEnv): void {
  if (env === null || typeof env !== "object" || typeof env.createOut !== "function") {
    wrongKind(op, "env", "a vector environment (makeVectorEnv, batchEnvs)", env);
  }
  if (env.autoreset !== "same-step") {
    wrongValue(op, "env", 'one with autoreset "same-step"', `one with "${env.autoreset}"`);
  }
  const { singleActionSpace } = env;
  if (singleActionSpace.kind !== "box") wrongValue(op, "env.singleActionSpace", "a box", singleActionSpace.kind);
}
