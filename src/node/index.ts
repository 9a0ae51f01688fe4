// Files of a run, for Node: checkpoints that survive a kill, and the log.

export { type FileCalls, type OpenFile, previousName, writeFileAtomic } from "./atomic-file.js";
export { type LoadOptions, loadCheckpoint, saveCheckpoint } from "./checkpoint.js";
export { openRunLog, type RunLog, readRunLog } from "./run-log.js";
