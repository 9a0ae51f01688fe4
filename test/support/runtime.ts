// Runtimes that tests share: the release binary and the one that asserts every memory access.
import { loadRuntime } from "../../src/wasm/index.js";

/** The default binary. */
export const runtime = await loadRuntime();

/** The checked binary: an access outside live tensors throws, guard words are looked at after every call. */
export const checkedRuntime = await loadRuntime({ checked: true });

/** Both, by name, for tests that run on each. */
export const runtimes = [
  ["simd", runtime],
  ["checked", checkedRuntime],
] as const;
