// Collects batches in an environment: every copy of a `VectorEnv` takes T steps under the policy as it is. The policy's
// observation filter is not touched here: it must stand still from the first row to the end of the update, because the
// log-densities that are recorded are those of filtered observations, and ratios to them mean something only under the same
// filter. Whoever owns the policy updates the filter when the update is done.

import { TrainingDivergedError, FormatError, wrongValue } from "../check.js";
import { DivergedError, type VectorEnv, type VectorStep } from "../envs/index.js";
import { RandomStream } from "../kernels/index.js";
import type { Policy, PolicyPass } from "../policies/index.js";
import { joinStates, loadTensor, metaCount, metaField, metaNumber, partState, saveTensor } from "../saved-state.js";
import type { Disposable, DType, SavedState, Steps } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import { type Batch, createBatch } from "./batch.js";

export interface CollectorOptions {
  /** Who collects: the name in errors. */
  name: string;
  /** Steps of each environment in a batch (T). */
  steps: number;
  /** Seed of the actions, and of the first episodes. */
  seed: number;
}

/** Episodes that ended while a batch was collected. */
export interface Episodes {
  readonly count: number;
  /** Sums over them. */
  readonly returns: number;
  readonly lengths: number;
}

export class Collector implements Disposable {
  readonly batch: Batch;
  readonly #scope: Scope;
  readonly #policy: Policy;
  readonly #env: VectorEnv;
  readonly #options: CollectorOptions;
  readonly #pass: PolicyPass;
  readonly #random: RandomStream;
  readonly #out: VectorStep;
  // one step of all environments
  readonly #observation: Tensor;
  readonly #noise: Tensor;
  readonly #action: Tensor;
  readonly #raw: Tensor;
  readonly #logProb: Tensor;
  // where each environment is in its episode
  readonly #returns: Float64Array;
  readonly #lengths: Int32Array;
  #running = false;
  #started = false;
  #t = 0;
  #envSteps = 0;
  #episodes: Episodes = { count: 0, returns: 0, lengths: 0 };

  /** Made by `createCollector`. */
  constructor(scope: Scope, policy: Policy, env: VectorEnv, options: CollectorOptions) {
    const { observationSize: D, actionSize: A, envActionSize: Aenv } = policy;
    const B = env.batch;
    this.#scope = scope;
    this.#policy = policy;
    this.#env = env;
    this.#options = options;
    this.batch = createBatch(scope, { T: options.steps, B, D, A, Aenv });
    this.#pass = scope.hold(policy.pass(B));
    this.#random = scope.hold(new RandomStream(scope.runtime, options.seed, "policy-noise"));
    this.#out = env.createOut();
    this.#observation = scope.tensor([B, D]);
    this.#noise = scope.tensor([B, A]);
    this.#action = scope.tensor([B, Aenv]);
    this.#raw = scope.tensor([B, A]);
    this.#logProb = scope.tensor([B]);
    this.#returns = new Float64Array(B);
    this.#lengths = new Int32Array(B);
  }

  /** Steps of the batch that are there. */
  get t(): number {
    return this.#t;
  }

  /** Steps of all environments since the beginning. */
  get envSteps(): number {
    return this.#envSteps;
  }

  /** Episodes that ended in this batch. */
  get episodes(): Episodes {
    return this.#episodes;
  }

  /**
   * Fills the batch, one step of all environments per `next()`; goes on where it stood when given up. Throws
   * `TrainingDivergedError` on an action, observation or reward that is not finite: call `restart` then.
   */
  *steps(): Steps<void> {
    while (this.#t < this.batch.T) {
      this.#step();
      yield;
    }
  }

  /** Begins the next batch; episodes go on. */
  next(): void {
    this.#t = 0;
    this.#episodes = { count: 0, returns: 0, lengths: 0 };
  }

  /** Drops the batch and all episodes under way. */
  restart(): void {
    this.next();
    this.#running = false;
  }

