// What an algorithm is to the command line: a name, settings, and a way to make a run.

import type * as v from "valibot";
import type { Task } from "../envs/index.js";
import type { Env, Run, SavedState } from "../types.js";
import type { Runtime } from "../wasm/index.js";

/** Where a run is, as an algorithm's `onStep` tells it. */
export interface StepEvent {
  readonly phase: "random" | "fit" | "act" | "imagine" | "collect" | "update";
  readonly trial: number;
  /** Step within the phase (the episode, the fit, the batch), and how many there can be. */
  readonly step: number;
  readonly steps: number;
  readonly envSteps: number;
  readonly episodeReturn: number;
}

/** What the command gives to every algorithm, beside its settings. */
export interface StartOptions {
  readonly trials: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly resume?: SavedState;
  readonly onStep?: (event: StepEvent) => void;
}

/** Values given with `--set`, by name. */
export type Settings = Readonly<Record<string, unknown>>;

export interface Algorithm {
  /** One line for `train --help`. */
  readonly description: string;
  /** Type of each setting. */
  readonly settings: Readonly<Record<string, v.GenericSchema>>;
  /** Trials when none are asked for. Default 10. */
  readonly trials?: number;
  /** Makes the run in environments of its own of `task`; throws `TypeError` / `RangeError` for options that do not fit. */
  start(runtime: Runtime, task: Task, options: StartOptions, settings: Settings): Run;
  /** An environment of `task` in which the run's agent can act. */
  open(runtime: Runtime, task: Task, seed: number): Env;
}

/** Algorithms by name. */
export type AlgorithmTable = Readonly<Record<string, Algorithm>>;
