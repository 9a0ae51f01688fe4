// Measures whether a repeated operation leaves anything behind.

import * as assert from "uvu/assert";
import type { Runtime } from "../../src/wasm/index.js";

const HEAP_LIMIT = 256 * 1024;

const collect = (globalThis as { gc?: () => void }).gc;

/** Bytes of JavaScript heap in use, after two collections. Needs `node --expose-gc`, as scripts/test.mjs runs it. */
function heap(): number {
  if (collect === undefined) throw new Error("run this test with node --expose-gc");
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/**
 * Asserts that `operation` leaves at most 256 KiB on the heap. A leak does so every time; compiled code and the like, which
 * the engine may add at any moment, only once: the smallest growth of three counts.
 */
export async function checkHeap(name: string, operation: () => void | Promise<void>): Promise<void> {
  const growths: number[] = [];
  for (let round = 0; round < 3; round++) {
    const before = heap();
    await operation();
    const growth = heap() - before;
    if (growth <= HEAP_LIMIT) return;
    growths.push(growth);
  }
  assert.unreachable(`${name}: heap grew by ${growths.join(", then by ")} bytes`);
}

/** Asserts that, once warm, `calls` calls leave memory, tensors and heap where they were. */
export async function checkGrowth(
  runtime: Runtime,
  name: string,
  operation: () => void,
  calls = 100_000,
): Promise<void> {
  for (let i = 0; i < calls / 10; i++) operation();
  const before = runtime.memoryUsage();
  await checkHeap(name, () => {
    for (let i = 0; i < calls; i++) operation();
  });
  const after = runtime.memoryUsage();
  assert.is(after.total, before.total, `${name}: bytes of linear memory`);
  assert.is(after.used, before.used, `${name}: bytes in use`);
  assert.is(after.tensors, before.tensors, `${name}: live tensors`);
}
