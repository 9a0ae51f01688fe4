// The pool of threads as the host sees it: when it starts, what it says, what happens when a worker traps or dies, how it
// ends, and what becomes of it where threads are impossible.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { getBuiltinModule } from "node:process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PoisonedError, UnsupportedError, WorkerError } from "../../src/check.js";
import { loadRuntime, type Runtime, type RuntimeOptions } from "../../src/wasm/index.js";
import { withSharedMemory } from "../../src/wasm/shared-import.js";
import { doomed, exitCodes, impatient, prediction, sameBits, until, workers } from "../support/threads.js";

const binary = readFileSync(new URL("../../build/wasm/simd.wasm", import.meta.url));
const cores = Math.min(availableParallelism(), 8);
const ROWS = 700;
/** End of the words that threads share (assembly/parallel/reserve.ts). */
const ROOM = 8192;

const single = await loadRuntime({ threads: 1 });
const expected = prediction(single, ROWS);
expected.ensemble.predict(expected.out, expected.x, ROWS);

// what cannot be had here is refused as such
async function refusal(options: RuntimeOptions): Promise<UnsupportedError> {
  try {
    await loadRuntime(options);
  } catch (error) {
    assert.instance(error, UnsupportedError);
    return error as UnsupportedError;
  }
  throw new Error("did not reject");
}

function check(runtime: Runtime): void {
  const { ensemble, x, out } = prediction(runtime, ROWS);
  ensemble.predict(out, x, ROWS);
  assert.ok(sameBits(out, expected.out));
  for (const part of [ensemble, x, out]) part.dispose();
}

// runs with something of the environment missing
async function without(object: object, name: string, run: () => Promise<void>): Promise<void> {
  const property = Object.getOwnPropertyDescriptor(object, name);
  assert.ok(property?.configurable);
  assert.ok(Reflect.deleteProperty(object, name));
  try {
    await run();
  } finally {
    Object.defineProperty(object, name, property as PropertyDescriptor);
  }
}

const threads = suite("threads");

threads("a second instance leaves the words alone that the threads share", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const bytes = new Uint8Array(memory.buffer).fill(0xaa);
  const imports = { env: { memory, check_access: () => {} } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), imports);
  assert.is((exports.pool_room as () => number)(), 1);
  assert.ok(bytes.subarray(0, ROOM).every((byte) => byte === 0xaa));
  assert.ok((exports.heap_base as () => number)() >= ROOM);
});

threads("a number of threads is up when the runtime is there", async () => {
  for (const count of [1, 2, 3, 8]) {
    const before = workers.length;
    const runtime = await loadRuntime({ threads: count });
    assert.is(workers.length - before, count - 1);
    assert.is(runtime.info().threads, count);
    check(runtime);
    runtime.dispose();
  }
});

threads("auto starts nothing for little work, and threads by itself for more", async () => {
  const before = workers.length;
  const runtime = await loadRuntime();
  const few = prediction(runtime, 2);
  few.ensemble.predict(few.out, few.x, 2);
  assert.is(workers.length, before);
  assert.is(runtime.info().threads, cores);
  if (cores > 1) {
    assert.match(runtime.info().threadsReason, /start with the first longer computation/);
    const more = prediction(runtime, ROWS);
    await until("threads start", () => {
      more.ensemble.predict(more.out, more.x, ROWS);
      return workers.length === before + cores - 1;
    });
    await until("threads are up", () => runtime.info().threadsReason === "every thread is up");
  }
  check(runtime);
  runtime.dispose();
});

threads("threads take part without the caller ever pausing", async () => {
  const runtime = await loadRuntime({ threads: 2 });
  const { ensemble, x, out } = prediction(runtime, ROWS);
  const words = new Int32Array(out.view.buffer);
  // the words of assembly/parallel/words.ts: thread 1 was seen at work
  let seen = false;
  for (let round = 0; round < 10_000 && !seen; round++) {
    ensemble.predict(out, x, ROWS);
    seen = Atomics.load(words, 64) === 0 && Atomics.load(words, 98) === 1;
  }
  assert.ok(seen);
  runtime.dispose();
});

