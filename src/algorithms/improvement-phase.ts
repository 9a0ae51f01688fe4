// A policy improved in an ensemble of models, until it has long not improved on enough of them; the best one is kept (Kurutach et
// al. 2018, algorithm 2, the inner loop). What one improvement is, the algorithms say: TRPO or PPO on a batch of imagined
// trajectories, or a step along the gradient of the imagined return.

import { TrainingDivergedError } from "../check.js";
import type { ReplayBuffer } from "../data/index.js";
import type { RandomStream } from "../kernels/index.js";
import {
  type Batch,
  type Critic,
  createCritic,
  createImagination,
  type Imagination,
  type PolicyBatch,
  standardizeAdvantages,
} from "../learning/index.js";
import type { DynamicsModel } from "../models/index.js";
import type { Policy } from "../policies/index.js";
import { joinStates, metaCount, metaNumber, partState } from "../saved-state.js";
import type { Disposable, RewardFunction, SavedState, Steps, TerminationFunction } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import { observedRange, usualDisagreementSteps } from "./data-bounds.js";
import type { MeSettings } from "./me-options.js";
import type { RealEpisodes } from "./real-episodes.js";
import { mean, savedVector, saveVector } from "./saved-vectors.js";

/** What became of an improvement. A reason "non-finite" ends the run. */
export interface Improvement {
  readonly accepted: boolean;
  readonly reason?: string;
}

/** What improves a policy: the part in which the algorithms differ. */
export interface Improver extends Disposable {
  /**
   * One improvement: on an imagined batch with its advantages, or from start states [B, D] by what goes through the model
   * itself.
   */
  readonly learns:
    | { readonly from: "batch"; steps(batch: PolicyBatch): Steps<Improvement> }
    | { readonly from: "starts"; steps(starts: Tensor): Steps<Improvement> };
  /** Forgets what earlier improvements left, as an outer iteration begins. */
  reset(): void;
  save(): SavedState;
  load(state: SavedState): void;
}

/** What an improver is made from. */
export interface ImproverParts {
  readonly policy: Policy;
  readonly model: DynamicsModel;
  /** Undefined: learned by the model. */
  readonly reward: RewardFunction | undefined;
  readonly terminated: TerminationFunction | undefined;
  /** Steps and number of imagined trajectories. */
  readonly T: number;
  readonly B: number;
}

/** What goes on in the phase. */
export type ImprovementWork = "imagine" | "update" | "validate";

/** What the phase is made from, beside the settings. */
export interface PhaseParts extends Omit<ImproverParts, "T" | "B"> {
  /** Name of the algorithm, in errors. */
  readonly name: string;
  readonly buffer: ReplayBuffer;
  readonly episodes: RealEpisodes;
  readonly random: RandomStream;
  /** Imagined trajectories come in multiples of this. */
  readonly trajectories: number;
  createImprover(scope: Scope, parts: ImproverParts): Improver;
  /** Told what the policy's mode earns on each member. */
  onValidation(policyIteration: number, returns: readonly number[]): void;
}

interface ImaginedBatch {
  readonly batch: Batch;
  readonly critic: Critic;
}

export class ImprovementPhase {
  readonly imagination: Imagination;
  /** Seconds since `restart`, by what they went into. */
  seconds: Record<ImprovementWork, number> = { imagine: 0, update: 0, validate: 0 };
  readonly #parts: PhaseParts;
  readonly #settings: MeSettings;
  readonly #scope: Scope;
  readonly #improver: Improver;
  // start states [B, D] of an iteration
  readonly #starts: Tensor;
  // for an improver that learns from a batch: the batch, and what its advantages are taken from
  readonly #imagined: ImaginedBatch | undefined;
  // policy iterations so far (−1: not begun), the one whose policy is the best, and those that left the policy as it was
  #iteration = -1;
  #keptIteration = 0;
  #rejected = 0;
  // parameters: of the first policy, before the first iteration, of the best policy
  readonly #firstParams: Float32Array;
  #paramsBefore: Float32Array = new Float32Array();
  #kept: Float32Array = new Float32Array();
  // on each model: before the first iteration, and of the best policy
  #returnsBefore: Float64Array = new Float64Array();
  #keptReturns: Float64Array = new Float64Array();
  // imagined trajectories of the phase, and those that ran away from all numbers; those of the iteration under way
  #trajectories = 0;
  #diverged = 0;
  #lost = 0;
  // are trajectories bounded as the phase has it?
  #bounded = false;
  // start states of the environment, drawn for the phase
  #pool: Float32Array = new Float32Array();

