// Small runs of ME-TRPO, ME-PPO and SVG.

import * as assert from "uvu/assert";
import { mePpo, type MeProgress, type MeRun, meTrpo, type MeTrpoOptions, svg } from "../../src/algorithms/index.js";
import { makeEnv, pendulum } from "../../src/envs/index.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/io/index.js";
import type { SavedState } from "../../src/types.js";
import type { Runtime } from "../../src/wasm/index.js";
import { runtime } from "../support/runtime.js";

/** Small enough for a test, with every part in play. */
export const tiny = {
  seed: 3,
  stepsPerIteration: 300,
  members: 3,
  hidden: [16],
  epochs: 4,
  reinitializeEvery: 2,
  policyHidden: [8],
  horizon: 20,
  imaginedSteps: 240,
  startPool: 20,
  policyIterations: 7,
  validateEvery: 3,
  policyPatience: 6,
  validationStarts: 4,
};
export type Options = Partial<MeTrpoOptions> & { trials: number };
export const algorithms = { "me-trpo": meTrpo, "me-ppo": mePpo, svg } as const;
export const names = ["me-trpo", "me-ppo", "svg"] as const;

/** A line of the log without its clock. */
export type Line = Omit<MeProgress, "wallSeconds">;

/** Runs it to its end. */
export async function follow(run: MeRun): Promise<Line[]> {
  const log: Line[] = [];
  for await (const { wallSeconds, ...progress } of run) {
    assert.ok(wallSeconds > 0);
    log.push(progress);
  }
  return log;
}

/** The same of a new run on Pendulum-v1. */
export async function learn(name: (typeof names)[number], options: Options, on: Runtime = runtime) {
  const env = makeEnv(on, pendulum, { seed: 1 });
  const run = algorithms[name](on, env, options as never);
  const log = await follow(run);
  const state = run.save();
  run.dispose();
  env.close();
  return { log, state };
}

/** Through the bytes of a checkpoint. */
export const copy = (state: SavedState): SavedState => decodeCheckpoint(encodeCheckpoint(state));
