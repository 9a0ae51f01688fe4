// Learning of policies: from batches of steps, and through a model.

export { ActionNoise } from "./action-noise.js";
export { type ActorOptions, ActorUpdate } from "./actor-update.js";
export { type AdvantageOptions, advantages, standardizeAdvantages } from "./advantages.js";
export { type Batch, type BatchSizes, createBatch, type PolicyBatch } from "./batch.js";
export { Collector, type CollectorOptions, createCollector, type Episodes } from "./collector.js";
export { type CgMemory, cgMemory, type CgReport, conjugateGradientSteps } from "./conjugate-gradient.js";
export { createCritic, Critic, type CriticOptions } from "./critic.js";
export { CriticUpdate } from "./critic-update.js";
export { type ExtraRows, oneStepTarget, type OneStepOptions, type TargetRule } from "./targets.js";
export {
  createExpansion,
  expandedTargets,
  type Expansion,
  type ExpansionOptions,
  type ExpansionRule,
  expansionRules,
  type HorizonShares,
  type ImaginedRows,
  type MixOptions,
  type RealRows,
} from "./expansion.js";
export { type Carrier, ExpansionTarget, expansionTarget, type ExpansionTargetOptions } from "./expansion-target.js";
export { type SteppedDynamics, SteppedExpansion } from "./stepped-expansion.js";
export {
  completePpoOptions,
  createPpoMemory,
  PpoMemory,
  type PpoReport,
  type PpoUpdateOptions,
  ppoUpdateSteps,
} from "./ppo-update.js";
export {
  completeTrpoOptions,
  createTrpoMemory,
  TrpoMemory,
  type TrpoReport,
  type TrpoUpdateOptions,
  trpoUpdateSteps,
} from "./trpo-update.js";
export { type EndedEpisodes, type Exploration, Explorer, type ExplorerParts } from "./explorer.js";
export { Hindsight, type HindsightOptions, isSparse } from "./hindsight.js";
export {
  createImagination,
  type Imagination,
  type ImaginationOptions,
  type Imagined,
  type ImagineOptions,
  type Sampling,
} from "./imagination.js";
export {
  type ChainSampling,
  checkGradient,
  type ValueGradient,
  type ValueGradientOptions,
  type ValueGradientReport,
  valueGradient,
} from "./value-gradient.js";
export { combine } from "./vectors.js";