  constructor(scope: Scope, parts: PhaseParts, settings: MeSettings) {
    const { runtime } = scope;
    const { policy, model, reward, terminated, trajectories } = parts;
    const { sampling, range, horizon: T, imaginedSteps, seed, baseline, policyHidden } = settings;
    const { observationSize, filter } = policy;
    this.#scope = scope;
    this.#parts = parts;
    this.#settings = settings;
    this.#firstParams = policy.network.params.read();
    const scores = { reward, terminated };
    const fixed = { ...scores, sampling, seed, ...(range !== "data" && { range }) };
    this.imagination = scope.hold(createImagination(runtime, model, policy, fixed));
    const B = trajectories * Math.max(1, Math.round(imaginedSteps / T / trajectories));
    this.#starts = scope.tensor([B, observationSize]);
    this.#improver = scope.hold(parts.createImprover(scope, { policy, model, ...scores, T, B }));
    if (this.#improver.learns.from === "batch") {
      const batch = this.imagination.createBatch(scope, T, B);
      const value = { hidden: policyHidden, learningRate: 1e-3, epochs: 5, batchSize: 64, seed };
      const critic = createCritic(runtime, { baseline, observationSize, rows: batch.rows, filter, ...value });
      this.#imagined = { batch, critic: scope.hold(critic) };
    }
  }

  /** Policy iterations so far; −1 before the phase. */
  get iteration(): number {
    return this.#iteration;
  }

  /** Has the policy long not improved on enough of the models, or is the number of iterations used up? */
  get over(): boolean {
    const { policyIterations, policyPatience } = this.#settings;
    return this.#iteration >= policyIterations || this.#iteration - this.#keptIteration >= policyPatience;
  }

