// What ME-TRPO and ME-PPO share (Kurutach, Clavera, Duan, Tamar, Abbeel 2018, algorithm 2): a policy is improved in an
// ensemble of learned models, until it stops to improve on too many of them.
//
//   repeat:
//     collect real episodes with the policy; add them to the data
//     fit every model to the data, each to its own best epoch on held-out trajectories
//     repeat:
//       imagine trajectories, another model at every step; improve the policy on them
//       every few iterations: score the policy on each model from fixed starts
//     until it has long not improved on enough of the models; keep the best policy
//
// A run is made of units that happen whole or not at all: an environment step, a fit, a policy iteration, a validation. What
// is saved in the middle of one is what was before it.

import { BusyError, FormatError, TrainingDivergedError, wrongValue } from "../check.js";
import { createReplayBuffer, type ReplayBuffer } from "../data/index.js";
import { RandomStream } from "../kernels/index.js";
import {
  type Batch,
  type Critic,
  createCritic,
  createImagination,
  type Imagination,
  type PolicyBatch,
  standardizeAdvantages,
} from "../learning/index.js";
import { createDynamicsModel, type DynamicsModel } from "../models/index.js";
import { createPolicy, type Policy, type PolicyAgent, type PolicyKind } from "../policies/index.js";
import { joinStates, metaField, metaNumber, partState } from "../saved-state.js";
import type {
  Box,
  Disposable,
  Env,
  NamedArray,
  Progress,
  RewardFunction,
  Run,
  SavedState,
  Steps,
  TerminationFunction,
  TypedArrays,
} from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import { fitOptions, type MeCommon, type MeSettings, type MeStep, settingsJson } from "./me-options.js";
import { timeSlices } from "./time-slice.js";

const FORMAT = 1;

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

/** In what a policy and its trajectories can differ by algorithm. */
export interface MeDesign {
  /** Default gaussian. */
  readonly policyKind?: PolicyKind;
  /** Imagined trajectories come in multiples of this. Default 1. */
  readonly trajectories?: number;
}

/** One line of the log: an outer iteration. */
export interface MeProgress extends Progress {
  /** Mean return of the exploring episodes of the iteration; null without one. */
  readonly exploringReturn: number | null;
  /** Policy iterations, and the one whose policy was kept. */
  readonly policyIterations: number;
  readonly keptIteration: number;
  /** Policy iterations that left the policy as it was. */
  readonly rejectedUpdates: number;
  /** Mean over the models of what the policy earned in them before the first policy iteration, and the one kept. */
  readonly imaginedBefore: number;
  readonly imaginedAfter: number;
}

/** Seconds that the last outer iteration took, by what they went into. */
export interface MeSeconds {
  collect: number;
  fit: number;
  imagine: number;
  update: number;
  validate: number;
}

type Phase = "collect" | "fit" | "improve" | "report";
type Breathe = () => Promise<void> | undefined;

