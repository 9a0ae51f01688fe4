// Steps of a vector environment that explore, each transition to a lane of the replay buffer: actions of a deterministic policy
// with normal noise, some replaced by uniform ones (Andrychowicz et al. 2017), or uniform ones throughout. A step happens whole
// or not at all: what is thrown in it ends all episodes under way, which are not counted.

import { checkFinite, FormatError, TrainingDivergedError } from "../check.js";
import type { ReplayBuffer } from "../data/index.js";
import { DivergedError, goalSuccess, type VectorEnv, type VectorStep } from "../envs/index.js";
import type { RandomStream } from "../kernels/index.js";
import { actionRanges, type Policy, type PolicyPass } from "../policies/index.js";
import { joinStates, loadTensor, metaCount, metaField, partState, saveTensor } from "../saved-state.js";
import type { Disposable, SavedState } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import { ActionNoise } from "./action-noise.js";
import { allFinite } from "./vectors.js";

export interface Exploration {
  /** Seed of the first episodes. */
  readonly seed: number;
  /** σ of the noise, in units of half the action's range. */
  readonly noise: number;
  /** Share of the actions that are uniform random. */
  readonly randomShare: number;
}

/** What acts where, and where it is kept. */
export interface ExplorerParts {
  /** Who explores: the name in errors. */
  readonly name: string;
  readonly env: VectorEnv;
  readonly policy: Policy;
  readonly buffer: ReplayBuffer;
  readonly random: RandomStream;
}

/** Means over the episodes that ended in a step. */
export interface EndedEpisodes {
  readonly episodeReturn: number;
  readonly episodeLength: number;
  /** Share of them whose last step reached the goal; null without a goal. */
  readonly successRate: number | null;
}

export class Explorer implements Disposable {
  readonly #scope: Scope;
  readonly #parts: ExplorerParts;
  readonly #options: Exploration;
  readonly #pass: PolicyPass;
  readonly #noise: ActionNoise;
  readonly #ranges: ReturnType<typeof actionRanges>;
  readonly #out: VectorStep;
  readonly #observation: Tensor;
  readonly #action: Tensor;
  readonly #raw: Tensor;
  // uniform numbers: whether to act at random [B], and how [B, A]
  readonly #uniform: Tensor;
  // where each environment is in its episode
  readonly #returns: Float64Array;
  readonly #lengths: Int32Array;
  // did the last step reach the goal?
  readonly #reached: Uint8Array;
  #running = false;
  #started = false;
  #envSteps = 0;

  constructor(scope: Scope, parts: ExplorerParts, options: Exploration) {
    const { env, policy } = parts;
    const { observationSize: D, actionSize: A } = policy;
    const B = env.batch;
    this.#scope = scope;
    this.#parts = parts;
    this.#options = options;
    this.#pass = scope.hold(policy.pass(B));
    this.#noise = new ActionNoise(scope, policy, B);
    this.#ranges = actionRanges(policy.actionSpace);
    this.#out = env.createOut();
    this.#observation = scope.tensor([B, D]);
    this.#action = scope.tensor([B, A]);
    this.#raw = scope.tensor([B, A]);
    this.#uniform = scope.tensor([B * (1 + A)]);
    this.#returns = new Float64Array(B);
    this.#lengths = new Int32Array(B);
    this.#reached = new Uint8Array(B);
  }

  /** Steps of all environments since the beginning. */
  get envSteps(): number {
    return this.#envSteps;
  }

