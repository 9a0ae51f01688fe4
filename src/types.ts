// Types that every room may use: arrays as they come in, seeds, and states as they are saved.

import type { Tensor } from "./wasm/tensor.js";

/** Anything strided with the fields of an `ndarray`: `data[offset + Σ index·stride]`. */
export interface StridedView {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly stride?: readonly number[];
  readonly offset?: number;
}

/** Numbers as a caller may give them: row-major and contiguous, or strided. */
export type NumericInput = Float32Array | Float64Array | readonly number[] | StridedView;

/** Element types of a tensor. */
export type DType = "f32" | "f64" | "i32" | "u32" | "u8";

/** The typed array of an element type. */
export interface TypedArrays {
  f32: Float32Array;
  f64: Float64Array;
  i32: Int32Array;
  u32: Uint32Array;
  u8: Uint8Array;
}

/** One named array of a saved state: row-major data and its shape. */
export interface NamedArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArrays[DType];
}

/** JSON values. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * The complete state of a part or of a run, as plain data: `meta` is JSON, `arrays` holds the numbers by name
 * (`model.params`, `buffer.observation`, …). What `save()` returns and `load()` takes.
 */
export interface SavedState {
  readonly meta: Json;
  readonly arrays: Readonly<Record<string, NamedArray>>;
}

/** Something that holds memory until it is told to let go. */
export interface Disposable {
  dispose(): void;
}

/** A box of real vectors, bounds per element (±Infinity allowed in observations). */
export interface Box {
  readonly kind: "box";
  readonly low: Float32Array;
  readonly high: Float32Array;
  readonly shape: readonly number[];
}

/** The integers `start … start + n − 1`. */
export interface Discrete {
  readonly kind: "discrete";
  readonly n: number;
  readonly start: number;
}

export type Space = Box | Discrete;

/** What an environment is called and how long its episodes last. */
export interface EnvSpec {
  readonly id: string;
  /** Steps after which an episode is truncated. */
  readonly maxEpisodeSteps: number;
  /** Time that one step simulates, in seconds. */
  readonly timeStep: number;
}

/** Extra facts about a step; nothing that learning may depend on. */
export type Info = Readonly<Record<string, Json>>;

/** Outcome of one step. Only `terminated` ends the value of a state; `truncated` ends the recording of it. */
export interface StepResult {
  readonly observation: Float32Array;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly info: Info;
}

/** A function that is also compiled to Wasm: the number of its task there, and the sizes of what it reads. */
export interface CompiledFunction {
  /** Id of the task, for messages. */
  readonly id: string;
  readonly task: number;
  readonly observationSize: number;
  readonly actionSize: number;
}

/** Gradients with respect to what a reward reads, row-major: `observation` [B, D], `action` [B, A], `nextObservation` [B, D]. */
export interface RewardGradients {
  readonly observation: Float32Array;
  readonly action: Float32Array;
  readonly nextObservation: Float32Array;
}

/**
 * Reward over whole batches: `observation` [B, D], `action` [B, A], `nextObservation` [B, D], all row-major, to `out` [B].
 * Those of built-in tasks also carry `compiled`, which lets a rollout stay in Wasm.
 */
export interface RewardFunction {
  (observation: Float32Array, action: Float32Array, nextObservation: Float32Array, out: Float32Array): void;
  readonly compiled?: CompiledFunction;
  /**
   * Adds to `out` the gradient of Σ weight[b] · reward[b], weight [B]; who calls it hands over zeros where nothing is to be
   * added to. Asked for by what learns through the reward (`valueGradient`, `svg`), by nothing else. Built-in tasks have it
   * but for those whose reward is constant or only jumps. Where a reward has a kink or a jump, whatever is finite will do.
   */
  gradient?(
    observation: Float32Array,
    action: Float32Array,
    nextObservation: Float32Array,
    weight: Float32Array,
    out: RewardGradients,
  ): void;
}

