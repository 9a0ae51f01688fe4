// ME-TRPO: model-ensemble trust-region policy optimization (Kurutach, Clavera, Duan, Tamar, Abbeel 2018). The algorithm
// is in me-run.ts; here is what improves the policy on imagined trajectories: one TRPO step with a linear baseline.
//
// Differs from the paper, and its authors' code:
//   - half of the episodes act by the policy's mode and tell how good it is; the paper's all explore
//   - networks, batches and the number of policy iterations are smaller (me-options.ts has both), to suit one core
//   - members meet blocks of trajectories, at another random order at every step, instead of single trajectories
//   - a minibatch is a part of an epoch's permutation, the same rows for no two members, instead of rows drawn at random;
//     members are scored after every epoch instead of every fifth
//   - the policy sees normalized observations (`filter`), by the statistics of all real data
//   - TRPO has damping 0.1 and an exact Fisher matrix; rllab has 1e-5 and finite differences
//   - features of models may be sines and cosines of angles; their weights start smaller
//   - where the data are a single trajectory, rows drawn at random are held out instead of trajectories
//   - parameter noise scales with the last change of the policy, so there is none after an iteration that kept its start
//   - imagined states are clipped (`range`), and an imagined trajectory that is no longer finite is cut
//   - what the paper has not, and is off by default: learning rates that fall (`anneal`), losses of several steps (`multiStep`),
//     pushes that last (`noiseSteps`), ends where members disagree (`disagreement`), fresh policies (`restartPolicy`), values
//     after the last step (`timeLimit`) in a baseline of its own (`baseline`); bodies like the swimmer need them
// As in the authors' code, nothing follows the last imagined step (`timeLimit`), and the baseline that advantages are taken
// from is that of the batch before.

import { completeTrpoOptions, createTrpoMemory, type TrpoUpdateOptions, trpoUpdateSteps } from "../learning/index.js";
import type { Env } from "../types.js";
import type { Runtime } from "../wasm/index.js";
import { checkMeArguments } from "./me-arguments.js";
import { type MeCommon, type MeSettings, meSettings } from "./me-options.js";
import { MeRun } from "./me-run.js";

/** Options of ME-TRPO that a checkpoint keeps. */
export interface MeTrpoSettings extends MeSettings {
  /** Of a policy step: see `TrpoUpdateOptions`. Defaults 0.01 (as the paper), 0.1 and 10. */
  maxKl: number;
  damping: number;
  cgIterations: number;
}

/** What `meTrpo` takes; every field is optional but `trials`. */
export interface MeTrpoOptions extends Partial<MeTrpoSettings>, MeCommon {}

const own = { maxKl: 0.01, damping: 0.1, cgIterations: 10 };

/**
 * Learns a policy in an ensemble of learned models by TRPO. Iterating the run makes it learn; each item is one outer iteration.
 * Throws `TypeError` / `RangeError` on options that do not fit, and on spaces other than a bounded box of actions and a flat
 * box of observations. While it runs: `TrainingDivergedError` (the last good state kept), the reason of an aborted signal.
 */
export function meTrpo(runtime: Runtime, env: Env, options: MeTrpoOptions): MeRun {
  const op = "me-trpo";
  checkMeArguments(op, env, options);
  const settings = meSettings<typeof own>(op, options, env, own);
  const { maxKl, damping, cgIterations } = settings;
  const trpo: TrpoUpdateOptions = { maxKl, damping, cgIterations };
  completeTrpoOptions(trpo, op);
  return runtime.scoped(
    (scope) =>
      new MeRun(scope, op, env, options, settings, (_scope, { policy, T, B }) => {
        const memory = createTrpoMemory(policy, T * B);
        return {
          learns: { from: "batch", steps: (batch) => trpoUpdateSteps(policy, batch, memory, trpo) },
          // a TRPO step remembers nothing
          reset: () => {},
          save: () => ({ meta: {}, arrays: {} }),
          load: () => {},
          dispose: () => memory.dispose(),
        };
      }),
  );
}
