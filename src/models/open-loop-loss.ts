// The loss of several open-loop steps, handed to a fit as a value: who fits without it does not load it.

import { checkInteger, wrongValue } from "../check.js";
import type { Scope, Tensor } from "../wasm/index.js";
import type { ModelLoss } from "./dynamics-model.js";
import { MultiStepFitting } from "./multi-step.js";
import { drawnRuns, followingRows, withoutLinks } from "./windows.js";

// rows whose windows are not found in no time
const MANY = 10_000;

/**
 * Share of the learning rate of single steps that fits by several steps have: their gradients are the wilder
 * (bench/horizon-error.ts). @internal
 */
export const MULTI_STEP_RATE = 0.2;

/**
 * A loss of `steps` open-loop steps (K), for `model.fit(buffer, { loss })`: a deterministic member predicts from its own predictions
 * and learns from the mean over k ≤ K of its squared errors, in the targets' scale; from each row on, up to the end of its
 * trajectory. Held out are then runs of 10 K rows, unless `holdoutRows` are named, and scores are errors of K steps.
 * A fit with it throws `RangeError` when the model is probabilistic.
 */
export function openLoopLoss(steps: number): ModelLoss {
  const op = "openLoopLoss";
  checkInteger(op, "steps", steps, 1, 1000);
  return (model, buffer) => {
    if (model.network.probabilistic) wrongValue(op, "model", "a deterministic one", "a probabilistic one");
    const n = buffer.length;
    const all = followingRows(buffer);
    // of the buffer as it is now
    const copy = (scope: Scope, column: Tensor, columns: number): Tensor => {
      // allocated before the column is looked at: memory may grow, and an older view is then of nothing
      const own = scope.tensor([n, columns]);
      return own.write(column.view.subarray(0, n * columns));
    };
    return function* (random, options) {
      const holdoutRows = options.holdoutRows ?? drawnRuns(all, options.holdout, 10 * steps, random);
      // some numbers of each row
      if (n > MANY) yield;
      const following = withoutLinks(all, holdoutRows);
      if (n > MANY) yield;
      const trainee = model.runtime.scoped((scope) => {
        const data = {
          observation: copy(scope, buffer.observation, model.observationSize),
          action: copy(scope, buffer.action, model.actionSize),
          nextObservation: copy(scope, buffer.nextObservation, model.observationSize),
          reward: copy(scope, buffer.reward, 1),
          following,
        };
        return new MultiStepFitting(scope, model, data, steps, options.batchSize);
      });
      return { trainee, options: { ...options, holdoutRows } };
    };
  };
}
