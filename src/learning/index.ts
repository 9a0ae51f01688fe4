// Learning of policies: from batches of steps, and through a model.

export { type AdvantageOptions, advantages, standardizeAdvantages } from "./advantages.js";
export { type Batch, type BatchSizes, createBatch, type PolicyBatch } from "./batch.js";
export {
  type MemberChoice,
  type ValueGradient,
  type ValueGradientOptions,
  type ValueGradientReport,
  valueGradient,
} from "./value-gradient.js";
