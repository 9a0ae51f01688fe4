// The mechanics of a run that improves a policy in an environment: batches are collected and given to an update, over and
// over. What is learned (policy, critic, optimizers) changes in updates alone, so the state after the last whole update is
// what a save holds, and what an update comes back to that is given up or meets a number that is not finite. Collecting is
// saved as far as it got.

import { FormatError, TrainingDivergedError, wrongKind, wrongValue } from "../check.js";
import type { VectorEnv } from "../envs/index.js";
import { type Collector, createCollector } from "../learning/index.js";
import type { Policy, PolicyAgent } from "../policies/index.js";
import { joinStates, metaCount, metaField, metaNumber, partState } from "../saved-state.js";
import type { Progress, Run, SavedState, Steps } from "../types.js";
import type { Scope } from "../wasm/index.js";
import type { PolicyRunOptions, PolicySettings, PolicyStep } from "./policy-settings.js";
import { RunClock } from "./run-clock.js";
import { settingsJson } from "./saved-settings.js";
import { timeSlices } from "./time-slice.js";

const FORMAT = 1;

/** Something whose state is part of what is learned. */
interface Part {
  save(): SavedState;
  load(state: SavedState): void;
}

/** What tells one algorithm from another. */
export interface Learner {
  readonly algorithm: string;
  readonly policy: Policy;
  /** Everything that an update changes, the policy included, by name. */
  readonly parts: Readonly<Record<string, Part>>;
  /** Learns from the collector's full batch. */
  updateSteps(collector: Collector): Steps<void>;
}

export class PolicyRun<S extends PolicySettings> implements Run {
  readonly settings: S;
  readonly policy: Policy;
  /** Acts by the mode of the policy as it is. */
  readonly agent: PolicyAgent;
  readonly #scope: Scope;
  readonly #env: VectorEnv;
  readonly #options: PolicyRunOptions;
  readonly #learner: Learner;
  readonly #collector: Collector;
  // the parts after the last whole update
  #learned: Record<string, SavedState>;
  #trial = 0;
  // episodes of an update that is yet to be reported
  #report: { readonly episodeReturn: number; readonly episodeLength: number } | null = null;
  readonly #clock = new RunClock();

  /** Made by `trpo` and `ppo`. */
  constructor(scope: Scope, env: VectorEnv, learner: Learner, settings: S, options: PolicyRunOptions) {
    this.#scope = scope;
    this.#env = env;
    this.#learner = learner;
    this.#options = options;
    this.settings = settings;
    this.policy = learner.policy;
    this.agent = scope.hold(learner.policy.agent());
    const { steps, seed } = settings;
    this.#collector = scope.hold(createCollector(learner.policy, env, { name: learner.algorithm, steps, seed }));
    this.#learned = this.#saveParts();
    if (options.resume) this.#load(options.resume);
  }

  /** Environment steps so far. */
  get envSteps(): number {
    return this.#collector.envSteps;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Progress, void, undefined> {
    this.#clock.start(this.#learner.algorithm);
    try {
      yield* this.#learn();
    } finally {
      this.#clock.stop();
    }
  }

