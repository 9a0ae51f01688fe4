// What the test page loads: the functions that the browser test calls in it.

import { createEnsemble, loadRuntime } from "../../src/index.js";
import { kernelFingerprint, learnersFingerprint, petsFingerprint, policyFingerprint } from "./fingerprints.js";

export const inPage = {
  kernelFingerprint,
  learnersFingerprint,
  petsFingerprint,
  policyFingerprint,
  /** Loads the binary over the network, with whatever MIME type the server gives it. */
  async fetched(url: string): Promise<string> {
    return (await loadRuntime({ wasm: fetch(url) })).info().variant;
  },
  async variant(numerics: "reproducible" | "fast"): Promise<string> {
    return (await loadRuntime({ numerics })).info().variant;
  },
  /** Whether threads can be had, by number or by themselves, as `info()` tells it or as the refusal does. */
  async threads(threads: "auto" | number): Promise<{ threads: number; reason: string }> {
    try {
      const { threads: count, threadsReason } = (await loadRuntime({ threads })).info();
      return { threads: count, reason: threadsReason };
    } catch (error) {
      return { threads: 0, reason: (error as Error).message };
    }
  },
  /** What "auto" says after enough work to start threads, and a pause for them to start. */
  async threadsAfterWork(): Promise<{ threads: number; reason: string }> {
    const runtime = await loadRuntime();
    const ensemble = createEnsemble(runtime, { members: 5, layers: [24, 200, 200, 36], seed: 0 });
    const [x, out] = [runtime.tensor([5, 1000, 24]), runtime.tensor([5, 1000, ensemble.outputStride])];
    for (let round = 0; round < 100; round++) {
      ensemble.predict(out, x, 1000);
      await new Promise((resolve) => setTimeout(resolve, 10));
      const { threads, threadsReason } = runtime.info();
      if (threadsReason === "every thread is up" || /could not|one core/.test(threadsReason))
        return { threads, reason: threadsReason };
    }
    throw new Error("threads neither started nor failed");
  },
  /** What this page may and may not do: the test would prove little on a page that may do all. */
  capabilities(): { eval: boolean; isolated: boolean } {
    try {
      new Function("return 1")();
      return { eval: true, isolated: crossOriginIsolated };
    } catch {
      return { eval: false, isolated: crossOriginIsolated };
    }
  },
};

/** Calls one from a task of the page's own: what the debugger evaluates directly is exempt from the page's policy. */
async function callInPage(name: keyof typeof inPage, args: unknown[]): Promise<unknown> {
  await new Promise((resolve) => setTimeout(resolve));
  return (inPage[name] as (...args: unknown[]) => unknown)(...args);
}

Object.assign(globalThis, { callInPage });
