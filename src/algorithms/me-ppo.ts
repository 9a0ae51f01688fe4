// ME-PPO: ME-TRPO with proximal policy optimization in place of TRPO, as the asynchronous model-based methods of Zhang,
// Clavera, Tsai, Abbeel 2019 have it. The algorithm is in me-run.ts; what me-trpo.ts says differs from the paper, differs here.
//
// Differs from theirs: minibatches and Adam at 3e-4 instead of five steps on whole batches at 1e-3; clip 0.2 instead of 0.3.

import { completePpoOptions, createPpoMemory, type PpoUpdateOptions, ppoUpdateSteps } from "../learning/index.js";
import { RandomStream } from "../kernels/index.js";
import { joinStates, metaField, partState } from "../saved-state.js";
import type { Env } from "../types.js";
import type { Runtime } from "../wasm/index.js";
import { checkMeArguments } from "./me-arguments.js";
import { type MeCommon, type MeSettings, meSettings } from "./me-options.js";
import { MeRun } from "./me-run.js";

/** Options of ME-PPO that a checkpoint keeps. */
export interface MePpoSettings extends MeSettings {
  /** Of an update of the policy: see `PpoUpdateOptions`. Defaults 0.2, 5 passes, 256 rows, 3e-4, 0, 0.03. */
  clip: number;
  policyEpochs: number;
  policyBatch: number;
  policyLearningRate: number;
  entropy: number;
  targetKl: number;
}

/** What `mePpo` takes; every field is optional but `trials`. */
export interface MePpoOptions extends Partial<MePpoSettings>, MeCommon {}

const own = { clip: 0.2, policyEpochs: 5, policyBatch: 256, policyLearningRate: 3e-4, entropy: 0, targetKl: 0.03 };

/**
 * Learns a policy in an ensemble of learned models by PPO. Iterating the run makes it learn; each item is one outer iteration.
 * Throws `TypeError` / `RangeError` on options that do not fit, and on spaces other than a bounded box of actions and a flat
 * box of observations. While it runs: `TrainingDivergedError` (the last good state kept), the reason of an aborted signal.
 */
export function mePpo(runtime: Runtime, env: Env, options: MePpoOptions): MeRun {
  const op = "me-ppo";
  checkMeArguments(op, env, options);
  const settings = meSettings<typeof own>(op, options, env, own);
  const { clip, policyEpochs: epochs, policyBatch: batchSize, policyLearningRate: learningRate } = settings;
  const { entropy, targetKl, seed } = settings;
  const ppo: PpoUpdateOptions = { clip, epochs, batchSize, learningRate, entropy, targetKl };
  completePpoOptions(ppo, op);
  return runtime.scoped(
    (scope) =>
      new MeRun(scope, op, env, options, settings, (inner, { policy, T, B }) => {
        const memory = createPpoMemory(policy, T * B, batchSize);
        const random = inner.hold(new RandomStream(runtime, seed, "me-ppo"));
        return {
          learns: { from: "batch", steps: (batch) => ppoUpdateSteps(policy, batch, memory, random, ppo) },
          // Adam starts afresh with each outer iteration, as the authors' code of ME-TRPO has it
          reset: () => memory.optimizer.reset(),
          save: () => joinStates({ random: random.save() }, { optimizer: memory.optimizer.save() }),
          load(state) {
            memory.optimizer.load(partState(state, "optimizer"));
            random.load(metaField(state, "random"));
          },
          dispose: () => memory.dispose(),
        };
      }),
  );
}
