// How ME-TRPO fits its models: by which losses, at which rates, for how long.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { modelFitSteps } from "../../src/algorithms/me-fit.js";
import type { MeSettings } from "../../src/algorithms/me-options.js";
import { createReplayBuffer } from "../../src/data/index.js";
import { createDynamicsModel, type DynamicsModel, type ModelFitOptions } from "../../src/models/index.js";
import { finish } from "../../src/steps.js";
import { runtime } from "../support/runtime.js";

const test = suite("fits of me-trpo");
const settings = {
  learningRate: 0.01,
  multiStep: 1,
  multiStepEpochs: 3,
  epochs: 5,
  patience: 9,
  modelBatch: 16,
  holdoutEvery: 4,
  anneal: true,
} as MeSettings;

/** Rows of a body that is pushed, in episodes of 20; `scale` of all that is seen of it. */
function pushed(scale: number) {
  const buffer = createReplayBuffer(runtime, { capacity: 200, observationSize: 2, actionSize: 1 });
  for (let i = 0, [x, v] = [0, 0]; i < 200; i++) {
    const action = [Math.sin(i * i)];
    const observation = [scale * x, scale * v];
    [x, v] = i % 20 === 19 ? [0, 0] : [x + 0.1 * v, 0.9 * v + 0.3 * action[0]];
    const nextObservation = i % 20 === 19 ? observation : [scale * x, scale * v];
    buffer.add({ observation, action, reward: 0, nextObservation, terminated: false, truncated: i % 20 === 19 });
  }
  return buffer;
}

/** The fits of one call: [learning rate, epochs, has it a loss of its own]. */
function fits(model: DynamicsModel, scale: number, anew: boolean, options: Partial<MeSettings>) {
  const seen: [number, number, boolean][] = [];
  const buffer = pushed(scale);
  const { fitSteps } = model;
  model.fitSteps = (rows, given?: ModelFitOptions) => {
    assert.equal([given?.patience, given?.batchSize, given?.bootstrap, given?.anneal], [9, 16, false, true]);
    seen.push([model.network.optimizer.learningRate, given?.epochs ?? 0, given?.loss !== undefined]);
    return fitSteps.call(model, rows, given);
  };
  finish(modelFitSteps(model, buffer, { ...settings, ...options }, { anew }));
  model.fitSteps = fitSteps;
  assert.is(model.network.optimizer.learningRate, 0.01, "the rate is what it was");
  buffer.dispose();
  return seen;
}

test("by single steps; new models by single steps and then by several, known ones by several alone", () => {
  const shape = { observationSize: 2, actionSize: 1, hidden: [8], probabilistic: false, learningRate: 0.01, seed: 0 };
  const model = createDynamicsModel(runtime, shape);
  const [single, several] = [
    [0.01, 5, false],
    [0.2 * 0.01, 3, true],
  ];
  for (const anew of [true, false]) assert.equal(fits(model, 1, anew, {}), [single], `${anew}`);
  assert.equal(fits(model, 1, true, { multiStep: 3 }), [single, several]);
  assert.equal(fits(model, 1, false, { multiStep: 3 }), [several]);
  // data of another scale make networks start afresh: then they are new
  assert.equal(fits(model, 1000, false, { multiStep: 3 }), [several, single, several]);
  assert.equal(fits(model, 1000, false, { multiStep: 3 }), [several]);
  model.dispose();
});

test.run();
