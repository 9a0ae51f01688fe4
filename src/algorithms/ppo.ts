// PPO: proximal policy optimization with a clipped surrogate (Schulman et al. 2017).
//
//   for each iteration:
//     collect a batch under π, all copies of the environment side by side
//     V of all observations; advantages by GAE(γ, λ), standardized
//     π ← epochs of minibatch steps up the clipped surrogate, until KL is spent (src/learning/ppo-update.ts)
//     fit V to the advantages' targets
//     add the batch to the observation filter
//
// Differs from the paper: policy and value function are networks of their own, each with its optimizer; advantages are
// standardized over the batch; an update ends early by the estimated KL; observations are normalized by running statistics.

import { checkOneOf, TrainingDivergedError, wrongValue } from "../check.js";
import type { VectorEnv } from "../envs/index.js";
import { RandomStream } from "../kernels/index.js";
import {
  type Collector,
  completePpoOptions,
  createPpoMemory,
  type PpoReport,
  type PpoUpdateOptions,
  ppoUpdateSteps,
  standardizeAdvantages,
} from "../learning/index.js";
import type { SavedState, Steps } from "../types.js";
import type { Runtime } from "../wasm/index.js";
import { criticFor, policyFor } from "./policy-parts.js";
import { checkVectorEnv, PolicyRun } from "./policy-run.js";
import { completeSettings, policyDefaults, type PolicyRunOptions, type PolicySettings } from "./policy-settings.js";

/** Options of `ppo` that a checkpoint keeps. */
export interface PpoSettings extends PolicySettings, Required<{ [K in keyof PpoUpdateOptions]: number }> {
  /** `linear`: step sizes and clip fall to 0 over `totalSteps`. Default `constant`. */
  schedule: "constant" | "linear";
}

/** What `ppo` takes; every field is optional but `trials`. */
export interface PpoOptions extends Partial<PpoSettings>, PolicyRunOptions {
  /** Called after every update of the policy with what came of it. */
  onUpdate?: (report: PpoReport) => void;
}

export type PpoRun = PolicyRun<PpoSettings>;

// the paper's MuJoCo preset: 2048 steps, 10 epochs by 64 rows, Adam 3e-4, λ 0.95, clip 0.2
function defaults(envs: number): PpoSettings {
  return {
    ...policyDefaults,
    steps: Math.max(1, Math.ceil(2048 / envs)),
    lambda: 0.95,
    valueEpochs: 10,
    ...completePpoOptions({}),
    schedule: "constant",
  };
}

/**
 * Learns to act in the copies of `env` (`makeVectorEnv` with `autoreset: "same-step"`) by proximal policy optimization. What
 * it reports and throws is as with `trpo`.
 */
export function ppo(runtime: Runtime, env: VectorEnv, options: PpoOptions): PpoRun {
  const op = "ppo";
  checkVectorEnv(op, env);
  const settings = completeSettings(op, defaults(env.batch), options);
  const { gamma, lambda, steps, seed, totalSteps, schedule } = settings;
  const { clip, epochs, batchSize, learningRate, entropy, targetKl, maxGradNorm } = settings;
  const update = completePpoOptions({ clip, epochs, batchSize, learningRate, entropy, targetKl, maxGradNorm }, op);
  checkOneOf(op, "schedule", schedule, ["constant", "linear"]);
  if (schedule === "linear" && totalSteps === Number.MAX_SAFE_INTEGER) {
    wrongValue(op, "totalSteps", "a number of steps over which the schedule falls", totalSteps);
  }
  const { onUpdate } = options;
  return runtime.scoped((scope) => {
    const policy = policyFor(scope, env, settings);
    const critic = criticFor(scope, policy, steps * env.batch, settings);
    const memory = scope.hold(createPpoMemory(policy, steps * env.batch, batchSize));
    const random = scope.hold(new RandomStream(runtime, seed, "minibatches"));

    function* updateSteps({ batch, envSteps }: Collector): Steps<void> {
      if (!critic.evaluate(batch, { gamma, lambda }))
        throw new TrainingDivergedError(op, null, envSteps, "an advantage");
      yield;
      const { advantage } = critic;
      standardizeAdvantages(runtime, advantage, batch.valid);
      const left = schedule === "linear" ? Math.max(0, 1 - (envSteps - batch.rows) / totalSteps) : 1;
      const scaled = { ...update, learningRate: learningRate * left, clip: clip * left };
      const report = yield* ppoUpdateSteps(policy, { ...batch, advantage }, memory, random, scaled);
      if (!report.accepted) throw new TrainingDivergedError(op, null, envSteps, "the surrogate");
      yield* critic.fitSteps(batch);
      policy.filter.update(batch.observation, batch.rows);
      onUpdate?.(report);
    }

    const order = {
      save: (): SavedState => ({ meta: random.save(), arrays: {} }),
      load: ({ meta }: SavedState): void => random.load(meta),
    };
    const parts = { policy, critic, optimizer: memory.optimizer, order };
    return new PolicyRun(scope, env, { algorithm: op, policy, parts, updateSteps }, settings, options);
  });
}