export class MeRun implements Run {
  /** What is learned of the world, and what is learned to do. */
  readonly model: DynamicsModel;
  readonly policy: Policy;
  /** The policy's mode. */
  readonly agent: PolicyAgent;
  readonly settings: MeSettings;
  readonly buffer: ReplayBuffer;
  readonly imagination: Imagination;
  readonly #algorithm: string;
  readonly #env: Env;
  readonly #options: MeCommon;
  readonly #scope: Scope;
  readonly #actionSpace: Box;
  readonly #improver: Improver;
  readonly #critic: Critic;
  readonly #random: RandomStream;
  readonly #batch: Batch;
  readonly #starts: Tensor;
  readonly #noise: Tensor;
  readonly #uniform: Tensor;
  readonly #freshFilter: SavedState;
  // where the run is
  #phase: Phase = "collect";
  #trial = 0;
  #envSteps = 0;
  #modelLoss: number | null = null;
  // of this iteration's collection: steps, episodes begun, returns and lengths of those that acted by the mode and that explored
  #collected = 0;
  #episodes = 0;
  #acted: number[] = [];
  #explored: number[] = [];
  #lengths: number[] = [];
  // of the episode; no observation between episodes
  #observation: Float32Array | null = null;
  #explores = false;
  #episodeReturn = 0;
  #episodeLength = 0;
  // the policy's own parameters while perturbed ones act, and their change in the last iteration
  #own: Float32Array | null = null;
  #change: Float32Array | null = null;
  // of this iteration's improvement; policy iteration −1: not begun
  #policyIteration = -1;
  #keptIteration = 0;
  #rejected = 0;
  #paramsBefore: Float32Array = new Float32Array();
  #kept: Float32Array = new Float32Array();
  #keptReturns: Float64Array = new Float64Array();
  #returnsBefore: Float64Array = new Float64Array();
  #pool: Float32Array = new Float32Array();
  #validationStarts: Float32Array = new Float32Array();
  // learner or model before the unit that is under way
  #learnerBefore: SavedState | null = null;
  #modelBefore: SavedState | null = null;
  #iterating = false;
  #wallSeconds = 0;
  #seconds: MeSeconds = noSeconds();
  #lastSeconds: MeSeconds = noSeconds();

  /** Made by `meTrpo` and `mePpo`. */
  constructor(
    scope: Scope,
    algorithm: string,
    env: Env,
    options: MeCommon,
    settings: MeSettings,
    createImprover: (scope: Scope, parts: ImproverParts) => Improver,
    { policyKind = "gaussian", trajectories = 1 }: MeDesign = {},
  ) {
    const { runtime } = scope;
    this.#algorithm = algorithm;
    this.#scope = scope;
    this.#env = env;
    this.#options = options;
    this.settings = settings;
    const { seed, members, hidden, activation, learningRate, angles, noDelta, learnReward, bufferSize } = settings;
    const actionSpace = env.actionSpace as Box;
    const observationSize = (env.observationSpace as Box).low.length;
    const actionSize = actionSpace.low.length;
    this.#actionSpace = actionSpace;
    const sizes = { observationSize, actionSize };
    const network = { members, hidden, activation, learningRate, probabilistic: false, seed };
    this.model = scope.hold(createDynamicsModel(runtime, { ...sizes, ...network, angles, noDelta, learnReward }));
    this.buffer = scope.hold(createReplayBuffer(runtime, { ...sizes, capacity: bufferSize }));
    const { policyHidden, policyActivation, initialStd, filter } = settings;
    const shape = { hidden: policyHidden, activation: policyActivation, initialStd, filter };
    this.policy = scope.hold(createPolicy(runtime, { kind: policyKind, observationSize, actionSpace, ...shape, seed }));
    this.agent = scope.hold(this.policy.agent());
    this.#freshFilter = this.policy.filter.save();
    if (learnReward && options.reward !== undefined) {
      wrongValue(algorithm, "reward", "nothing, since the reward is learned (learnReward)", options.reward);
    }
    const reward = learnReward ? undefined : (options.reward ?? env.reward);
    const terminated = options.terminated ?? env.terminated;
    const { sampling, range, horizon: T, imaginedSteps } = settings;
    const scores = { reward, terminated };
    this.imagination = scope.hold(
      createImagination(runtime, this.model, this.policy, { ...scores, sampling, range, seed }),
    );
    const B = trajectories * Math.max(1, Math.round(imaginedSteps / T / trajectories));
    this.#batch = this.imagination.createBatch(scope, T, B);
    const { rows } = this.#batch;
    this.#starts = scope.tensor([B, observationSize]);
    this.#noise = scope.tensor([actionSize]);
    this.#uniform = scope.tensor([1]);
    const value = { hidden: policyHidden, learningRate: 1e-3, epochs: 5, batchSize: 64, seed };
    const { baseline } = settings;
    const { filter: shared } = this.policy;
    this.#critic = scope.hold(createCritic(runtime, { baseline, observationSize, rows, filter: shared, ...value }));
    this.#improver = scope.hold(createImprover(scope, { policy: this.policy, model: this.model, ...scores, T, B }));
    this.#random = scope.hold(new RandomStream(runtime, seed, "model-ensemble"));
    if (options.resume) this.#load(options.resume);
  }

