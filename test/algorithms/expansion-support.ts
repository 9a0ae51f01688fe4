// Small runs of MVE and STEVE.

import {
  type ExpansionRunOptions,
  type ExpansionSettings,
  mve,
  type OffPolicyRun,
  steve,
} from "../../src/algorithms/index.js";
import { makeVectorEnv, pendulum, reacherGoal, type Task } from "../../src/envs/index.js";
import type { Runtime } from "../../src/wasm/index.js";
import { runtime } from "../support/runtime.js";
import { wholeRun } from "./whole-run.js";

export type Run = OffPolicyRun<ExpansionSettings>;

/** A way to run: algorithm, task, number of environments. */
export interface Variant {
  readonly name: string;
  readonly make: typeof mve;
  readonly task: Task;
  readonly envs: number;
  readonly options: Partial<ExpansionRunOptions>;
}

/** Small enough for a test, with every part in play. */
export const tiny: Partial<ExpansionRunOptions> = {
  seed: 3,
  hidden: [16],
  batchSize: 16,
  initialSteps: 60,
  updatesPerStep: 0.25,
  horizon: 2,
  members: 2,
  modelHidden: [12],
  modelSteps: 10,
  modelEvery: 70,
  multiStep: 3,
};
export const variants: readonly Variant[] = [
  {
    name: "the least horizon, states in between, on Pendulum-v1",
    make: mve,
    task: pendulum,
    envs: 1,
    options: { ...tiny, targets: "min", tdk: true },
  },
  {
    name: "STEVE on two of Pendulum-v1",
    make: steve,
    task: pendulum,
    envs: 2,
    options: { ...tiny, learnReward: true },
  },
  {
    name: "the mean with hindsight on ReacherGoal",
    make: mve,
    task: reacherGoal,
    envs: 2,
    options: { ...tiny, targets: "mean" },
  },
];

export function begin(variant: Variant, more: ExpansionRunOptions, on: Runtime = runtime): Run {
  const env = makeVectorEnv(on, variant.task, { batch: variant.envs, seed: 1, autoreset: "same-step" });
  return variant.make(on, env, { ...(more.resume ? {} : variant.options), ...more });
}

/** Runs it to its end. */
export function learn(variant: Variant, more: ExpansionRunOptions, on = runtime) {
  return wholeRun(begin(variant, more, on));
}