  async *#learn(): AsyncGenerator<Progress, void, undefined> {
    const breathe = timeSlices(this.#options.signal);
    const collector = this.#collector;
    const { trials } = this.#options;
    const { totalSteps } = this.settings;
    for (;;) {
      if (this.#report) {
        yield this.#finishTrial(this.#report);
      }
      const full = collector.t === collector.batch.T;
      if (this.#trial >= trials || (!full && collector.envSteps >= totalSteps)) return;
      await this.#advance("collect", collector.steps(), breathe);
      await this.#advance("update", this.#learner.updateSteps(collector), breathe);
      this.#finishUpdate();
    }
  }

  save(): SavedState {
    const meta = {
      kind: "run",
      format: FORMAT,
      algorithm: this.#learner.algorithm,
      env: this.#env.spec.id,
      envs: this.#env.batch,
      options: settingsJson(this.settings),
      trial: this.#trial,
      envSteps: this.#collector.envSteps,
      report: this.#report && { ...this.#report },
      wallSeconds: this.#clock.seconds,
    };
    return joinStates(meta, { collector: this.#collector.save(), ...this.#learned });
  }

  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using run = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  // runs a phase in slices; whatever ends it early leaves what was learned before it
  async #advance(
    phase: PolicyStep["phase"],
    steps: Steps<void>,
    breathe: () => Promise<void> | undefined,
  ): Promise<void> {
    const collector = this.#collector;
    const { onStep } = this.#options;
    const { T } = collector.batch;
    try {
      for (let slice = 1, next = steps.next(); !next.done; next = steps.next(), slice++) {
        const { count, returns } = collector.episodes;
        const { envSteps, t } = collector;
        const step = phase === "collect" ? t : slice;
        const episodeReturn = count > 0 ? returns / count : 0;
        onStep?.({ phase, trial: this.#trial, step, steps: T, envSteps, episodeReturn });
        await breathe();
      }
    } catch (error) {
      steps.return(undefined as never);
      this.#loadParts(this.#learned);
      // a batch with such numbers in it can only fail again
      if (error instanceof TrainingDivergedError) collector.restart();
      throw error;
    }
  }

  #finishUpdate(): void {
    const learned = this.#saveParts();
    const bad = firstNonFinite(learned);
    if (bad !== undefined) {
      this.#loadParts(this.#learned);
      this.#collector.restart();
      throw new TrainingDivergedError(this.#learner.algorithm, null, this.#collector.envSteps, bad);
    }
    this.#learned = learned;
    const { count, returns, lengths } = this.#collector.episodes;
    if (count > 0) this.#report = { episodeReturn: returns / count, episodeLength: Math.round(lengths / count) };
    this.#collector.next();
  }

  #finishTrial(report: { readonly episodeReturn: number; readonly episodeLength: number }): Progress {
    const progress: Progress = {
      algorithm: this.#learner.algorithm,
      trial: this.#trial,
      envSteps: this.#collector.envSteps,
      ...report,
      modelLoss: null,
      wallSeconds: this.#clock.seconds,
    };
    this.#trial++;
    this.#report = null;
    return progress;
  }

  #saveParts(): Record<string, SavedState> {
    return Object.fromEntries(Object.entries(this.#learner.parts).map(([name, part]) => [name, part.save()]));
  }

  #loadParts(states: Readonly<Record<string, SavedState>>): void {
    for (const [name, part] of Object.entries(this.#learner.parts)) part.load(states[name]);
  }

  #load(state: SavedState): void {
    const { algorithm, parts } = this.#learner;
    if (metaField(state, "kind") !== "run" || metaField(state, "algorithm") !== algorithm) {
      throw new FormatError(`the saved state is not a run of ${algorithm}`);
    }
    const format = metaField(state, "format");
    if (format !== FORMAT) throw new FormatError(`saved run has format ${format}`);
    const id = metaField(state, "env");
    if (id !== this.#env.spec.id) wrongValue(algorithm, "resume", `a run of ${this.#env.spec.id}`, id);
    const envs = metaField(state, "envs");
    if (envs !== this.#env.batch) wrongValue(algorithm, "env.batch", `${envs}, as in the saved run`, this.#env.batch);
    const learned = Object.fromEntries(Object.keys(parts).map((name) => [name, partState(state, name)]));
    this.#loadParts(learned);
    this.#learned = learned;
    this.#collector.load(partState(state, "collector"));
    this.#trial = metaCount(state, "trial");
    this.#clock.load(metaNumber(state, "wallSeconds"));
    const report = metaField(state, "report") as { episodeReturn: number; episodeLength: number } | null;
    this.#report = report;
  }
}

// the name of the first saved array with a number that is none
function firstNonFinite(states: Readonly<Record<string, SavedState>>): string | undefined {
  for (const [part, { arrays }] of Object.entries(states)) {
    for (const [name, { data }] of Object.entries(arrays)) {
      for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return `${part}.${name}`;
    }
  }
  return undefined;
}

/** Checks that `env` is one that a policy can be improved in. */
export function checkVectorEnv(op: string, env: VectorEnv): void {
  if (env === null || typeof env !== "object" || typeof env.createOut !== "function") {
    wrongKind(op, "env", "a vector environment (makeVectorEnv)", env);
  }
  if (env.autoreset !== "same-step") {
    wrongValue(op, "env", 'one with autoreset "same-step"', `one with "${env.autoreset}"`);
  }
}
