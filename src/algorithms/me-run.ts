// What ME-TRPO, ME-PPO and SVG share (Kurutach, Clavera, Duan, Tamar, Abbeel 2018, algorithm 2): a policy is improved in an
// ensemble of learned models, until it stops to improve on too many of them.
//
//   repeat:
//     collect real episodes with the policy; add them to the data            (real-episodes.ts)
//     fit every model to the data, each to its own best epoch on held-out trajectories
//     repeat:                                                                (improvement-phase.ts)
//       imagine trajectories, another model at every step; improve the policy on them
//       every few iterations: score the policy on each model from fixed starts
//     until it has long not improved on enough of the models; keep the best policy
//
// A run is made of units that happen whole or not at all: an environment step, a fit, a policy iteration with its validation.
// What is saved in the middle of one is what was before it.

import { FormatError, wrongValue } from "../check.js";
import { createReplayBuffer, type ReplayBuffer } from "../data/index.js";
import { RandomStream } from "../kernels/index.js";
import type { Imagination } from "../learning/index.js";
import { createDynamicsModel, type DynamicsModel } from "../models/index.js";
import { createPolicy, type Policy, type PolicyAgent, type PolicyKind } from "../policies/index.js";
import { joinStates, metaCount, metaField, metaNumber, partState } from "../saved-state.js";
import type { Box, Env, Progress, Run, SavedState, Steps } from "../types.js";
import type { Scope } from "../wasm/index.js";
import { ImprovementPhase, type ImprovementWork, type Improver, type ImproverParts } from "./improvement-phase.js";
import { modelFitSteps } from "./me-fit.js";
import type { MeCommon, MeSettings, MeStep } from "./me-options.js";
import { RealEpisodes } from "./real-episodes.js";
import { RunClock } from "./run-clock.js";
import { settingsJson } from "./saved-settings.js";
import { mean } from "./saved-vectors.js";
import { timeSlices } from "./time-slice.js";

const FORMAT = 2;

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
  /** Share of the imagined trajectories that ended because something was no finite number. */
  readonly divergedShare: number;
  /** Mean over the models of what the policy earned in them before the first policy iteration, and the one kept. */
  readonly imaginedBefore: number;
  readonly imaginedAfter: number;
}

