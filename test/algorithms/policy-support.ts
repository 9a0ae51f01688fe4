// Small runs of TRPO and PPO.

import { type PpoOptions, type PpoRun, ppo, type TrpoOptions, type TrpoRun, trpo } from "../../src/algorithms/index.js";
import { cartPole, makeVectorEnv, pendulum, type Task, type VectorEnv } from "../../src/envs/index.js";
import type { Progress } from "../../src/types.js";
import type { Runtime } from "../../src/wasm/index.js";
import { runtime } from "../support/runtime.js";

export type Options = Partial<TrpoOptions & PpoOptions>;

/** A way to run: algorithm and task. */
export interface Variant {
  readonly name: string;
  readonly algorithm: "trpo" | "ppo";
  readonly task: Task;
  readonly options: Options;
}

const tiny: Options = { seed: 3, steps: 60, hidden: [16], valueHidden: [16] };

export const variants: readonly Variant[] = [
  { name: "TRPO on CartPole-v1", algorithm: "trpo", task: cartPole, options: tiny },
  {
    name: "TRPO on Pendulum-v1, linear baseline",
    algorithm: "trpo",
    task: pendulum,
    options: { ...tiny, steps: 250, baseline: "linear" },
  },
  { name: "PPO on CartPole-v1", algorithm: "ppo", task: cartPole, options: tiny },
  {
    name: "PPO on Pendulum-v1, squashed",
    algorithm: "ppo",
    task: pendulum,
    options: { ...tiny, steps: 210, policy: "squashed" },
  },
];

export function vectorEnv(task: Task, on: Runtime = runtime, batch = 3): VectorEnv {
  return makeVectorEnv(on, task, { batch, seed: 1, autoreset: "same-step" });
}

/** A run of the variant in `env`. */
export function begin({ algorithm, options }: Variant, env: VectorEnv, more: Options, on = runtime): TrpoRun | PpoRun {
  const all = { ...(more.resume ? {} : options), ...more } as TrpoOptions & PpoOptions;
  return algorithm === "trpo" ? trpo(on, env, all) : ppo(on, env, all);
}

/** Runs it to its end. */
export async function learn(variant: Variant, more: Options, on = runtime) {
  const env = vectorEnv(variant.task, on);
  const run = begin(variant, env, more, on);
  const log: Omit<Progress, "wallSeconds">[] = [];
  for await (const { wallSeconds: _, ...progress } of run) log.push(progress);
  const state = run.save();
  run.dispose();
  env.close();
  return { log, state };
}
