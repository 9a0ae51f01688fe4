// The same bits on every number of threads, also when there are more threads than cores: all passes of an ensemble, training
// steps in which tasks wait for each other, saved states, and a learning run. And a worker lost in the middle of a step.

import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { WorkerError } from "../../src/check.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/io/index.js";
import { createAdam, createEnsemble, createTrainer, type Ensemble, logVarianceBounds } from "../../src/nn/index.js";
import { loadRuntime, type Runtime } from "../../src/wasm/index.js";
import { petsFingerprint } from "../browser/fingerprints.js";
import { generator, numbers } from "../support/numbers.js";
import { doomed, impatient, until } from "../support/threads.js";

const [F, D] = [5, 3];

interface Sizes {
  readonly members: number;
  readonly rows: number;
  readonly width: number;
}

function make(runtime: Runtime, { members, width }: Sizes): Ensemble {
  return createEnsemble(runtime, { members, layers: [F, width, width, 2 * D], seed: 5 });
}

// what one runtime computes: outputs, gradients and tangents
function passes(runtime: Runtime, sizes: Sizes): Float32Array[] {
  const { members, rows } = sizes;
  const results: Float32Array[] = [];
  const ensemble = make(runtime, sizes);
  const workspace = ensemble.workspace(rows);
  const gradients = runtime.tensor([ensemble.params.size]);
  const out = runtime.tensor([members, rows, ensemble.outputStride]);
  const next = generator(6);
  workspace.input.write(numbers(next, members * rows * F));
  ensemble.predict(out, workspace.input, rows);
  ensemble.forward(workspace, rows);
  workspace.outputGradient.view.set(workspace.output.view);
  ensemble.vjp(workspace, rows, gradients, { inputGradient: true });
  ensemble.vjp(workspace, rows, gradients, { accumulate: true });
  workspace.inputTangent.write(numbers(next, members * rows * F));
  ensemble.jvp(workspace, rows, gradients);
  for (const tensor of [out, workspace.output, gradients, workspace.inputGradient, workspace.outputTangent]) {
    results.push(tensor.read());
  }
  for (const part of [workspace, gradients, out, ensemble]) part.dispose();
  return results;
}

// an ensemble's training on a table, as steps and as what it has become
function training(runtime: Runtime, sizes: Sizes) {
  const { members, rows } = sizes;
  return runtime.scoped((scope) => {
    const ensemble = scope.hold(make(runtime, sizes));
    const next = generator(7);
    const inputs = scope.tensor([rows, F]).write(numbers(next, rows * F));
    const targets = scope.tensor([rows, D]).write(numbers(next, rows * D));
    const optimizer = scope.hold(createAdam(runtime, ensemble, { weightDecay: [1e-3, 0, 1e-3] }));
    const bounds = scope.hold(logVarianceBounds(runtime, D));
    const boundsOptimizer = scope.hold(createAdam(runtime, bounds));
    const trainer = scope.hold(
      createTrainer(ensemble, {
        inputs,
        targets,
        batchSize: rows,
        optimizer,
        loss: "gaussian",
        bounds,
        boundsOptimizer,
      }),
    );
    const order = scope.tensor([members, rows], "u32");
    order.write(Array.from({ length: members * rows }, (_, i) => (i * 7) % rows));
    const losses = new Float64Array(members);
    return {
      data: [inputs, targets],
      step: () => trainer.step(order, 0, rows, losses),
      results: () => [ensemble.params.read(), optimizer.m.read(), optimizer.v.read(), bounds.read(), losses],
      dispose: () => scope.dispose(),
    };
  });
}

function trained(runtime: Runtime, sizes: Sizes): readonly (Float32Array | Float64Array)[] {
  const run = training(runtime, sizes);
  for (let i = 0; i < 3; i++) run.step();
  const results = run.results();
  run.dispose();
  return results;
}

const single = await loadRuntime({ threads: 1 });
const counts = [2, 3, 4, 8];
const runtimes = await Promise.all(counts.map((threads) => loadRuntime({ threads })));

function checkAll(compute: (runtime: Runtime) => readonly ArrayLike<number>[]): void {
  const expected = compute(single);
  for (const [i, runtime] of runtimes.entries()) {
    assert.equal(compute(runtime), expected, `${counts[i]} threads`);
    assert.is(runtime.info().threads, counts[i]);
  }
}

const threads = suite("nn threads");

threads("passes: 1, 2, 3, 4 and 8 threads give the same bits", () => {
  for (const rows of [1, 33, 400]) checkAll((runtime) => passes(runtime, { members: 5, rows, width: 64 }));
});

threads("training steps: 1, 2, 3, 4 and 8 threads give the same bits", () => {
  for (const rows of [1, 32, 130, 300]) checkAll((runtime) => trained(runtime, { members: 5, rows, width: 64 }));
});

threads("whatever the number of tasks, more threads than cores come to an end, with the same bits", () => {
  const sizes = fc.record({
    members: fc.integer({ min: 1, max: 9 }),
    rows: fc.integer({ min: 1, max: 500 }),
    width: fc.integer({ min: 1, max: 40 }),
  });
  const eight = runtimes[3]!;
  fc.assert(
    fc.property(sizes, (size) => {
      assert.equal(passes(eight, size), passes(single, size));
      assert.equal(trained(eight, size), trained(single, size));
    }),
    { numRuns: 40 },
  );
});

threads(
  "a worker lost in a training step does not leave others waiting; the data stay, the next step works",
  async () => {
    const sizes = { members: 3, rows: 128, width: 200 };
    const runtime = await doomed(() => loadRuntime({ threads: 2 }));
    const run = training(runtime, sizes);
    impatient(run.data[0]!);
    const before = run.data.map((tensor) => tensor.read());
    try {
      for (let step = 0; step < 1000; step++) run.step();
      assert.unreachable();
    } catch (error) {
      assert.instance(error, WorkerError);
      assert.match((error as Error).message, /^region train: thread 1 died/);
    }
    assert.equal(
      run.data.map((tensor) => tensor.read()),
      before,
    );
    run.step();
    await until("the pool is whole again", () => runtime.info().threads === 2);
    assert.equal(trained(runtime, sizes), trained(single, sizes));
    runtime.dispose();
  },
);

threads("states of a runtime with shared memory are saved and loaded as any", () => {
  const sizes = { members: 2, rows: 4, width: 16 };
  const shared = make(runtimes[0]!, sizes);
  assert.instance(shared.params.view.buffer, SharedArrayBuffer);
  const copy = structuredClone(shared.weights());
  assert.not.instance(Object.values(copy.arrays)[0]!.data.buffer, SharedArrayBuffer);
  const bytes = encodeCheckpoint(shared.weights());
  assert.equal(encodeCheckpoint(make(single, sizes).weights()), bytes);
  const other = createEnsemble(runtimes[1]!, { members: 2, layers: shared.layers, seed: 6 });
  other.setWeights(decodeCheckpoint(bytes));
  assert.equal(other.params.read(), shared.params.read());
});

threads("a learning run has the same state and log on 1 and on 3 threads", async () => {
  assert.equal(await petsFingerprint({ threads: 3 }), await petsFingerprint({ threads: 1 }));
});

threads.after(() => {
  for (const runtime of [single, ...runtimes]) runtime.dispose();
});
threads.run();