  /** The complete state, that of the environment and the begun batch included. */
  save(): SavedState {
    const { batch } = this;
    const meta = {
      running: this.#running,
      started: this.#started,
      t: this.#t,
      envSteps: this.#envSteps,
      ...this.#episodes,
      random: this.#random.save(),
    };
    const B = batch.B;
    const rows = this.#t * B;
    const arrays: Record<string, SavedState["arrays"][string]> = {
      now: saveTensor(this.#observation),
      returnsSoFar: { dtype: "f64", shape: [B], data: this.#returns.slice() },
      lengthsSoFar: { dtype: "i32", shape: [B], data: this.#lengths.slice() },
    };
    for (const [name, tensor] of tensorsOf(batch)) arrays[name] = saveTensor(tensor, rows * (tensor.size / batch.rows));
    return joinStates(meta, { batch: { meta: {}, arrays }, environment: this.#env.snapshot() });
  }

  /** Takes over a saved state. Throws `FormatError` when it does not fit. */
  load(state: SavedState): void {
    const { batch } = this;
    const saved = partState(state, "batch");
    const t = metaCount(state, "t");
    if (t > batch.T) throw new FormatError(`saved batch has ${t} of ${batch.T} steps`);
    for (const [name, tensor] of tensorsOf(batch))
      loadTensor(tensor, saved, name, t * batch.B * (tensor.size / batch.rows));
    loadTensor(this.#observation, saved, "now");
    for (const [name, target] of [
      ["returnsSoFar", this.#returns],
      ["lengthsSoFar", this.#lengths],
    ] as const) {
      const data = saved.arrays[name]?.data;
      if (data?.length !== batch.B) throw new FormatError(`saved array "${name}" expected ${batch.B} numbers`);
      target.set(data);
    }
    this.#random.load(metaField(state, "random"));
    this.#env.restore(partState(state, "environment"));
    this.#running = metaField(state, "running") === true;
    this.#started = metaField(state, "started") === true;
    this.#t = t;
    this.#envSteps = metaCount(state, "envSteps");
    const [count, returns, lengths] = ["count", "returns", "lengths"].map((name) => metaNumber(state, name));
    this.#episodes = { count, returns, lengths };
  }

  /** Gives the memory back, not that of the environment. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  /** Lets `using collector = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #start(): void {
    // the first start fixes the streams of the environments, later ones go on along them
    const { observation } = this.#env.reset(this.#started ? undefined : { seed: this.#options.seed });
    this.#observation.write(observation);
    this.#returns.fill(0);
    this.#lengths.fill(0);
    this.#started = true;
    this.#running = true;
  }

  #step(): void {
    if (!this.#running) this.#start();
    this.#act();
    const diverged = this.#stepEnv();
    this.#checkFinite("an observation", this.#out.observation);
    this.#checkFinite("an observation", this.#out.finalObservation);
    this.#checkFinite("a reward", this.#out.reward);
    this.#record(diverged);
    this.#observation.write(this.#out.observation);
    this.#t++;
    this.#envSteps += this.batch.B;
  }

  #act(): void {
    const { kind } = this.#policy;
    const B = this.batch.B;
    if (kind === "categorical") this.#random.uniform(this.#noise);
    else this.#random.normal(this.#noise);
    this.#pass.forward(this.#observation, B);
    this.#pass.act(this.#action, this.#raw, this.#logProb, this.#noise);
    this.#checkFinite("an action", this.#raw.view);
    this.#checkFinite("a log-density", this.#logProb.view);
  }

  // the environments that diverged, if any: the others have made their step all the same
  #stepEnv(): readonly number[] {
    try {
      // no view: an environment may let memory grow
      this.#env.step(this.#action.read(), this.#out);
      return [];
    } catch (error) {
      if (error instanceof DivergedError) return error.environments;
      // some may have made the step: none is where it was
      this.restart();
      throw error;
    }
  }

  #record(diverged: readonly number[]): void {
    const { batch } = this;
    const { T, B } = batch;
    const { reward, terminated, truncated, finalObservation } = this.#out;
    const from = this.#t * B;
    batch.observation.view.set(this.#observation.view, from * this.#policy.observationSize);
    batch.nextObservation.view.set(finalObservation, from * this.#policy.observationSize);
    batch.raw.view.set(this.#raw.view, from * this.#policy.actionSize);
    batch.action.view.set(this.#action.view, from * this.#policy.envActionSize);
    batch.logProb.view.set(this.#logProb.view, from);
    batch.reward.view.set(reward, from);
    for (let b = 0; b < B; b++) {
      const lost = diverged.includes(b);
      const over = terminated[b] === 1 || truncated[b] === 1 || lost;
      batch.terminated.view[from + b] = terminated[b];
      batch.ended.view[from + b] = Number(over || this.#t === T - 1);
      batch.valid.view[from + b] = lost ? 0 : 1;
      batch.time.view[from + b] = this.#lengths[b];
      this.#returns[b] += reward[b];
      this.#lengths[b]++;
      // an episode that a divergence cut off says nothing of the policy
      if (over && !lost) this.#countEpisode(b);
      if (over) {
        this.#returns[b] = 0;
        this.#lengths[b] = 0;
      }
    }
  }

  #countEpisode(b: number): void {
    const { count, returns, lengths } = this.#episodes;
    this.#episodes = { count: count + 1, returns: returns + this.#returns[b], lengths: lengths + this.#lengths[b] };
  }

  #checkFinite(what: string, values: ArrayLike<number>): void {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) throw new TrainingDivergedError(this.#options.name, null, this.#envSteps, what);
    }
  }
}

function tensorsOf(batch: Batch): [string, Tensor<DType>][] {
  const { observation, raw, action, logProb, reward, nextObservation, terminated, ended, valid, time } = batch;
  const tensors = { observation, raw, action, logProb, reward, nextObservation, terminated, ended, valid, time };
  return Object.entries(tensors as Record<string, Tensor<DType>>);
}

/**
 * A collector of batches of `options.steps` steps of every copy of `env`, which must reset its copies in the step that ends
 * them (`autoreset: "same-step"`).
 */
export function createCollector(policy: Policy, env: VectorEnv, options: CollectorOptions): Collector {
  if (env.autoreset !== "same-step") wrongValue(options.name, "env.autoreset", '"same-step"', env.autoreset);
  return policy.runtime.scoped((scope) => new Collector(scope, policy, env, options));
}
