// What is timed on threads: inference and training of PETS' ensemble for half-cheetah, 5 × [24, 200 × 4, 36], and control
// steps of bodies in contact, five steps of the simulation each.

import { readFileSync } from "node:fs";
import { createAdam, createEnsemble, createTrainer, logVarianceBounds } from "../../src/nn/index.js";
import { loadMjcf } from "../../src/physics/index.js";
import type { Runtime } from "../../src/wasm/index.js";

const MEMBERS = 5;
const layers = [24, 200, 200, 200, 200, 36];

/** The work by name; each call does it once and returns a number of its result. */
export const works = {
  "predict 5 × 4000 rows": (runtime: Runtime) => prediction(runtime, 4000),
  "predict 5 × 1000 rows": (runtime: Runtime) => prediction(runtime, 1000),
  "predict 5 × 200 rows": (runtime: Runtime) => prediction(runtime, 200),
  "train, batch 256": (runtime: Runtime) => training(runtime, 256),
  "train, batch 32": (runtime: Runtime) => training(runtime, 32),
  "simulate half_cheetah × 256": (runtime: Runtime) => simulation(runtime, "half_cheetah", 256),
  "simulate half_cheetah × 64": (runtime: Runtime) => simulation(runtime, "half_cheetah", 64),
  "simulate ant × 256": (runtime: Runtime) => simulation(runtime, "ant", 256),
} as const;

export type WorkName = keyof typeof works;

function prediction(runtime: Runtime, rows: number): () => number {
  const ensemble = createEnsemble(runtime, { members: MEMBERS, layers, seed: 0 });
  const x = runtime.tensor([MEMBERS, rows, layers[0]!]);
  const out = runtime.tensor([MEMBERS, rows, ensemble.outputStride]);
  runtime.kernels.random_normal(x.address, x.size, 1, 0, 0, 0, 0, 0);
  return () => {
    ensemble.predict(out, x, rows);
    return out.view[0]!;
  };
}

function training(runtime: Runtime, rows: number): () => number {
  const ensemble = createEnsemble(runtime, { members: MEMBERS, layers, seed: 0 });
  const targetSize = layers[layers.length - 1]! / 2;
  const inputs = runtime.tensor([4 * rows, layers[0]!]);
  const targets = runtime.tensor([4 * rows, targetSize]);
  runtime.kernels.random_normal(inputs.address, inputs.size, 1, 0, 0, 0, 0, 0);
  runtime.kernels.random_normal(targets.address, targets.size, 1, 0, 0, 0, 1, 0);
  const optimizer = createAdam(runtime, ensemble);
  const bounds = logVarianceBounds(runtime, targetSize);
  const boundsOptimizer = createAdam(runtime, bounds);
  const trainer = createTrainer(ensemble, {
    inputs,
    targets,
    batchSize: rows,
    optimizer,
    loss: "gaussian",
    bounds,
    boundsOptimizer,
  });
  const order = runtime.tensor([MEMBERS, rows], "u32");
  order.write(Array.from({ length: order.size }, (_, i) => (i * 7) % (4 * rows)));
  return () => {
    const losses = new Float64Array(MEMBERS);
    trainer.step(order, 0, rows, losses);
    return losses[0]!;
  };
}

function simulation(runtime: Runtime, name: string, batch: number): () => number {
  const xml = readFileSync(new URL(`../../test/fixtures/mjcf/gymnasium/${name}.xml`, import.meta.url), "utf8");
  const model = loadMjcf(runtime, xml, { name });
  const simulation = model.simulation({ batch });
  const ctrl = Float64Array.from({ length: batch * model.nu }, (_, k) => ((k * 7) % 11) / 5 - 1);
  return () => {
    simulation.step(ctrl, { repeat: 5 });
    return simulation.getState().qpos.reduce((sum, q) => sum + q, 0);
  };
}
