// The host's side of the pool (assembly/parallel/pool.ts): starts threads when there is something to do for them, decides
// which regions are worth their while, and builds the pool anew when a thread was lost. Calls are synchronous, starting
// threads is not: until threads are up, regions run on the caller's alone, to the same bits.

import type { Kernels } from "./kernels.gen.js";
import {
  DONE,
  FAILED,
  LEFT,
  LINE,
  MAY_SLEEP,
  PATIENCE,
  RUNNING,
  SLEEPERS,
  SPIN,
  STOP,
  TEXT,
  TEXT_BYTES,
  UP,
  WAKE,
} from "./pool-words.js";
import { coreCount, maySleep, startThread, type Thread } from "./threads.js";

// time spent in regions after which threads are started: a program that does little never pays for them
const START_MS = 10;
// a region that is shorter than this on one thread wakes nobody; waking takes some 50 µs
const WAKE_MS = 0.2;
// rounds of looking for work before a thread sleeps: milliseconds when each has a core, else microseconds
const SPIN_LONG = 1 << 20;
const SPIN_SHORT = 1 << 12;
// a thread is taken for dead when no task has ended for so long; tasks take milliseconds, more with enormous networks
const PATIENCE_MS = 10_000;
// starting a thread takes tens of milliseconds
const START_LIMIT_MS = 20_000;
// lost threads after which the pool gives up
const MAX_LOSSES = 8;

/** Why a region was not finished. */
export interface RegionFailure {
  readonly thread: number;
  /** What the kernel that trapped said; undefined: the thread died. */
  readonly trap: string | undefined;
}

export class Pool {
  /** Threads, the caller's included. */
  readonly threads: number;
  readonly #module: WebAssembly.Module;
  readonly #memory: WebAssembly.Memory;
  // of the first page: stays valid when memory grows
  readonly #words: Int32Array;
  #state: "waiting" | "started" | "rebuilding" | "off" = "waiting";
  #started: Thread[] = [];
  #busyMs = 0;
  #losses = 0;
  #reason = "";