  /** Of the episode under way in the first environment. */
  get episode(): { readonly episodeReturn: number; readonly episodeLength: number } {
    return { episodeReturn: this.#returns[0], episodeLength: this.#lengths[0] };
  }

  /** One step of every environment, by uniform actions where `blind`. What ended in it, if anything. */
  step(blind: boolean): EndedEpisodes | null {
    const { name, env } = this.#parts;
    if (!this.#running) this.#start();
    const randomBefore = this.#parts.random.save();
    // whatever is thrown from here on leaves episodes of which something is missing
    this.#running = false;
    let diverged: readonly number[] = [];
    try {
      this.#act(blind);
      try {
        // no view: an environment may let memory grow
        env.step(this.#action.read(), this.#out);
      } catch (error) {
        if (!(error instanceof DivergedError)) throw error;
        diverged = error.environments;
      }
      for (const part of ["observation", "finalObservation", "reward"] as const)
        checkFinite(name, part, this.#out[part]);
    } catch (error) {
      this.#parts.random.load(randomBefore);
      throw error;
    }
    const ended = this.#record(diverged);
    const { policy } = this.#parts;
    policy.filter.update(this.#observation, env.batch);
    this.#observation.write(this.#out.observation);
    this.#envSteps += env.batch;
    this.#running = true;
    return ended;
  }

  /** The complete state, that of the environment included, but for policy, buffer and random stream. */
  save(): SavedState {
    const B = this.#returns.length;
    const meta = { running: this.#running, started: this.#started, envSteps: this.#envSteps };
    const arrays: SavedState["arrays"] = {
      observation: saveTensor(this.#observation),
      returns: { dtype: "f64", shape: [B], data: this.#returns.slice() },
      lengths: { dtype: "i32", shape: [B], data: this.#lengths.slice() },
    };
    return joinStates(meta, { now: { meta: {}, arrays }, environment: this.#parts.env.snapshot() });
  }

  /** Takes over a saved state. Throws `FormatError` when it does not fit. */
  load(state: SavedState): void {
    const now = partState(state, "now");
    for (const [name, target] of [
      ["returns", this.#returns],
      ["lengths", this.#lengths],
    ] as const) {
      const data = now.arrays[name]?.data;
      if (data?.length !== target.length)
        throw new FormatError(`saved array "${name}" expected ${target.length} numbers`);
      target.set(data);
    }
    loadTensor(this.#observation, now, "observation");
    this.#parts.env.restore(partState(state, "environment"));
    this.#running = metaField(state, "running") === true;
    this.#started = metaField(state, "started") === true;
    this.#envSteps = metaCount(state, "envSteps");
  }

  dispose(): void {
    this.#scope.dispose();
  }

  #start(): void {
    const { env, buffer } = this.#parts;
    // the first start fixes the streams of the environments, later ones go on along them
    const { observation } = env.reset(this.#started ? undefined : { seed: this.#options.seed });
    this.#observation.write(observation);
    this.#returns.fill(0);
    this.#lengths.fill(0);
    for (let b = 0; b < env.batch; b++) buffer.cut(b);
    this.#started = true;
  }

  #act(blind: boolean): void {
    const { random, env } = this.#parts;
    const { noise, randomShare } = this.#options;
    const B = env.batch;
    if (!blind) {
      this.#pass.forward(this.#observation, B);
      this.#pass.act(this.#action, this.#raw, undefined, undefined);
      if (noise > 0) this.#noise.add(this.#action, B, random, noise);
      if (!allFinite(this.#scope.runtime, this.#action)) {
        throw new TrainingDivergedError(this.#parts.name, null, this.#envSteps, "an action");
      }
    }
    if (!blind && randomShare === 0) return;
    random.uniform(this.#uniform);
    for (let b = 0; b < B; b++) if (blind || this.#uniform.view[b] < randomShare) this.#actAtRandom(b);
  }

  // uniform over the range of each element, or over ±1 where it has none
  #actAtRandom(b: number): void {
    const [low, high, center, half] = this.#ranges;
    const B = this.#returns.length;
    const A = center.length;
    const uniform = this.#uniform.view;
    const action = this.#action.view;
    for (let a = 0; a < A; a++) {
      const value = center[a] + half[a] * (2 * uniform[B + b * A + a] - 1);
      action[b * A + a] = Math.max(low[a], Math.min(high[a], value));
    }
  }

  #record(diverged: readonly number[]): EndedEpisodes | null {
    const { buffer } = this.#parts;
    const { observationSize: D, actionSize: A } = this.#parts.policy;
    const { reward, terminated, truncated, finalObservation } = this.#out;
    const observation = this.#observation.view;
    const action = this.#action.view;
    const { goal } = this.#parts.env;
    if (goal) goalSuccess(goal, finalObservation, this.#reached);
    let [count, returns, lengths, successes] = [0, 0, 0, 0];
    for (let b = 0; b < reward.length; b++) {
      // an episode that a divergence cut off says nothing of the policy
      const lost = diverged.includes(b);
      const over = terminated[b] === 1 || truncated[b] === 1;
      if (lost) buffer.cut(b);
      else {
        const transition = {
          observation: observation.subarray(b * D, (b + 1) * D),
          action: action.subarray(b * A, (b + 1) * A),
          reward: reward[b],
          nextObservation: finalObservation.subarray(b * D, (b + 1) * D),
          terminated: terminated[b] === 1,
          truncated: truncated[b] === 1,
        };
        buffer.add(transition, b);
      }
      this.#returns[b] += reward[b];
      this.#lengths[b]++;
      if (over && !lost) {
        count++;
        returns += this.#returns[b];
        lengths += this.#lengths[b];
        successes += this.#reached[b];
      }
      if (over || lost) {
        this.#returns[b] = 0;
        this.#lengths[b] = 0;
      }
    }
    if (count === 0) return null;
    return {
      episodeReturn: returns / count,
      episodeLength: Math.round(lengths / count),
      successRate: goal ? successes / count : null,
    };
  }
}
