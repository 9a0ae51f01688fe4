// SVG: a policy is improved by the gradient of its imagined return, through reward, learned dynamics and itself ("v2.0" of
// Levine's ladder; SVG(∞) of Heess, Wayne, Silver, Lillicrap, Tassa and Erez 2015 in an ensemble, which ME-TRPO's authors
// compare with as BPTT).
//
//   repeat:
//     collect real episodes with the policy; fit every model to the data           (me-run.ts, as ME-TRPO)
//     repeat, until the policy has long not improved on enough of the models:
//       imagine trajectories; ascend the gradient of their mean return by Adam, its norm clipped
//
// Differs from the papers: what differs of me-trpo.ts, as far as it is not about TRPO, and
//   - SVG(∞) infers the noise of real trajectories and follows those; here noise is drawn and trajectories are imagined from
//     their first state on, as ME-TRPO's authors do in their comparison
//   - imagined trajectories have 40 steps and a discount of 0.99 instead of whole episodes without one, because the gradient
//     through longer ones is ill conditioned (value-gradient.ts); models are smooth; Adam has 1e-2 instead of 1e-3. The
//     comparison as it was: { horizon: 100, gamma: 1, policyLearningRate: 1e-3, activation: "relu", policyKind: "gaussian" }
//   - a gradient that is not finite is left out and counted (`rejectedUpdates`); ten in a row end the run
//   - the action's distribution is squashed, not clipped: a clipped action has no gradient

import { checkNumber, checkOneOf, wrongValue } from "../check.js";
import { type ChainSampling, checkGradient, combine, valueGradient } from "../learning/index.js";
import { type Adam, createAdam } from "../nn/index.js";
import { joinStates, metaCount, partState } from "../saved-state.js";
import type { Env, Steps } from "../types.js";
import type { Runtime } from "../wasm/index.js";
import { checkMeArguments } from "./me-arguments.js";
import { type MeCommon, type MeSettings, meSettings } from "./me-options.js";
import type { Improvement, Improver, ImproverParts } from "./improvement-phase.js";
import { MeRun } from "./me-run.js";

/**
 * Options of SVG that a checkpoint keeps. Other defaults than ME-TRPO's: horizon 40, gamma 0.99, activation swish. `lambda`,
 * `baseline`, `timeLimit`, `range` and `disagreement` are of no use to it but in validation, which clips states to `range` and ends
 * trajectories at a `disagreement`.
 */
export interface SvgSettings extends MeSettings {
  /** Kind of the policy. Default "squashed". */
  policyKind: "deterministic" | "squashed" | "gaussian";
  /** Step size of Adam. Default 1e-2 (ME-TRPO's BPTT: 1e-3). */
  policyLearningRate: number;
  /** Longest gradient; a longer one is shortened to it. Default 10, as ME-TRPO's BPTT. */
  clipNorm: number;
}

/** What `svg` takes; every field is optional but `trials`. Of `sampling`, "step", "episode" or the place of a member. */
export interface SvgOptions extends Partial<SvgSettings>, MeCommon {}

const own = {
  policyKind: "squashed",
  policyLearningRate: 1e-2,
  clipNorm: 10,
  activation: "swish",
  gamma: 0.99,
  horizon: 40,
} as const;
/** Gradients in a row that are not finite, and end the run. */
const MOST_REJECTED = 10;

/** One step of Adam up the value gradient. */
function valueGradientImprover(parts: ImproverParts, settings: SvgSettings): Improver {
  const { policy, model, reward, terminated, T, B } = parts;
  const { gamma, seed, policyLearningRate: learningRate, clipNorm } = settings;
  const { runtime, network } = policy;
  const sampling = settings.sampling as ChainSampling;
  const scores = { reward, terminated };
  const value = valueGradient({ model, policy, ...scores, horizon: T, batch: B, gamma, sampling, seed });
  const adam: Adam = createAdam(runtime, network, { learningRate });
  let rejected = 0;
  return {
    learns: {
      from: "starts",
      *steps(starts): Steps<Improvement> {
        const { return: imagined, gradientNorm } = yield* value.evaluateSteps(starts);
        if (!Number.isFinite(imagined) || !Number.isFinite(gradientNorm)) {
          const reason = ++rejected === MOST_REJECTED ? "non-finite" : "not a number";
          return { accepted: false, reason };
        }
        rejected = 0;
        // Adam descends
        const { gradients } = value;
        combine(runtime, gradients, -Math.min(1, clipNorm / gradientNorm), gradients, 0, gradients);
        adam.step(gradients);
        return { accepted: true };
      },
    },
    reset: () => adam.reset(),
    save: () => joinStates({ rejected }, { adam: adam.save(), value: value.save() }),
    load(state) {
      rejected = metaCount(state, "rejected");
      adam.load(partState(state, "adam"));
      value.load(partState(state, "value"));
    },
    dispose() {
      adam.dispose();
      value.dispose();
    },
  };
}

/**
 * Learns a policy by the gradient of its return in an ensemble of learned models. Iterating the run makes it learn; each item
 * is one outer iteration. Throws `TypeError` / `RangeError` on options that do not fit, on spaces other than a bounded box of
 * actions and a flat box of observations, and on a reward without a gradient. While it runs: `TrainingDivergedError` (the last
 * good state kept), the reason of an aborted signal.
 */
export function svg(runtime: Runtime, env: Env, options: SvgOptions): MeRun {
  const op = "svg";
  checkMeArguments(op, env, options);
  const settings = meSettings<Pick<SvgSettings, keyof typeof own>>(op, options, env, own);
  const { policyKind, policyLearningRate, clipNorm, sampling, learnReward, members } = settings;
  checkOneOf(op, "policyKind", policyKind, ["deterministic", "squashed", "gaussian"]);
  checkNumber(op, "policyLearningRate", policyLearningRate, 0);
  if (checkNumber(op, "clipNorm", clipNorm, 0) === 0) wrongValue(op, "clipNorm", "more than 0", clipNorm);
  if (typeof sampling !== "number") checkOneOf(op, "sampling", sampling, ["step", "episode"]);
  if (!learnReward) checkGradient(op, options.reward ?? env.reward);
  // as many trajectories for each member
  const design = { policyKind, trajectories: typeof sampling === "number" ? 1 : members };
  return runtime.scoped(
    (scope) =>
      new MeRun(scope, op, env, options, settings, (_, parts) => valueGradientImprover(parts, settings), design),
  );
}
