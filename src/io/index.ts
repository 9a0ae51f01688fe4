// Formats, as pure functions between bytes and plain data. Works in browsers; files are the business of `node`.

export { CHECKPOINT_VERSION, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.js";
export { decodeLines, encodeLine } from "./jsonl.js";
export { decodeProgress } from "./progress.js";
export { decodeSafetensors, encodeSafetensors, type Safetensors } from "./safetensors.js";
