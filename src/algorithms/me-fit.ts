// How ME-TRPO and its relatives fit their models: on each transition by itself and, where `multiStep` asks for it, from there on by
// the loss of several open-loop steps. What errors of several steps tell is of use to models that are good at one, so models that
// are new begin with one; those of the last outer iteration are past that.

import type { ReplayBuffer } from "../data/index.js";
import {
  type DynamicsModel,
  type FitOptions,
  type FitProgress,
  type FitReport,
  MULTI_STEP_RATE,
  openLoopLoss,
} from "../models/index.js";
import { type MeSettings, fitOptions } from "./me-options.js";

/** A fit in slices; `anew` says that the models have not been fitted before, `holdoutRows` which rows to hold out. */
export function* modelFitSteps(
  model: DynamicsModel,
  buffer: ReplayBuffer,
  settings: MeSettings,
  { anew, ...rows }: { anew: boolean } & Pick<FitOptions, "holdoutRows">,
): Generator<FitProgress, FitReport> {
  const { learningRate, multiStep, multiStepEpochs: epochs } = settings;
  const { optimizer } = model.network;
  const options = { ...fitOptions(settings), ...rows };
  if (multiStep === 1 || anew) {
    optimizer.reset();
    optimizer.learningRate = learningRate;
    const report = yield* model.fitSteps(buffer, options);
    if (multiStep === 1) return report;
  }
  optimizer.reset();
  optimizer.learningRate = MULTI_STEP_RATE * learningRate;
  return yield* model.fitSteps(buffer, { ...options, epochs, loss: openLoopLoss(multiStep) });
}
