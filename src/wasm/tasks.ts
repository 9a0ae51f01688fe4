// Regions: work that a kernel cuts into numbered tasks, by sizes alone, so that results never depend on how many threads
// take part. Each finds its arguments in a table of 32-bit words, which parts write once and touch up before each run.

/** The kinds of region, in the order of assembly/parallel/tasks.ts. */
export const taskKinds = ["predict", "forward", "backward", "tangent", "weights", "train", "rollout"] as const;

export type TaskKind = (typeof taskKinds)[number];

/** Runs tasks first … last − 1 of a region whose arguments lie at `args`. */
export type RunTasks = (kind: TaskKind, args: number, first: number, last: number) => void;