threads("a trap in a worker poisons the runtime, as one on the caller's thread does", async () => {
  let inWorker = false;
  // the worker may be late, and the caller have met the trap itself
  for (let attempt = 0; attempt < 50 && !inWorker; attempt++) {
    const runtime = await loadRuntime({ threads: 2 });
    const { ensemble, x, out } = prediction(runtime, ROWS);
    // a member whose weights would lie beyond the end of memory; slot 0 keeps the caller busy
    Object.defineProperty(ensemble, "members", { value: 200_001 });
    try {
      ensemble.predict(out, x, 90, [0, 200_000]);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, PoisonedError);
      assert.instance((error as Error).cause, WebAssembly.RuntimeError);
      inWorker = /region predict/.test((error as Error).message);
      if (inWorker) assert.match((error as Error).message, /memory access out of bounds|out of bounds memory access/);
    }
    assert.throws(() => runtime.tensor([1]), /trapped/);
    assert.is(runtime.info().threads, 1);
    assert.is(runtime.info().threadsReason, "a kernel trapped");
  }
  assert.ok(inWorker);
});

threads("a worker lost at work is told of by type, inputs stay, the next call is right, and others start", async () => {
  for (const count of [2, 3]) {
    const runtime = await doomed(() => loadRuntime({ threads: count }));
    const { ensemble, x, out } = prediction(runtime, ROWS);
    impatient(x);
    const inputs = x.read();
    const weights = ensemble.params.read();
    try {
      // until the worker has come to claim something
      for (let round = 0; round < 1000; round++) ensemble.predict(out, x, ROWS);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, WorkerError);
      const { code, thread, message } = error as WorkerError;
      assert.is(code, "WORKER_DIED");
      assert.is(thread, count - 1);
      assert.is(message, `region predict: thread ${count - 1} died; others are being started, call again`);
    }
    assert.is(runtime.info().threads, 1);
    assert.match(runtime.info().threadsReason, /a worker was lost/);
    assert.equal(x.read(), inputs);
    assert.equal(ensemble.params.read(), weights);
    ensemble.predict(out, x, ROWS);
    assert.ok(sameBits(out, expected.out));
    await until("the pool is whole again", () => runtime.info().threads === count);
    out.view.fill(0);
    ensemble.predict(out, x, ROWS);
    assert.ok(sameBits(out, expected.out));
    runtime.dispose();
  }
});

threads("workers killed at any time: the right numbers or a typed error", async () => {
  const runtime = await loadRuntime({ threads: 3 });
  const { ensemble, x, out } = prediction(runtime, ROWS);
  for (let kill = 0; kill < 5; kill++) {
    impatient(x);
    void workers[workers.length - 1 - (kill & 1)]!.terminate();
    for (let round = 0; round < 5; round++) {
      out.view.fill(0);
      try {
        ensemble.predict(out, x, ROWS);
        assert.ok(sameBits(out, expected.out));
      } catch (error) {
        assert.instance(error, WorkerError);
      }
    }
    await until("the loss is noticed", () => runtime.info().threads === 1);
    await until("others are up", () => runtime.info().threads === 3);
  }
  runtime.dispose();
});

threads("a worker killed while it has nothing to do is replaced without a word", async () => {
  const runtime = await loadRuntime({ threads: 3 });
  const before = workers.length;
  await workers[before - 1]!.terminate();
  await until("others are started", () => workers.length === before + 2);
  await until("they are up", () => runtime.info().threads === 3);
  check(runtime);
  runtime.dispose();
});

threads("a pool whose workers keep dying gives up", async () => {
  const runtime = await loadRuntime({ threads: 2 });
  for (let i = 0; i < 8; i++) {
    await until("a worker is up", () => runtime.info().threads === 2);
    await workers[workers.length - 1]!.terminate();
    await until("that is noticed", () => runtime.info().threads === 1);
  }
  assert.is(runtime.info().threadsReason, "8 times a worker was lost");
  check(runtime);
  runtime.dispose();
});

threads("a hundred runtimes with threads leave no thread", async () => {
  const [started, ended] = [workers.length, exitCodes.length];
  for (let i = 0; i < 100; i++) {
    const runtime = await loadRuntime({ threads: 2, wasm: binary });
    if (i % 10 === 0) check(runtime);
    runtime.dispose();
    runtime.dispose();
  }
  assert.is(workers.length - started, 100);
  await until("all have ended", () => exitCodes.length === workers.length);
  assert.equal(new Set(exitCodes.slice(-100)), new Set([0]));
  assert.ok(exitCodes.length > ended);
});

