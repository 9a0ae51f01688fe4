// A worker of its own, with a runtime of its own on one thread: does a piece of work as often as it is told, and shares nothing
// but three words: what it is told, what it has done, and which work.

import { parentPort, workerData } from "node:worker_threads";
import { loadRuntime } from "../../src/wasm/index.js";
import { type WorkName, works } from "./work.js";

const { words, numerics } = workerData as { words: Int32Array; numerics: "reproducible" | "fast" };
const runtime = await loadRuntime({ numerics, threads: 1 });
const made = (Object.keys(works) as WorkName[]).map((name) => works[name](runtime));
parentPort?.postMessage("ready");
// woken at the start of a case, then it spins, as the threads of the pool do
for (;;) {
  let idle = 0;
  while (Atomics.load(words, 0) === Atomics.load(words, 1)) {
    if (++idle > 1e6) Atomics.wait(words, 0, Atomics.load(words, 1), 1000);
  }
  const work = made[Atomics.load(words, 2)]!;
  while (Atomics.load(words, 1) !== Atomics.load(words, 0)) {
    work();
    Atomics.add(words, 1, 1);
  }
}
