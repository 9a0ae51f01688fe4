// Nothing may grow: 100,000 calls of every kernel, tensors, scopes, and a hundred runtimes leave the memory, the number of
// live tensors and the heap where they were. Needs `node --expose-gc`, as scripts/test.mjs runs it.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadRuntime } from "../../src/wasm/index.js";
import { kernelCases, pureKernels } from "../support/kernel-cases.js";
import { checkGrowth, checkHeap } from "../support/leaks.js";

const runtime = await loadRuntime();

const leaks = suite("leak");

leaks("every kernel has a case", async () => {
  const scope = runtime.scoped((inner) => inner);
  const covered = new Set<string>(kernelCases(scope).map(({ kernel }) => kernel));
  scope.dispose();
  const missing = Object.keys(runtime.kernels).filter((name) => !covered.has(name));
  assert.equal(missing.sort(), [...pureKernels].sort());
});

leaks("100,000 calls of each kernel leave nothing", async () => {
  const scope = runtime.scoped((inner) => inner);
  for (const { kernel, call } of kernelCases(scope)) await checkGrowth(runtime, kernel, call);
  scope.dispose();
  assert.is(runtime.memoryUsage().tensors, 0);
});

leaks("100,000 tensors made, written, read and disposed of leave nothing", async () => {
  const values = new Float32Array(33).fill(1);
  const out = new Float32Array(33);
  await checkGrowth(runtime, "tensor", () => {
    const tensor = runtime.tensor([3, 11]);
    tensor.write(values).read(out);
    tensor.lend((view) => view.fill(2));
    tensor.dispose();
  });
});

leaks("100,000 scopes leave nothing", async () => {
  await checkGrowth(runtime, "scope", () => {
    const scope = runtime.scoped((inner) => inner);
    scope.tensor([5]);
    scope.tensor([7], "u8");
    scope.dispose();
  });
});

leaks("a hundred runtimes leave nothing", async () => {
  // each with its own memory; the engine must be able to let them go
  const wasm = await WebAssembly.compile(readFileSync(new URL("../../build/wasm/simd.wasm", import.meta.url)));
  const load = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) (await loadRuntime({ wasm })).dispose();
  };
  await load(20);
  await checkHeap("runtime", () => load(100));
});

leaks.run();
