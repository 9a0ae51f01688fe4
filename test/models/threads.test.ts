// A worker lost in the middle of a fit: the fit fails as a whole and leaves no trace, and the next one gives the numbers that
// it would have given.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { WorkerError } from "../../src/check.js";
import { createEnsembleRegressor, type EnsembleRegressor } from "../../src/models/index.js";
import { loadRuntime, type Runtime } from "../../src/wasm/index.js";
import { generator, numbers } from "../support/numbers.js";
import { doomed, impatient } from "../support/threads.js";

const ROWS = 300;
const features = Float32Array.from(numbers(generator(1), ROWS * 4));
const targets = Float32Array.from(numbers(generator(2), ROWS * 2));

function make(runtime: Runtime): EnsembleRegressor {
  return createEnsembleRegressor(runtime, { inputSize: 4, targetSize: 2, hidden: [200, 200], members: 5, seed: 3 });
}

function fit(regressor: EnsembleRegressor): void {
  const shape = (data: Float32Array, columns: number) => ({
    data,
    shape: [ROWS, columns],
    stride: [columns, 1],
    offset: 0,
  });
  regressor.fit(shape(features, 4), shape(targets, 2), { epochs: 3, batchSize: 100 });
}

const test = suite("models threads");

test("a fit that loses a worker leaves everything as it was, and can be done again", async () => {
  const single = await loadRuntime({ threads: 1 });
  const runtime = await doomed(() => loadRuntime({ threads: 2 }));
  const regressor = make(runtime);
  impatient(regressor.ensemble.params);
  const before = regressor.save();
  let lost: unknown;
  // the worker may come to claim something only in a later one
  for (let attempt = 0; attempt < 1000 && lost === undefined; attempt++) {
    try {
      fit(regressor);
      regressor.load(before);
    } catch (error) {
      lost = error;
    }
  }
  assert.instance(lost, WorkerError);
  assert.equal(regressor.save(), before);
  const expected = make(single);
  for (const one of [regressor, expected]) fit(one);
  assert.equal(regressor.save(), expected.save());
  for (const one of [single, runtime]) one.dispose();
});

test.run();
