// Threads of the platform: `worker_threads` in Node, Web Workers elsewhere, both running the same few lines below. No
// file and no bundler is involved: the lines are handed over as text.

import { DONE, FAILED, LINE, RUNNING, TEXT, TEXT_BYTES, UP } from "./pool-words.js";

/** What a thread is told at its start. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Its number, from 1 on. */
  readonly thread: number;
}

/** What a thread tells of itself. */
export interface ThreadEvents {
  /** It is about to take part. */
  up(): void;
  /** It cannot begin, or is no more. */
  gone(reason: string): void;
}

export interface Thread {
  /** Lets the process end although the thread runs. */
  unref(): void;
  /** Ends it at once; resolves when it can touch the memory no more. */
  terminate(): Promise<unknown>;
}

/** What this context lacks for threads. */
export interface Obstacle {
  readonly missing: string;
  readonly reason: string;
}

// runs in the worker; a trap is written where the others see it at once
const workerSource = `"use strict";
const inNode = typeof require === "function";
const port = inNode ? require("node:worker_threads").parentPort : self;
function begin({ module, memory, thread }) {
  const words = new Int32Array(memory.buffer);
  try {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    Atomics.add(words, ${UP}, 1);
    port.postMessage("");
    exports.pool_work(thread);
    Atomics.sub(words, ${UP}, 1);
  } catch (error) {
    if (Atomics.load(words, ${RUNNING} + ${LINE} * thread) === 0) port.postMessage(String(error));
    else {
      const text = new TextEncoder().encode(String(error)).subarray(0, ${TEXT_BYTES - 1});
      new Uint8Array(memory.buffer, 4 * ${TEXT}, ${TEXT_BYTES}).fill(0).set(text);
      Atomics.store(words, ${FAILED}, thread);
      Atomics.add(words, ${DONE}, 1);
    }
  }
  if (!inNode) self.close();
}
if (inNode) port.once("message", begin);
else port.onmessage = ({ data }) => begin(data);
`;

// Web Workers do not tell when they have ended: this long after `terminate()` they have
const GRACE_MS = 1000;

type Builtin = <T>(name: string) => T | undefined;

// Node's own modules without an import, which bundlers and browsers would stumble over; since Node 20.16
const builtin: Builtin = (name) =>
  (globalThis as { process?: { getBuiltinModule?: Builtin } }).process?.getBuiltinModule?.(name);

/** Cores that this process may use. */
export function coreCount(): number {
  const os = builtin<typeof import("node:os")>("node:os");
  return os?.availableParallelism?.() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/** True where this thread may sleep: everywhere but on the main thread of a page. */
export function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/** Why there can be no threads on one memory here, or undefined. */
export function threadObstacle(): Obstacle | undefined {
  if (typeof SharedArrayBuffer !== "function" || globalThis.crossOriginIsolated === false) {
    const reason =
      "shared memory is missing; a page has it when served with the headers " +
      "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
    return { missing: "SharedArrayBuffer", reason };
  }
  if (builtin("node:worker_threads") === undefined && typeof Worker !== "function") {
    return { missing: "Worker", reason: "there is no Worker here (Node has them for this since 20.16)" };
  }
  return undefined;
}

/** Starts a thread. Throws when the platform refuses at once; what it refuses later comes as `gone`. */
export function startThread(start: ThreadStart, events: ThreadEvents): Thread {
  const threads = builtin<typeof import("node:worker_threads")>("node:worker_threads");
  return threads ? startInNode(threads, start, events) : startOnTheWeb(start, events);
}

function startInNode(
  { Worker }: typeof import("node:worker_threads"),
  start: ThreadStart,
  events: ThreadEvents,
): Thread {
  // no flags and no environment: what preloads modules into this process has nothing to do there
  const worker = new Worker(workerSource, { eval: true, execArgv: [], env: {}, name: `kernels ${start.thread}` });
  let reason = "it ended";
  worker.on("message", (text: string) => {
    if (text === "") events.up();
    else reason = text;
  });
  worker.on("error", (error) => {
    reason = String(error);
  });
  worker.on("exit", () => events.gone(reason));
  worker.postMessage(start);
  return { unref: () => worker.unref(), terminate: () => worker.terminate() };
}

function startOnTheWeb(start: ThreadStart, events: ThreadEvents): Thread {
  const url = URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
  const worker = new Worker(url, { name: `kernels ${start.thread}` });
  const release = (): void => URL.revokeObjectURL(url);
  worker.onmessage = ({ data }: MessageEvent<string>) => {
    release();
    if (data === "") events.up();
    else events.gone(data);
  };
  worker.onerror = (event) => {
    release();
    // a policy that forbids the worker is told without a word
    events.gone(event.message || "it could not be loaded (does the Content-Security-Policy allow worker-src blob: ?)");
  };
  worker.postMessage(start);
  return {
    unref() {},
    async terminate() {
      worker.terminate();
      await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
    },
  };
}
