// STEVE: stochastic ensemble value expansion (Buckman et al. 2018). It is MVE (src/algorithms/mve.ts) with an ensemble of four
// critics, and with targets that trust each horizon by how little members and critics disagree about it:
//   T = Σ_h w_h T_h,  w_h ∝ 1 / (Var T_h + 1e-8),  mean and variance over members × critics.
//
// Differs from the authors' code: smaller networks; models are fitted now and then, not beside every update; reward and end come
// from the task where it tells them; critics count by their mean in the targets, and all learn from the same ones.

import type { VectorEnv } from "../envs/index.js";
import type { Runtime } from "../wasm/index.js";
import type { ExpansionSettings } from "./expansion-settings.js";
import { type ExpansionRunOptions, expansionRun } from "./mve.js";
import type { OffPolicyRun } from "./off-policy-run.js";

/** Learns to act in the copies of `env` by STEVE. What it reports and throws is as with `mve`. */
export function steve(runtime: Runtime, env: VectorEnv, options: ExpansionRunOptions): OffPolicyRun<ExpansionSettings> {
  return expansionRun("steve", runtime, env, { targets: "steve", critics: 4 }, options);
}
