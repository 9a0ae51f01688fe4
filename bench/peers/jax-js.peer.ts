// jax-js on its WebAssembly backend, one thread (its threads need Web Workers), network by network, compiled. It has no
// optimizer: a training step here is the gradient alone.

import { readFileSync } from "node:fs";
import { blockUntilReady, defaultDevice, grad, init, jit, nn, numpy as np } from "@jax-js/jax";
import { BOUNDS, type LayerArrays, LAYERS, type Peer, TARGETS } from "./work.js";

const { version } = JSON.parse(
  readFileSync(new URL("node_modules/@jax-js/jax/package.json", import.meta.url), "utf8"),
) as { version: string };

await init("wasm");
defaultDevice("wasm");

// arrays are counted: each use but the last takes a reference
type Layer = { weight: np.Array; bias: np.Array };

function arrays(network: readonly LayerArrays[]): Layer[] {
  return network.map(({ weight, bias }, l) => ({
    weight: np.array(weight).reshape([LAYERS[l]!, LAYERS[l + 1]!]),
    bias: np.array(bias),
  }));
}

function references(layers: readonly Layer[]): Layer[] {
  return layers.map(({ weight, bias }) => ({ weight: weight.ref, bias: bias.ref }));
}

function forward(layers: Layer[], x: np.Array): np.Array {
  let y = x;
  for (const [l, { weight, bias }] of layers.entries()) {
    const z = np.matmul(y, weight).add(bias);
    y = l + 1 < layers.length ? nn.silu(z) : z;
  }
  return y;
}

function likelihood(layers: Layer[], x: np.Array, target: np.Array): np.Array {
  const [mean, raw] = np.split(forward(layers, x), 2, 1) as [np.Array, np.Array];
  const below = np.subtract(BOUNDS.max, nn.softplus(np.subtract(BOUNDS.max, raw)));
  const logVariance = nn.softplus(below.sub(BOUNDS.min)).add(BOUNDS.min);
  const squares = np.square(mean.sub(target));
  return np.mean(squares.mul(np.exp(logVariance.ref.neg())).add(logVariance));
}

export const peer: Peer = {
  name: `jax-js ${version}`,

  async inference({ rows, networks, inputs }) {
    const members = networks.map(arrays);
    const xs = inputs.map((x) => np.array(x).reshape([rows, LAYERS[0]]));
    const compiled = jit(forward);
    const one = (e: number): np.Array => compiled(references(members[e]!), xs[e]!.ref) as np.Array;
    return {
      async run() {
        for (const e of members.keys()) (await blockUntilReady(one(e))).dispose();
      },
      async outputs() {
        const values: Float32Array[] = [];
        for (const e of members.keys()) values.push((await one(e).data()) as Float32Array);
        return values;
      },
    };
  },

  async training({ rows, networks, inputs, targets }) {
    const members = networks.map(arrays);
    const xs = inputs.map((x) => np.array(x).reshape([rows, LAYERS[0]]));
    const ys = targets.map((y) => np.array(y).reshape([rows, TARGETS]));
    const compiled = jit(grad(likelihood));
    const one = (e: number): Layer[] => compiled(references(members[e]!), xs[e]!.ref, ys[e]!.ref) as Layer[];
    return {
      async run() {
        for (const e of members.keys()) {
          for (const { weight, bias } of await blockUntilReady(one(e))) {
            weight.dispose();
            bias.dispose();
          }
        }
      },
      async gradients() {
        const all: LayerArrays[][] = [];
        for (const e of members.keys()) {
          const layers: LayerArrays[] = [];
          for (const { weight, bias } of one(e)) {
            layers.push({ weight: (await weight.data()) as Float32Array, bias: (await bias.data()) as Float32Array });
          }
          all.push(layers);
        }
        return all;
      },
    };
  },
};
