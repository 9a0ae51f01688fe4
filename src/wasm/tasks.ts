// Regions: work that a kernel cuts into numbered tasks, by sizes alone, so that results never depend on how many threads
// take part. Each finds its arguments in a table of 32-bit words, which parts write once and touch up before each run.

/** The kinds of region, in the order of assembly/parallel/tasks.ts. */
export const taskKinds = [
  "predict",
  "forward",
  "backward",
  "tangent",
  "weights",
  "train",
  "rollout",
  "physics",
  "bodies",
  "imagine",
  "expand",
] as const;

export type TaskKind = (typeof taskKinds)[number];

/** Most rows of a block that goes through all layers of a network: its activations stay in the second-level cache. @internal */
export const MAX_BLOCK_ROWS = 96;
// rows from which on matrix products are as fast as they can be
const MIN_BLOCK_ROWS = 32;
// tasks that are enough to be shared evenly
const ENOUGH_TASKS = 64;

/** Blocks into which each of `groups` groups of `rows` rows is cut, a task each. @internal */
export function blockCount(groups: number, rows: number): number {
  const share = Math.ceil((groups * rows) / ENOUGH_TASKS);
  return Math.ceil(rows / Math.min(MAX_BLOCK_ROWS, Math.max(MIN_BLOCK_ROWS, share)));
}
