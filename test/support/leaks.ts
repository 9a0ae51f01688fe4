// Measures whether a repeated operation leaves anything behind: whatever is called 100,000 times, the memory, the live tensors
// and the heap are where they were, and so they are after a thousand of a part were made and disposed of.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Disposable } from "../../src/types.js";
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

/** A part, and what is called in a loop; `calls` where 100,000 calls take too long for a test. */
export interface LoopCase {
  readonly name: string;
  readonly calls?: number;
  make(): { part: Disposable; call(): void };
}

/** Several parts as one. */
export function all(...parts: Disposable[]): Disposable {
  return {
    dispose() {
      for (const part of parts) part.dispose();
    },
  };
}

/** A test of each case; to be run by the caller. */
export function loopSuite(name: string, runtime: Runtime, cases: readonly LoopCase[]) {
  const leaks = suite(name);
  for (const { name, calls = 100_000, make } of cases) {
    leaks(`${name}: ${calls} calls`, async () => {
      const before = runtime.memoryUsage();
      const { part, call } = make();
      await checkGrowth(runtime, name, call, calls);
      part.dispose();
      part.dispose();
      assert.is(runtime.memoryUsage().tensors, before.tensors, `${name}: tensors left after dispose`);
      assert.is(runtime.memoryUsage().used, before.used, `${name}: bytes left after dispose`);
    });
    leaks(`${name}: a thousand made and disposed of`, () =>
      checkGrowth(runtime, `making ${name}`, () => make().part.dispose(), 1000),
    );
  }
  return leaks;
}
