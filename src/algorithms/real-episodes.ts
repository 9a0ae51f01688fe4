// Whole episodes of a policy in its environment, to the replay buffer. A share of them explores as ME-TRPO does: with parameters
// θ + share · Δθ · ε for the episode, Δθ the change of the last outer iteration, and with noise on every action, drawn anew every so
// many steps; the others act by the policy's mode, and tell how good it is.

import { FormatError } from "../check.js";
import type { ReplayBuffer } from "../data/index.js";
import type { RandomStream } from "../kernels/index.js";
import type { Policy, PolicyAgent } from "../policies/index.js";
import { metaCount, metaField, metaNumber } from "../saved-state.js";
import type { Box, Env, SavedState } from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import type { MeSettings } from "./me-options.js";
import { mean, orNull, savedNumbers, savedVector, saveVector } from "./saved-vectors.js";

/** What acts where, and what takes the steps. */
export interface EpisodeParts {
  readonly env: Env;
  readonly policy: Policy;
  readonly agent: PolicyAgent;
  readonly buffer: ReplayBuffer;
  readonly random: RandomStream;
}

export class RealEpisodes {
  /** Steps so far, and in this outer iteration. */
  envSteps = 0;
  collected = 0;
  /** Δθ of the last outer iteration; null before there was one. */
  change: Float32Array | null = null;
  /** Return and length so far of the episode under way, or of the last one. */
  episodeReturn = 0;
  episodeLength = 0;
  /** Start states [validationStarts, D] that policies are compared on, drawn before the first episode. */
  validationStarts: Float32Array = new Float32Array();
  readonly #parts: EpisodeParts;
  readonly #settings: MeSettings;
  readonly #scope: Scope;
  readonly #normals: Tensor;
  readonly #uniform: Tensor;
  // of this outer iteration: episodes begun; returns of those that acted by the mode and that explored, lengths of all
  #episodes = 0;
  #acted: number[] = [];
  #explored: number[] = [];
  #lengths: number[] = [];
  // of the episode; no observation between episodes
  #observation: Float32Array | null = null;
  #explores = false;
  // the parameters that act in it, where they are not the policy's own
  #perturbed: Float32Array | null = null;
  // what is added to its actions at present, in halves of the action's range
  #noise: Float64Array;

  constructor(scope: Scope, parts: EpisodeParts, settings: MeSettings) {
    this.#scope = scope;
    this.#parts = parts;
    this.#settings = settings;
    this.#normals = scope.tensor([parts.policy.actionSize]);
    this.#noise = new Float64Array(parts.policy.actionSize);
    this.#uniform = scope.tensor([1]);
  }

  /** Is no episode under way? */
  get between(): boolean {
    return this.#observation === null;
  }

