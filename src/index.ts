// The package's main entry: the public face of every room that runs in any engine. Importing it does no work.

export { loadRuntime, Runtime, type RuntimeOptions, Tensor } from "./wasm/index.js";