  /** A pool of kernels of `module` on shared `memory`; starts no thread yet. */
  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, threads: number) {
    this.#module = module;
    this.#memory = memory;
    this.#words = new Int32Array(memory.buffer);
    this.threads = threads;
  }

  /** Threads that the next region can use, and a sentence about it. */
  info(): { threads: number; reason: string } {
    const { threads } = this;
    if (this.#state === "waiting") return { threads, reason: "workers start with the first longer computation" };
    if (this.#state === "off") return { threads: 1, reason: this.#reason };
    if (this.#state === "rebuilding") return { threads: 1, reason: "a worker was lost; others are being started" };
    const up = 1 + Atomics.load(this.#words, UP);
    return { threads: up, reason: up < threads ? "workers are starting" : "every thread is up" };
  }

  /** Starts the threads now; resolves when all are up, rejects with the reason when they cannot be. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      let up = 0;
      const limit = setTimeout(() => {
        this.#off("workers did not start in time");
        reject(new Error("workers did not start in time"));
      }, START_LIMIT_MS);
      this.#start(
        () => {
          if (++up < this.threads - 1) return;
          clearTimeout(limit);
          resolve();
        },
        (reason) => {
          clearTimeout(limit);
          reject(new Error(reason));
        },
      );
    });
  }

  /** Runs a region; returns what went wrong. A trap of the caller's own task is thrown as it is. */
  run(kernels: Kernels, kind: number, args: number, first: number, last: number): RegionFailure | undefined {
    const words = this.#words;
    if (last - first < 2 || this.#state === "off" || this.#state === "rebuilding") {
      kernels.tasks_run(kind, args, first, last, 0);
      return undefined;
    }
    if (this.#state === "waiting") {
      const begun = performance.now();
      kernels.tasks_run(kind, args, first, last, 0);
      this.#busyMs += performance.now() - begun;
      if (this.#busyMs > START_MS) this.#start();
      return undefined;
    }
    if (Atomics.load(words, UP) === 0) {
      kernels.tasks_run(kind, args, first, last, 0);
      return undefined;
    }
    if (Atomics.load(words, SLEEPERS) > 0) {
      // the first task tells whether the others are worth waking somebody
      const begun = performance.now();
      kernels.tasks_run(kind, args, first, ++first, 0);
      if ((performance.now() - begun) * (last - first) < WAKE_MS) {
        kernels.tasks_run(kind, args, first, last, 0);
        return undefined;
      }
    }
    return kernels.pool_run(kind, args, first, last) === 0 ? undefined : this.#failure();
  }

  /** Lets all threads go; regions run on the caller's from now on. `reason` is what `info` then tells. */
  dispose(reason = "the runtime was disposed of"): void {
    this.#off(reason);
  }

  #start(up?: () => void, failed?: (reason: string) => void): void {
    const words = this.#words;
    for (const word of [LEFT, DONE, SLEEPERS, FAILED, STOP, UP]) Atomics.store(words, word, 0);
    for (let thread = 0; thread < this.threads; thread++) Atomics.store(words, RUNNING + LINE * thread, 0);
    Atomics.store(words, SPIN, this.threads <= coreCount() ? SPIN_LONG : SPIN_SHORT);
    Atomics.store(words, PATIENCE, 1000 * PATIENCE_MS);
    Atomics.store(words, MAY_SLEEP, maySleep() ? 1 : 0);
    this.#state = "started";
    // a page's threads come up only when the page's own code pauses, Node's at once
    for (let thread = 1; thread < this.threads && this.#state === "started"; thread++) {
      this.#startThread(thread, up, failed);
    }
  }

  #startThread(thread: number, up?: () => void, failed?: (reason: string) => void): void {
    let isUp = false;
    try {
      const start = { module: this.#module, memory: this.#memory, thread };
      const worker: Thread = startThread(start, {
        up: () => {
          isUp = true;
          worker.unref();
          up?.();
        },
        gone: (reason) => {
          // one that was told to leave, or belongs to a pool that was given up
          if (!this.#started.includes(worker) || this.#state !== "started") return;
          if (isUp) return this.#rebuild();
          this.#off(`a worker could not start: ${reason}`);
          failed?.(reason);
        },
      });
      this.#started.push(worker);
      // whoever waits for it keeps the process alive until it is up
      if (!up) worker.unref();
    } catch (error) {
      this.#off(`a worker could not start: ${String(error)}`);
      failed?.(String(error));
    }
  }

  // after a region that was not finished: which thread it was, and why
  #failure(): RegionFailure {
    const words = this.#words;
    let thread = Atomics.load(words, FAILED);
    let trap: string | undefined;
    if (thread > 0) {
      // a copy, because decoders refuse shared memory
      const bytes = new Uint8Array(this.#memory.buffer, 4 * TEXT, TEXT_BYTES).slice();
      trap = new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
    } else {
      for (thread = this.threads - 1; thread > 1; thread--) {
        if (Atomics.load(words, RUNNING + LINE * thread) !== 0) break;
      }
    }
    this.#rebuild();
    return { thread, trap };
  }

  // a thread that is taken for dead may still be writing: new ones start when all old ones have ended for sure
  #rebuild(): void {
    const lost = this.#started;
    this.#dismiss();
    this.#state = "rebuilding";
    void Promise.allSettled(lost.map((thread) => thread.terminate())).then(() => {
      if (this.#state !== "rebuilding") return;
      if (++this.#losses >= MAX_LOSSES) this.#off(`${MAX_LOSSES} times a worker was lost`);
      else this.#start();
    });
  }

  #off(reason: string): void {
    if (this.#state === "off") return;
    this.#dismiss();
    this.#state = "off";
    this.#reason = reason;
  }

  #dismiss(): void {
    this.#started = [];
    Atomics.store(this.#words, STOP, 1);
    Atomics.add(this.#words, WAKE, 1);
    Atomics.notify(this.#words, WAKE);
  }
}
