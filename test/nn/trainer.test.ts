// A training step in one region has the bits of gather, forward, loss, vjp and Adam one by one, for batches of less than a
// block to several chunks; and what it refuses.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  createAdam,
  createEnsemble,
  createTrainer,
  gaussianNll,
  logVarianceBounds,
  meanSquaredError,
} from "../../src/nn/index.js";
import type { Runtime } from "../../src/wasm/index.js";
import { generator, numbers } from "../support/numbers.js";
import { runtimes } from "../support/runtime.js";

const MEMBERS = 3;
const [F, D, N] = [5, 3, 40];

/** An ensemble with its optimizers and a table of examples. */
function make(runtime: Runtime, loss: "squaredError" | "gaussian", outputActivation: "none" | "tanh" = "none") {
  const layers = [F, 128, 19, loss === "gaussian" ? 2 * D : D];
  const ensemble = createEnsemble(runtime, { members: MEMBERS, layers, outputActivation, seed: 1 });
  const optimizer = createAdam(runtime, ensemble, { weightDecay: [1e-2, 2e-2, 3e-2] });
  const bounds = logVarianceBounds(runtime, D);
  const boundsOptimizer = createAdam(runtime, bounds);
  const next = generator(2);
  const inputs = runtime.tensor([N, F]).write(numbers(next, N * F));
  const targets = runtime.tensor([N, D]).write(numbers(next, N * D));
  return { ensemble, optimizer, bounds, boundsOptimizer, inputs, targets };
}

for (const [name, runtime] of runtimes) {
  const tests = suite(`trainer (${name})`);
  const orderOf = (columns: number) =>
    runtime.tensor([MEMBERS, columns], "u32").write(Array.from({ length: MEMBERS * columns }, (_, i) => (i * 7) % N));

  for (const loss of ["gaussian", "squaredError"] as const) {
    for (const outputActivation of ["none", "tanh"] as const) {
      tests(`${loss}, ${outputActivation} at the output: the bits of one pass after the other`, () => {
        for (const rows of name === "checked" ? [3, 130] : [1, 31, 32, 33, 128, 129, 160, 300]) {
          const one = make(runtime, loss, outputActivation);
          const other = make(runtime, loss, outputActivation);
          const gaussian = loss === "gaussian" ? { bounds: one.bounds, boundsOptimizer: one.boundsOptimizer } : {};
          const { inputs, targets, optimizer } = one;
          const trainer = createTrainer(one.ensemble, {
            inputs,
            targets,
            batchSize: 300,
            optimizer,
            loss,
            ...gaussian,
          });
          const workspace = other.ensemble.workspace(rows);
          const gradients = runtime.tensor([other.ensemble.params.size]);
          const boundsGradient = runtime.tensor([2 * D]);
          const losses = runtime.tensor([MEMBERS], "f64");
          const target = runtime.tensor([MEMBERS, rows, D]);
          const from = 4;
          const order = orderOf(rows + from);
          for (let step = 0; step < 3; step++) {
            const sums = new Float64Array(MEMBERS);
            trainer.step(order, from, rows, sums);
            for (let i = 0; i < MEMBERS * rows; i++) {
              const row = order.view[Math.floor(i / rows) * (rows + from) + from + (i % rows)];
              workspace.input.view.set(other.inputs.view.subarray(row * F, (row + 1) * F), i * F);
              target.view.set(other.targets.view.subarray(row * D, (row + 1) * D), i * D);
            }
            other.ensemble.forward(workspace, rows);
            const read = { output: workspace.output, target, rows };
            const written = { loss: losses, outputGradient: workspace.outputGradient };
            if (loss === "gaussian") {
              gaussianNll(runtime, { ...written, boundsGradient }, { ...read, bounds: other.bounds });
              other.boundsOptimizer.step(boundsGradient);
            } else meanSquaredError(runtime, written, read);
            other.ensemble.vjp(workspace, rows, gradients);
            other.optimizer.step(gradients);
            assert.equal(sums, losses.read(), `${rows} rows: losses`);
            assert.equal(one.ensemble.params.read(), other.ensemble.params.read(), `${rows} rows: parameters`);
            assert.equal(one.optimizer.save(), other.optimizer.save(), `${rows} rows: optimizer`);
            assert.equal(one.bounds.read(), other.bounds.read(), `${rows} rows: bounds`);
          }
          runtime.checkGuards();
          for (const part of [trainer, workspace, gradients, boundsGradient, losses, target, order]) part.dispose();
          for (const made of [one, other]) for (const part of Object.values(made)) part.dispose();
        }
      });
    }
  }

  tests("passes after a step see the new parameters", () => {
    const { ensemble, optimizer, inputs, targets, ...rest } = make(runtime, "squaredError");
    using trainer = createTrainer(ensemble, { inputs, targets, batchSize: 8, optimizer, loss: "squaredError" });
    using order = orderOf(8);
    trainer.step(order, 0, 8, new Float64Array(MEMBERS));
    using copy = createEnsemble(runtime, { members: MEMBERS, layers: ensemble.layers, seed: 9 });
    copy.setWeights(ensemble.weights());
    const gradients = [ensemble, copy].map((network) => {
      using workspace = network.workspace(4);
      using gradient = runtime.tensor([network.params.size]);
      workspace.input.view.set(inputs.view.subarray(0, workspace.input.size));
      workspace.outputGradient.view.fill(0.5);
      network.forward(workspace, 4);
      network.vjp(workspace, 4, gradient, { inputGradient: true });
      return [gradient.read(), workspace.inputGradient.read()];
    });
    assert.equal(gradients[0], gradients[1]);
    for (const part of [ensemble, optimizer, inputs, targets, ...Object.values(rest)]) part.dispose();
  });

  tests("what does not fit together is refused by name", () => {
    const { ensemble, optimizer, inputs, targets, bounds, boundsOptimizer } = make(runtime, "gaussian");
    const good = { inputs, targets, batchSize: 8, optimizer, loss: "gaussian", bounds, boundsOptimizer } as const;
    const refused = (options: object, message: RegExp) =>
      assert.throws(() => createTrainer(ensemble, { ...good, ...options }), message);
    refused({ loss: "huber" }, /"loss" expected one of/);
    refused({ bounds: undefined }, /"bounds" expected shape \[2, 3\]/);
    refused({ boundsOptimizer: undefined }, /"boundsOptimizer" expected an Adam/);
    refused({ loss: "squaredError" }, /"bounds" expected nothing/);
    refused({ inputs: targets }, /"inputs" expected shape \[n, 5\]/);
    refused({ optimizer: boundsOptimizer }, /"optimizer" expected one of/);
    refused({ batchSize: 0 }, /"batchSize"/);
    using trainer = createTrainer(ensemble, good);
    using order = orderOf(8);
    const losses = new Float64Array(MEMBERS);
    assert.throws(() => trainer.step(order, 0, 9, losses), /"rows" expected an integer in \[1, 8\]/);
    assert.throws(() => trainer.step(order, 4, 8, losses), /"from"/);
    for (const part of [ensemble, optimizer, inputs, targets, bounds, boundsOptimizer]) part.dispose();
  });

  tests.run();
}
