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
  WorkerError,
  wrongKind,
  wrongValue,
} from "../check.js";
import type { Disposable, DType } from "../types.js";
import { Arena, type MemoryUsage } from "./arena.js";
import { calibrate, defaultTile, type TileChoice, type TileName, tiles } from "./calibrate.js";
import type { Kernels } from "./kernels.gen.js";
import { loadKernels, type Variant, type WasmSource } from "./load.js";
import { Pool } from "./pool.js";
import { MAX_THREADS } from "./pool-words.js";
import { selfTest } from "./selftest.js";
import { type TaskKind, taskKinds } from "./tasks.js";
import { arrayTypes, Tensor } from "./tensor.js";
import { coreCount, type Obstacle, threadObstacle } from "./threads.js";

/** What `loadRuntime` takes; every field is optional. */
export interface RuntimeOptions {
  /** `reproducible` (default): the same bits in every engine. `fast`: fused multiply-add where the engine has it. */
  numerics?: "reproducible" | "fast";
  /**
   * Numbers of rigid-body simulations: `float32` (default), four environments to a register, or `float64`, two, by a binary
   * of its own; everything else computes in float32 either way. `float64` goes with `reproducible` numerics only.
   */
  physics?: "float32" | "float64";
  /**
   * Threads to compute on, this one included, at most 64; results never depend on the number. `auto` (default): as many as
   * there are cores, 8 at most, started by the first longer computation; one where threads are impossible. A number: they
   * are started before `loadRuntime` resolves, and where that is impossible it throws.
   */
  threads?: "auto" | number;
  /** Limit of the linear memory in bytes; default 1 GiB, at most 4 GiB. */
  maxBytes?: number;
  /** A kernel binary to use instead of the embedded one: the `mbrl-wasm/wasm/*.wasm` files in any form. */
  wasm?: WasmSource;
  /**
   * The register tile of matrix products, most rows x columns. `auto` (default) measures which is fastest here, once per
   * process, in a few milliseconds. The choice changes no result.
   */
  tile?: "auto" | TileName;
  /** Loads the slow binary that asserts every memory access and checks guard words after each call. For tests. */
  checked?: boolean;
}

/** What is in use, as `runtime.info()` tells it. */
export interface RuntimeInfo {
  readonly numerics: "reproducible" | "fast";
  readonly variant: Variant;
  /** Threads that the next longer computation can use. */
  readonly threads: number;
  /** What state they are in, or why there are not more. */
  readonly threadsReason: string;
  /** Tile of matrix products, why, and what was measured. */
  readonly tile: TileChoice;
  readonly memory: MemoryUsage;
}

const GIB = 2 ** 30;
const PAGE = 65536;
const FIRST_PAGES = 16;
const dtypes = Object.keys(arrayTypes) as DType[];
// release builds look at the guard words once in so many kernel calls
const GUARD_INTERVAL = 100_000;
// more threads than this are only used when asked for
const MAX_AUTO_THREADS = 8;

// ends the threads of a runtime that was forgotten without being disposed of
const forgotten = new FinalizationRegistry<Pool>((pool) => pool.dispose());

export class Runtime implements Disposable {
  /** The kernels: byte addresses and sizes in. A trap poisons the runtime. */
  readonly kernels: Kernels;
  /** Threads that regions may run on; each has its own scratch memory. @internal */
  readonly threads: number;
  readonly #arena: Arena;
  readonly #numerics: "reproducible" | "fast";
  readonly #variant: Variant;
  readonly #pool: Pool | undefined;
  readonly #whyOneThread: string;
  #tile: TileChoice;
  #failure: PoisonedError | undefined;
  #disposed = false;
  #calls = 0;

  /** @internal Made by `loadRuntime`. */
  constructor(
    kernels: Kernels,
    arena: Arena,
    numerics: "reproducible" | "fast",
    variant: Variant,
    pool: Pool | undefined,
    whyOneThread: string,
  ) {
    this.#arena = arena;
    this.#numerics = numerics;
    this.#variant = variant;
    this.#pool = pool;
    this.#whyOneThread = whyOneThread;
    this.threads = pool?.threads ?? 1;
    if (pool) forgotten.register(this, pool, this);
    this.#tile = { tile: defaultTile(variant), reason: "default" };
    this.kernels = this.#guarded(kernels);
  }

