// Threads on one memory: what an empty region costs, how close two threads come to two workers that know nothing of each other
// (each with a runtime of its own on one thread, doing the same work), and how much faster two threads are than one.

import { Worker } from "node:worker_threads";
import { createEnsemble } from "../src/nn/index.js";
import { loadRuntime, type Runtime } from "../src/wasm/index.js";
import type { Case } from "./harness.js";
import { type WorkName, works } from "./threads/work.js";

const THREADS = 2;
// the kind of region (src/wasm/tasks.ts)
const PREDICT = 0;
const alone = new URL("threads/alone.ts", import.meta.url).href;
// the two workers meet only so often
const MEETING_MS = 20;

export async function cases(runtime: Runtime): Promise<Case[]> {
  const { numerics } = runtime.info();
  const pool = await loadRuntime({ numerics, threads: THREADS });
  const single = await loadRuntime({ numerics, threads: 1 });
  const names = Object.keys(works) as WorkName[];
  const made = names.map((name) => {
    const [together, alone] = [works[name](pool), works[name](single)];
    return { name, together, alone, first: [together(), alone()] as const };
  });
  const other = await startOther(numerics);
  return [
    empty(pool),
    ...made.map(({ name, together, alone, first }, i) => {
      const count = Math.max(1, Math.round(MEETING_MS / duration(alone)));
      return {
        name: `${name}: two threads, two workers`,
        unit: "calls/s",
        work: THREADS * count,
        ours: { name: "two threads", run: () => repeat(together, THREADS * count) },
        peer: { name: "two independent workers", run: () => other.besides(i, count, alone) },
        check: () => same(...first),
      };
    }),
    ...made.map(({ name, together, alone, first }) => ({
      name: `${name}: two threads, one`,
      unit: "ms",
      ours: { name: "two threads", run: together },
      peer: { name: "one thread", run: alone },
      check: () => same(...first),
    })),
  ];
}

// a region of two tasks that do next to nothing, a row of a network of one weight each, handed to a worker that is awake
function empty(pool: Runtime): Case {
  const REGIONS = 1000;
  const ensemble = createEnsemble(pool, { members: 2, layers: [1, 1], seed: 0 });
  const [x, out] = [pool.tensor([2, 1, 1]), pool.tensor([2, 1, ensemble.outputStride])];
  let args = 0;
  const { runTasks } = pool;
  pool.runTasks = (...region) => {
    args = region[1];
    runTasks.apply(pool, region);
  };
  ensemble.predict(out, x, 1);
  pool.runTasks = runTasks;
  // past the host, which would keep so short a region on its own thread if the worker slept
  const run = (): number => {
    let failures = 0;
    for (let i = 0; i < REGIONS; i++) failures += pool.kernels.pool_run(PREDICT, args, 0, 2);
    if (failures > 0) throw new Error("threads: a region failed");
    return failures;
  };
  return {
    name: "empty region of two tasks",
    unit: "µs",
    work: REGIONS,
    ours: { name: "two threads", run },
    check: run,
  };
}

// the worker that does `count` times the work of number `which` while the caller does so, too
async function startOther(numerics: string) {
  const words = new Int32Array(new SharedArrayBuffer(12));
  // the loader of TypeScript is not handed on to workers
  const code = `import("tsx/esm/api").then(({ register }) => (register(), import(${JSON.stringify(alone)})))`;
  const worker = new Worker(code, { eval: true, workerData: { words, numerics } });
  await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  worker.unref();
  return {
    besides(which: number, count: number, alone: () => number): number {
      Atomics.store(words, 2, which);
      const end = Atomics.add(words, 0, count) + count;
      Atomics.notify(words, 0);
      const result = repeat(alone, count);
      while (Atomics.load(words, 1) !== end);
      return result;
    },
  };
}

function repeat(work: () => number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += work();
  return sum;
}

// milliseconds of a call, the best of some
function duration(work: () => number): number {
  let best = Infinity;
  for (let i = 0; i < 10; i++) {
    const begun = performance.now();
    work();
    best = Math.min(best, performance.now() - begun);
  }
  return best;
}

function same(a: number, b: number): void {
  if (!Object.is(a, b)) throw new Error(`threads: ${a} on two threads, ${b} on one`);
}
