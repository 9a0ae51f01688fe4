// A run to its end, as tests compare runs.
import type { Run } from "../../src/types.js";

/** Its log, without the seconds that it took, and its last state; it is disposed of. */
export async function wholeRun(run: Run) {
  const log: object[] = [];
  for await (const progress of run) log.push({ ...progress, wallSeconds: 0 });
  const state = run.save();
  run.dispose();
  return { log, state };
}
