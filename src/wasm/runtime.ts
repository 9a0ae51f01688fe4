// A runtime is one instance of the kernels on one memory. Everything else in the package is built on its two services:
// kernels (`runtime.kernels.name(addresses, sizes)`) and tensors (`runtime.tensor(shape)`).

import {
  checkInteger,
  checkOneOf,
  checkOptions,
  checkShape,
  CorruptionError,
  DisposedError,
  OutOfMemoryError,
  PoisonedError,
  UnsupportedError,
  wrongKind,
} from "../check.js";
import type { Disposable, DType } from "../types.js";
import { Arena, type MemoryUsage } from "./arena.js";
import type { Kernels } from "./kernels.gen.js";
import { loadKernels, type Variant, type WasmSource } from "./load.js";
import { selfTest } from "./selftest.js";
import { type TaskKind, taskKinds } from "./tasks.js";
import { arrayTypes, Tensor } from "./tensor.js";

/** What `loadRuntime` takes; every field is optional. */
export interface RuntimeOptions {
  /** `reproducible` (default): the same bits in every engine. `fast`: fused multiply-add where the engine has it. */
  numerics?: "reproducible" | "fast";
  /** `auto` (default) or 1. This version runs on one thread; results never depend on the number. */
  threads?: "auto" | number;
  /** Limit of the linear memory in bytes; default 1 GiB, at most 4 GiB. */
  maxBytes?: number;
  /** A kernel binary to use instead of the embedded one: the `mbrl-wasm/wasm/*.wasm` files in any form. */
  wasm?: WasmSource;
  /** Loads the slow binary that asserts every memory access and checks guard words after each call. For tests. */
  checked?: boolean;
}

/** What is in use, as `runtime.info()` tells it. */
export interface RuntimeInfo {
  readonly numerics: "reproducible" | "fast";
  readonly variant: Variant;
  readonly threads: number;
  /** Why there are not more threads. */
  readonly threadsReason: string;
  readonly memory: MemoryUsage;
}

const GIB = 2 ** 30;
const PAGE = 65536;
const FIRST_PAGES = 16;
const dtypes = Object.keys(arrayTypes) as DType[];
// release builds look at the guard words once in so many kernel calls
const GUARD_INTERVAL = 100_000;

export class Runtime implements Disposable {
  /** The kernels: byte addresses and sizes in. A trap poisons the runtime. */
  readonly kernels: Kernels;
  /** Threads that regions may run on; each has its own scratch memory. @internal */
  readonly threads: number = 1;
  /** Number of the tile that matrix products use (assembly/linalg/gemm.ts). @internal */
  readonly tile: number;
  readonly #arena: Arena;
  readonly #numerics: "reproducible" | "fast";
  readonly #variant: Variant;
  #failure: PoisonedError | undefined;
  #disposed = false;
  #calls = 0;

  /** @internal Made by `loadRuntime`. */
  constructor(kernels: Kernels, arena: Arena, numerics: "reproducible" | "fast", variant: Variant) {
    this.#arena = arena;
    this.#numerics = numerics;
    this.#variant = variant;
    // the largest tile that stays in 16 registers without and with fused multiply-add
    this.tile = variant === "relaxed" ? 1 : 0;
    this.kernels = this.#guarded(kernels);
  }

