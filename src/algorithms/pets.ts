// PETS: probabilistic ensembles with trajectory sampling (Chua, Calandra, McAllister, Levine 2018, algorithm 1).
//
//   collect `initialSteps` random transitions
//   for each trial:
//     reset the environment and the planner
//     for each step:
//       every `fitEvery` steps (or per trial, or once): fit the model to all transitions
//       plan through the model from the observation; execute the first `replanEvery` actions
//       store the transition
//
// The plain ladder is the same run with other options: { fitEvery: "once", replanEvery: horizon } fits random data once and
// plans open loop (v0.5); { fitEvery: "trial", replanEvery: horizon } appends what it did and refits (v1.0);
// { replanEvery: 1 } is model-predictive control (v1.5), and with a probabilistic ensemble it is PETS.
//
// Differs from the paper: iCEM is the planner (`planner: "cem"` is the paper's); networks and populations are smaller, so that
// a control step fits the time step of the task on one thread; targets are standardized; members stop early on a hold-out set, each at its own best epoch (Janner et al. 2019); refits within a trial
// (mbrl-lib, every 50 steps); returns are reported per episode, not as the best so far.

import { toFloat32 } from "../array.js";
import { checkCallback, checkInteger, FormatError, wrongKind, wrongValue } from "../check.js";
import { createReplayBuffer, type ReplayBuffer } from "../data/index.js";
import { RandomStream } from "../kernels/index.js";
import { createDynamicsModel, type DynamicsModel, type LearnedRollout, learnedRollout } from "../models/index.js";
import { type MpcAgent, mpc } from "../planning/index.js";
import { joinStates, metaCount, metaField, metaNumber, partState } from "../saved-state.js";
import type { Box, Env, Progress, Run, SavedState } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import { createPlanner, fitOptions, type PetsOptions, type PetsSettings, petsSettings } from "./pets-options.js";
import { RunClock } from "./run-clock.js";
import { settingsJson } from "./saved-settings.js";
import { timeSlices } from "./time-slice.js";

const FORMAT = 1;

export class PetsRun implements Run {
  /** The learned model. */
  readonly model: DynamicsModel;
  /** The planner in its loop: what `act` calls. */
  readonly agent: MpcAgent;
  readonly settings: PetsSettings;
  readonly buffer: ReplayBuffer;
  readonly #env: Env;
  readonly #options: PetsOptions;
  readonly #scope: Scope;
  readonly #rollout: LearnedRollout;
  readonly #random: RandomStream;
  readonly #uniform: Tensor;
  // where the run is, at a boundary between two environment steps
  #trial = 0;
  #envSteps = 0;
  #fittedAt = -1;
  #modelLoss: number | null = null;
  #episodeReturn = 0;
  #episodeLength = 0;
  // null between episodes
  #observation: Float32Array | null = null;
  // the last step ended a trial that is yet to be reported
  #trialEnded = false;
  // the model before the fit that is under way
  #modelBefore: SavedState | null = null;
  // agent and rollout before the plan that is under way
  #planningBefore: { agent: SavedState; rollout: SavedState } | null = null;
  readonly #clock = new RunClock();

