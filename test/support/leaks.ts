// Measures whether a repeated operation leaves anything behind.

import * as assert from "uvu/assert";
import type { Runtime } from "../../src/wasm/index.js";

const HEAP_LIMIT = 256 * 1024;

const collect = (globalThis as { gc?: () => void }).gc;

/** Bytes of JavaScript heap in use, after two collections. Needs `node --expose-gc`, as scripts/test.mjs runs it. */
export function heap(): number {
  if (collect === undefined) throw new Error("run this test with node --expose-gc");
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** Asserts that the heap has grown by 256 KiB at most since it was `before`. */
export function checkHeap(name: string, before: number): void {
  const growth = heap() - before;
  assert.ok(growth <= HEAP_LIMIT, `${name}: heap grew by ${growth} bytes`);
}

/** Asserts that, once warm, `calls` calls leave memory, tensors and heap where they were. */
export function checkGrowth(runtime: Runtime, name: string, operation: () => void, calls = 100_000): void {
  for (let i = 0; i < calls / 10; i++) operation();
  const before = runtime.memoryUsage();
  const heapBefore = heap();
  for (let i = 0; i < calls; i++) operation();
  const after = runtime.memoryUsage();
  assert.is(after.total, before.total, `${name}: bytes of linear memory`);
  assert.is(after.used, before.used, `${name}: bytes in use`);
  assert.is(after.tensors, before.tensors, `${name}: live tensors`);
  checkHeap(name, heapBefore);
}
