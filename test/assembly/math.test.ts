// The elementwise functions against float64: error on a sample of all float32, exact answers at the edges, NaN kept, and
// the same bits for an element whatever its place. The sweep over every float32 is in test/slow/elementwise.test.ts.

import v8 from "node:v8";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadRuntime, probeFeatures, type Runtime } from "../../src/wasm/index.js";
import { bounds, type FunctionName, functions, ulps } from "../oracle/elementwise.js";
import { runtime, runtimes } from "../support/runtime.js";

// Node 20 has relaxed SIMD behind a flag that may be set before the first compilation
if (!probeFeatures().relaxedSimd) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
const releases = [runtime, await loadRuntime({ numerics: "fast" })];

const names = Object.keys(functions) as FunctionName[];
const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33];
const tiny = 2 ** -149;
const huge = Math.fround(3.4028234663852886e38);

/** f(x) by the kernel; the output holds NaN before. */
function evaluate(on: Runtime, name: FunctionName, values: ArrayLike<number>, inPlace = false): Float32Array {
  const x = on.tensor([values.length]).write(values);
  const out = inPlace ? x : on.tensor([values.length]);
  if (!inPlace) out.view.fill(Number.NaN);
  on.kernels[`${name}_f32`](out.address, x.address, values.length);
  const result = out.read();
  out.dispose();
  x.dispose();
  return result;
}

/** Largest error of a function on `values`, and where. */
function worst(on: Runtime, name: FunctionName, values: Float32Array): { error: number; at: number } {
  const got = evaluate(on, name, values);
  let [error, at] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const x = values[i] as number;
    const here = ulps(functions[name](x), got[i] as number);
    if (here > error) [error, at] = [here, x];
  }
  return { error, at };
}

/** Every 42,949th float32 in the order of their bits: about 200 in each binade of either sign. */
function sample(): Float32Array {
  const bits = Uint32Array.from({ length: 100_000 }, (_, i) => i * 42_949);
  return new Float32Array(bits.buffer);
}

/** The float32 around `x`. */
function neighbors(x: number): number[] {
  const f32 = new Float32Array([x]);
  const bits = new Int32Array(f32.buffer);
  const middle = bits[0] as number;
  return [-3, -2, -1, 0, 1, 2, 3].map((step) => {
    bits[0] = middle + step;
    return f32[0] as number;
  });
}

const math = suite("math");

for (const name of names) {
  math(`${name} is within ${bounds[name]} ulp`, () => {
    // where ranges, polynomials and roundings change
    const edges = [tiny, 2 ** -126, 2 ** -24, 0.34657359, 0.41421357, 0.5625, Math.SQRT1_2, 1, Math.SQRT2, Math.PI / 4];
    edges.push(
      Math.PI / 2,
      Math.PI,
      9.011,
      16.6,
      60,
      87.336,
      88.722839,
      103.97,
      109.1,
      2 ** 98,
      2 ** 99,
      8192,
      8192 * Math.PI,
      huge,
    );
    const values = Float32Array.from(edges.flatMap((x) => [...neighbors(x), ...neighbors(-x)]));
    for (const on of releases) {
      for (const inputs of [sample(), values]) {
        const { error, at } = worst(on, name, inputs);
        assert.ok(error <= bounds[name], `${on.info().variant}: ${error} ulp at ${at}`);
      }
    }
  });
}

