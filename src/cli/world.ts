// From names to things: the algorithm, the task and the environments that a command speaks of.

import { continuousActions, makeEnv, makeVectorEnv, type Task, type VectorEnv } from "../envs/index.js";
import { tasks } from "../envs/tasks/index.js";
import type { Box, Discrete, Env } from "../types.js";
import type { Runtime } from "../wasm/index.js";
import type { Algorithm, AlgorithmTable, StartOptions } from "./algorithm.js";
import { UsageError } from "./errors.js";
import { unknownName } from "./suggest.js";

/** The algorithm of that name; throws `UsageError` with the nearest name. */
export function findAlgorithm(table: AlgorithmTable, name: string): Algorithm {
  const algorithm = Object.hasOwn(table, name) ? table[name] : undefined;
  if (algorithm === undefined) throw unknownName("algorithm", name, Object.keys(table));
  return algorithm;
}

/** An environment of `task` with the task's own actions. */
export function openEnv(runtime: Runtime, task: Task, seed: number): Env {
  return makeEnv(runtime, task, { seed });
}

/** An environment of `task` in which discrete actions are numbers, for algorithms that plan. */
export function openContinuousEnv(runtime: Runtime, task: Task, seed: number): Env {
  const discrete = task.actionSpace.kind === "discrete";
  return makeEnv(runtime, discrete ? continuousActions(task as Task<Discrete>) : (task as Task<Box>), { seed });
}

const DEFAULT_ENVS = 8;

/** `envs` copies of `task`, as many as a run has that is resumed; throws `UsageError` when asked for another number then. */
export function openVectorEnv(
  runtime: Runtime,
  task: Task,
  options: StartOptions,
  envs?: number,
  defaultEnvs = DEFAULT_ENVS,
): VectorEnv {
  const { envs: saved } = (options.resume?.meta ?? {}) as { envs?: number };
  if (saved !== undefined && envs !== undefined && envs !== saved) {
    throw new UsageError(`--set envs: the saved run has ${saved}`);
  }
  const batch = saved ?? envs ?? defaultEnvs;
  return makeVectorEnv(runtime, task, { batch, seed: options.seed ?? 0, autoreset: "same-step" });
}

/** `envs` copies of `task`, one by default, in which discrete actions are numbers, for algorithms that act by vectors. */
export function openContinuousVectorEnv(runtime: Runtime, task: Task, options: StartOptions, envs?: number): VectorEnv {
  const discrete = task.actionSpace.kind === "discrete";
  return openVectorEnv(runtime, discrete ? continuousActions(task as Task<Discrete>) : task, options, envs, 1);
}

/** The task of that name, which may go without its version; throws `UsageError` with the nearest name. */
export function findTask(name: string): Task {
  const task = tasks.find(({ id }) => id === name) ?? tasks.find(({ id }) => id.replace(/-v\d+$/, "") === name);
  if (task === undefined) {
    throw unknownName(
      "task",
      name,
      tasks.map(({ id }) => id),
    );
  }
  return task;
}