/** Seconds that the last outer iteration took, by what they went into. */
export type MeSeconds = Record<"collect" | "fit" | ImprovementWork, number>;

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
  readonly #algorithm: string;
  readonly #env: Env;
  readonly #options: MeCommon;
  readonly #scope: Scope;
  readonly #random: RandomStream;
  readonly #episodes: RealEpisodes;
  readonly #improvement: ImprovementPhase;
  readonly #freshFilter: SavedState;
  // where the run is
  #phase: Phase = "collect";
  #trial = 0;
  #modelLoss: number | null = null;
  // learner or model before the unit that is under way
  #learnerBefore: SavedState | null = null;
  #modelBefore: SavedState | null = null;
  readonly #clock = new RunClock();
  #collectSeconds = 0;
  #fitSeconds = 0;
  #lastSeconds: MeSeconds = { collect: 0, fit: 0, imagine: 0, update: 0, validate: 0 };

  /** Made by `meTrpo`, `mePpo` and `svg`. */
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
    const sizes = { observationSize, actionSize: actionSpace.low.length };
    const network = { members, hidden, activation, learningRate, probabilistic: false, seed };
    const model = scope.hold(createDynamicsModel(runtime, { ...sizes, ...network, angles, noDelta, learnReward }));
    const buffer = scope.hold(createReplayBuffer(runtime, { ...sizes, capacity: bufferSize }));
    const { policyHidden, policyActivation, initialStd, filter } = settings;
    const shape = { hidden: policyHidden, activation: policyActivation, initialStd, filter };
    const policy = scope.hold(
      createPolicy(runtime, { kind: policyKind, observationSize, actionSpace, ...shape, seed }),
    );
    const agent = scope.hold(policy.agent());
    const random = scope.hold(new RandomStream(runtime, seed, "model-ensemble"));
    this.model = model;
    this.buffer = buffer;
    this.policy = policy;
    this.agent = agent;
    this.#random = random;
    this.#freshFilter = policy.filter.save();
    if (learnReward && options.reward !== undefined) {
      wrongValue(algorithm, "reward", "nothing, since the reward is learned (learnReward)", options.reward);
    }
    const reward = learnReward ? undefined : (options.reward ?? env.reward);
    const terminated = options.terminated ?? env.terminated;
    const episodes = new RealEpisodes(scope, { env, policy, agent, buffer, random }, settings);
    const onValidation = (policyIteration: number, returns: readonly number[]) =>
      options.onValidation?.({ trial: this.#trial, policyIteration, returns });
    const world = { model, policy, reward, terminated, buffer, episodes, random };
    const design = { name: algorithm, trajectories, createImprover, onValidation };
    this.#episodes = episodes;
    this.#improvement = new ImprovementPhase(scope, { ...world, ...design }, settings);
    if (options.resume) this.#load(options.resume);
  }

  /** Trajectories of the policy in the models. */
  get imagination(): Imagination {
    return this.#improvement.imagination;
  }

  /** Where the time of the last outer iteration went. */
  get seconds(): Readonly<MeSeconds> {
    return this.#lastSeconds;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<MeProgress, void, undefined> {
    this.#clock.start(this.#algorithm);
    try {
      yield* this.#learn();
    } finally {
      this.#clock.stop();
    }
  }

  async *#learn(): AsyncGenerator<MeProgress, void, undefined> {
    const breathe = timeSlices(this.#options.signal);
    while (this.#trial < this.#options.trials) {
      if (this.#phase === "collect") await this.#collect(breathe);
      if (this.#phase === "fit") await this.#fit(breathe);
      if (this.#phase === "improve") await this.#improve(breathe);
      yield this.#finishTrial();
    }
  }

  // whole episodes, until there are steps enough
  async #collect(breathe: Breathe): Promise<void> {
    const episodes = this.#episodes;
    while (episodes.collected < this.settings.stepsPerIteration || !episodes.between) {
      await breathe();
      const from = performance.now();
      episodes.step(this.#trial);
      this.#collectSeconds += (performance.now() - from) / 1000;
      this.#tell("collect", episodes.episodeLength, this.#env.spec.maxEpisodeSteps);
    }
    const { filter } = this.policy;
    filter.load(this.#freshFilter);
    filter.update(this.buffer.observation, this.buffer.length);
    this.#phase = "fit";
  }

  // all models, from where they are or afresh; an abort or a divergence in the middle leaves them as they were
  async #fit(breathe: Breathe): Promise<void> {
    const { model, settings } = this;
    this.#modelBefore = model.save();
    const { seed, reinitializeEvery } = settings;
    const { network } = model;
    const anew = reinitializeEvery > 0 && this.#trial > 0 && this.#trial % reinitializeEvery === 0;
    if (anew) network.initialize((seed + this.#trial) % Number.MAX_SAFE_INTEGER);
    const steps = modelFitSteps(model, this.buffer, settings, { anew: anew || this.#trial === 0, ...this.#holdout() });
    let done = false;
    try {
      for (;;) {
        const from = performance.now();
        const next = steps.next();
        this.#fitSeconds += (performance.now() - from) / 1000;
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

  async #improve(breathe: Breathe): Promise<void> {
    const improvement = this.#improvement;
    if (improvement.iteration < 0) await this.#unit(improvement.beginSteps(), breathe);
    while (!improvement.over) {
      await this.#unit(improvement.iterateSteps(), breathe);
      this.#tell("update", improvement.iteration, this.settings.policyIterations);
    }
    this.#episodes.change = improvement.finish();
    this.#phase = "report";
  }

  // what happens whole or not at all
  async #unit(steps: Steps<void>, breathe: Breathe): Promise<void> {
    this.#learnerBefore = this.#saveLearner();
    try {
      while (!steps.next().done) await breathe();
    } catch (error) {
      steps.return();
      this.#loadLearner(this.#learnerBefore);
      throw error;
    } finally {
      this.#learnerBefore = null;
    }
  }

  #finishTrial(): MeProgress {
    const [episodes, improvement] = [this.#episodes, this.#improvement];
    const progress: MeProgress = {
      algorithm: this.#algorithm,
      trial: this.#trial,
      envSteps: episodes.envSteps,
      ...episodes.report(),
      modelLoss: this.#modelLoss,
      wallSeconds: this.#clock.seconds,
      ...improvement.report(),
    };
    this.#trial++;
    this.#phase = "collect";
    this.#lastSeconds = { collect: this.#collectSeconds, fit: this.#fitSeconds, ...improvement.seconds };
    this.#collectSeconds = 0;
    this.#fitSeconds = 0;
    episodes.next();
    improvement.restart();
    return progress;
  }

  #tell(phase: MeStep["phase"], step: number, steps: number): void {
    const { envSteps, episodeReturn } = this.#episodes;
    this.#options.onStep?.({ phase, trial: this.#trial, step, steps, envSteps, episodeReturn });
  }

  #saveLearner(): SavedState {
    const parts = { policy: this.policy.save(), improvement: this.#improvement.saveLearner() };
    return joinStates({ random: this.#random.save() }, parts);
  }

  #loadLearner(state: SavedState): void {
    this.policy.load(partState(state, "policy"));
    this.#improvement.loadLearner(partState(state, "improvement"));
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
      envSteps: this.#episodes.envSteps,
      modelLoss: this.#modelLoss,
      customReward: this.#options.reward !== undefined,
      customTerminated: this.#options.terminated !== undefined,
      wallSeconds: this.#clock.seconds,
    };
    return joinStates(meta, {
      buffer: this.buffer.save(),
      environment: this.#env.snapshot(),
      episodes: this.#episodes.save(),
      improvement: this.#improvement.save(),
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
      wrongValue(op, name, given ? "nothing, as in the saved run" : "the function of the saved run", given);
    }
    this.buffer.load(partState(state, "buffer"));
    this.#env.restore(partState(state, "environment"));
    this.#episodes.load(partState(state, "episodes"));
    this.#improvement.load(partState(state, "improvement"));
    this.#loadLearner(partState(state, "learner"));
    this.model.load(partState(state, "model"));
    this.#phase = metaField(state, "phase") as Phase;
    this.#trial = metaCount(state, "trial");
    this.#modelLoss = metaField(state, "modelLoss") === null ? null : metaNumber(state, "modelLoss");
    this.#clock.load(metaNumber(state, "wallSeconds"));
  }

  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using run = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
