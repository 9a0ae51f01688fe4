// Ensembles of swish networks: prediction of a planner's rows, and a training step (forward, loss, backward, Adam), against
// plain JavaScript, the registers' peak, and the other numerics. Sizes: cart-pole's default (5 × 64 × 64), and those of PETS
// for half-cheetah (5 × 200 × 200 × 200 × 200).

import { createAdam, createEnsemble, createTrainer, type Ensemble, logVarianceBounds } from "../src/nn/index.js";
import { loadRuntime, probeFeatures, type Runtime, type Tensor } from "../src/wasm/index.js";
import type { Case, Side } from "./harness.js";
import { peak, PEAK_WORK } from "./peak.js";
import { squaredError } from "./plain/losses.js";
import { PlainMlp } from "./plain/mlp.js";

const MEMBERS = 5;
const small = [6, 64, 64, 10];
const large = [24, 200, 200, 200, 200, 36];
const LEARNING_RATE = 1e-3;
const EXAMPLES = 4096;

export async function cases(runtime: Runtime): Promise<Case[]> {
  return [
    prediction(runtime, small, 100),
    prediction(runtime, large, 400),
    training(runtime, small, 64),
    training(runtime, large, 32),
    ...againstPeak(runtime),
    ...(await againstFast(runtime)),
  ];
}

// the same work in GFLOP/s, against what the registers of this engine can do
function againstPeak(runtime: Runtime): Case[] {
  const limit = peak(runtime.info().numerics === "fast" ? "fused" : "separate");
  const peer = { ...limit, work: 1e-9 * PEAK_WORK };
  return [
    ...[1, 5, 100, 4000].map((rows) => rate(`predict ${title(large)}, ${rows} rows`, predictor(runtime, rows), peer)),
    ...[32, 256, 2048].map((rows) => rate(`train ${title(large)}, batch ${rows}`, trainee(runtime, rows), peer)),
  ];
}

// what reproducible numerics cost: the same work with fused multiply-add, where the engine has it
async function againstFast(runtime: Runtime): Promise<Case[]> {
  if (runtime.info().numerics === "fast" || !probeFeatures().relaxedSimd) return [];
  const fast = await loadRuntime({ numerics: "fast", threads: 1 });
  const name = "fast numerics";
  return [
    rate("predict, 4000 rows", predictor(runtime, 4000), { ...predictor(fast, 4000), name }),
    ...[32, 256, 2048].map((rows) =>
      rate(`train, batch ${rows}`, trainee(runtime, rows), { ...trainee(fast, rows), name }),
    ),
  ];
}

const title = (layers: readonly number[]): string => `${MEMBERS} × ${layers.join("-")}`;

// multiply-adds of a row of one network, forward
const products = (layers: readonly number[]): number => layers.slice(1).reduce((sum, N, l) => sum + layers[l]! * N, 0);

type Worker = Side & { readonly work: number };

function rate(name: string, ours: Worker, peer: Worker): Case {
  const check = (): void => {
    if (!Number.isFinite(ours.run())) throw new Error(`ensemble: ${name} is not finite`);
  };
  return { name, unit: "GFLOP/s", work: ours.work, ours, peer, check };
}

function predictor(runtime: Runtime, rows: number): Worker {
  const ensemble = createEnsemble(runtime, { members: MEMBERS, layers: large, seed: 0 });
  const x = normals(runtime, 0, MEMBERS, rows, large[0]!);
  const out = runtime.tensor([MEMBERS, rows, ensemble.outputStride]);
  const run = (): number => {
    ensemble.predict(out, x, rows);
    return out.view[0]!;
  };
  return { name: "mbrl-wasm", work: 2e-9 * MEMBERS * rows * products(large), run };
}

function trainee(runtime: Runtime, rows: number): Worker {
  const D = large[large.length - 1]! / 2;
  const ensemble = createEnsemble(runtime, { members: MEMBERS, layers: large, seed: 0 });
  const optimizer = createAdam(runtime, ensemble, { learningRate: 1e-5 });
  const bounds = logVarianceBounds(runtime, D);
  const boundsOptimizer = createAdam(runtime, bounds, { learningRate: 1e-5 });
  const inputs = normals(runtime, 1, EXAMPLES, large[0]!);
  const targets = normals(runtime, 2, EXAMPLES, D);
  const data = { inputs, targets, batchSize: rows, optimizer, bounds, boundsOptimizer };
  const trainer = createTrainer(ensemble, { ...data, loss: "gaussian" });
  const scattered = Array.from({ length: MEMBERS * rows }, (_, i) => (i * 1201) % EXAMPLES);
  const order = runtime.tensor([MEMBERS, rows], "u32").write(scattered);
  const losses = new Float64Array(MEMBERS);
  const run = (): number => {
    trainer.step(order, 0, rows, losses.fill(0));
    return losses[0]!;
  };
  // the gradient of the inputs is left out
  const work = 2e-9 * MEMBERS * rows * (3 * products(large) - large[0]! * large[1]!);
  return { name: "mbrl-wasm", work, run };
}

function normals(runtime: Runtime, sample: number, ...shape: number[]): Tensor {
  const tensor = runtime.tensor(shape);
  runtime.kernels.random_normal(tensor.address, tensor.size, 0, 1, 0, 0, 0, sample);
  return tensor;
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
  const optimizer = createAdam(runtime, ensemble, { learningRate: LEARNING_RATE });
  // each member has examples of its own
  const x = normal(MEMBERS * rows, layers[0]!);
  const target = normal(MEMBERS * rows, layers[layers.length - 1]!);
  const data = { inputs: x, targets: target, batchSize: rows, optimizer };
  const trainer = createTrainer(ensemble, { ...data, loss: "squaredError" });
  const order = runtime.tensor([MEMBERS, rows], "u32").write(Array.from({ length: MEMBERS * rows }, (_, i) => i));
  const loss = new Float64Array(MEMBERS);
  const ours = (): number => {
    trainer.step(order, 0, rows, loss.fill(0));
    return loss[0]!;
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
        const sum = loss.reduce((total, value) => total + value, 0);
        near(sum, theirs(), 1e-3);
      }
    },
  };
}

// an ensemble, the same networks in plain JavaScript, and a source of normals
function networks(runtime: Runtime, layers: readonly number[], rows: number) {
  const ensemble = createEnsemble(runtime, { members: MEMBERS, layers, activation: "swish", seed: 0 });
  let sample = 0;
  const normal = (...shape: number[]): Tensor => normals(runtime, sample++, ...shape);
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
