// Learning of policies from batches of steps: batches and advantages.

export { type AdvantageOptions, advantages, standardizeAdvantages } from "./advantages.js";
export { type Batch, type BatchSizes, createBatch, type PolicyBatch } from "./batch.js";
