// TensorFlow.js on its WebAssembly backend, one thread, network by network: its product of two matrices is a fast one
// (XNNPACK), that of two stacks of matrices or of transposed ones is not. Its threads do not start in Node.

import { createRequire } from "node:module";
import path from "node:path";
import * as wasm from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { ADAM, BOUNDS, type LayerArrays, LAYERS, type Peer, TARGETS } from "./work.js";

const require = createRequire(import.meta.url);
// the core alone registers no gradients; required, because its imports of folders are no valid ES modules
require("@tensorflow/tfjs-core/dist/register_all_gradients.js");
tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
wasm.setWasmPaths(`${path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
await tf.setBackend("wasm");

interface Layer {
  readonly weight: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable<tf.Rank.R1>;
}

function variables(network: readonly LayerArrays[]): Layer[] {
  return network.map(({ weight, bias }, l) => ({
    weight: tf.variable(tf.tensor2d(weight, [LAYERS[l]!, LAYERS[l + 1]!])),
    bias: tf.variable(tf.tensor1d(bias)),
  }));
}

/** x · weight + bias. */
export type Dense = (x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D) => tf.Tensor2D;

function forward(layers: readonly Layer[], x: tf.Tensor2D, dense: Dense): tf.Tensor2D {
  let y = x;
  for (const [l, { weight, bias }] of layers.entries()) {
    const z = dense(y, weight, bias);
    y = l + 1 < layers.length ? tf.mul(z, tf.sigmoid(z)) : z;
  }
  return y;
}

function likelihood(output: tf.Tensor2D, target: tf.Tensor2D): tf.Scalar {
  const [mean, raw] = tf.split(output, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
  const below = tf.sub(BOUNDS.max, tf.softplus(tf.sub(BOUNDS.max, raw)));
  const logVariance = tf.add(BOUNDS.min, tf.softplus(tf.sub(below, BOUNDS.min)));
  const squares = tf.square(tf.sub(mean, target));
  return tf.mean(tf.add(tf.mul(squares, tf.exp(tf.neg(logVariance))), logVariance)) as tf.Scalar;
}

/** The peer with a layer of its own. */
export function tfjs(name: string, dense: Dense): Required<Peer> {
  return {
    name: `${name} ${tf.version_core}`,

    async inference({ rows, networks, inputs }) {
      const members = networks.map(variables);
      const xs = inputs.map((x) => tf.tensor2d(x, [rows, LAYERS[0]]));
      const all = (): tf.Tensor2D[] => members.map((layers, e) => tf.tidy(() => forward(layers, xs[e]!, dense)));
      return {
        run: () => tf.dispose(all()),
        async outputs() {
          const outputs = all();
          const values = outputs.map((output) => output.dataSync<"float32">().slice());
          tf.dispose(outputs);
          return values;
        },
      };
    },

    async training({ rows, networks, inputs, targets }) {
      const { learningRate, beta1, beta2, epsilon } = ADAM;
      const members = networks.map((network, e) => ({
        layers: variables(network),
        x: tf.tensor2d(inputs[e]!, [rows, LAYERS[0]]),
        y: tf.tensor2d(targets[e]!, [rows, TARGETS]),
        adam: tf.train.adam(learningRate, beta1, beta2, epsilon),
      }));
      const costs = members.map(() => tf.scalar(0));
      return {
        run() {
          for (const [e, { layers, x, y, adam }] of members.entries()) {
            costs[e]!.dispose();
            const trained = layers.flatMap(({ weight, bias }) => [weight, bias]);
            costs[e] = adam.minimize(() => likelihood(forward(layers, x, dense), y), true, trained)!;
          }
        },
        losses: async () => costs.map((cost) => cost.dataSync()[0]!),
      };
    },
  };
}
