// Plain JavaScript on typed arrays (bench/plain), with the tiling that serves an engine's scalar registers best.

import { gaussianLikelihood } from "../plain/losses.js";
import { PlainMlp } from "../plain/mlp.js";
import { ADAM, BOUNDS, LAYERS, type LayerArrays, type Peer, TARGETS } from "./work.js";

// initial biases are zero on all sides
function network(layers: readonly LayerArrays[], rows: number): PlainMlp {
  const weights = layers.map(({ weight }) => weight);
  return new PlainMlp(LAYERS, weights, rows);
}

export const peer: Peer = {
  name: "plain JavaScript",

  async inference({ rows, networks, inputs }) {
    const members = networks.map((layers) => network(layers, rows));
    const run = (): Float32Array[] => members.map((member, e) => member.forward(inputs[e]!));
    return { run, outputs: async () => run() };
  },

  async training({ rows, networks, inputs, targets }) {
    const members = networks.map((layers) => network(layers, rows));
    const losses = targets.map((target) => gaussianLikelihood(target, TARGETS, BOUNDS.max, BOUNDS.min));
    let values: number[] = [];
    return {
      run() {
        values = members.map((member, e) => member.train(inputs[e]!, losses[e]!, ADAM.learningRate));
      },
      losses: async () => values,
    };
  },
};