  /** A zeroed tensor; throws `OutOfMemoryError` when `maxBytes` does not suffice. */
  tensor<T extends DType = "f32">(shape: readonly number[], dtype: T = "f32" as T): Tensor<T> {
    this.#checkUsable();
    const size = checkShape("runtime.tensor", "shape", shape);
    checkOneOf("runtime.tensor", "dtype", dtype, dtypes);
    return new Tensor(this.#arena, [...shape], size, dtype);
  }

  /**
   * Builds a part that owns several tensors: whatever `build` takes from the scope is disposed of when `build` throws, and
   * by the scope's `dispose()` afterwards.
   */
  scoped<P>(build: (scope: Scope) => P): P {
    const scope = new Scope(this);
    try {
      return build(scope);
    } catch (error) {
      // the error of `build` is the one to tell, whatever letting go says
      scope.release();
      throw error;
    }
  }

  /** Runs tasks first … last − 1 of a region whose arguments lie at `args`. @internal */
  runTasks(kind: TaskKind, args: number, first: number, last: number): void {
    this.kernels.tasks_run(taskKinds.indexOf(kind), args, first, last, 0);
  }

  /** Binary, numerics, threads and memory in use. */
  info(): RuntimeInfo {
    return {
      numerics: this.#numerics,
      variant: this.#variant,
      threads: 1,
      threadsReason: "this version runs its kernels on one thread",
      memory: this.memoryUsage(),
    };
  }

  /** Bytes in use, the most ever in use, live tensors, and the limit. */
  memoryUsage(): MemoryUsage {
    return this.#arena.usage();
  }

  /** Throws `CorruptionError` if a guard word next to any live tensor was overwritten. */
  checkGuards(): void {
    this.#arena.checkGuards();
  }

  /** Ends the runtime: later calls throw. The memory goes when nothing refers to the runtime any more. */
  dispose(): void {
    this.#disposed = true;
  }

  /** Lets `using runtime = await loadRuntime()` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #checkUsable(): void {
    if (this.#failure) throw this.#failure;
    if (this.#disposed) throw new DisposedError("runtime");
  }

  // each export behind a check of the runtime's state; a trap or a broken guard word is remembered
  #guarded(kernels: Kernels): Kernels {
    const guarded: Record<string, unknown> = {};
    for (const [name, kernel] of Object.entries(kernels)) {
      if (typeof kernel !== "function") continue;
      guarded[name] = (...args: number[]): number | undefined => {
        if (this.#disposed || this.#failure) this.#checkUsable();
        try {
          const result = kernel(...args);
          if (this.#variant === "checked" || ++this.#calls % GUARD_INTERVAL === 0) this.#arena.checkGuards();
          return result;
        } catch (error) {
          this.#failure = new PoisonedError(name, error);
          throw this.#failure;
        }
      };
    }
    return guarded as unknown as Kernels;
  }
}

/** Collects what a part holds, so that it can be let go in one call, in reverse order. */
export class Scope implements Disposable {
  readonly runtime: Runtime;
  readonly #held: Disposable[] = [];

  /** @internal Made by `runtime.scoped`. */
  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  /** A zeroed tensor that the scope disposes of. */
  tensor<T extends DType = "f32">(shape: readonly number[], dtype: T = "f32" as T): Tensor<T> {
    return this.hold(this.runtime.tensor(shape, dtype));
  }

  /** Adds something to dispose of, and returns it. */
  hold<D extends Disposable>(part: D): D {
    this.#held.push(part);
    return part;
  }

  /** Disposes of everything held, also when a part complains; throws the first complaint. A second call does nothing. */
  dispose(): void {
    const [complaint] = this.release();
    if (complaint !== undefined) throw complaint;
  }

  /** Disposes of everything held and returns what the parts threw. */
  release(): unknown[] {
    const complaints: unknown[] = [];
    for (let part = this.#held.pop(); part !== undefined; part = this.#held.pop()) {
      try {
        part.dispose();
      } catch (error) {
        complaints.push(error);
      }
    }
    return complaints;
  }

  /** Lets `using scope = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

function createMemory(maxBytes: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: Math.ceil(maxBytes / PAGE) });
  } catch {
    // the engine reserves address space for the maximum, and a process has only so much
    const advice = 'lower "maxBytes" or let go of other runtimes';
    throw new OutOfMemoryError(FIRST_PAGES * PAGE, 0, maxBytes, advice);
  }
}

/**
 * Loads the kernels and returns a runtime. Asynchronous once; everything after it is synchronous.
 * Throws `UnsupportedError` when the engine lacks SIMD (or relaxed SIMD with `numerics: "fast"`), `FormatError` when `wasm`
 * is no kernel binary of this version, `CorruptionError` when the kernels fail their self-test.
 */
export async function loadRuntime(options?: RuntimeOptions): Promise<Runtime> {
  const op = "loadRuntime";
  const known = ["numerics", "threads", "maxBytes", "wasm", "checked"] as const;
  const {
    numerics = "reproducible",
    threads = "auto",
    maxBytes = GIB,
    wasm,
    checked = false,
  } = checkOptions(op, options, known);
  checkOneOf(op, "numerics", numerics, ["reproducible", "fast"]);
  checkInteger(op, "maxBytes", maxBytes, 2 ** 20, 4 * GIB);
  if (typeof threads !== "number" && threads !== "auto") wrongKind(op, "threads", '"auto" or an integer', threads);
  if (threads !== "auto" && checkInteger(op, "threads", threads, 1) > 1) {
    throw new UnsupportedError(["threads"], 'loadRuntime: this version runs on one thread; use threads: "auto" or 1');
  }
  const variant: Variant = checked ? "checked" : numerics === "fast" ? "relaxed" : "simd";
  const memory = createMemory(maxBytes);
  let arena: Arena | undefined;
  const kernels = await loadKernels(variant, wasm, memory, (address, bytes, write) => {
    if (!arena?.allows(address >>> 0, bytes, write !== 0)) {
      const action = write ? "write" : "read";
      throw new CorruptionError(
        `kernel ${action} of ${bytes} bytes at address ${address >>> 0} lies in no live tensor`,
      );
    }
  });
  arena = new Arena(memory, kernels.heap_base(), maxBytes);
  const runtime = new Runtime(kernels, arena, numerics, variant);
  selfTest(runtime);
  return runtime;
}
