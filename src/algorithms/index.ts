// Algorithms: each a function that returns a run.

export { ddpg, oneStepDesign, type OffPolicyOptions } from "./ddpg.js";
export type { ExpansionSettings } from "./expansion-settings.js";
export { type MePpoOptions, type MePpoSettings, mePpo } from "./me-ppo.js";
export type { MeCommon, MeSettings, MeStep } from "./me-options.js";
export type { MeProgress, MeRun, MeSeconds } from "./me-run.js";
export { type MeTrpoOptions, type MeTrpoSettings, meTrpo } from "./me-trpo.js";
export { type ExpansionRunOptions, mve } from "./mve.js";
export {
  type FittedModel,
  type OffPolicyDesign,
  type OffPolicyParts,
  type OffPolicyProgress,
  OffPolicyRun,
} from "./off-policy-run.js";
export type { OffPolicyRunOptions, OffPolicySettings, OffPolicyStep } from "./off-policy-settings.js";
export { type PetsRun, pets } from "./pets.js";
export type { PetsOptions, PetsSettings, PetsStep } from "./pets-options.js";
export type { PolicyRun } from "./policy-run.js";
export type { PolicyRunOptions, PolicySettings, PolicyStep } from "./policy-settings.js";
export { type PpoOptions, type PpoRun, type PpoSettings, ppo } from "./ppo.js";
export { steve } from "./steve.js";
export { type SvgOptions, type SvgSettings, svg } from "./svg.js";
export { td3 } from "./td3.js";
export { type TrpoOptions, type TrpoRun, type TrpoSettings, trpo } from "./trpo.js";
