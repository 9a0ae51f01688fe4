// The tile of matrix products: measured or given, told by info(), and without influence on any bit.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createAdam, createEnsemble, createTrainer, logVarianceBounds } from "../../src/nn/index.js";
import { loadRuntime, type Runtime } from "../../src/wasm/index.js";

const tiles = ["5x8", "6x8", "4x16", "6x16"] as const;
const tests = suite("calibrate");

tests("a clock that stands still leaves the default", async () => {
  const { performance } = globalThis;
  Object.defineProperty(globalThis, "performance", { value: { now: () => 5 }, configurable: true, writable: true });
  try {
    assert.equal((await loadRuntime({ threads: 1 })).info().tile, { tile: "5x8", reason: "default" });
  } finally {
    Object.defineProperty(globalThis, "performance", { value: performance, configurable: true, writable: true });
  }
});

tests("auto measures once in a process and takes no tile that is much slower than another", async () => {
  const choice = (await loadRuntime()).info().tile;
  const { tile, reason, rates } = choice;
  // a busy machine may leave no time for the optimizing compiler: then the default stands
  if (reason === "default") assert.equal(choice, { tile: "5x8", reason });
  else {
    assert.is(reason, "measured");
    assert.is((await loadRuntime({ tile: "auto" })).info().tile, choice);
    for (const name of tiles) assert.ok(rates && rates[name] > 0, name);
    if (tile !== "5x8") assert.ok(rates && rates[tile] > rates["5x8"]);
  }
});

tests("a tile that is given is used; an unknown one is refused; the checked binary is not measured", async () => {
  for (const tile of tiles) assert.equal((await loadRuntime({ tile })).info().tile, { tile, reason: "given" });
  assert.equal((await loadRuntime({ checked: true })).info().tile, { tile: "5x8", reason: "default" });
  try {
    await loadRuntime({ tile: "7x8" as "6x8" });
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /loadRuntime: "tile" expected one of auto, 5x8, 6x8, 4x16, 6x16, got "7x8"/);
  }
});

/** Parameters after three training steps, then outputs, input gradients and tangents, of networks of awkward sizes. */
function work(runtime: Runtime): Float32Array[] {
  const [E, rows, D] = [3, 77, 5];
  const layers = [7, 29, 16, 2 * D];
  const ensemble = createEnsemble(runtime, { members: E, layers, seed: 1 });
  const normal = (...shape: number[]) => {
    const tensor = runtime.tensor(shape);
    runtime.kernels.random_normal(tensor.address, tensor.size, 0, 1, 2, 3, 4, 5);
    return tensor;
  };
  const [inputs, targets, bounds] = [normal(rows, 7), normal(rows, D), logVarianceBounds(runtime, D)];
  const boundsOptimizer = createAdam(runtime, bounds);
  const optimizer = createAdam(runtime, ensemble);
  const data = { inputs, targets, batchSize: rows, optimizer, bounds, boundsOptimizer } as const;
  const trainer = createTrainer(ensemble, { ...data, loss: "gaussian" });
  const order = runtime.tensor([E, rows], "u32").write(Array.from({ length: E * rows }, (_, i) => (i * 5) % rows));
  for (let step = 0; step < 3; step++) trainer.step(order, 0, rows, new Float64Array(E));
  const results = [ensemble.params.read()];
  const workspace = ensemble.workspace(rows);
  const gradients = runtime.tensor([ensemble.params.size]);
  for (const tensor of [workspace.input, workspace.outputGradient, workspace.inputTangent]) {
    runtime.kernels.random_normal(tensor.address, tensor.size, 0, 6, 7, 8, 9, 10);
  }
  for (const n of [1, 2, 3, 17, rows]) {
    ensemble.forward(workspace, n);
    ensemble.vjp(workspace, n, gradients, { inputGradient: true });
    ensemble.jvp(workspace, n, ensemble.params);
    const { output, inputGradient, outputTangent } = workspace;
    results.push(...[output, inputGradient, outputTangent, gradients].map((tensor) => tensor.read()));
  }
  return results;
}

tests("every tile gives the same bits", async () => {
  const expected = work(await loadRuntime({ tile: "5x8" }));
  for (const tile of tiles) assert.equal(work(await loadRuntime({ tile })), expected, tile);
});

tests.run();
