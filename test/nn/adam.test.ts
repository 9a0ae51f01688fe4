// Adam against its float64 twin, weight decay where it belongs, state that travels bit for bit.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createAdam, createEnsemble } from "../../src/nn/index.js";
import { adamStep } from "../oracle/adam.js";
import { assertClose, generator, numbers } from "../support/numbers.js";
import { runtime, runtimes } from "../support/runtime.js";

for (const [name, on] of runtimes) {
  const tests = suite(`adam (${name})`);

  for (const n of [1, 3, 4, 7, 64, 129]) {
    tests(`fifty steps of ${n} parameters follow the twin`, () => {
      const next = generator(n);
      using params = on.tensor([n]).write(numbers(next, n));
      using gradients = on.tensor([n]);
      const options = { learningRate: 0.01, weightDecay: 0.1 };
      using adam = createAdam(on, params, options);
      const state = { params: Float64Array.from(params.view), m: new Float64Array(n), v: new Float64Array(n) };
      for (let t = 1; t <= 50; t++) {
        gradients.write(numbers(next, n));
        adam.step(gradients);
        adamStep(state, gradients.view, t, { learningRate: 0.01, weightDecay: () => 0.1 });
      }
      assert.is(adam.steps, 50);
      assertClose(params.view, state.params, 5e-6, "parameters");
      assertClose(adam.m.view, state.m, 2e-6, "m");
      assertClose(adam.v.view, state.v, 2e-6, "v");
      on.checkGuards();
    });
  }

  tests.run();
}

const tests = suite("adam");

tests("a constant gradient moves by the learning rate, from the first step on", () => {
  using params = runtime.tensor([1]);
  using gradients = runtime.tensor([1]).write([1e-3]);
  using adam = createAdam(runtime, params, { learningRate: 0.5 });
  for (let t = 1; t <= 200; t++) {
    adam.step(gradients);
    assert.ok(Math.abs(params.view[0] + 0.5 * t) < 1e-4 * t, `step ${t}: ${params.view[0]}`);
  }
});

tests("decay acts on each layer's weights with its own coefficient, on biases not, and padding stays zero", () => {
  using ensemble = createEnsemble(runtime, { members: 2, layers: [3, 5, 2], seed: 1 });
  const state = ensemble.weights();
  for (const { data } of Object.values(state.arrays)) data.fill(1);
  ensemble.setWeights(state);
  const padding = ensemble.params.read().map((w) => (w === 0 ? 1 : 0));
  using gradients = runtime.tensor([ensemble.params.size]);
  using adam = createAdam(runtime, ensemble, { weightDecay: [0, 0.1], learningRate: 0.01 });
  adam.step(gradients);
  const { arrays } = ensemble.weights();
  const values = (name: string) => new Set(arrays[name].data);
  assert.equal(values("layer0.weight"), new Set([1]));
  assert.equal(values("layer0.bias"), new Set([1]));
  assert.equal(values("layer1.weight"), new Set([Math.fround(0.99)]));
  assert.equal(values("layer1.bias"), new Set([1]));
  assert.ok(ensemble.params.read().every((w, i) => (w === 0) === (padding[i] === 1)));
});

tests("save and load continue bit for bit; reset starts again", () => {
  const next = generator(5);
  using params = runtime.tensor([9]);
  using other = runtime.tensor([9]);
  using gradients = runtime.tensor([9]);
  using adam = createAdam(runtime, params);
  using resumed = createAdam(runtime, other, { learningRate: 1 });
  for (let t = 0; t < 7; t++) adam.step(gradients.write(numbers(next, 9)));
  other.write(params.view);
  resumed.load(adam.save());
  for (let t = 0; t < 7; t++) {
    gradients.write(numbers(next, 9));
    adam.step(gradients);
    resumed.step(gradients);
  }
  assert.equal(other.read(), params.read());
  assert.is(resumed.steps, 14);
  adam.reset();
  assert.is(adam.steps, 0);
  assert.ok(adam.m.view.every((m) => m === 0) && adam.v.view.every((v) => v === 0));
});

tests("misuse is told plainly", () => {
  using params = runtime.tensor([3]);
  using gradients = runtime.tensor([2]);
  assert.throws(() => createAdam(runtime, params, { beta1: 1 }), /"beta1" expected a number below 1/);
  assert.throws(
    () => createAdam(runtime, params, { weightDecay: [1, 2] }),
    /"weightDecay" expected a number, or 1 of them/,
  );
  assert.throws(() => createAdam(runtime, params, { lr: 1 } as never), /unknown option "lr"/);
  using adam = createAdam(runtime, params);
  assert.throws(() => adam.step(gradients), /"gradients" expected 3 elements, got 2/);
  assert.throws(() => adam.load({ meta: { steps: -1, learningRate: 1 }, arrays: {} }), /"steps" expected/);
});

tests.run();