  /** Where the time of the last outer iteration went. */
  get seconds(): Readonly<MeSeconds> {
    return this.#lastSeconds;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<MeProgress, void, undefined> {
    if (this.#iterating) throw new BusyError(`${this.#algorithm}: this run is being iterated already`);
    this.#iterating = true;
    try {
      yield* this.#learn();
    } finally {
      this.#iterating = false;
    }
  }

  async *#learn(): AsyncGenerator<MeProgress, void, undefined> {
    const breathe = timeSlices(this.#options.signal);
    const started = performance.now() - this.#wallSeconds * 1000;
    while (this.#trial < this.#options.trials) {
      if (this.#phase === "collect") await this.#collect(breathe);
      if (this.#phase === "fit") await this.#fit(breathe);
      if (this.#phase === "improve") await this.#improve(breathe);
      this.#wallSeconds = (performance.now() - started) / 1000;
      yield this.#finishTrial();
    }
  }

  // whole episodes, until there are steps enough
  async #collect(breathe: Breathe): Promise<void> {
    while (this.#collected < this.settings.stepsPerIteration || this.#observation !== null) {
      await breathe();
      const from = performance.now();
      this.#step();
      this.#seconds.collect += (performance.now() - from) / 1000;
    }
    const { filter } = this.policy;
    filter.load(this.#freshFilter);
    filter.update(this.buffer.observation, this.buffer.length);
    this.#phase = "fit";
  }

  // one environment step
  #step(): void {
    const env = this.#env;
    const observation = this.#observe();
    const action = this.agent.act(observation);
    if (this.#explores) this.#addNoise(action);
    const { observation: nextObservation, reward, terminated, truncated } = env.step(action);
    this.buffer.add({ observation, action, reward, nextObservation, terminated, truncated });
    this.#envSteps++;
    this.#collected++;
    this.#episodeLength++;
    this.#episodeReturn += reward;
    this.#observation = nextObservation.slice();
    if (terminated || truncated) this.#finishEpisode();
    this.#tell("collect", this.#episodeLength, env.spec.maxEpisodeSteps);
  }

  // the observation to act on; starts an episode when there is none
  #observe(): Float32Array {
    if (this.#observation !== null) return this.#observation;
    // which episodes explore: so many of the first k that the share is kept for every k
    const { exploring, paramNoise } = this.settings;
    const k = this.#episodes++;
    this.#explores = this.#trial === 0 || Math.floor((k + 1) * exploring) > Math.floor(k * exploring);
    if (this.#explores && this.#change && paramNoise > 0) this.#perturb(this.#change, paramNoise);
    this.#episodeReturn = 0;
    this.#episodeLength = 0;
    this.#observation = this.#reset();
    return this.#observation;
  }

  // the first reset of a run fixes the environment's stream, and the starts of validation; later ones continue it
  #reset(): Float32Array {
    if (this.#validationStarts.length === 0) {
      const { seed, validationStarts } = this.settings;
      const D = this.model.observationSize;
      this.#validationStarts = new Float32Array(validationStarts * D);
      for (let s = 0; s < validationStarts; s++) {
        this.#validationStarts.set(this.#env.reset(s === 0 ? { seed } : undefined).observation, s * D);
      }
    }
    return this.#env.reset().observation.slice();
  }

  // θ + share · Δθ · ε for the length of an episode
  #perturb(change: Float32Array, share: number): void {
    const { params } = this.policy.network;
    this.#own = params.read();
    const noise = this.#scope.runtime.tensor([params.size]);
    this.#random.normal(noise);
    const epsilon = noise.read();
    noise.dispose();
    params.write(this.#own.map((value, i) => value + share * change[i] * epsilon[i]));
    this.policy.network.changed();
  }

  #addNoise(action: Float32Array): void {
    const { actionNoise } = this.settings;
    if (actionNoise === 0) return;
    this.#random.normal(this.#noise);
    this.#random.uniform(this.#uniform);
    const { low, high } = this.#actionSpace;
    const scale = actionNoise * this.#uniform.view[0];
    for (const [i, epsilon] of this.#noise.read().entries()) {
      const half = (high[i] - low[i]) / 2;
      action[i] = Math.max(low[i], Math.min(high[i], action[i] + half * scale * epsilon));
    }
  }

  #finishEpisode(): void {
    this.#observation = null;
    (this.#explores ? this.#explored : this.#acted).push(this.#episodeReturn);
    this.#lengths.push(this.#episodeLength);
    if (this.#own === null) return;
    this.policy.network.params.write(this.#own);
    this.policy.network.changed();
    this.#own = null;
  }

  // all models, from where they are or afresh; an abort or a divergence in the middle leaves them as they were
  async #fit(breathe: Breathe): Promise<void> {
    const { model, settings } = this;
    this.#modelBefore = model.save();
    const { seed, reinitializeEvery } = settings;
    const { network } = model;
    if (reinitializeEvery > 0 && this.#trial > 0 && this.#trial % reinitializeEvery === 0) {
      network.initialize((seed + this.#trial) % Number.MAX_SAFE_INTEGER);
    } else network.optimizer.reset();
    const steps = model.fitSteps(this.buffer, { ...fitOptions(settings), ...this.#holdout() });
    let done = false;
    try {
      for (;;) {
        const from = performance.now();
        const next = steps.next();
        this.#seconds.fit += (performance.now() - from) / 1000;
        if (next.done) {
          this.#modelLoss = mean(next.value.score);
          done = true;
          break;
        }
        this.#tell("fit", next.value.step, next.value.steps);
        await breathe();
      }
    } finally {
      steps.return(undefined as never);
      if (!done) model.load(this.#modelBefore);
      this.#modelBefore = null;
    }
    this.#phase = "improve";
  }

  // the rows of every so manieth trajectory, once there are two
  #holdout(): { holdoutRows?: Uint32Array } {
    const { holdoutEvery } = this.settings;
    const numbers = this.buffer.trajectories();
    const rows = Uint32Array.from(numbers.keys()).filter((row) => numbers[row] % holdoutEvery === 1);
    return rows.length > 0 && rows.length < numbers.length ? { holdoutRows: rows } : {};
  }

  // policy iterations until the policy has long not improved on enough of the models
  async #improve(breathe: Breathe): Promise<void> {
    const { policyIterations, policyPatience, validateEvery } = this.settings;
    if (this.#policyIteration < 0) await this.#unit(() => this.#begin(breathe));
    while (this.#policyIteration < policyIterations) {
      if (this.#policyIteration - this.#keptIteration >= policyPatience) break;
      await this.#unit(async () => {
        await this.#improveOnce(breathe);
        const j = this.#policyIteration + 1;
        if (j % validateEvery === 0) {
          const returns = await this.#validate(j, breathe);
          if (this.#isBetter(returns)) this.#keep(j, returns);
        }
        this.#policyIteration = j;
      });
      this.#tell("update", this.#policyIteration, policyIterations);
    }
    const { network } = this.policy;
    network.params.write(this.#kept);
    network.changed();
    this.#change = this.#kept.map((value, i) => value - this.#paramsBefore[i]);
    this.#phase = "report";
  }

  // exploration in the models starts afresh, and the policy as it is sets the mark
  async #begin(breathe: Breathe): Promise<void> {
    const { starts, startPool, initialStd } = this.settings;
    const { policy } = this;
    if (policy.kind !== "deterministic") policy.setStd(initialStd);
    this.#improver.reset();
    const paramsBefore = policy.network.params.read();
    const returns = await this.#validate(0, breathe);
    // from here on nothing waits
    this.#paramsBefore = paramsBefore;
    this.#returnsBefore = returns;
    this.#keep(0, returns);
    const D = this.model.observationSize;
    this.#pool = new Float32Array(starts === "reset" ? startPool * D : 0);
    for (let i = 0; i < this.#pool.length; i += D) this.#pool.set(this.#reset(), i);
    this.#policyIteration = 0;
  }

  async #improveOnce(breathe: Breathe): Promise<void> {
    this.#drawStarts(this.#starts);
    const { learns } = this.#improver;
    if (learns.from === "starts") return this.#update(learns.steps(this.#starts), breathe);
    await this.#update(learns.steps(await this.#imagine(breathe)), breathe);
    await this.#drive("update", this.#critic.fitSteps(this.#batch), breathe);
  }

  async #update(steps: Steps<Improvement>, breathe: Breathe): Promise<void> {
    const { accepted, reason } = await this.#drive("update", steps, breathe);
    if (reason === "non-finite") {
      throw new TrainingDivergedError(this.#algorithm, 0, this.#policyIteration, "the update of the policy");
    }
    if (!accepted) this.#rejected++;
  }

  // trajectories and their advantages
  async #imagine(breathe: Breathe): Promise<PolicyBatch> {
    const { gamma, lambda, timeLimit } = this.settings;
    const [batch, critic] = [this.#batch, this.#critic];
    await this.#drive("imagine", this.imagination.collectSteps(batch, this.#starts), breathe);
    const from = performance.now();
    const sound = critic.evaluate(batch, { gamma, lambda, bootstrap: timeLimit === "bootstrap" });
    if (!sound) throw new TrainingDivergedError(this.#algorithm, 0, this.#policyIteration, "an advantage");
    const { rows, observation, raw, logProb, valid } = batch;
    const { advantage } = critic;
    standardizeAdvantages(this.#scope.runtime, advantage, valid, rows);
    this.#seconds.update += (performance.now() - from) / 1000;
    return { rows, observation, raw, logProb, advantage, valid };
  }

  #drawStarts(out: Tensor): void {
    const D = this.model.observationSize;
    const from = this.settings.starts === "reset" ? this.#pool : this.buffer.observation.view;
    const rows = this.settings.starts === "reset" ? this.settings.startPool : this.buffer.length;
    for (let b = 0; b < this.#batch.B; b++) {
      const row = this.#random.integer(rows);
      out.view.set(from.subarray(row * D, (row + 1) * D), b * D);
    }
  }

  async #validate(policyIteration: number, breathe: Breathe): Promise<Float64Array> {
    const { horizon, gamma } = this.settings;
    const steps = this.imagination.validateSteps(this.#validationStarts, horizon, { gamma });
    const returns = await this.#drive("validate", steps, breathe);
    this.#options.onValidation?.({ trial: this.#trial, policyIteration, returns: [...returns] });
    return returns;
  }

  // is it worse than the best so far on few enough of the models?
  #isBetter(returns: Float64Array): boolean {
    const worse = returns.filter((value, e) => value < this.#keptReturns[e]).length;
    return worse <= this.settings.worseShare * returns.length;
  }

  #keep(policyIteration: number, returns: Float64Array): void {
    this.#keptIteration = policyIteration;
    this.#keptReturns = returns;
    this.#kept = this.policy.network.params.read();
  }

  // what happens whole or not at all
  async #unit(work: () => Promise<void>): Promise<void> {
    this.#learnerBefore = this.#saveLearner();
    try {
      await work();
    } catch (error) {
      this.#loadLearner(this.#learnerBefore);
      throw error;
    } finally {
      this.#learnerBefore = null;
    }
  }

  async #drive<Result>(what: keyof MeSeconds, steps: Steps<Result>, breathe: Breathe): Promise<Result> {
    try {
      for (;;) {
        const from = performance.now();
        const next = steps.next();
        this.#seconds[what] += (performance.now() - from) / 1000;
        if (next.done) return next.value;
        await breathe();
      }
    } finally {
      steps.return(undefined as never);
    }
  }

  #finishTrial(): MeProgress {
    const all = this.#acted.length > 0 ? this.#acted : this.#explored;
    const progress: MeProgress = {
      algorithm: this.#algorithm,
      trial: this.#trial,
      envSteps: this.#envSteps,
      episodeReturn: mean(all),
      episodeLength: Math.round(mean(this.#lengths)),
      modelLoss: this.#modelLoss,
      wallSeconds: this.#wallSeconds,
      exploringReturn: this.#explored.length > 0 ? mean(this.#explored) : null,
      policyIterations: this.#policyIteration,
      keptIteration: this.#keptIteration,
      rejectedUpdates: this.#rejected,
      imaginedBefore: mean(this.#returnsBefore),
      imaginedAfter: mean(this.#keptReturns),
    };
    this.#trial++;
    this.#phase = "collect";
    this.#collected = 0;
    this.#episodes = 0;
    this.#acted = [];
    this.#explored = [];
    this.#lengths = [];
    this.#policyIteration = -1;
    this.#rejected = 0;
    this.#lastSeconds = this.#seconds;
    this.#seconds = noSeconds();
    return progress;
  }

  #tell(phase: MeStep["phase"], step: number, steps: number): void {
    const episodeReturn = this.#episodeReturn;
    this.#options.onStep?.({ phase, trial: this.#trial, step, steps, envSteps: this.#envSteps, episodeReturn });
  }

  #saveLearner(): SavedState {
    return joinStates(
      { random: this.#random.save() },
      {
        policy: this.policy.save(),
        critic: this.#critic.save(),
        imagination: this.imagination.save(),
        improver: this.#improver.save(),
      },
    );
  }

  #loadLearner(state: SavedState): void {
    this.policy.load(partState(state, "policy"));
    this.#critic.load(partState(state, "critic"));
    this.imagination.load(partState(state, "imagination"));
    this.#improver.load(partState(state, "improver"));
    this.#random.load(metaField(state, "random"));
  }

  save(): SavedState {
    const meta = {
      kind: "run",
      format: FORMAT,
      algorithm: this.#algorithm,
      env: this.#env.spec.id,
      options: settingsJson(this.settings),
      phase: this.#phase,
      trial: this.#trial,
      envSteps: this.#envSteps,
      modelLoss: this.#modelLoss,
      collected: this.#collected,
      episodes: this.#episodes,
      acted: this.#acted,
      explored: this.#explored,
      lengths: this.#lengths,
      explores: this.#explores,
      episodeReturn: this.#episodeReturn,
      episodeLength: this.#episodeLength,
      policyIteration: this.#policyIteration,
      keptIteration: this.#keptIteration,
      rejected: this.#rejected,
      customReward: this.#options.reward !== undefined,
      customTerminated: this.#options.terminated !== undefined,
      wallSeconds: this.#wallSeconds,
    };
    const own = {
      meta: {},
      arrays: {
        observation: vector("f32", this.#observation ?? new Float32Array()),
        own: vector("f32", this.#own ?? new Float32Array()),
        change: vector("f32", this.#change ?? new Float32Array()),
        paramsBefore: vector("f32", this.#paramsBefore),
        kept: vector("f32", this.#kept),
        keptReturns: vector("f64", this.#keptReturns),
        returnsBefore: vector("f64", this.#returnsBefore),
        pool: vector("f32", this.#pool),
        validationStarts: vector("f32", this.#validationStarts),
      },
    };
    return joinStates(meta, {
      own,
      buffer: this.buffer.save(),
      environment: this.#env.snapshot(),
      learner: this.#learnerBefore ?? this.#saveLearner(),
      model: this.#modelBefore ?? this.model.save(),
    });
  }

  #load(state: SavedState): void {
    const op = this.#algorithm;
    if (metaField(state, "kind") !== "run" || metaField(state, "algorithm") !== op) {
      throw new FormatError(`the saved state is not a run of ${op}`);
    }
    const format = metaField(state, "format");
    if (format !== FORMAT) throw new FormatError(`saved run has format ${format}`);
    const id = metaField(state, "env");
    if (id !== this.#env.spec.id) wrongValue(op, "resume", `a run of ${this.#env.spec.id}`, id);
    for (const [name, field, given] of [
      ["reward", "customReward", this.#options.reward],
      ["terminated", "customTerminated", this.#options.terminated],
    ] as const) {
      if (metaField(state, field) === (given !== undefined)) continue;
      wrongValue(op, name, given ? "nothing, as in the saved run" : "the function that the saved run had", given);
    }
    const own = partState(state, "own");
    const D = this.model.observationSize;
    const P = this.policy.network.params.size;
    this.#observation = orNull(savedVector(own, "observation", "f32", D));
    this.#own = orNull(savedVector(own, "own", "f32", P));
    this.#change = orNull(savedVector(own, "change", "f32", P));
    this.#paramsBefore = savedVector(own, "paramsBefore", "f32", P);
    this.#kept = savedVector(own, "kept", "f32", P);
    this.#keptReturns = savedVector(own, "keptReturns", "f64", this.settings.members);
    this.#returnsBefore = savedVector(own, "returnsBefore", "f64", this.settings.members);
    this.#pool = savedVector(own, "pool", "f32", this.settings.startPool * D);
    this.#validationStarts = savedVector(own, "validationStarts", "f32", this.settings.validationStarts * D);
    this.buffer.load(partState(state, "buffer"));
    this.#env.restore(partState(state, "environment"));
    this.#loadLearner(partState(state, "learner"));
    this.model.load(partState(state, "model"));
    this.#phase = metaField(state, "phase") as Phase;
    this.#trial = metaNumber(state, "trial");
    this.#envSteps = metaNumber(state, "envSteps");
    this.#modelLoss = metaField(state, "modelLoss") === null ? null : metaNumber(state, "modelLoss");
    this.#collected = metaNumber(state, "collected");
    this.#episodes = metaNumber(state, "episodes");
    this.#acted = savedNumbers(state, "acted");
    this.#explored = savedNumbers(state, "explored");
    this.#lengths = savedNumbers(state, "lengths");
    this.#explores = metaField(state, "explores") === true;
    this.#episodeReturn = metaNumber(state, "episodeReturn");
    this.#episodeLength = metaNumber(state, "episodeLength");
    this.#policyIteration = metaNumber(state, "policyIteration");
    this.#keptIteration = metaNumber(state, "keptIteration");
    // runs saved before it was counted go on
    this.#rejected = Object.hasOwn(state.meta as object, "rejected") ? metaNumber(state, "rejected") : 0;
    this.#wallSeconds = metaNumber(state, "wallSeconds");
  }

  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using run = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

function noSeconds(): MeSeconds {
  return { collect: 0, fit: 0, imagine: 0, update: 0, validate: 0 };
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

function vector(dtype: "f32" | "f64", data: Float32Array | Float64Array): NamedArray {
  return { dtype, shape: [data.length], data: data.slice() };
}

// a saved vector of the size it must have, or empty
function savedVector<T extends "f32" | "f64">(state: SavedState, name: string, dtype: T, size: number): TypedArrays[T] {
  const array = Object.hasOwn(state.arrays, name) ? state.arrays[name] : undefined;
  if (array?.dtype !== dtype || (array.data.length !== size && array.data.length !== 0)) {
    throw new FormatError(`saved array "${name}" expected ${dtype}[${size}]`);
  }
  return array.data.slice() as TypedArrays[T];
}

function orNull(values: Float32Array): Float32Array | null {
  return values.length > 0 ? values : null;
}

function savedNumbers(state: SavedState, name: string): number[] {
  const values = metaField(state, name);
  if (!Array.isArray(values) || !values.every(Number.isFinite)) throw new FormatError(`saved "${name}" is no list`);
  return [...(values as number[])];
}