  /** Number of the tile that matrix products use (assembly/linalg/gemm.ts). @internal */
  get tile(): number {
    return tiles.indexOf(this.#tile.tile);
  }

  /** Chooses the tile, before any part is built. @internal */
  useTile(choice: TileChoice): void {
    this.#tile = choice;
  }

  /** A zeroed tensor; throws `OutOfMemoryError` when `maxBytes` does not suffice. */
  tensor<T extends DType = "f32">(shape: readonly number[], dtype: T = "f32" as T): Tensor<T> {
    this.#checkUsable();
    const size = checkShape("runtime.tensor", "shape", shape);
    checkOneOf("runtime.tensor", "dtype", dtype, dtypes);
    return new Tensor(this.#arena, [...shape], size, dtype);
  }

  /** Whether a tensor is of this runtime: an address says nothing of whose it is. @internal */
  owns(tensor: Tensor<DType>): boolean {
    return tensor.liesIn(this.#arena);
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

  /**
   * Runs tasks first … last − 1 of a region whose arguments lie at `args`, on all threads. Throws `WorkerError` when one
   * dies on the way. @internal
   */
  runTasks(kind: TaskKind, args: number, first: number, last: number): void {
    const number = taskKinds.indexOf(kind);
    if (!this.#pool) {
      this.kernels.tasks_run(number, args, first, last, 0);
      return;
    }
    const failure = this.#pool.run(this.kernels, number, args, first, last);
    if (failure?.trap !== undefined) throw this.#poison(`region ${kind}`, new WebAssembly.RuntimeError(failure.trap));
    if (failure) throw new WorkerError(`region ${kind}`, failure.thread);
  }

  /** Binary, numerics, threads and memory in use. */
  info(): RuntimeInfo {
    const { threads, reason } = this.#pool?.info() ?? { threads: 1, reason: this.#whyOneThread };
    return {
      numerics: this.#numerics,
      variant: this.#variant,
      threads,
      threadsReason: reason,
      tile: this.#tile,
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

  /** Ends the runtime and its threads: later calls throw. The memory goes when nothing refers to the runtime any more. */
  dispose(): void {
    this.#disposed = true;
    this.#pool?.dispose();
    forgotten.unregister(this);
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
      // what a worker does is nothing that can be called
      if (typeof kernel !== "function" || name === "pool_work") continue;
      guarded[name] = (...args: number[]): number | undefined => {
        if (this.#disposed || this.#failure) this.#checkUsable();
        try {
          const result = kernel(...args);
          if (this.#variant === "checked" || ++this.#calls % GUARD_INTERVAL === 0) this.#arena.checkGuards();
          return result;
        } catch (error) {
          throw this.#poison(name, error);
        }
      };
    }
    return guarded as unknown as Kernels;
  }

  #poison(kernel: string, cause: unknown): PoisonedError {
    this.#pool?.dispose("a kernel trapped");
    this.#failure = new PoisonedError(kernel, cause);
    return this.#failure;
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

function createMemory(maxBytes: number, shared: boolean): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: Math.ceil(maxBytes / PAGE), shared });
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
  const known = ["numerics", "physics", "threads", "maxBytes", "wasm", "tile", "checked"] as const;
  const {
    numerics = "reproducible",
    physics = "float32",
    threads = "auto",
    maxBytes = GIB,
    wasm,
    tile = "auto",
    checked = false,
  } = checkOptions(op, options, known);
  checkOneOf(op, "numerics", numerics, ["reproducible", "fast"]);
  checkOneOf(op, "physics", physics, ["float32", "float64"]);
  if (physics === "float64" && (numerics === "fast" || checked)) {
    wrongValue(op, "physics", `"float32" with ${checked ? "the checked binary" : 'numerics: "fast"'}`, physics);
  }
  checkOneOf(op, "tile", tile, ["auto", ...tiles]);
  checkInteger(op, "maxBytes", maxBytes, 2 ** 20, 4 * GIB);
  if (typeof threads !== "number" && threads !== "auto") wrongKind(op, "threads", '"auto" or an integer', threads);
  const wanted =
    threads === "auto" ? Math.min(coreCount(), MAX_AUTO_THREADS) : checkInteger(op, "threads", threads, 1, MAX_THREADS);
  let obstacle = checked ? { missing: "threads", reason: "the checked binary has one thread" } : threadObstacle();
  if (threads !== "auto" && wanted > 1 && obstacle) throw noThreads(threads, obstacle);
  let common: WebAssembly.Memory | undefined;
  if (wanted > 1 && !obstacle) {
    try {
      common = createMemory(maxBytes, true);
    } catch (error) {
      if (threads !== "auto") throw error;
      obstacle = { missing: "memory", reason: `this engine refuses shared memory of ${maxBytes} bytes` };
    }
  }
  const variant: Variant = checked
    ? "checked"
    : physics === "float64"
      ? "float64"
      : numerics === "fast"
        ? "relaxed"
        : "simd";

  let arena: Arena | undefined;
  const { kernels, module, memory, shared } = await loadKernels(
    variant,
    wasm,
    common !== undefined,
    (isShared) => (isShared && common) || createMemory(maxBytes, false),
    (address, bytes, write) => {
      if (!arena?.allows(address >>> 0, bytes, write !== 0)) {
        const action = write ? "write" : "read";
        throw new CorruptionError(
          `kernel ${action} of ${bytes} bytes at address ${address >>> 0} lies in no live tensor`,
        );
      }
    },
  );
  if (threads !== "auto" && wanted > 1 && !shared) throw noThreads(threads, compiled);
  arena = new Arena(memory, kernels.heap_base(), maxBytes);
  const pool = shared ? new Pool(module, memory, wanted) : undefined;
  const oneWanted = threads === "auto" ? "this process has one core" : "as asked for";
  const reason = wanted === 1 ? oneWanted : (obstacle ?? compiled).reason;
  const runtime = new Runtime(kernels, arena, numerics, variant, pool, reason);
  selfTest(runtime);
  if (tile !== "auto") runtime.useTile({ tile, reason: "given" });
  else if (!checked) runtime.useTile(calibrate(runtime, variant));
  if (threads !== "auto") {
    await pool?.start().catch((error: Error) => {
      throw noThreads(threads, { missing: "Worker", reason: error.message });
    });
  }
  return runtime;
}

const compiled: Obstacle = {
  missing: "bytes",
  reason: '"wasm" is compiled already, for a memory of its own; bring it as bytes or as a response',
};

function noThreads(threads: number, { missing, reason }: Obstacle): UnsupportedError {
  return new UnsupportedError([missing], `loadRuntime: ${threads} threads are impossible here: ${reason}`);
}
