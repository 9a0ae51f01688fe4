// DDPG: deep deterministic policy gradient (Lillicrap et al. 2015).
//
//   repeat: act by π with noise; keep the transition; then, from a minibatch of what was kept,
//     Q ← a step towards r + γ Q'(s', π'(s'))                      (src/learning/critic-update.ts)
//     π ← a step up the gradient of Q(s, π(s))                     (src/learning/actor-update.ts)
//     Q', π' ← a little towards Q, π
//
// With `critics: 2` the lesser of two values is the target (double Q, as the baseline of value expansion has it). Differs from
// the paper: noise is independent from step to step; networks are smaller; both gradients are of the parameters before the
// update, as in OpenAI's baselines, so that an update happens whole or not at all.

import type { VectorEnv } from "../envs/index.js";
import { oneStepTarget } from "../learning/index.js";
import type { Runtime, Scope } from "../wasm/index.js";
import { type OffPolicyDesign, type OffPolicyParts, OffPolicyRun, checkActionEnv } from "./off-policy-run.js";
import {
  completeOffPolicy,
  goalDefaults,
  offPolicyDefaults,
  type OffPolicyRunOptions,
  type OffPolicySettings,
} from "./off-policy-settings.js";

/** What `ddpg` and `td3` take; every field is optional but `trials`. */
export interface OffPolicyOptions extends Partial<OffPolicySettings>, OffPolicyRunOptions {}

/** The target of one real step. @internal */
export function oneStepDesign(_scope: Scope, parts: OffPolicyParts): OffPolicyDesign {
  const { settings, targetActor: actor, targetCritic: critic, random } = parts;
  const { batchSize: rows, gamma, targetClip, smoothing: sigma, smoothingLimit: limit } = settings;
  const [low, high] = targetClip;
  const clip = targetClip.length > 0 ? ([low, high] as const) : undefined;
  const smoothing = sigma > 0 ? { sigma, limit, random } : undefined;
  return { rule: oneStepTarget({ actor, critic, rows, gamma, clip, smoothing }) };
}

/**
 * Learns to act in the copies of `env` (`makeVectorEnv` or `batchEnvs` with `autoreset: "same-step"`) by deep deterministic
 * policy gradient. An item of progress is an environment step in which an episode ended; its return is the mean over those that
 * did, exploration included. Throws `TypeError` / `RangeError` on options that do not fit. While it runs: `TrainingDivergedError`
 * when a gradient is not finite or beyond 1e18 (everything as before that update), the reason of an aborted signal.
 */
export function ddpg(runtime: Runtime, env: VectorEnv, options: OffPolicyOptions): OffPolicyRun {
  checkActionEnv("ddpg", env);
  const settings = completeOffPolicy("ddpg", goalDefaults(offPolicyDefaults, env), options);
  return runtime.scoped((scope) => new OffPolicyRun(scope, "ddpg", env, settings, options, oneStepDesign));
}
