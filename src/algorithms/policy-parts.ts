// The parts of `trpo` and `ppo`, made from their settings.

import type { VectorEnv } from "../envs/index.js";
import { type Critic, createCritic } from "../learning/index.js";
import { createPolicy, type Policy } from "../policies/index.js";
import type { Scope } from "../wasm/index.js";
import type { PolicySettings } from "./policy-settings.js";

/** A policy for `env`, categorical where its actions are discrete. */
export function policyFor(scope: Scope, env: VectorEnv, settings: PolicySettings): Policy {
  const { hidden, activation, initialStd, std, filter, seed, policy } = settings;
  const actionSpace = env.singleActionSpace;
  const observationSize = env.singleObservationSpace.low.length;
  const kind = actionSpace.kind === "discrete" ? "categorical" : policy;
  const shape = { kind, observationSize, actionSpace } as const;
  return scope.hold(createPolicy(scope.runtime, { ...shape, hidden, activation, initialStd, std, filter, seed }));
}

/** What batches of `rows` rows are judged by. */
export function criticFor(scope: Scope, policy: Policy, rows: number, settings: PolicySettings): Critic {
  const { baseline, valueHidden, valueLearningRate, valueEpochs, valueBatchSize, seed } = settings;
  const { observationSize, filter } = policy;
  return scope.hold(
    createCritic(scope.runtime, {
      baseline,
      observationSize,
      rows,
      filter,
      hidden: valueHidden,
      learningRate: valueLearningRate,
      epochs: valueEpochs,
      batchSize: valueBatchSize,
      // networks of one seed and one shape would start alike
      seed: seed + 1,
    }),
  );
}