  /** Made by `pets`. */
  constructor(scope: Scope, env: Env, options: PetsOptions, settings: PetsSettings, actionSpace: Box) {
    const { runtime } = scope;
    this.#scope = scope;
    this.#env = env;
    this.#options = options;
    this.settings = settings;
    const { seed, members, hidden, activation, probabilistic, elites, learningRate, weightDecay } = settings;
    const { normalizeTargets, angles, noDelta, learnReward, propagation, particles, risk } = settings;
    const observationSize = (env.observationSpace as Box).low.length;
    const actionSize = actionSpace.low.length;
    const network = {
      members,
      hidden,
      activation,
      probabilistic,
      elites,
      learningRate,
      weightDecay,
      normalizeTargets,
      seed,
    };
    const shape = { observationSize, actionSize, angles, noDelta, learnReward };
    this.model = scope.hold(createDynamicsModel(runtime, { ...network, ...shape }));
    this.buffer = scope.hold(
      createReplayBuffer(runtime, { capacity: settings.bufferSize, observationSize, actionSize }),
    );
    if (learnReward && options.reward !== undefined) {
      wrongValue("pets", "reward", "nothing, since the reward is learned (learnReward)", options.reward);
    }
    const reward = learnReward ? undefined : (options.reward ?? env.reward);
    const terminated = options.terminated ?? env.terminated;
    const particleOptions = { actionSpace, reward, terminated, propagation, particles, risk, seed };
    this.#rollout = scope.hold(learnedRollout(this.model, particleOptions));
    const planner = scope.hold(createPlanner(runtime, actionSpace, settings));
    this.agent = mpc(planner, this.#rollout, { replanEvery: settings.replanEvery });
    this.#random = scope.hold(new RandomStream(runtime, seed, "random-actions"));
    this.#uniform = scope.tensor([actionSize]);
    if (options.resume) this.#load(options.resume);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Progress, void, undefined> {
    this.#clock.start("pets");
    try {
      yield* this.#learn();
    } finally {
      this.#clock.stop();
    }
  }

  async *#learn(): AsyncGenerator<Progress, void, undefined> {
    const breathe = timeSlices(this.#options.signal);
    const { initialSteps } = this.settings;
    while (this.#envSteps < initialSteps) {
      await breathe();
      this.#step("random", this.#randomAction());
    }
    while (this.#trial < this.#options.trials) {
      if (this.#trialEnded) {
        yield this.#finishTrial();
        continue;
      }
      if (this.#fitIsDue()) await this.#fit(breathe);
      await breathe();
      this.#step("act", await this.#plannedAction(breathe));
    }
  }

  save(): SavedState {
    const meta = {
      kind: "run",
      format: FORMAT,
      algorithm: "pets",
      env: this.#env.spec.id,
      options: settingsJson(this.settings),
      trial: this.#trial,
      envSteps: this.#envSteps,
      fittedAt: this.#fittedAt,
      modelLoss: this.#modelLoss,
      episodeReturn: this.#episodeReturn,
      episodeLength: this.#episodeLength,
      observation: this.#observation && [...this.#observation],
      trialEnded: this.#trialEnded,
      customReward: this.#options.reward !== undefined,
      customTerminated: this.#options.terminated !== undefined,
      wallSeconds: this.#clock.seconds,
      random: this.#random.save(),
    };
    return joinStates(meta, {
      agent: this.#planningBefore?.agent ?? this.agent.save(),
      buffer: this.buffer.save(),
      environment: this.#env.snapshot(),
      // a fit that is under way has not happened yet
      model: this.#modelBefore ?? this.model.save(),
      rollout: this.#planningBefore?.rollout ?? this.#rollout.save(),
    });
  }

  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using run = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  // the observation to act on; starts an episode when there is none
  #observe(): Float32Array {
    if (this.#observation === null) {
      // the first reset of a run fixes the environment's stream; later ones continue it
      const { observation } = this.#env.reset(this.#envSteps === 0 ? { seed: this.settings.seed } : undefined);
      this.#observation = observation.slice();
      this.#episodeReturn = 0;
      this.#episodeLength = 0;
      this.agent.reset();
    }
    return this.#observation;
  }

  // plans with pauses; a plan that is given up has not happened
  async #plannedAction(breathe: () => Promise<void> | undefined): Promise<Float32Array> {
    const observation = this.#observe();
    const before = { agent: this.agent.save(), rollout: this.#rollout.save() };
    this.#planningBefore = before;
    try {
      const steps = this.agent.actSteps(observation);
      for (let next = steps.next(); ; next = steps.next()) {
        if (next.done) return next.value;
        await breathe();
      }
    } catch (error) {
      this.agent.load(before.agent);
      this.#rollout.load(before.rollout);
      throw error;
    } finally {
      this.#planningBefore = null;
    }
  }

  // one environment step
  #step(phase: "random" | "act", action: Float32Array): void {
    const env = this.#env;
    const observation = this.#observe();
    const { observation: nextObservation, reward, terminated, truncated } = env.step(action);
    this.buffer.add({ observation, action, reward, nextObservation, terminated, truncated });
    const ended = terminated || truncated;
    this.#envSteps++;
    // the first trial starts afresh, wherever the random steps end
    const cut = phase === "random" && this.#envSteps === this.settings.initialSteps;
    this.#observation = ended || cut ? null : nextObservation.slice();
    this.#trialEnded = ended && phase === "act";
    this.#episodeLength++;
    this.#episodeReturn += reward;
    this.#tell(phase, this.#episodeLength, env.spec.maxEpisodeSteps);
  }

