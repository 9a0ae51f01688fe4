// Neural networks: ensembles of perceptrons, their losses, Adam, normalization.

export { type Activation, activations } from "./activation.js";
export { Adam, type AdamOptions, createAdam, type Trainable } from "./adam.js";
export { createEnsemble, Ensemble, type EnsembleOptions, type JvpOptions, type VjpOptions } from "./ensemble.js";
export type { Span } from "./layout.js";
export {
  type BoundsOptions,
  gaussianNll,
  type GaussianOptions,
  logVarianceBounds,
  type LossInputs,
  type LossOutputs,
  meanSquaredError,
} from "./losses.js";
export { createNormalizer, Normalizer } from "./normalizer.js";
export { createTrainer, Trainer, type TrainerOptions } from "./trainer.js";
export { Workspace } from "./workspace.js";
