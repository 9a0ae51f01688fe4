// The runtime: its options, what running out of memory leaves behind, scopes, disposal, and what a trap does to it.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DisposedError, OutOfMemoryError } from "../../src/check.js";
import { loadRuntime, type Runtime, type RuntimeOptions } from "../../src/wasm/index.js";

const MIB = 2 ** 20;

async function rejection(options: unknown): Promise<Error> {
  try {
    await loadRuntime(options as RuntimeOptions);
  } catch (error) {
    return error as Error;
  }
  throw new Error("did not reject");
}

function fill(runtime: Runtime): void {
  for (;;) runtime.tensor([1000]);
}

const runtimes = suite("runtime");

runtimes("options that are no options are told by name", async () => {
  const cases: [unknown, string, RegExp][] = [
    [{ numeric: "fast" }, "TypeError", /loadRuntime: unknown option "numeric"; known: numerics,/],
    [{ numerics: "exact" }, "RangeError", /"numerics" expected one of reproducible, fast, got "exact"/],
    [{ numerics: 1 }, "TypeError", /"numerics"/],
    [{ maxBytes: 10 }, "RangeError", /"maxBytes"/],
    [{ maxBytes: Number.NaN }, "RangeError", /"maxBytes"/],
    [{ maxBytes: 2 ** 33 }, "RangeError", /"maxBytes"/],
    [{ threads: 0 }, "RangeError", /"threads"/],
    [{ threads: 65 }, "RangeError", /"threads" expected an integer in \[1, 64\], got 65/],
    [{ threads: "many" }, "TypeError", /"threads" expected "auto" or an integer, got "many"/],
    [null, "TypeError", /"options" expected an object, got null/],
  ];
  for (const [options, name, message] of cases) {
    const error = await rejection(options);
    assert.is(error.name, name, error.message);
    assert.match(error.message, message);
  }
});

runtimes("info tells what is in use", async () => {
  const runtime = await loadRuntime({ maxBytes: 2 * MIB, threads: 1 });
  const info = runtime.info();
  assert.is(info.numerics, "reproducible");
  assert.is(info.variant, "simd");
  assert.is(info.threads, 1);
  assert.is(info.threadsReason, "as asked for");
  assert.is(info.memory.limit, 2 * MIB);
});

runtimes("shapes and element types are checked", async () => {
  const runtime = await loadRuntime();
  assert.throws(() => runtime.tensor([-1]), /runtime.tensor: "shape"/);
  assert.throws(() => runtime.tensor([1.5]), /runtime.tensor: "shape"/);
  assert.throws(() => runtime.tensor([2 ** 16, 2 ** 16]), /at most 2147483647 elements/);
  assert.throws(() => runtime.tensor([1], "f16" as "f32"), /"dtype" expected one of f32,/);
  const tensor = runtime.tensor([2, 3]);
  assert.throws(() => tensor.write([1]), /tensor.write: "values" expected 6 elements, got an array of 1/);
  assert.throws(
    () => tensor.read(new Float32Array(5)),
    /tensor.read: "out" expected 6 elements, got Float32Array\(5\)/,
  );
});

runtimes("out of memory is typed, and the runtime works on", async () => {
  const runtime = await loadRuntime({ maxBytes: MIB });
  const kept = runtime.tensor([3]).write([1, 2, 3]);
  try {
    fill(runtime);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, OutOfMemoryError);
    const { code, requested, live, limit } = error as OutOfMemoryError;
    assert.is(code, "OUT_OF_MEMORY");
    assert.is(requested, 4000);
    assert.is(limit, MIB);
    assert.is(live, runtime.memoryUsage().used);
  }
  assert.equal([...kept.read()], [1, 2, 3]);
  kept.dispose();
  runtime.tensor([3]).dispose();
});

runtimes("an engine that has no room for another memory is told of by type, with advice", async () => {
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class {
    constructor() {
      throw new RangeError("could not allocate memory");
    }
  } as unknown as typeof Memory;
  try {
    const error = await rejection({});
    assert.instance(error, OutOfMemoryError);
    assert.match(error.message, /lower "maxBytes"/);
  } finally {
    WebAssembly.Memory = Memory;
  }
});

runtimes("whichever allocation of a part fails, nothing of the part is left", async () => {
  const runtime = await loadRuntime({ maxBytes: MIB });
  const PARTS = 12;
  const build = (): void =>
    runtime.scoped((scope) => {
      for (let i = 0; i < PARTS; i++) scope.tensor([1000]);
      scope.dispose();
    });
  // the room left grows by one tensor each time, so that the first, second, … allocation of the part fails
  const blocks: { dispose(): void }[] = [];
  try {
    for (;;) blocks.push(runtime.tensor([1000]));
  } catch (error) {
    assert.instance(error, OutOfMemoryError);
  }
  let failures = 0;
  for (let room = 0; room <= PARTS; room++) {
    const before = runtime.memoryUsage();
    try {
      build();
    } catch (error) {
      assert.instance(error, OutOfMemoryError);
      failures++;
    }
    assert.is(runtime.memoryUsage().used, before.used);
    assert.is(runtime.memoryUsage().tensors, before.tensors);
    blocks.pop()?.dispose();
  }
  assert.is(failures, PARTS);
  runtime.checkGuards();
});

runtimes("a scope lets go of everything, in reverse order, even when a part complains", async () => {
  const runtime = await loadRuntime();
  const order: string[] = [];
  const part = (name: string, complain = false) => ({
    dispose() {
      order.push(name);
      if (complain) throw new Error(`${name} complains`);
    },
  });
  const scope = runtime.scoped((inner) => {
    inner.hold(part("a"));
    inner.hold(part("b", true));
    inner.tensor([5]);
    inner.hold(part("c", true));
    return inner;
  });
  assert.throws(() => scope.dispose(), /c complains/);
  assert.equal(order, ["c", "b", "a"]);
  assert.is(runtime.memoryUsage().tensors, 0);
  scope.dispose();
  assert.equal(order.length, 3);
});

runtimes("a part that cannot be built throws its own error, not that of the cleaning up", async () => {
  const runtime = await loadRuntime();
  const build = (): void =>
    runtime.scoped((scope) => {
      scope.tensor([5]);
      scope.hold({
        dispose() {
          throw new Error("cleaning up failed");
        },
      });
      throw new Error("building failed");
    });
  assert.throws(build, /building failed/);
  assert.is(runtime.memoryUsage().tensors, 0);
});

runtimes("a disposed runtime says so; disposing twice is no error", async () => {
  const runtime = await loadRuntime();
  const tensor = runtime.tensor([3]);
  runtime.dispose();
  runtime.dispose();
  assert.throws(
    () => runtime.tensor([1]),
    (error: unknown) => error instanceof DisposedError && error.message === "runtime was disposed of",
  );
  assert.throws(
    () => runtime.kernels.heap_base(),
    (error: unknown) => error instanceof DisposedError,
  );
  tensor.dispose();
});

runtimes("a disposed tensor says its name", async () => {
  const runtime = await loadRuntime();
  const tensor = runtime.tensor([2, 3]);
  tensor.dispose();
  tensor.dispose();
  assert.ok(tensor.disposed);
  assert.throws(() => tensor.address, /^tensor Float32\[2, 3\] was disposed of$/);
});

runtimes.run();
