// V8's experimental joining of neighboring 128-bit vectors into 256-bit ones, which no WebAssembly program can ask for itself.

import { setFlagsFromString } from "node:v8";

// the release of V8 that has it (Node 24), and the one that dropped "experimental" from its name
const FIRST = 13;
const RENAMED = 15;

/**
 * Lets V8 compile pairs of vectors into wide ones, on x64 with AVX2: matrix products become nearly twice as fast, and no bit
 * changes. An experiment of V8's, off by default. Call it before the first runtime of the process is loaded: V8 keeps what it
 * has compiled, and later calls change nothing for the same numerics. Returns false, and does nothing, where the engine is too
 * old (before Node 24).
 */
export function useWideVectors(): boolean {
  const release = Number.parseInt(process.versions.v8, 10);
  if (release < FIRST) return false;
  setFlagsFromString(release < RENAMED ? "--experimental-wasm-revectorize" : "--wasm-revectorize");
  return true;
}
