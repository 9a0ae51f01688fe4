// The arena and its tensors against a model: a list of what each live tensor must hold. Random commands allocate, write,
// lend and dispose of; whatever the order, every read equals the model, addresses are aligned, and nothing is lost.

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BusyError, CorruptionError, DisposedError, OutOfMemoryError } from "../../src/check.js";
import type { DType } from "../../src/types.js";
import { Arena } from "../../src/wasm/arena.js";
import { Tensor } from "../../src/wasm/tensor.js";

const PAGE = 65536;
const LIMIT = 3 * PAGE;
const BASE = 1000;

// What a tensor holds is told by one number: element i is `seed + i`, modulo 256.
interface Pair {
  readonly tensor: Tensor<DType>;
  seed: number;
}

function newArena(limit = LIMIT): Arena {
  return new Arena(new WebAssembly.Memory({ initial: 1, maximum: limit / PAGE }), BASE, limit);
}

function newTensor(arena: Arena, size: number, dtype: DType): Tensor<DType> {
  return new Tensor(arena, [size], size, dtype);
}

function write({ tensor, seed }: Pair): void {
  const view = tensor.view;
  for (let i = 0; i < view.length; i++) view[i] = (seed + i) & 255;
}

function holds(view: ArrayLike<number>, { tensor, seed }: Pair): boolean {
  for (let i = 0; i < view.length; i++) if (view[i] !== ((seed + i) & 255)) return false;
  return view.length === tensor.size;
}

function thrown(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

type Command =
  | { readonly kind: "allocate"; readonly size: number; readonly dtype: DType; readonly seed: number }
  | { readonly kind: "dispose"; readonly index: number }
  | { readonly kind: "lend" | "stale"; readonly index: number }
  | { readonly kind: "write"; readonly index: number; readonly seed: number };

// mostly small, sometimes larger than what is left, so that growth and exhaustion both happen
const size = fc.oneof(
  { weight: 60, arbitrary: fc.nat(100) },
  { weight: 6, arbitrary: fc.nat(2000) },
  { weight: 3, arbitrary: fc.constant(10_000) },
);
const dtype = fc.constantFrom<DType>("f32", "f64", "i32", "u32", "u8");
const byte = fc.nat(255);
const index = fc.nat(10_000);

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("allocate" as const), size, dtype, seed: byte }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("dispose" as const), index }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("write" as const), index, seed: byte }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("lend" as const, "stale" as const), index }) },
);

class Session {
  readonly arena = newArena();
  readonly live: Pair[] = [];
  readonly dead: Tensor<DType>[] = [];
  readonly seen = { grown: 0, exhausted: 0 };

  run(command: Command): void {
    const at = "index" in command ? command.index % Math.max(1, this.live.length) : 0;
    const pair = this.live[at];
    if (command.kind === "allocate") this.allocate(command.size, command.dtype, command.seed);
    else if (command.kind === "stale") this.useStale(command.index);
    else if (pair === undefined) return;
    else if (command.kind === "lend") this.lend(pair);
    else if (command.kind === "dispose") this.disposeOf(at);
    else if (command.kind === "write") {
      assert.ok(holds(pair.tensor.view, pair));
      pair.seed = command.seed;
      write(pair);
    }
  }

  allocate(size: number, dtype: DType, seed: number): void {
    const { used, total } = this.arena.usage();
    const failure = thrown(() => {
      const tensor = newTensor(this.arena, size, dtype);
      assert.is(tensor.address % 64, 0);
      assert.ok(tensor.address >= BASE);
      assert.not((tensor.view as Uint8Array).some((x) => x !== 0));
      const pair = { tensor, seed };
      write(pair);
      this.live.push(pair);
    });
    if (this.arena.usage().total > total) this.seen.grown++;
    if (failure === undefined) return;
    assert.instance(failure, OutOfMemoryError);
    assert.is(this.arena.usage().used, used);
    this.seen.exhausted++;
  }

  disposeOf(at: number): void {
    const [pair] = this.live.splice(at, 1);
    assert.ok(holds(pair!.tensor.read(), pair!));
    pair!.tensor.dispose();
    pair!.tensor.dispose();
    this.dead.push(pair!.tensor);
  }

  lend(pair: Pair): void {
    pair.tensor.lend((view) => {
      const { total } = this.arena.usage();
      const growth = thrown(() => newTensor(this.arena, total, "u8").dispose());
      assert.ok(growth instanceof BusyError || growth instanceof OutOfMemoryError);
      assert.is(this.arena.usage().total, total);
      const disposal = thrown(() => pair.tensor.dispose());
      assert.instance(disposal, BusyError);
      assert.ok(holds(view, pair));
    });
  }

  useStale(at: number): void {
    const tensor = this.dead[at % Math.max(1, this.dead.length)];
    if (tensor === undefined) return;
    for (const use of [() => tensor.address, () => tensor.view, () => tensor.read(), () => tensor.lend(() => 0)]) {
      assert.instance(thrown(use), DisposedError);
    }
  }

