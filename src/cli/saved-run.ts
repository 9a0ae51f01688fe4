// A run found in a checkpoint: which algorithm on which task, so that it can be built again.

import { stat } from "node:fs/promises";
import path from "node:path";
import * as v from "valibot";
import { loadCheckpoint } from "../node/index.js";
import type { SavedState } from "../types.js";
import { asUsage, UsageError } from "./errors.js";
import { CHECKPOINT_NAME } from "./run-folder.js";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const runSchema = v.looseObject({
  kind: v.literal("run"),
  algorithm: v.string(),
  env: v.string(),
  trial: count,
  envSteps: count,
});

export interface SavedRun {
  readonly state: SavedState;
  /** Names of the algorithm and of the task. */
  readonly algorithm: string;
  readonly env: string;
  /** Trials finished and steps taken. */
  readonly trial: number;
  readonly envSteps: number;
}

/**
 * Loads the run in a checkpoint file, or in a run's folder. `say` is told when an older version had to be loaded. Throws
 * `UsageError` when there is none.
 */
export async function loadRun(given: string, say: (sentence: string) => void): Promise<SavedRun> {
  const isFolder = await stat(given).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const file = isFolder ? path.join(given, CHECKPOINT_NAME) : given;
  const state = await asUsage(() => loadCheckpoint(file, { onFallback: say }));
  const parsed = v.safeParse(runSchema, state.meta);
  if (!parsed.success) throw new UsageError(`"${file}" is a checkpoint, but not one of a run`);
  const { algorithm, env, trial, envSteps } = parsed.output;
  return { state, algorithm, env, trial, envSteps };
}