  #finishTrial(): Progress {
    const progress: Progress = {
      algorithm: "pets",
      trial: this.#trial,
      envSteps: this.#envSteps,
      episodeReturn: this.#episodeReturn,
      episodeLength: this.#episodeLength,
      modelLoss: this.#modelLoss,
      wallSeconds: this.#clock.seconds,
    };
    this.#trial++;
    this.#trialEnded = false;
    return progress;
  }

  #randomAction(): Float32Array {
    this.#observe();
    const { low, high } = this.#rollout.actionSpace;
    this.#random.uniform(this.#uniform);
    return this.#uniform.read().map((u, i) => low[i] + u * (high[i] - low[i]));
  }

  #fitIsDue(): boolean {
    const { fitEvery } = this.settings;
    if (this.#fittedAt < 0) return true;
    if (fitEvery === "once" || this.#fittedAt === this.#envSteps) return false;
    if (fitEvery === "trial") return this.#observation === null;
    return this.#envSteps - this.#fittedAt >= fitEvery;
  }

  // an abort or a divergence in the middle leaves the model as it was
  async #fit(breathe: () => Promise<void> | undefined): Promise<void> {
    this.#modelBefore = this.model.save();
    const steps = this.model.fitSteps(this.buffer, fitOptions(this.settings));
    try {
      for (let next = steps.next(); ; next = steps.next()) {
        if (next.done) {
          const { score, ranking } = next.value;
          const elites = ranking.slice(0, this.settings.elites);
          this.#modelLoss = elites.reduce((sum, e) => sum + score[e], 0) / elites.length;
          break;
        }
        this.#tell("fit", next.value.step, next.value.steps);
        await breathe();
      }
    } finally {
      steps.return(undefined as never);
      this.#modelBefore = null;
    }
    this.#fittedAt = this.#envSteps;
  }

  #tell(phase: "random" | "fit" | "act", step: number, steps: number): void {
    const trial = phase === "random" ? -1 : this.#trial;
    this.#options.onStep?.({ phase, trial, step, steps, envSteps: this.#envSteps, episodeReturn: this.#episodeReturn });
  }

  #load(state: SavedState): void {
    if (metaField(state, "kind") !== "run" || metaField(state, "algorithm") !== "pets") {
      throw new FormatError("the saved state is not a PETS run");
    }
    if (metaField(state, "format") !== FORMAT)
      throw new FormatError(`saved run has format ${metaField(state, "format")}`);
    const id = metaField(state, "env");
    if (id !== this.#env.spec.id) wrongValue("pets", "resume", `a run of ${this.#env.spec.id}`, id);
    for (const [name, option] of [
      ["customReward", "reward"],
      ["customTerminated", "terminated"],
    ] as const) {
      const given = this.#options[option];
      if (metaField(state, name) !== (given !== undefined)) {
        wrongValue("pets", option, given ? "nothing, as in the saved run" : "the function of the saved run", given);
      }
    }
    this.agent.load(partState(state, "agent"));
    this.buffer.load(partState(state, "buffer"));
    this.#env.restore(partState(state, "environment"));
    this.model.load(partState(state, "model"));
    this.#rollout.load(partState(state, "rollout"));
    this.#random.load(metaField(state, "random"));
    this.#trial = metaCount(state, "trial");
    this.#envSteps = metaCount(state, "envSteps");
    this.#fittedAt = metaNumber(state, "fittedAt");
    this.#episodeReturn = metaNumber(state, "episodeReturn");
    this.#episodeLength = metaCount(state, "episodeLength");
    this.#clock.load(metaNumber(state, "wallSeconds"));
    this.#modelLoss = metaField(state, "modelLoss") === null ? null : metaNumber(state, "modelLoss");
    this.#trialEnded = metaField(state, "trialEnded") === true;
    const observation = metaField(state, "observation");
    const size = [this.model.observationSize];
    this.#observation =
      observation === null ? null : toFloat32("pets", "resume.observation", observation as number[], size).slice();
  }
}

/**
 * Learns to act in `env` by planning through a learned ensemble. Iterating the run makes it learn; each item is one trial.
 * Throws `TypeError` / `RangeError` on options that do not fit, and on spaces other than a bounded box of actions and a flat
 * box of observations. While it runs: `TrainingDivergedError` (the last good model kept), the reason of an aborted signal.
 */
export function pets(runtime: Runtime, env: Env, options: PetsOptions): PetsRun {
  const op = "pets";
  if (env === null || typeof env !== "object") wrongKind(op, "env", "an environment", env);
  const { observationSpace, actionSpace } = env;
  if (observationSpace.kind !== "box" || observationSpace.shape.length !== 1) {
    wrongKind(op, "env.observationSpace", "a box of shape [D]", observationSpace.kind);
  }
  if (actionSpace.kind !== "box")
    wrongKind(
      op,
      "env.actionSpace",
      "a bounded box (continuousActions makes one of a discrete task)",
      actionSpace.kind,
    );
  if (options === null || typeof options !== "object") wrongKind(op, "options", "an object with trials", options);
  checkInteger(op, "trials", options.trials, 0);
  const { signal, onStep } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) wrongKind(op, "signal", "an AbortSignal", signal);
  checkCallback(op, "onStep", onStep);
  const hasReward = options.reward !== undefined || env.reward !== undefined;
  const settings = petsSettings(options, { angles: env.angles ?? [], hasReward });
  return runtime.scoped((scope) => new PetsRun(scope, env, options, settings, actionSpace));
}