  finish(): void {
    this.arena.checkGuards();
    assert.is(this.arena.usage().tensors, this.live.length);
    for (const { tensor } of this.live) {
      assert.ok(this.arena.allows(tensor.address, tensor.view.byteLength, true));
      assert.not(this.arena.allows(tensor.address, tensor.view.byteLength + 1, true));
      assert.not(this.arena.allows(tensor.address - 1, 1, true));
    }
    while (this.live.length > 0) this.disposeOf(0);
    assert.is(this.arena.usage().used, 0);
    // all holes have merged: the first block starts where the first block of a new arena does
    assert.is(newTensor(this.arena, 1, "f32").address, newTensor(newArena(), 1, "f32").address);
  }
}

const arenas = suite("arena");

arenas("100,000 random commands agree with the model", () => {
  const sequences = fc.array(command, { minLength: 500, maxLength: 500, size: "max" });
  const seen = { grown: 0, exhausted: 0 };
  const property = fc.property(sequences, (commands) => {
    const session = new Session();
    for (const command of commands) session.run(command);
    session.finish();
    seen.grown += session.seen.grown;
    seen.exhausted += session.seen.exhausted;
  });
  fc.assert(property, { numRuns: 200 });
  assert.ok(seen.grown > 50 && seen.exhausted > 10, JSON.stringify(seen));
});

arenas("guard words tell a write of one byte past or before each size", () => {
  for (const bytes of [0, 1, 2, 3, 4, 5, 63, 64, 65, 127, 128]) {
    for (const side of ["before", "past"]) {
      const arena = newArena();
      const first = newTensor(arena, bytes, "u8");
      const second = newTensor(arena, bytes, "u8");
      arena.checkGuards();
      const memory = new Uint8Array(arena.memory.buffer);
      const target = side === "past" ? first.address + bytes : first.address - 1;
      memory[target] ^= 1;
      assert.throws(() => arena.checkGuards(), /guard words around the \d+ bytes/);
      // told when it is let go, too; the memory comes back all the same
      assert.instance(
        thrown(() => first.dispose()),
        CorruptionError,
      );
      second.dispose();
      assert.is(arena.usage().used, 0);
    }
  }
});

arenas("a recycled address is never reached through the old handle", () => {
  const arena = newArena();
  const old = newTensor(arena, 4, "f32");
  const address = old.address;
  old.dispose();
  const next = newTensor(arena, 4, "f32").write([1, 2, 3, 4]);
  assert.is(next.address, address);
  assert.throws(
    () => old.write([9, 9, 9, 9]),
    (error: unknown) => error instanceof DisposedError,
  );
  old.dispose();
  assert.equal([...next.read()], [1, 2, 3, 4]);
  assert.is(arena.usage().tensors, 1);
});

arenas("a view taken anew after growth holds the numbers; the old one is detached", () => {
  const arena = newArena();
  const tensor = newTensor(arena, 3, "f32").write([1, 2, 3]);
  const before = tensor.view;
  const total = arena.usage().total;
  newTensor(arena, 2 * PAGE, "u8");
  assert.ok(arena.usage().total > total);
  assert.is(before.length, 0);
  assert.equal([...tensor.view], [1, 2, 3]);
});

arenas("growth is refused while a view is lent, and works after", () => {
  const arena = newArena();
  const tensor = newTensor(arena, 3, "f32").write([1, 2, 3]);
  tensor.lend((view) => {
    assert.throws(
      () => newTensor(arena, 2 * PAGE, "u8"),
      (error: unknown) => error instanceof BusyError,
    );
    newTensor(arena, 1, "u8").dispose();
    assert.equal([...view], [1, 2, 3]);
  });
  newTensor(arena, 2 * PAGE, "u8").dispose();
});

arenas("an exception inside lend ends the loan", () => {
  const arena = newArena();
  const tensor = newTensor(arena, 3, "f32");
  assert.throws(() =>
    tensor.lend(() => {
      throw new Error("stop");
    }),
  );
  assert.not(arena.lent);
  tensor.dispose();
});

arenas("when the engine refuses to grow, the error is typed and nothing is lost", () => {
  const arena = newArena();
  const kept = newTensor(arena, 3, "f32").write([1, 2, 3]);
  const used = arena.usage().used;
  arena.memory.grow = () => {
    throw new RangeError("refused");
  };
  const error = thrown(() => newTensor(arena, 2 * PAGE, "u8"));
  assert.instance(error, OutOfMemoryError);
  assert.is((error as OutOfMemoryError).requested, 2 * PAGE);
  assert.is(arena.usage().used, used);
  assert.equal([...kept.read()], [1, 2, 3]);
  newTensor(arena, 100, "f32").dispose();
});

arenas.run();
