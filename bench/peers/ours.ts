// This project's side of the comparison, in the terms of its public interface.

import {
  createAdam,
  createEnsemble,
  createTrainer,
  type Ensemble,
  gaussianNll,
  logVarianceBounds,
} from "../../src/nn/index.js";
import type { Runtime, Tensor } from "../../src/wasm/index.js";
import { ADAM, BOUNDS, type Inference, type LayerArrays, LAYERS, MEMBERS, type Problem, TARGETS } from "./work.js";
import type { Training } from "./work.js";

const width = LAYERS[LAYERS.length - 1]!;

/** A problem of `rows` rows per member: PETS's initial weights, standard normal inputs and targets. */
export function problem(runtime: Runtime, rows: number): Problem {
  const ensemble = networks(runtime);
  const inputs = normal(runtime, 0, rows * LAYERS[0]);
  const targets = normal(runtime, 1, rows * TARGETS);
  const result = { rows, networks: readNetworks(ensemble), inputs: byMember(inputs), targets: byMember(targets) };
  for (const part of [ensemble, inputs, targets]) part.dispose();
  return result;
}

export function inference(runtime: Runtime, { rows, inputs }: Problem): Inference {
  const ensemble = networks(runtime);
  const x = runtime.tensor([MEMBERS, rows, LAYERS[0]]).write(join(inputs));
  const out = runtime.tensor([MEMBERS, rows, ensemble.outputStride]);
  return {
    run: () => ensemble.predict(out, x, rows),
    async outputs() {
      ensemble.predict(out, x, rows);
      const values = out.read();
      const stride = ensemble.outputStride;
      return inputs.map((_, e) =>
        Float32Array.from(
          { length: rows * width },
          (_, i) => values[(e * rows + Math.floor(i / width)) * stride + (i % width)]!,
        ),
      );
    },
  };
}

export function training(runtime: Runtime, { rows, inputs, targets }: Problem): Training {
  const ensemble = networks(runtime);
  const bounds = logVarianceBounds(runtime, TARGETS, BOUNDS);
  // one table for all members, of which each takes its own rows
  const trainer = createTrainer(ensemble, {
    inputs: runtime.tensor([MEMBERS * rows, LAYERS[0]]).write(join(inputs)),
    targets: runtime.tensor([MEMBERS * rows, TARGETS]).write(join(targets)),
    batchSize: rows,
    optimizer: createAdam(runtime, ensemble, ADAM),
    loss: "gaussian",
    bounds,
    // the bounds' gradient is computed, but they stay where they are, as on the other side
    boundsOptimizer: createAdam(runtime, bounds, { learningRate: 0 }),
  });
  const order = runtime.tensor([MEMBERS, rows], "u32");
  order.write(Uint32Array.from({ length: MEMBERS * rows }, (_, row) => row));
  const losses = new Float64Array(MEMBERS);
  return {
    run() {
      losses.fill(0);
      trainer.step(order, 0, rows, losses);
    },
    losses: async () => [...losses],
    gradients: async () => gradients(runtime, rows, inputs, targets),
  };
}

// pass by pass: the trainer, whose steps are of the same bits, leaves no gradients
function gradients(
  runtime: Runtime,
  rows: number,
  inputs: readonly Float32Array[],
  targets: readonly Float32Array[],
): LayerArrays[][] {
  const ensemble = networks(runtime);
  const workspace = ensemble.workspace(rows);
  workspace.input.write(join(inputs));
  ensemble.forward(workspace, rows);
  const { output, outputGradient } = workspace;
  const target = runtime.tensor([MEMBERS, rows, TARGETS]).write(join(targets));
  const bounds = logVarianceBounds(runtime, TARGETS, BOUNDS);
  const loss = runtime.tensor([MEMBERS], "f64");
  gaussianNll(runtime, { loss, outputGradient }, { output, target, rows, bounds });
  const gradient = runtime.tensor([ensemble.params.size]);
  ensemble.vjp(workspace, rows, gradient);
  // laid out as the parameters, so networks of gradients can be read as networks
  ensemble.params.view.set(gradient.view);
  ensemble.changed();
  return readNetworks(ensemble);
}

function networks(runtime: Runtime): Ensemble {
  return createEnsemble(runtime, { members: MEMBERS, layers: LAYERS, activation: "swish", seed: 0 });
}

function readNetworks(ensemble: Ensemble): LayerArrays[][] {
  const { arrays } = ensemble.weights();
  const part = (name: string, e: number): Float32Array => {
    const data = arrays[name]!.data as Float32Array;
    const size = data.length / MEMBERS;
    return data.slice(e * size, (e + 1) * size);
  };
  return Array.from({ length: MEMBERS }, (_, e) =>
    LAYERS.slice(1).map((_, l) => ({ weight: part(`layer${l}.weight`, e), bias: part(`layer${l}.bias`, e) })),
  );
}

function normal(runtime: Runtime, stream: number, size: number): Tensor {
  const tensor = runtime.tensor([MEMBERS, size]);
  runtime.kernels.random_normal(tensor.address, tensor.size, 0, 1, 0, 0, stream, 0);
  return tensor;
}

function byMember(tensor: Tensor): Float32Array[] {
  const values = tensor.read() as Float32Array;
  const size = values.length / MEMBERS;
  return Array.from({ length: MEMBERS }, (_, e) => values.slice(e * size, (e + 1) * size));
}

function join(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
