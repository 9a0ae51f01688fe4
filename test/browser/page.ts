// What the test page loads: the functions that the browser test calls in it.

import { loadRuntime } from "../../src/index.js";
import { kernelFingerprint, petsFingerprint } from "./fingerprints.js";

export const inPage = {
  kernelFingerprint,
  petsFingerprint,
  /** Loads the binary over the network, with whatever MIME type the server gives it. */
  async fetched(url: string): Promise<string> {
    return (await loadRuntime({ wasm: fetch(url) })).info().variant;
  },
  async variant(numerics: "reproducible" | "fast"): Promise<string> {
    return (await loadRuntime({ numerics })).info().variant;
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
