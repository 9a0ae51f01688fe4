// A task is a record of constants and of the kernels that step copies of it: what an environment is made from. It holds no
// state and no memory, and is imported by name, so that a bundle carries only the tasks it uses.

import type { Box, Space } from "../types.js";
import type { Runtime } from "../wasm/index.js";

/** The exports of the kernel binary. */
export type Kernels = Runtime["kernels"];

/**
 * Which kernels serve the task. All take byte addresses, then the number of copies (B): state [B, S] f64, observation
 * [B, D], action [B, A], reward [B] f32, terminated [B] bytes. A discrete action is one number (A = 1), and any number
 * stands for the choice next to it.
 */
export interface TaskKernels {
  /** Start states and their observations from uniforms [B, U] f32 in (0, 1). */
  reset(kernels: Kernels): (state: number, observation: number, uniforms: number, B: number) => void;
  /** One step in place. */
  step(
    kernels: Kernels,
  ): (state: number, observation: number, reward: number, terminated: number, action: number, B: number) => void;
  /** Reward from observations, for planners. */
  reward(kernels: Kernels): (out: number, observation: number, action: number, next: number, B: number) => void;
  /** Termination from observations, for planners. */
  terminated(kernels: Kernels): (out: number, next: number, B: number) => void;
}

/** `A` is the kind of its actions: a box, or a discrete space, which planners see through `continuousActions`. */
export interface Task<A extends Space = Space> {
  readonly id: string;
  /** The task among those whose reward and termination a rollout in Wasm can call (assembly/envs/tasks.ts). */
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
  /** Uniform numbers that one start state takes (U). */
  readonly startSize: number;
  /** True when the task clips actions to their bounds, as its original does; otherwise an action outside is an error. */
  readonly clipsActions: boolean;
  readonly kernels: TaskKernels;
}