math("the answers at the edges are exact", () => {
  const infinity = Infinity;
  const table: Record<FunctionName, readonly (readonly [number, number])[]> = {
    exp: [
      [0, 1],
      [-0, 1],
      [infinity, infinity],
      [-infinity, 0],
      [huge, infinity],
      [-huge, 0],
      [tiny, 1],
      [-tiny, 1],
      [89, infinity],
      [-104, 0],
    ],
    log: [
      [1, 0],
      [0, -infinity],
      [-0, -infinity],
      [infinity, infinity],
      [-infinity, Number.NaN],
      [-tiny, Number.NaN],
      [-1, Number.NaN],
    ],
    tanh: [
      [0, 0],
      [-0, -0],
      [infinity, 1],
      [-infinity, -1],
      [huge, 1],
      [-huge, -1],
      [tiny, tiny],
      [-tiny, -tiny],
    ],
    sigmoid: [
      [0, 0.5],
      [-0, 0.5],
      [infinity, 1],
      [-infinity, 0],
      [huge, 1],
      [-huge, 0],
    ],
    softplus: [
      [infinity, infinity],
      [-infinity, 0],
      [huge, huge],
      [-huge, 0],
      [0, Math.fround(Math.LN2)],
    ],
    swish: [
      [0, 0],
      [-0, -0],
      [infinity, infinity],
      [-infinity, -0],
      [huge, huge],
      [-huge, -0],
    ],
    sin: [
      [0, 0],
      [-0, -0],
      [tiny, tiny],
      [-tiny, -tiny],
      [infinity, Number.NaN],
      [-infinity, Number.NaN],
    ],
    cos: [
      [0, 1],
      [-0, 1],
      [tiny, 1],
      [infinity, Number.NaN],
      [-infinity, Number.NaN],
    ],
  };
  for (const on of releases) {
    for (const name of names) {
      const pairs = table[name];
      const got = evaluate(
        on,
        name,
        pairs.map(([x]) => x),
      );
      pairs.forEach(([x, expected], i) => {
        assert.ok(Object.is(got[i], expected), `${name}(${x}) is ${got[i]}, not ${expected}`);
      });
    }
  }
});

math("denormal results keep their digits", () => {
  // a result that were flushed to zero, or rounded twice, would be off by more than the bound
  const inputs: Partial<Record<FunctionName, number>> = {
    exp: -95,
    sigmoid: -95,
    softplus: -95,
    swish: -100,
    tanh: 1e-40,
  };
  for (const on of releases) {
    for (const [name, x] of Object.entries(inputs) as [FunctionName, number][]) {
      const values = Float32Array.from({ length: 1000 }, (_, i) => x * (1 + i / 12_000));
      const { error, at } = worst(on, name, values);
      assert.ok(error <= 1 && evaluate(on, name, values).every((y) => y !== 0), `${name}: ${error} ulp at ${at}`);
    }
  }
});

math("NaN stays NaN in its own lane only, whatever its bits", () => {
  const patterns = new Float32Array(
    new Uint32Array([0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001, 0x7fffffff]).buffer,
  );
  for (const on of releases) {
    for (const name of names) {
      const alone = evaluate(on, name, new Float32Array(9).fill(0.75))[0];
      for (const [i] of patterns.entries()) {
        for (let slot = 0; slot < 9; slot++) {
          // the bits are copied: a float write may change those of a NaN
          const x = on.tensor([9]).write(new Float32Array(9).fill(0.75));
          x.view.set(patterns.subarray(i, i + 1), slot);
          on.kernels[`${name}_f32`](x.address, x.address, 9);
          x.view.forEach((y, j) => {
            assert.ok(
              j === slot ? Number.isNaN(y) : y === alone,
              `${name}: NaN ${i} in slot ${slot} gives ${y} in ${j}`,
            );
          });
          x.dispose();
        }
      }
    }
  }
});

math("an element has the same bits in every place, at every length, in place or not, in both binaries", () => {
  const inputs = Float32Array.from({ length: 33 }, (_, i) => (i % 2 ? -1 : 1) * 1.7 ** (i - 16));
  for (const name of names) {
    const values = name === "log" ? inputs.map(Math.abs) : inputs;
    const expected = Array.from(values, (x) => evaluate(runtime, name, [x, x, x, x])[0] as number);
    for (const [, on] of runtimes) {
      for (const n of sizes) {
        for (const inPlace of [false, true]) {
          const got = evaluate(on, name, values.subarray(0, n), inPlace);
          assert.equal([...got], expected.slice(0, n), `${name} of ${n}`);
        }
      }
    }
  }
});

math("a large angle does not change the bits of its neighbors", () => {
  for (const name of ["sin", "cos"] as const) {
    const alone = evaluate(runtime, name, [1.25, 1.25, 1.25, 1.25])[0];
    for (let lane = 0; lane < 4; lane++) {
      const values = [1.25, 1.25, 1.25, 1.25];
      values[lane] = 1e10;
      const got = evaluate(runtime, name, values);
      got.forEach((y, i) => {
        if (i === lane) assert.ok(ulps(functions[name](1e10), y) <= 2);
        else assert.is(y, alone);
      });
    }
  }
});

math.run();