  /** One environment step; in outer iteration 0 every episode explores. */
  step(trial: number): void {
    const { env, buffer } = this.#parts;
    const observation = this.#observe(trial);
    const action = this.#act(observation);
    if (this.#explores) this.#addNoise(action);
    // a step that fails ends the episode, which is then not counted: what comes next is no continuation of it
    this.#observation = null;
    const { observation: nextObservation, reward, terminated, truncated } = env.step(action);
    buffer.add({ observation, action, reward, nextObservation, terminated, truncated });
    this.envSteps++;
    this.collected++;
    this.episodeLength++;
    this.episodeReturn += reward;
    if (terminated || truncated) this.#finish();
    else this.#observation = nextObservation.slice();
  }

  /** A start state of the environment. The first one of a run fixes its stream; later ones continue it. */
  start(): Float32Array {
    const { env } = this.#parts;
    if (this.validationStarts.length === 0) {
      const { seed, validationStarts } = this.#settings;
      const D = (env.observationSpace as Box).low.length;
      this.validationStarts = new Float32Array(validationStarts * D);
      for (let s = 0; s < validationStarts; s++) {
        this.validationStarts.set(env.reset(s === 0 ? { seed } : undefined).observation, s * D);
      }
    }
    return env.reset().observation.slice();
  }

  /** Means over the episodes of this outer iteration: of those by the mode (or all, where all explored), and of the others. */
  report(): { episodeReturn: number; episodeLength: number; exploringReturn: number | null } {
    return {
      episodeReturn: mean(this.#acted.length > 0 ? this.#acted : this.#explored),
      episodeLength: Math.round(mean(this.#lengths)),
      exploringReturn: this.#explored.length > 0 ? mean(this.#explored) : null,
    };
  }

  /** Begins another outer iteration. */
  next(): void {
    this.collected = 0;
    this.#episodes = 0;
    this.#acted = [];
    this.#explored = [];
    this.#lengths = [];
  }

  save(): SavedState {
    const { envSteps, collected, episodeReturn, episodeLength } = this;
    return {
      meta: {
        ...{ envSteps, collected, episodeReturn, episodeLength },
        episodes: this.#episodes,
        acted: this.#acted,
        explored: this.#explored,
        lengths: this.#lengths,
        explores: this.#explores,
      },
      arrays: {
        observation: saveVector("f32", this.#observation),
        perturbed: saveVector("f32", this.#perturbed),
        change: saveVector("f32", this.change),
        validationStarts: saveVector("f32", this.validationStarts),
        noise: saveVector("f64", this.#noise),
      },
    };
  }

  load(state: SavedState): void {
    const { policy } = this.#parts;
    const D = policy.observationSize;
    const P = policy.network.params.size;
    this.envSteps = metaCount(state, "envSteps");
    this.collected = metaCount(state, "collected");
    this.episodeReturn = metaNumber(state, "episodeReturn");
    this.episodeLength = metaCount(state, "episodeLength");
    this.#episodes = metaNumber(state, "episodes");
    this.#acted = savedNumbers(state, "acted");
    this.#explored = savedNumbers(state, "explored");
    this.#lengths = savedNumbers(state, "lengths");
    this.#explores = metaField(state, "explores") === true;
    this.#observation = orNull(savedVector(state, "observation", "f32", D));
    this.#perturbed = orNull(savedVector(state, "perturbed", "f32", P));
    this.change = orNull(savedVector(state, "change", "f32", P));
    this.#noise = savedVector(state, "noise", "f64", policy.actionSize);
    if (this.#noise.length !== policy.actionSize) throw new FormatError('saved array "noise" is empty');
    this.validationStarts = savedVector(state, "validationStarts", "f32", this.#settings.validationStarts * D);
  }

  // the observation to act on; starts an episode when there is none
  #observe(trial: number): Float32Array {
    if (this.#observation !== null) return this.#observation;
    // which episodes explore: so many of the first k that the share is kept for every k
    const { exploring, paramNoise } = this.#settings;
    const k = this.#episodes++;
    this.#explores = trial === 0 || Math.floor((k + 1) * exploring) > Math.floor(k * exploring);
    this.#perturbed = this.#explores && this.change && paramNoise > 0 ? this.#perturb(this.change, paramNoise) : null;
    this.episodeReturn = 0;
    this.episodeLength = 0;
    this.#observation = this.start();
    return this.#observation;
  }

  #finish(): void {
    (this.#explores ? this.#explored : this.#acted).push(this.episodeReturn);
    this.#lengths.push(this.episodeLength);
  }

  // the policy's parameters are others only while it acts: whoever looks at it meanwhile sees its own
  #act(observation: Float32Array): Float32Array {
    const { agent, policy } = this.#parts;
    if (this.#perturbed === null) return agent.act(observation);
    const { network } = policy;
    const own = network.params.read();
    network.params.write(this.#perturbed);
    network.changed();
    try {
      return agent.act(observation);
    } finally {
      network.params.write(own);
      network.changed();
    }
  }

  #perturb(change: Float32Array, share: number): Float32Array {
    const { policy, random } = this.#parts;
    const { params } = policy.network;
    const noise = this.#scope.runtime.tensor([params.size]);
    random.normal(noise);
    const epsilon = noise.read();
    noise.dispose();
    return params.read().map((value, i) => value + share * change[i] * epsilon[i]);
  }

  #addNoise(action: Float32Array): void {
    const { actionNoise, noiseSteps } = this.#settings;
    if (actionNoise === 0) return;
    if (this.episodeLength % noiseSteps === 0) {
      const { random } = this.#parts;
      random.normal(this.#normals);
      random.uniform(this.#uniform);
      const scale = actionNoise * this.#uniform.view[0];
      this.#noise = Float64Array.from(this.#normals.view, (epsilon) => scale * epsilon);
    }
    const { low, high } = this.#parts.env.actionSpace as Box;
    for (const [i, noise] of this.#noise.entries()) {
      const half = (high[i] - low[i]) / 2;
      action[i] = Math.max(low[i], Math.min(high[i], action[i] + half * noise));
    }
  }
}
