// A task is a record of constants and of a way to move copies of it: what an environment is made from. It holds no state and
// no memory, and is imported by name, so that a bundle carries only the tasks it uses.

import type { Box, Disposable, GoalSpec, Space, Steps } from "../types.js";
import type { Runtime, Tensor } from "../wasm/index.js";

/** The exports of the kernel binary. */
export type Kernels = Runtime["kernels"];

/** `A` is the kind of its actions: a box, or a discrete space, which planners see through `continuousActions`. */
export interface Task<A extends Space = Space> {
  readonly id: string;
  /** The task among those whose reward and termination from observations are compiled (assembly/envs/tasks.ts). */
  readonly number: number;
  readonly observationSpace: Box;
  readonly actionSpace: A;
  /** Steps after which an episode is truncated. */
  readonly maxEpisodeSteps: number;
  /** Time that one step simulates, in seconds. */
  readonly timeStep: number;
  /** Observation dimensions that are angles in radians, for which a model should see sine and cosine. */
  readonly angles: readonly number[];
  /** Numbers of f64 that are the state of one copy (S). */
  readonly stateSize: number;
  /** Uniform numbers that one start state takes (U), and standard normal ones (Z; default 0). */
  readonly startSize: number;
  readonly startNormals?: number;
  /**
   * True when the task takes actions outside their bounds and clips what comes of them, as its original does; otherwise such
   * an action is an error.
   */
  readonly clipsActions: boolean;
  /**
   * Writes the state [S] of a copy that an observation [D] is of, for a task whose observation tells it (but for where the copy
   * is along a direction in which the world looks the same everywhere).
   */
  readonly stateOf?: ((kernels: Kernels, observation: Float32Array, state: Float64Array) => void) | undefined;
  /** Where the goals lie in its observations and what they pay, for a task that has one. */
  readonly goal?: GoalSpec;
  /** What moves copies: `analytic` for a task with kernels of its own, `bodies` for one on rigid bodies. */
  readonly dynamics: DynamicsMaker;
}

/** Makes the dynamics of `task` in memory of `runtime`. @internal */
export interface DynamicsMaker {
  (runtime: Runtime, task: Task): Dynamics;
  /** The MJCF of a task on rigid bodies. */
  readonly xml?: string;
}

/**
 * How copies of a task start and move. A copy is a row of S f64, its state; the rows lie in memory of the caller, at the
 * addresses given: state [B, S] f64, observation [B, D], action [B, A], reward [B] f32, ended [B] bytes: 0 it goes on, 1
 * terminated, 2 + i diverged at degree of freedom i. A discrete action is one number (A = 1), and any number stands for the
 * choice next to it. @internal
 */
export interface Dynamics extends Disposable {
  /** The start of copy `b` of `state`, and its observation [D], from uniforms [U] in (0, 1) and then standard normals [Z]. */
  start(state: Tensor<"f64">, b: number, observation: number, numbers: Tensor): void;
  /** One step of B copies in place. */
  step(state: number, observation: number, reward: number, ended: number, action: number, B: number): void;
  /**
   * out [N] = the sum of rewards of the first `steps` of each of N sequences of H actions [N, H, A], all from the state
   * `start` [S], until the episode ends; a copy that diverges collects nothing from that step on. In slices.
   */
  returns(out: Tensor, start: Float64Array, actions: Tensor, steps: number): Steps<void>;
  /** What a degree of freedom is called, in messages about divergence. */
  freedom(index: number): string;
}
