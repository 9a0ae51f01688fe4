// Every float32 there is through every elementwise function, against float64. One to three minutes per function. For a
// quicker look, environment variables: SWEEP_FUNCTIONS=exp,log chooses functions, SWEEP_STRIDE=97 takes every 97th input,
// SWEEP_NUMERICS=fast takes the relaxed binary.

import v8 from "node:v8";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadRuntime, probeFeatures } from "../../src/wasm/index.js";
import { bounds, type FunctionName, functions, ulps } from "../oracle/elementwise.js";

const {
  SWEEP_FUNCTIONS = Object.keys(functions).join(),
  SWEEP_STRIDE = "1",
  SWEEP_NUMERICS = "reproducible",
} = process.env;
const CHUNK = 1 << 14;

// Node 20 has relaxed SIMD behind a flag that may be set before the first compilation
if (SWEEP_NUMERICS === "fast" && !probeFeatures().relaxedSimd) {
  v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
}
const runtime = await loadRuntime({ numerics: SWEEP_NUMERICS as "reproducible" | "fast" });

/** Largest error over inputs 0, stride, 2·stride, … taken as bits of a float32, and where it is. */
function sweep(name: FunctionName, stride: number): { worst: number; at: number; inputs: number } {
  const exact = functions[name];
  const input = runtime.tensor([CHUNK]);
  const output = runtime.tensor([CHUNK]);
  const bits = new Uint32Array(input.view.buffer, input.address, CHUNK);
  const [x, y] = [input.view, output.view];
  let worst = 0;
  let at = 0;
  let inputs = 0;
  for (let next = 0; next < 2 ** 32;) {
    let n = 0;
    for (; n < CHUNK && next < 2 ** 32; n++, next += stride) bits[n] = next;
    runtime.kernels[`${name}_f32`](output.address, input.address, n);
    inputs += n;
    for (let i = 0; i < n; i++) {
      const value = exact(x[i] as number);
      const got = y[i] as number;
      // a correctly rounded result is at most half a unit off; zeros are looked at for their sign
      if (Math.fround(value) === got && got !== 0) continue;
      const error = ulps(value, got);
      if (error > worst) {
        worst = error;
        at = x[i] as number;
      }
    }
  }
  input.dispose();
  output.dispose();
  return { worst, at, inputs };
}

const elementwise = suite("elementwise");

for (const name of SWEEP_FUNCTIONS.split(",") as FunctionName[]) {
  elementwise(`${name} is within ${bounds[name]} ulp on all float32`, () => {
    const started = performance.now();
    const { worst, at, inputs } = sweep(name, Number(SWEEP_STRIDE));
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`${SWEEP_NUMERICS} ${name}: ${worst.toFixed(4)} ulp at ${at}, ${inputs} inputs, ${seconds} s`);
    assert.ok(worst <= bounds[name], `${worst} ulp at ${at}`);
  });
}

elementwise.run();
