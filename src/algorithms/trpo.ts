// TRPO: trust region policy optimization (Schulman et al. 2015) with generalized advantage estimation (2016).
//
//   for each iteration:
//     collect a batch under π, all copies of the environment side by side
//     V of all observations; advantages by GAE(γ, λ), standardized
//     π ← the natural-gradient step on the surrogate with mean KL ≤ δ (src/learning/trpo-update.ts)
//     fit V to the advantages' targets
//     add the batch to the observation filter
//
// Differs from the paper: GAE with a learned V instead of returns from single paths; damping of the Fisher matrix; observations
// are normalized by running statistics (as OpenAI's baselines do).

import { checkInteger, TrainingDivergedError } from "../check.js";
import type { VectorEnv } from "../envs/index.js";
import {
  type Collector,
  completeTrpoOptions,
  createTrpoMemory,
  standardizeAdvantages,
  type TrpoReport,
  type TrpoUpdateOptions,
  trpoUpdateSteps,
} from "../learning/index.js";
import type { Steps } from "../types.js";
import type { Runtime } from "../wasm/index.js";
import { criticFor, policyFor } from "./policy-parts.js";
import { checkVectorEnv, PolicyRun } from "./policy-run.js";
import { completeSettings, policyDefaults, type PolicyRunOptions, type PolicySettings } from "./policy-settings.js";

/** Options of `trpo` that a checkpoint keeps. */
export interface TrpoSettings extends PolicySettings, Required<{ [K in keyof TrpoUpdateOptions]: number }> {
  /** Rows that the Fisher matrix is averaged over at most. Default 10,000. */
  fisherRows: number;
}

/** What `trpo` takes; every field is optional but `trials`. */
export interface TrpoOptions extends Partial<TrpoSettings>, PolicyRunOptions {
  /** Called after every step of the policy with what came of it. */
  onUpdate?: (report: TrpoReport) => void;
}

export type TrpoRun = PolicyRun<TrpoSettings>;

// δ 0.01, 10 products, damping 0.1: OpenAI's baselines; λ 0.97: the GAE paper; V as there, 5 passes of Adam 1e-3 by 64 rows
function defaults(envs: number): TrpoSettings {
  return {
    ...policyDefaults,
    steps: Math.max(1, Math.ceil(2048 / envs)),
    lambda: 0.97,
    valueEpochs: 5,
    ...completeTrpoOptions({}),
    fisherRows: 10_000,
  };
}

/**
 * Learns to act in the copies of `env` (`makeVectorEnv` with `autoreset: "same-step"`) by trust region policy optimization. An
 * item of progress is an iteration in which an episode ended; its return is the mean over those that did. Throws `TypeError` /
 * `RangeError` on options that do not fit. While it runs: `TrainingDivergedError` when a number is not finite (policy, critic
 * and optimizers as after the last good update, the batch dropped), the reason of an aborted signal.
 */
export function trpo(runtime: Runtime, env: VectorEnv, options: TrpoOptions): TrpoRun {
  const op = "trpo";
  checkVectorEnv(op, env);
  const settings = completeSettings(op, defaults(env.batch), options);
  const { gamma, lambda, steps, fisherRows } = settings;
  const { maxKl, damping, cgIterations, cgResidual, backtrack, maxBacktracks } = settings;
  const update = completeTrpoOptions({ maxKl, damping, cgIterations, cgResidual, backtrack, maxBacktracks }, op);
  checkInteger(op, "fisherRows", fisherRows, 1);
  const { onUpdate } = options;
  return runtime.scoped((scope) => {
    const policy = policyFor(scope, env, settings);
    const critic = criticFor(scope, policy, steps * env.batch, settings);
    const memory = scope.hold(createTrpoMemory(policy, steps * env.batch, fisherRows));

    function* updateSteps({ batch, envSteps }: Collector): Steps<void> {
      if (!critic.evaluate(batch, { gamma, lambda }))
        throw new TrainingDivergedError(op, null, envSteps, "an advantage");
      yield;
      const { advantage } = critic;
      standardizeAdvantages(runtime, advantage, batch.valid);
      const report = yield* trpoUpdateSteps(policy, { ...batch, advantage }, memory, update);
      if (report.reason === "non-finite") throw new TrainingDivergedError(op, null, envSteps, "the surrogate");
      yield* critic.fitSteps(batch);
      policy.filter.update(batch.observation, batch.rows);
      onUpdate?.(report);
    }

    return new PolicyRun(
      scope,
      env,
      { algorithm: op, policy, parts: { policy, critic }, updateSteps },
      settings,
      options,
    );
  });
}
