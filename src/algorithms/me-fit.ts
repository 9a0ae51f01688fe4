// How ME-TRPO and its relatives fit their models: on each transition by itself and, where `multiStep` asks for it, from there on by
// the loss of several open-loop steps. What errors of several steps tell is of use to models that are good at one, so models that
// are new, or that the fit has made start afresh because the targets' scale has changed, learn by single steps first.

import type { ReplayBuffer } from "../data/index.js";
import {
  type DynamicsModel,
  type FitOptions,
  type FitProgress,
  type FitReport,
  type ModelFitOptions,
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
  const { optimizer, targetInverseStd } = model.network;
  const options = { ...fitOptions(settings), ...rows };

  function* stage(rate: number, more: ModelFitOptions): Generator<FitProgress, FitReport> {
    optimizer.reset();
    optimizer.learningRate = rate;
    const report = yield* model.fitSteps(buffer, { ...options, ...more });
    optimizer.learningRate = learningRate;
    return report;
  }
  const single = () => stage(learningRate, {});
  const several = () => stage(MULTI_STEP_RATE * learningRate, { epochs, loss: openLoopLoss(multiStep) });

  if (multiStep === 1) return yield* single();
  if (anew) yield* single();
  const scale = targetInverseStd.read();
  const report = yield* several();
  if (targetInverseStd.read().every((value, t) => value === scale[t])) return report;
  yield* single();
  return yield* several();
}
