// For Node: checkpoints that survive a kill, the log of a run, and a switch of its engine.

export { type FileCalls, type OpenFile, previousName, writeFileAtomic } from "./atomic-file.js";
export { type LoadOptions, loadCheckpoint, saveCheckpoint } from "./checkpoint.js";
export { openRunLog, type RunLog, readRunLog } from "./run-log.js";
export { useWideVectors } from "./wide-vectors.js";
