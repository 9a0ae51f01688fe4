// The only door to WebAssembly: features, loading, memory, tensors.

export type { MemoryUsage } from "./arena.js";
export { checkRows } from "./check-rows.js";
export type { TileChoice, TileName } from "./calibrate.js";
export type { Kernels } from "./kernels.gen.js";
export type { Variant, WasmSource } from "./load.js";
export { type Features, probeFeatures } from "./probe.js";
export { Region } from "./region.js";
export { loadRuntime, Runtime, type RuntimeInfo, type RuntimeOptions, Scope } from "./runtime.js";
export { blockCount, MAX_BLOCK_ROWS } from "./tasks.js";
export { Tensor } from "./tensor.js";