  /** Begins the phase: exploration in the models starts afresh, and the policy as it is sets the mark. */
  *beginSteps(): Steps<void> {
    const { starts, startPool, initialStd, restartPolicy } = this.#settings;
    const { policy, episodes } = this.#parts;
    if (restartPolicy) this.#writePolicy(this.#firstParams);
    if (policy.kind !== "deterministic") policy.setStd(initialStd);
    this.#improver.reset();
    yield* this.#boundSteps();
    const paramsBefore = policy.network.params.read();
    const returns = yield* this.#validateSteps(0);
    // from here on nothing waits
    this.#paramsBefore = paramsBefore;
    this.#returnsBefore = returns;
    this.#keep(0, returns);
    const D = policy.observationSize;
    this.#pool = new Float32Array(starts === "reset" ? startPool * D : 0);
    for (let i = 0; i < this.#pool.length; i += D) this.#pool.set(episodes.start(), i);
    this.#rejected = 0;
    this.#trajectories = 0;
    this.#diverged = 0;
    this.#iteration = 0;
  }

  /** One policy iteration, and a validation where it is due. */
  *iterateSteps(): Steps<void> {
    yield* this.#boundSteps();
    const accepted = yield* this.#improveSteps();
    const j = this.#iteration + 1;
    const validated = j % this.#settings.validateEvery === 0 ? yield* this.#validateSteps(j) : undefined;
    // from here on nothing waits
    if (validated && this.#isBetter(validated)) this.#keep(j, validated);
    if (!accepted) this.#rejected++;
    this.#trajectories += this.#starts.shape[0];
    this.#diverged += this.#lost;
    this.#iteration = j;
  }

  /** Ends the phase with the best policy; returns the change of its parameters. Throws when it diverged in every model. */
  finish(): Float32Array {
    this.#writePolicy(this.#kept);
    if (!this.#keptReturns.some(Number.isFinite)) this.#fail("the policy's return in every model");
    return this.#kept.map((value, i) => value - this.#paramsBefore[i]);
  }

  /** What is said of the phase in the log. */
  report() {
    return {
      policyIterations: this.#iteration,
      keptIteration: this.#keptIteration,
      rejectedUpdates: this.#rejected,
      divergedShare: this.#trajectories > 0 ? this.#diverged / this.#trajectories : 0,
      imaginedBefore: mean(this.#returnsBefore),
      imaginedAfter: mean(this.#keptReturns),
    };
  }

  /** Before the phase again. */
  restart(): void {
    this.#iteration = -1;
    this.#bounded = false;
    this.seconds = { imagine: 0, update: 0, validate: 0 };
  }

  /** What an iteration changes before it is through, the policy aside. */
  saveLearner(): SavedState {
    const parts = { imagination: this.imagination.save(), improver: this.#improver.save() };
    return joinStates({}, this.#imagined ? { ...parts, critic: this.#imagined.critic.save() } : parts);
  }

  loadLearner(state: SavedState): void {
    this.#imagined?.critic.load(partState(state, "critic"));
    this.imagination.load(partState(state, "imagination"));
    this.#improver.load(partState(state, "improver"));
  }

  /** Where the phase is. */
  save(): SavedState {
    return {
      meta: {
        iteration: this.#iteration,
        keptIteration: this.#keptIteration,
        rejected: this.#rejected,
        imagined: this.#trajectories,
        diverged: this.#diverged,
      },
      arrays: {
        paramsBefore: saveVector("f32", this.#paramsBefore),
        kept: saveVector("f32", this.#kept),
        keptReturns: saveVector("f64", this.#keptReturns),
        returnsBefore: saveVector("f64", this.#returnsBefore),
        pool: saveVector("f32", this.#pool),
      },
    };
  }

  load(state: SavedState): void {
    const { network, observationSize: D } = this.#parts.policy;
    const P = network.params.size;
    const { members, startPool } = this.#settings;
    this.#paramsBefore = savedVector(state, "paramsBefore", "f32", P);
    this.#kept = savedVector(state, "kept", "f32", P);
    this.#trajectories = metaCount(state, "imagined");
    this.#diverged = metaCount(state, "diverged");
    this.#keptReturns = savedVector(state, "keptReturns", "f64", members);
    this.#returnsBefore = savedVector(state, "returnsBefore", "f64", members);
    this.#pool = savedVector(state, "pool", "f32", startPool * D);
    this.#iteration = metaNumber(state, "iteration");
    this.#keptIteration = metaCount(state, "keptIteration");
    this.#rejected = metaCount(state, "rejected");
  }

  // where trajectories may go, by the data, where that is asked for; the data and the models are the same all through a phase
  *#boundSteps(): Steps<void> {
    if (this.#bounded) return;
    const { range, disagreement } = this.#settings;
    const { model, buffer } = this.#parts;
    if (range === "data") this.imagination.setRange(observedRange(buffer));
    if (disagreement > 0) {
      const usual = yield* usualDisagreementSteps(model, buffer);
      if (!Number.isFinite(usual)) this.#fail("what the models predict of the data");
      this.imagination.setDisagreement(disagreement * usual);
    }
    this.#bounded = true;
  }

  #writePolicy(params: Float32Array): void {
    const { network } = this.#parts.policy;
    network.params.write(params);
    network.changed();
  }

  // imagine and estimate advantages, where the improver asks for them; improve
  *#improveSteps(): Steps<boolean> {
    this.#drawStarts(this.#starts);
    const { learns } = this.#improver;
    if (learns.from === "starts") return yield* this.#updateSteps(learns.steps(this.#starts));
    const { batch, critic } = this.#imagined as ImaginedBatch;
    const accepted = yield* this.#updateSteps(learns.steps(yield* this.#imagineSteps(batch, critic)));
    yield* this.#timed("update", critic.fitSteps(batch));
    return accepted;
  }

  *#updateSteps(steps: Steps<Improvement>): Steps<boolean> {
    const { accepted, reason } = yield* this.#timed("update", steps);
    if (reason === "non-finite") this.#fail("the update of the policy");
    return accepted;
  }

  *#imagineSteps(batch: Batch, critic: Critic): Steps<PolicyBatch> {
    const { gamma, lambda, timeLimit } = this.#settings;
    const { steps, diverged } = yield* this.#timed("imagine", this.imagination.collectSteps(batch, this.#starts));
    if (steps === 0) this.#fail("every imagined trajectory");
    this.#lost = diverged;
    const from = performance.now();
    const sound = critic.evaluate(batch, { gamma, lambda, bootstrap: timeLimit === "bootstrap" });
    if (!sound) this.#fail("an advantage");
    const { rows, observation, raw, logProb, valid } = batch;
    const { advantage } = critic;
    standardizeAdvantages(this.#scope.runtime, advantage, valid, rows);
    this.seconds.update += (performance.now() - from) / 1000;
    return { rows, observation, raw, logProb, advantage, valid };
  }

  *#validateSteps(policyIteration: number): Steps<Float64Array> {
    const { horizon, gamma } = this.#settings;
    const { episodes, onValidation } = this.#parts;
    const steps = this.imagination.validateSteps(episodes.validationStarts, horizon, { gamma });
    const returns = yield* this.#timed("validate", steps);
    onValidation(policyIteration, [...returns]);
    return returns;
  }

  #drawStarts(out: Tensor): void {
    const { buffer, random } = this.#parts;
    const { starts, startPool } = this.#settings;
    const D = this.#parts.policy.observationSize;
    const from = starts === "reset" ? this.#pool : buffer.observation.view;
    const rows = starts === "reset" ? startPool : buffer.length;
    for (let b = 0; b < out.shape[0]; b++) {
      const row = random.integer(rows);
      out.view.set(from.subarray(row * D, (row + 1) * D), b * D);
    }
  }

  // is it better than the best so far on enough of the models? A tie is no improvement, nor is a return that is no number
  #isBetter(returns: Float64Array): boolean {
    const worse = returns.filter((value, e) => !(value > this.#keptReturns[e])).length;
    return worse <= this.#settings.worseShare * returns.length;
  }

  #keep(policyIteration: number, returns: Float64Array): void {
    this.#keptIteration = policyIteration;
    this.#keptReturns = returns;
    this.#kept = this.#parts.policy.network.params.read();
  }

  *#timed<Result>(what: ImprovementWork, steps: Steps<Result>): Steps<Result> {
    try {
      for (;;) {
        const from = performance.now();
        const next = steps.next();
        this.seconds[what] += (performance.now() - from) / 1000;
        if (next.done) return next.value;
        yield;
      }
    } finally {
      steps.return(undefined as never);
    }
  }

  #fail(what: string): never {
    throw new TrainingDivergedError(this.#parts.name, null, this.#iteration, what);
  }
}
