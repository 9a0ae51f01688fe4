// What the checked binary is for: whatever kernel is told to go beyond a tensor, by a single element, is stopped at the
// access; and what happens after a trap: the runtime refuses to go on, a new one works.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CorruptionError, PoisonedError } from "../../src/check.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { kernelCases } from "../support/kernel-cases.js";

const N = 37;

async function failure(call: (out: number, x: number) => (kernels: Awaited<ReturnType<typeof loadRuntime>>) => void) {
  const runtime = await loadRuntime({ checked: true });
  const out = runtime.tensor([N]);
  const x = runtime.tensor([N]);
  try {
    call(out.address, x.address)(runtime);
  } catch (error) {
    return { runtime, error: error as Error };
  }
  throw new Error("was not stopped");
}

const traps = suite("trap");

traps("a kernel told of one element too many is stopped, and says where", async () => {
  for (const n of [N + 1, N + 3, N + 100]) {
    const { error } = await failure(
      (out, x) =>
        ({ kernels }) =>
          kernels.exp_f32(out, x, n),
    );
    assert.instance(error, PoisonedError);
    assert.instance(error.cause, CorruptionError);
    assert.match(
      error.message,
      /^kernel "exp_f32" trapped \(kernel (read|write) of \d+ bytes at address \d+ lies in no live tensor\)/,
    );
  }
});

traps("a write before the first element, into constants, or to address 0 is stopped", async () => {
  for (const shift of [-4, -64, -1e9]) {
    const { error } = await failure(
      (out, x) =>
        ({ kernels }) =>
          kernels.exp_f32(Math.max(0, out + shift), x, 1),
    );
    assert.match(error.message, /kernel write of 4 bytes/);
  }
});

traps("a tensor that was disposed of is out of bounds", async () => {
  const runtime = await loadRuntime({ checked: true });
  const tensor = runtime.tensor([N]);
  const { address } = tensor;
  tensor.dispose();
  assert.throws(() => runtime.kernels.random_uniform(address, N, 0, 0, 0, 0, 0, 0), /lies in no live tensor/);
});

traps("no kernel reads or writes beyond tensors of just its size", async () => {
  const runtime = await loadRuntime({ checked: true });
  runtime.scoped((scope) => {
    for (const { call } of kernelCases(scope)) call();
    scope.dispose();
  });
  assert.is(runtime.memoryUsage().tensors, 0);
});

traps("every kernel is stopped when any of its tensors is gone", async () => {
  const wasm = await WebAssembly.compile(await checkedBytes());
  const load = () => loadRuntime({ checked: true, wasm });
  const plan = await load();
  const shapes = plan.scoped((scope) => kernelCases(scope)).map(({ tensors }) => tensors.length);
  for (const [index, count] of shapes.entries()) {
    for (let gone = 0; gone < count; gone++) {
      const runtime = await load();
      const { kernel, tensors, call } = runtime.scoped((scope) => kernelCases(scope))[index]!;
      const addresses = tensors.map(({ address }) => address);
      tensors[gone]!.dispose();
      // the case reads its addresses when it is called: give it the old one
      Object.defineProperty(tensors[gone], "address", { value: addresses[gone] });
      assert.throws(call, /lies in no live tensor/, `${kernel}, tensor ${gone}`);
    }
  }
});

traps("after a trap every use says so, and a new runtime works", async () => {
  const { runtime } = await failure(
    (out, x) =>
      ({ kernels }) =>
        kernels.exp_f32(out, x, N + 1),
  );
  const isPoisoned = (error: unknown): boolean => error instanceof PoisonedError && error.code === "POISONED";
  assert.throws(() => runtime.kernels.heap_base(), isPoisoned);
  assert.throws(() => runtime.tensor([1]), isPoisoned);
  const next = await loadRuntime({ checked: true });
  assert.is(next.tensor([3]).size, 3);
});

traps("a trap of the release binary poisons it, too", async () => {
  const runtime = await loadRuntime();
  const tensor = runtime.tensor([4]);
  // beyond the end of memory: the engine itself traps
  assert.throws(
    () => runtime.kernels.exp_f32(tensor.address, runtime.memoryUsage().total, 4),
    (error: unknown) => error instanceof PoisonedError && error.cause instanceof WebAssembly.RuntimeError,
  );
  assert.throws(
    () => runtime.tensor([1]),
    (error: unknown) => error instanceof PoisonedError,
  );
});

traps("the release binary notices broken guard words in time", async () => {
  const runtime = await loadRuntime();
  const small = runtime.tensor([4]);
  const x = runtime.tensor([5]);
  runtime.kernels.exp_f32(small.address, x.address, 5);
  assert.throws(
    () => runtime.checkGuards(),
    (error: unknown) => error instanceof CorruptionError,
  );
  assert.throws(() => {
    for (let i = 0; i < 100_000; i++) runtime.kernels.heap_base();
  }, /guard words around the 16 bytes at address \d+ were overwritten/);
});

async function checkedBytes(): Promise<Uint8Array<ArrayBuffer>> {
  const { base64 } = await import("../../src/wasm/binary/checked.gen.js");
  return new Uint8Array(Buffer.from(base64, "base64"));
}

traps.run();
