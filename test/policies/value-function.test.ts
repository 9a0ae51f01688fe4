// The value function learns a function, keeps its predictions when the scale of its targets changes, and leaves no trace of a fit
// that fails or is given up.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TrainingDivergedError } from "../../src/check.js";
import { RandomStream } from "../../src/kernels/index.js";
import {
  createObservationFilter,
  createValueFunction,
  explainedVariance,
  type ValueFunction,
} from "../../src/policies/index.js";
import { finish } from "../../src/steps.js";
import { loadRuntime, type Runtime, type Tensor } from "../../src/wasm/index.js";
import { forward, vjp } from "../oracle/mlp.js";
import { gradient } from "../oracle/differences.js";
import { twin } from "../nn/support.js";
import { runtime, runtimes } from "../support/runtime.js";
import { distance, rowsIn } from "./support.js";

const D = 3;
const ROWS = 300;

// a smooth function of observations whose dimensions have other scales, far from zero
function data(on: Runtime, seed = 1): { observation: Tensor; target: Tensor; random: RandomStream } {
  const random = new RandomStream(on, seed, "test");
  const observation = on.tensor([ROWS, D]);
  random.normal(observation);
  observation.write(observation.read().map((x, i) => (i % D === 0 ? 100 + 5 * x : x)));
  const target = on.tensor([ROWS]);
  target.write(rowsIn(observation, D, ROWS).map(([a, b, c]) => 200 + 30 * (((a - 100) / 5) * b + c)));
  return { observation, target, random };
}

function valueFunction(on: Runtime, observation: Tensor): ValueFunction {
  const filter = createObservationFilter(on, D);
  filter.update(observation, ROWS);
  return createValueFunction(on, { observationSize: D, hidden: [32, 32], filter, learningRate: 3e-3, seed: 2 });
}

function predictions(value: ValueFunction, observation: Tensor): Tensor {
  const out = value.runtime.tensor([ROWS]);
  value.predict(out, observation, ROWS);
  return out;
}

const values = suite("value function");

for (const [name, on] of runtimes) {
  values(`predicts what its twin does, in the targets' units (${name})`, () => {
    const { observation, target, random } = data(on);
    const value = valueFunction(on, observation);
    finish(value.fitSteps(observation, target, ROWS, undefined, { epochs: 1, random }));
    const { mean, std } = value.save().meta as unknown as { mean: number; std: number };
    const filtered = on.tensor([ROWS, D]);
    value.filter.apply(filtered, observation, ROWS);
    const mlp = twin(value.network, 0);
    const expected = rowsIn(filtered, D, ROWS).map((x) => mean + std * forward(mlp, x)[0]);
    const error = distance(predictions(value, observation).read(), expected);
    assert.ok(error < 1e-5, `${error}`);
  });
}

values("a step follows the gradient of the squared error", () => {
  const { observation, target, random } = data(runtime);
  const value = valueFunction(runtime, observation);
  // Adam's first moment after one step on all rows is a tenth of the gradient
  finish(value.fitSteps(observation, target, ROWS, undefined, { epochs: 1, batchSize: ROWS, random }));
  const { mean, std } = value.save().meta as unknown as { mean: number; std: number };
  const start = valueFunction(runtime, observation);
  const bias = start.network.params.size - start.network.outputStride;
  const mlp = twin(start.network, 0);
  const filtered = runtime.tensor([ROWS, D]);
  start.filter.apply(filtered, observation, ROWS);
  const xs = rowsIn(filtered, D, ROWS);
  const y = [...target.view].map((t) => (t - mean) / std);
  const dys = xs.map((x, r) => [(2 * (forward(mlp, x)[0] - y[r])) / ROWS]);
  const expected = vjp(mlp, xs, dys);
  const m = value.optimizer.m;
  const moment = runtime.tensor(m.shape).write(m.read().map((g) => 10 * g));
  const last = mlp.weights.length - 1;
  const biases = moment.read().subarray(bias, bias + 1);
  assert.ok(distance(biases, expected.biases[last]) < 1e-4);
  // the whole of the first layer's biases, and the twin against differences
  const firstBias = start.network.weightSpans[0].offset + start.network.weightSpans[0].length;
  assert.ok(distance(moment.read().subarray(firstBias, firstBias + 32), expected.biases[0]) < 1e-4);
  const loss = (b: Float64Array): number => {
    const moved = { ...mlp, biases: [Array.from(b), ...mlp.biases.slice(1)] };
    return xs.reduce((sum, x, r) => sum + (forward(moved, x)[0] - y[r]) ** 2, 0) / ROWS;
  };
  assert.ok(distance(expected.biases[0], gradient(loss, mlp.biases[0])) < 1e-6);
});

values("learns, and says how well", () => {
  const { observation, target, random } = data(runtime);
  const value = valueFunction(runtime, observation);
  assert.ok(explainedVariance(predictions(value, observation), target, ROWS) < 0.5);
  const { loss } = finish(value.fitSteps(observation, target, ROWS, undefined, { epochs: 150, batchSize: 50, random }));
  const explained = explainedVariance(predictions(value, observation), target, ROWS);
  assert.ok(explained > 0.95, `${explained}`);
  assert.ok(loss < 0.1, `${loss}`);
  assert.is(explainedVariance(target, target, ROWS), 1);
});

