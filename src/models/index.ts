// Learned models of the world.

export { memberDisagreement } from "./disagreement.js";
export {
  createDynamicsModel,
  DynamicsModel,
  type DynamicsModelOptions,
  type ModelFitOptions,
  type ModelLoss,
  type Prediction,
} from "./dynamics-model.js";
export {
  createEnsembleRegressor,
  EnsembleRegressor,
  type Moments,
  type RegressorOptions,
} from "./ensemble-regressor.js";
export {
  forwardWork,
  LearnedRollout,
  type LearnedRolloutOptions,
  learnedRollout,
  type Propagation,
} from "./learned-rollout.js";
export { createModelPass, ModelPass, type TransitionRows } from "./model-pass.js";
export { MULTI_STEP_RATE, openLoopLoss } from "./open-loop-loss.js";
export { checkScores, type Scores, scoredInside, scoreOutside } from "./scores.js";
export { completeFitOptions, type FitOptions, type FitProgress, type FitReport, PRODUCTS } from "./training.js";
