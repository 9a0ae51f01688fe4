// The elementwise functions, ns per element, on arrays that fit into the first cache, against plain loops over Math.*. The
// first line is what the engine can do at most on this machine now, by which figures of other machines can be scaled.

import { probeFeatures, type Runtime } from "../src/wasm/index.js";
import { type FunctionName, functions, ulps } from "../test/oracle/elementwise.js";
import type { Case } from "./harness.js";
import { PEAK_WORK, peak } from "./peak.js";

const N = 2048;

export function cases(runtime: Runtime): Case[] {
  const kind = probeFeatures().relaxedSimd ? "fused" : "separate";
  const limit: Case = {
    name: `${kind} register peak`,
    unit: "GFLOP/s",
    work: 1e-9 * PEAK_WORK,
    ours: peak(kind),
    check() {},
  };
  return [limit, ...(Object.keys(functions) as FunctionName[]).map((name) => against(runtime, name))];
}

function against(runtime: Runtime, name: FunctionName): Case {
  const x = runtime.tensor([N]);
  const out = runtime.tensor([N]);
  runtime.kernels.random_normal(x.address, N, 0, 0, 0, 0, 0, 0);
  // 3σ is 9; a logarithm takes the absolute value
  x.write(x.read().map((z) => (name === "log" ? Math.abs(3 * z) : 3 * z)));
  const plainX = x.read();
  const plain = new Float32Array(N);
  const f = functions[name];
  return {
    name: `${name}, ${N} elements`,
    unit: "ns",
    work: N,
    ours: {
      name: "mbrl-wasm",
      run() {
        runtime.kernels[`${name}_f32`](out.address, x.address, N);
        return out.view[0]!;
      },
    },
    peer: {
      name: "plain JS",
      run() {
        for (let i = 0; i < N; i++) plain[i] = f(plainX[i]!);
        return plain[0]!;
      },
    },
    check() {
      runtime.kernels[`${name}_f32`](out.address, x.address, N);
      out.view.forEach((y, i) => {
        if (!(ulps(f(plainX[i]!), y) <= 2)) throw new Error(`${name}(${plainX[i]}) is ${y}`);
      });
    },
  };
}