values("rows of weight 0 are left out, whatever their targets", () => {
  const first = data(runtime);
  const second = data(runtime);
  const weight = runtime.tensor([ROWS]);
  weight.write(Array.from({ length: ROWS }, (_, r) => Number(r % 3 !== 1)));
  for (let r = 1; r < ROWS; r += 3) second.target.view[r] = Number.NaN;
  const fitted = [first, second].map(({ observation, target, random }) => {
    const value = valueFunction(runtime, observation);
    finish(value.fitSteps(observation, target, ROWS, weight, { epochs: 3, random }));
    return predictions(value, observation);
  });
  assert.equal(fitted[0].read(), fitted[1].read());
  assert.ok(fitted[0].read().every(Number.isFinite));
  const none = runtime.tensor([ROWS]);
  const value = valueFunction(runtime, first.observation);
  const before = value.save();
  assert.equal(finish(value.fitSteps(first.observation, first.target, ROWS, none, { random: first.random })), {
    loss: 0,
  });
  assert.equal(value.save(), before);
});

values("another scale of targets leaves the predictions where they are", () => {
  const { observation, target, random } = data(runtime);
  const value = valueFunction(runtime, observation);
  finish(value.fitSteps(observation, target, ROWS, undefined, { epochs: 20, random }));
  const before = predictions(value, observation).read();
  target.write(target.read().map((y) => 20 * y - 7));
  // no step is large enough to matter
  value.optimizer.learningRate = 0;
  finish(value.fitSteps(observation, target, ROWS, undefined, { epochs: 1, random }));
  const error = distance(predictions(value, observation).read(), before);
  assert.ok(error < 1e-5, `${error}`);
});

values("a fit that fails or is given up leaves everything as it was", () => {
  const { observation, target, random } = data(runtime);
  const value = valueFunction(runtime, observation);
  finish(value.fitSteps(observation, target, ROWS, undefined, { epochs: 2, random }));
  const before = [value.save(), random.save()];
  const state = () => [value.save(), random.save()];
  const steps = value.fitSteps(observation, target, ROWS, undefined, { epochs: 2, random });
  for (let i = 0; i < 7; i++) steps.next();
  assert.not.equal(state(), before);
  steps.return({ loss: 0 });
  assert.equal(state(), before);
  const isDiverged = (error: unknown): boolean => error instanceof TrainingDivergedError;
  for (const [tensor, bad] of [
    [target, Number.NaN],
    [target, Infinity],
    [observation, Number.NaN],
  ] as const) {
    const kept = tensor.view[17];
    tensor.view[17] = bad;
    assert.throws(
      () => finish(value.fitSteps(observation, target, ROWS, undefined, { epochs: 2, random })),
      isDiverged,
    );
    tensor.view[17] = kept;
    assert.equal(state(), before);
  }
  value.optimizer.learningRate = 1e30;
  const steep = value.save();
  assert.throws(() => finish(value.fitSteps(observation, target, ROWS, undefined, { epochs: 9, random })), isDiverged);
  assert.equal(value.save(), steep);
});

values("the same bits on two threads, and after saving and loading", async () => {
  const results: Float32Array[] = [];
  for (const threads of [1, 2]) {
    const on = await loadRuntime({ threads });
    const { observation, target, random } = data(on);
    const value = valueFunction(on, observation);
    finish(value.fitSteps(observation, target, ROWS, undefined, { epochs: 2, random }));
    const copy = valueFunction(on, observation);
    copy.load(value.save());
    const stream = random.save();
    finish(value.fitSteps(observation, target, ROWS, undefined, { epochs: 2, random }));
    random.load(stream);
    finish(copy.fitSteps(observation, target, ROWS, undefined, { epochs: 2, random }));
    results.push(predictions(value, observation).read(), predictions(copy, observation).read());
    on.dispose();
  }
  for (const result of results) assert.equal(result, results[0]);
});

values("what does not fit is refused at the edge", () => {
  const { observation, target, random } = data(runtime);
  const value = valueFunction(runtime, observation);
  const out = runtime.tensor([2]);
  assert.throws(
    () => value.predict(out, observation, ROWS),
    /valueFunction\.predict: "out" expected at least 300 rows of 1/,
  );
  const fit = (options: object) => () =>
    finish(value.fitSteps(observation, target, ROWS, undefined, { random, ...options }));
  assert.throws(fit({ epochs: 0 }), /valueFunction\.fit: "epochs" expected an integer of at least 1, got 0/);
  assert.throws(fit({ random: undefined }), /"random" expected a RandomStream/);
  assert.throws(fit({ steps: 3 }), /unknown option "steps"/);
  const make = (options: object) => () => createValueFunction(runtime, { observationSize: 2, seed: 0, ...options });
  assert.throws(make({ filter: {} }), /createValueFunction: "filter" expected an observation filter/);
  const wide = createObservationFilter(runtime, 3);
  assert.throws(make({ filter: wide }), /"filter" expected one of observations of 2 numbers, got 3/);
  assert.throws(make({ learningRate: -1 }), /"learningRate" expected a finite number of at least 0/);
});

values.run();