threads("a runtime that is forgotten lets its threads go", async () => {
  const collect = (globalThis as { gc?: () => void }).gc;
  assert.ok(collect, "run this test with node --expose-gc");
  await (async () => {
    for (let i = 0; i < 4; i++) await loadRuntime({ threads: 2 });
  })();
  // the last one may be held by what the engine keeps of the call
  const before = exitCodes.length;
  await until("threads end", () => {
    collect();
    return exitCodes.length >= before + 3;
  });
});

threads("a process ends by itself, with threads at work, asleep or being started", () => {
  const url = (file: string): string => JSON.stringify(new URL(`../../${file}`, import.meta.url).href);
  for (const [options, pause] of [
    ["{ threads: 2 }", 0],
    ["{ threads: 2 }", 100],
    ["{}", 0],
  ]) {
    const script = `
      import { loadRuntime } from ${url("src/wasm/index.ts")};
      import { prediction } from ${url("test/support/threads.ts")};
      const runtime = await loadRuntime(${options});
      const { ensemble, x, out } = prediction(runtime, 700);
      for (let i = 0; i < 20; i++) ensemble.predict(out, x, 700);
      await new Promise((resolve) => setTimeout(resolve, ${pause}));
      console.log("end");`;
    const out = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.is(out, "end\n");
  }
});

threads("without shared memory: one thread, the same bits, and more are refused with the headers to send", async () => {
  await without(globalThis, "SharedArrayBuffer", async () => {
    const runtime = await loadRuntime();
    check(runtime);
    assert.is(runtime.info().threads, 1);
    assert.match(runtime.info().threadsReason, /Cross-Origin-Opener-Policy: same-origin/);
    const { missing, message } = await refusal({ threads: 2 });
    assert.equal(missing, ["SharedArrayBuffer"]);
    assert.match(message, /^loadRuntime: 2 threads are impossible here: .*Cross-Origin-Embedder-Policy: require-corp/);
    assert.is((await loadRuntime({ threads: 1 })).info().threadsReason, "as asked for");
  });
});

threads("without workers: one thread, and more are refused", async () => {
  await without(getBuiltinModule("node:worker_threads"), "Worker", async () => {
    const { missing, message } = await refusal({ threads: 2 });
    assert.equal(missing, ["Worker"]);
    assert.match(message, /a worker could not start|not a constructor/);
    if (cores === 1) return;
    const runtime = await loadRuntime();
    const { ensemble, x, out } = prediction(runtime, ROWS);
    await until("it was tried", () => {
      ensemble.predict(out, x, ROWS);
      return runtime.info().threads === 1;
    });
    assert.match(runtime.info().threadsReason, /a worker could not start/);
    check(runtime);
  });
});

threads("a compiled module and the checked binary run on one thread and say why", async () => {
  const wasm = await WebAssembly.compile(binary);
  const runtime = await loadRuntime({ wasm });
  check(runtime);
  assert.is(runtime.info().threads, 1);
  if (cores > 1) assert.match(runtime.info().threadsReason, /"wasm" is compiled already/);
  assert.equal((await refusal({ wasm, threads: 2 })).missing, ["bytes"]);
  assert.match((await loadRuntime({ checked: true })).info().threadsReason, /checked/);
  assert.equal((await refusal({ checked: true, threads: 2 })).missing, ["threads"]);
});

threads("the binary with a shared memory differs in the import alone; what is no such binary is left", () => {
  const shared = withSharedMemory(binary)!;
  const exports = (bytes: BufferSource): unknown => WebAssembly.Module.exports(new WebAssembly.Module(bytes));
  assert.equal(exports(shared), exports(new Uint8Array(binary)));
  assert.ok(shared.length <= binary.length + 8);
  // again: it is as it should be already
  assert.equal(withSharedMemory(shared), shared);
  const header = [0, 97, 115, 109, 1, 0, 0, 0];
  const importing = (...kind: number[]): Uint8Array =>
    new Uint8Array([...header, 2, 5 + kind.length, 1, 1, 97, 1, 98, ...kind]);
  assert.ok(withSharedMemory(importing(2, 0, 1)));
  assert.ok(withSharedMemory(importing(2, 1, 1, 5)));
  const foreign = [
    new Uint8Array(),
    new Uint8Array(header),
    new Uint8Array([...header, 2]),
    importing(0, 0),
    importing(1, 112, 0, 1),
    importing(3, 127, 0),
    // 64-bit memory
    importing(2, 4, 1),
    importing(2, 0),
    importing(2, 0, 255, 255, 255, 255, 255, 255),
  ];
  for (const bytes of foreign) assert.is(withSharedMemory(bytes), undefined);
});

threads.run();
