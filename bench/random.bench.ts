// Random numbers, ns per element: fills as a planner makes them, against the fastest plain JavaScript. Its normals by the
// ziggurat, the fastest scalar method there is, and by the polar method, the fastest without tables; truncated normals by
// the ziggurat, drawing again; and both as programs write them.

import type { Runtime } from "../src/wasm/index.js";
import type { Case } from "./harness.js";
import {
  plainPolar,
  plainTruncated,
  plainUniform,
  plainZiggurat,
  type State,
  usualNormal,
  usualTruncated,
} from "./plain/random.js";

// 50 sequences of 20 actions of 4
const N = 4000;

type Kernel = "random_uniform" | "random_normal" | "random_truncated_normal";
type Fill = (out: Float32Array, state: State) => void;

// mean and mean square
const moments: Record<Kernel, readonly [number, number]> = {
  random_uniform: [1 / 2, 1 / 3],
  random_normal: [0, 1],
  random_truncated_normal: [0, 0.77374],
};

export function cases(runtime: Runtime): Case[] {
  return [
    against(runtime, "uniform", "random_uniform", "plain JS, sfc32", plainUniform),
    against(runtime, "normal", "random_normal", "plain JS, ziggurat", plainZiggurat),
    against(runtime, "normal", "random_normal", "plain JS, polar", plainPolar),
    against(runtime, "normal", "random_normal", "plain JS, polar on Math.random", usualNormal),
    against(runtime, "truncated normal", "random_truncated_normal", "plain JS, ziggurat", plainTruncated),
    against(runtime, "truncated normal", "random_truncated_normal", "plain JS, polar on Math.random", usualTruncated),
  ];
}

function against(runtime: Runtime, name: string, kernel: Kernel, method: string, fill: Fill): Case {
  const out = runtime.tensor([N]);
  const plain = new Float32Array(N);
  const state = Int32Array.of(1, 2, 3, 4);
  let step = 0;
  const ours = (): number => {
    runtime.kernels[kernel](out.address, N, 0, 1, 2, 3, step++, 5);
    return out.view[0]!;
  };
  const theirs = (): number => {
    fill(plain, state);
    return plain[0]!;
  };
  return {
    name: `${name}, ${N} elements`,
    unit: "ns",
    work: N,
    ours: { name: "mbrl-wasm", run: ours },
    peer: { name: method, run: theirs },
    check() {
      checkMoments(kernel, ours, out.view);
      checkMoments(kernel, theirs, plain);
    },
  };
}

// over enough fills that a mean is off by half a percent once in a thousand runs
function checkMoments(kernel: Kernel, fill: () => number, values: Float32Array): void {
  const fills = 200;
  const sums = [0, 0] as [number, number];
  for (let i = 0; i < fills; i++) {
    fill();
    for (const z of values) {
      sums[0] += z;
      sums[1] += z * z;
    }
  }
  moments[kernel].forEach((expected, order) => {
    const got = sums[order]! / (fills * N);
    if (!(Math.abs(got - expected) < 0.01))
      throw new Error(`${kernel}: moment ${order + 1} is ${got}, not ${expected}`);
  });
}
