// What Node and the browser must agree on, as SHA-256 of bits. Runs in both, so it imports nothing of either.

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { loadRuntime, type RuntimeOptions } from "../../src/index.js";
import { kernelCases } from "../support/kernel-cases.js";

/** The bits of every kernel's outputs, each kernel called twice (so that outputs that accumulate do). */
export async function kernelFingerprint(options?: RuntimeOptions): Promise<string> {
  const runtime = await loadRuntime(options);
  const hash = sha256.create();
  const scope = runtime.scoped((inner) => inner);
  for (const { kernel, outputs, call } of kernelCases(scope)) {
    call();
    call();
    hash.update(new TextEncoder().encode(kernel));
    for (const { view } of outputs) hash.update(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  }
  scope.dispose();
  return bytesToHex(hash.digest());
}
