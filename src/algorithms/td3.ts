// TD3: twin delayed deep deterministic policy gradient (Fujimoto, van Hoof, Meger 2018). It is DDPG (src/algorithms/ddpg.ts) with
//   - two critics, the lesser of whose values is the target;
//   - noise on the target's action, clipped, so that the target is smooth in it;
//   - one step of the actor and the targets for every two of the critics.
//
// Differs from the paper: networks are smaller; the first 1,000 steps are random, not 25,000; both gradients are of the
// parameters before the update.

import type { VectorEnv } from "../envs/index.js";
import type { Runtime } from "../wasm/index.js";
import { oneStepDesign, type OffPolicyOptions } from "./ddpg.js";
import { checkActionEnv, OffPolicyRun } from "./off-policy-run.js";
import { completeOffPolicy, goalDefaults, offPolicyDefaults, type OffPolicySettings } from "./off-policy-settings.js";

const defaults: OffPolicySettings = {
  ...offPolicyDefaults,
  critics: 2,
  smoothing: 0.2,
  policyDelay: 2,
  targetEvery: 2,
};

/** Learns to act in the copies of `env` by TD3. What it reports and throws is as with `ddpg`. */
export function td3(runtime: Runtime, env: VectorEnv, options: OffPolicyOptions): OffPolicyRun {
  checkActionEnv("td3", env);
  const settings = completeOffPolicy("td3", goalDefaults(defaults, env), options);
  return runtime.scoped((scope) => new OffPolicyRun(scope, "td3", env, settings, options, oneStepDesign));
}
