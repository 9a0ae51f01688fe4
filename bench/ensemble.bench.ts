// Ensembles of swish networks: prediction of a planner's rows, and a training step (forward, squared error, backward, Adam).
// Sizes: cart-pole's default (5 × 64 × 64), and those of PETS for half-cheetah (5 × 200 × 200 × 200 × 200).

import { createAdam, createEnsemble, type Ensemble, meanSquaredError } from "../src/nn/index.js";
import type { Runtime, Tensor } from "../src/wasm/index.js";
import type { Case } from "./harness.js";
import { squaredError } from "./plain/losses.js";
import { PlainMlp } from "./plain/mlp.js";

const MEMBERS = 5;
const small = [6, 64, 64, 10];
const large = [24, 200, 200, 200, 200, 36];
const LEARNING_RATE = 1e-3;

export function cases(runtime: Runtime): Case[] {
  return [
    prediction(runtime, small, 100),
    prediction(runtime, large, 400),
    training(runtime, small, 64),
    training(runtime, large, 32),
  ];
}

function prediction(runtime: Runtime, layers: readonly number[], rows: number): Case {
  const { ensemble, plain, normal } = networks(runtime, layers, rows);
  const x = normal(MEMBERS, rows, layers[0]!);
  const out = runtime.tensor([MEMBERS, rows, ensemble.outputStride]);
  const inputs = byMember(x);
  const ours = (): number => {
    ensemble.predict(out, x, rows);
    return out.view[0]!;
  };
  const theirs = (): number => {
    let sum = 0;
    for (const [e, network] of plain.entries()) sum += network.forward(inputs[e]!)[0]!;
    return sum;
  };
  return {
    name: `predict ${MEMBERS} × ${layers.join("-")}, ${rows} rows`,
    unit: "ms",
    ours: { name: "mbrl-wasm", run: ours },
    peer: { name: "plain JS", run: theirs },
    check() {
      ours();
      const width = layers[layers.length - 1]!;
      for (const [e, network] of plain.entries()) {
        const expected = network.forward(inputs[e]!);
        for (let i = 0; i < rows * width; i++) {
          const row = e * rows + Math.floor(i / width);
          near(out.view[row * ensemble.outputStride + (i % width)]!, expected[i]!, 1e-4);
        }
      }
    },
  };
}

function training(runtime: Runtime, layers: readonly number[], rows: number): Case {
  const { ensemble, plain, normal } = networks(runtime, layers, rows);
  const adam = createAdam(runtime, ensemble, { learningRate: LEARNING_RATE });
  const workspace = ensemble.workspace(rows);
  const x = normal(MEMBERS, rows, layers[0]!);
  const target = normal(MEMBERS, rows, layers[layers.length - 1]!);
  const gradients = runtime.tensor([ensemble.params.size]);
  const loss = runtime.tensor([MEMBERS], "f64");
  workspace.input.view.set(x.view);
  const ours = (): number => {
    ensemble.forward(workspace, rows);
    const { output, outputGradient } = workspace;
    meanSquaredError(runtime, { loss, outputGradient }, { output, target, rows });
    ensemble.vjp(workspace, rows, gradients);
    adam.step(gradients);
    return loss.view[0]!;
  };
  const [inputs, losses] = [byMember(x), byMember(target).map(squaredError)];
  const theirs = (): number => {
    let sum = 0;
    for (const [e, network] of plain.entries()) sum += network.train(inputs[e]!, losses[e]!, LEARNING_RATE);
    return sum;
  };
  return {
    name: `train ${MEMBERS} × ${layers.join("-")}, batch ${rows}`,
    unit: "ms",
    ours: { name: "mbrl-wasm", run: ours },
    peer: { name: "plain JS", run: theirs },
    check() {
      // the losses of three steps agree, so gradients and updates do
      for (let step = 0; step < 3; step++) {
        ours();
        const sum = loss.view.reduce((total, value) => total + value, 0);
        near(sum, theirs(), 1e-3);
      }
    },
  };
}

// an ensemble, the same networks in plain JavaScript, and a source of normals
function networks(runtime: Runtime, layers: readonly number[], rows: number) {
  const ensemble = createEnsemble(runtime, { members: MEMBERS, layers, activation: "swish", seed: 0 });
  let sample = 0;
  const normal = (...shape: number[]): Tensor => {
    const tensor = runtime.tensor(shape);
    runtime.kernels.random_normal(tensor.address, tensor.size, 0, 1, 0, 0, 0, sample++);
    return tensor;
  };
  return { ensemble, plain: twins(ensemble, rows), normal };
}

function twins(ensemble: Ensemble, rows: number): PlainMlp[] {
  const { layers } = ensemble;
  const { arrays } = ensemble.weights();
  return Array.from({ length: MEMBERS }, (_, e) => {
    const weights = layers.slice(1).map((N, l) => {
      const size = layers[l]! * N;
      return Float32Array.from(arrays[`layer${l}.weight`]!.data.subarray(e * size, (e + 1) * size));
    });
    return new PlainMlp(layers, weights, rows);
  });
}

function byMember(tensor: Tensor): Float32Array[] {
  const values = tensor.read();
  const size = values.length / MEMBERS;
  return Array.from({ length: MEMBERS }, (_, e) => values.slice(e * size, (e + 1) * size));
}

function near(actual: number, expected: number, tolerance: number): void {
  if (!(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)))) {
    throw new Error(`ensemble: ${actual} instead of ${expected}`);
  }
}
