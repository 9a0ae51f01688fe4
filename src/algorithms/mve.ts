// MVE: model-based value expansion (Feinberg et al. 2018), and the rules that followed it. It is DDPG (src/algorithms/ddpg.ts) but for
// the target of its critics:
//
//   now and then: fit an ensemble of deterministic models to all transitions, by a loss of several open-loop steps
//   at every update: each member carries the minibatch H steps on under π'; for every horizon h = 0 … H there is a target
//     T_h = r + Σ_{i≤h} γ^i R_i + γ^{h+1} Q'(ŝ_h, π'(ŝ_h))
//   and a rule (`targets`) makes one of them                              (src/learning/expansion.ts)
//
// With `targets: "min"` it is the pessimistic expansion, the least of the horizons. Differs from the paper: two critics whose
// lesser value counts; the states in between teach the critic only with `tdk: true`.

import type { VectorEnv } from "../envs/index.js";
import type { Runtime } from "../wasm/index.js";
import { expansionDesign } from "./expansion-design.js";
import { checkExpansion, expansionDefaults, type ExpansionSettings } from "./expansion-settings.js";
import { checkActionEnv, OffPolicyRun } from "./off-policy-run.js";
import { completeOffPolicy, goalDefaults, offPolicyDefaults, type OffPolicyRunOptions } from "./off-policy-settings.js";

/** What `mve` and `steve` take; every field is optional but `trials`. */
export interface ExpansionRunOptions extends Partial<ExpansionSettings>, OffPolicyRunOptions {}

/** A run of the algorithm that is called `name`, with its own defaults. */
export function expansionRun(
  name: string,
  runtime: Runtime,
  env: VectorEnv,
  own: Partial<ExpansionSettings>,
  options: ExpansionRunOptions,
): OffPolicyRun<ExpansionSettings> {
  checkActionEnv(name, env);
  const base = goalDefaults(offPolicyDefaults, env);
  const settings = completeOffPolicy(name, { ...expansionDefaults(env, base), ...own }, options);
  checkExpansion(name, settings, env);
  return runtime.scoped((scope) => new OffPolicyRun(scope, name, env, settings, options, expansionDesign));
}

/**
 * Learns to act in the copies of `env` by DDPG with expanded values. What it reports and throws is as with `ddpg`; `modelLoss` is the
 * members' mean error on held-out rows, in the models' own units.
 */
export function mve(runtime: Runtime, env: VectorEnv, options: ExpansionRunOptions): OffPolicyRun<ExpansionSettings> {
  return expansionRun("mve", runtime, env, {}, options);
}
