// The workers that runtimes start in this process, and a computation that is long enough for them.

import { getBuiltinModule } from "node:process";
import type { Worker } from "node:worker_threads";
import { createEnsemble, type Ensemble } from "../../src/nn/index.js";
import type { Runtime, Tensor } from "../../src/wasm/index.js";
import { LEFT, LINE, PATIENCE, RUNNING } from "../../src/wasm/pool-words.js";

const threads = getBuiltinModule("node:worker_threads");
const Original = threads.Worker;

/** Every worker started so far, oldest first, and the exit codes of those that have ended. */
export const workers: Worker[] = [];
export const exitCodes: number[] = [];

let dieAtWork = false;

/** Makes the workers that are started by `start` die with the first task that they claim. */
export async function doomed<T>(start: () => Promise<T>): Promise<T> {
  dieAtWork = true;
  try {
    return await start();
  } finally {
    dieAtWork = false;
  }
}

// what pool_work does (assembly/parallel/pool.ts), up to the middle of a task
const claimAndDie = `
  while (Atomics.load(words, ${LEFT}) <= 0);
  Atomics.store(words, ${RUNNING} + ${LINE} * thread, 1);
  if (Atomics.sub(words, ${LEFT}, 1) > 0) process.exit(9);`;

threads.Worker = class extends Original {
  constructor(source: string, options: ConstructorParameters<typeof Original>[1]) {
    super(dieAtWork ? source.replace("exports.pool_work(thread);", claimAndDie) : source, options);
    workers.push(this);
    this.on("exit", (code) => exitCodes.push(code));
  }
};

/** Makes the threads that are up give a thread up after 300 ms without the end of a task. */
export function impatient({ view }: Tensor): void {
  Atomics.store(new Int32Array(view.buffer), PATIENCE, 300_000);
}

/** Resolves when `condition` holds; throws when it does not for half a minute. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** An ensemble with inputs and outputs for `rows` rows of each member. */
export function prediction(runtime: Runtime, rows: number): { ensemble: Ensemble; x: Tensor; out: Tensor } {
  const ensemble = createEnsemble(runtime, { members: 5, layers: [24, 200, 200, 36], seed: 3 });
  const x = runtime.tensor([5, rows, 24]);
  runtime.kernels.random_normal(x.address, x.size, 1, 0, 0, 0, 0, 0);
  return { ensemble, x, out: runtime.tensor([5, rows, ensemble.outputStride]) };
}

/** True if the two hold the same bits. */
export function sameBits(a: Tensor, b: Tensor): boolean {
  const [x, y] = [a, b].map(({ view }) => new Int32Array(view.buffer, view.byteOffset, view.length));
  return x!.length === y!.length && x!.every((word, i) => word === y![i]);
}