/**
 * Termination over whole batches: `nextObservation` [B, D] to `out` [B], 1 where the episode ends, else 0. Those of built-in
 * tasks carry `compiled` too.
 */
export interface TerminationFunction {
  (nextObservation: Float32Array, out: Uint8Array): void;
  readonly compiled?: CompiledFunction;
}

/**
 * The goal of a task whose observations are [what is observed | achieved goal | desired goal], in one row of numbers: where the
 * parts lie, and what is paid for a pair of goals. A step is paid for the goals of the observation it leads to; whoever puts
 * another desired goal there (hindsight) asks `reward` again.
 */
export interface GoalSpec {
  /** D0: the numbers before the goals. */
  readonly observationSize: number;
  /** G: the achieved goal lies in [D0, D0 + G), the desired one in [D0 + G, D0 + 2G). */
  readonly goalSize: number;
  /** Rewards, out [B], of goals [B, G]. */
  reward(achieved: Float32Array, desired: Float32Array, out: Float32Array): void;
  /** Where the goal is reached, out [B], 1 or 0. */
  success(achieved: Float32Array, desired: Float32Array, out: Uint8Array): void;
}

/** One environment, with Gymnasium's words and meanings. */
export interface Env {
  readonly spec: EnvSpec;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  /** Starts an episode. With a seed the start state depends on the seed alone; without, on the stream so far. */
  reset(options?: { seed?: number }): { observation: Float32Array; info: Info };
  /** Advances by one step. The action must lie in the action space; a step after the end of an episode throws. */
  step(action: NumericInput | number): StepResult;
  /** The complete state, for `restore` here or in another process. */
  snapshot(): SavedState;
  restore(state: SavedState): void;
  close(): void;
  /** What planners need, where the task can tell: reward and termination as functions of observations. */
  readonly reward?: RewardFunction;
  readonly terminated?: TerminationFunction;
  /** Observation dimensions that are angles in radians, for which a model should see sine and cosine. */
  readonly angles?: readonly number[];
  /** Of a task with a goal: `info.isSuccess` then tells after every step whether it is reached. */
  readonly goal?: GoalSpec;
}

/** A long computation in slices: each `next()` does a little, the last one returns the result. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/**
 * What a planner sees of the world: the return of each of N sequences of H actions from one start.
 * `Start` is an observation for a learned model, a snapshot for the true dynamics.
 */
export interface Rollout<Start = NumericInput> {
  readonly actionSpace: Box;
  /** `actions` [N, H, A] f32 to `out` [N] f32. */
  returns(start: Start, actions: Tensor, out: Tensor): void;
  /** The same in slices of little work, for those who must not hold the thread for long. */
  returnsSteps?(start: Start, actions: Tensor, out: Tensor): Steps<void>;
}

/** Something that acts: a planner in a loop, a policy. */
export interface Agent {
  /** The action for an observation, into `out` if given. */
  act(observation: NumericInput, out?: Float32Array): Float32Array;
  /** Forgets the episode so far; call it when an episode starts. */
  reset(): void;
}

/** One line of a run's log. All but `wallSeconds` is a function of the seed and the options. */
export interface Progress {
  readonly algorithm: string;
  /** Trial counted from 0: an episode, or a batch of steps in which episodes ended. */
  readonly trial: number;
  /** Environment steps so far. */
  readonly envSteps: number;
  /** Of the episode, or means over those of a batch; the length rounded. */
  readonly episodeReturn: number;
  readonly episodeLength: number;
  /** Hold-out loss of the model that acted; null before there is one. */
  readonly modelLoss: number | null;
  readonly wallSeconds: number;
}

/** A learning run: iterate it to make it learn. */
export interface Run extends AsyncIterable<Progress> {
  /** The agent as learned so far. */
  readonly agent: Agent;
  /** The complete state; a run made from it continues as if it had never stopped, bit for bit. */
  save(): SavedState;
  dispose(): void;
}
