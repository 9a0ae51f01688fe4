// Every kernel of a runtime wrapped in a clock: on one thread, so that all regions run inside `tasks_run`.

import type { Runtime } from "../src/index.js";
import { taskKinds } from "../src/wasm/tasks.js";

/** Adds up the seconds that each kernel takes, regions by their kind. */
export function clock(runtime: Runtime): Map<string, number> {
  const seconds = new Map<string, number>();
  const kernels = runtime.kernels as unknown as Record<string, (...args: number[]) => number | undefined>;
  for (const [name, kernel] of Object.entries(kernels)) {
    kernels[name] = (...args) => {
      const from = performance.now();
      try {
        return kernel(...args);
      } finally {
        const key = name === "tasks_run" ? `region ${taskKinds[args[0] as number]}` : name;
        seconds.set(key, (seconds.get(key) ?? 0) + (performance.now() - from) / 1000);
      }
    };
  }
  return seconds;
}
