// Wrappers around users' own environments.

import { checkInteger, FormatError } from "../check.js";
import type { Env, Json, SavedState } from "../types.js";
import { EpisodeError } from "./episode-error.js";

/**
 * `env` with episodes of at most `steps` steps: the last one is `truncated`, and a step after it throws `EpisodeError`.
 * Snapshots include the count. The wrapper drives `env`: use one of the two only.
 */
export function timeLimit(env: Env, steps: number): Env {
  checkInteger("timeLimit", "steps", steps, 1);
  let elapsed = 0;
  const { spec, observationSpace, actionSpace, reward, terminated, angles, goal } = env;
  return {
    spec: { ...spec, maxEpisodeSteps: Math.min(steps, spec.maxEpisodeSteps) },
    observationSpace,
    actionSpace,
    reset(options) {
      const start = env.reset(options);
      elapsed = 0;
      return start;
    },
    step(action) {
      if (elapsed >= steps) throw new EpisodeError("env.step: the episode has ended; call reset() first");
      const result = env.step(action);
      elapsed++;
      return { ...result, truncated: result.truncated || elapsed >= steps };
    },
    snapshot() {
      const { meta, arrays } = env.snapshot();
      return { meta: { elapsed, limited: meta }, arrays };
    },
    restore(state) {
      const saved = limitedState(state, steps);
      env.restore({ meta: saved.limited, arrays: state.arrays });
      elapsed = saved.elapsed;
    },
    close: () => env.close(),
    ...(reward && { reward }),
    ...(terminated && { terminated }),
    ...(angles && { angles }),
    ...(goal && { goal }),
  };
}

function limitedState(state: SavedState, steps: number): { elapsed: number; limited: Json } {
  const meta = state?.meta as { elapsed?: unknown; limited?: Json } | null | undefined;
  const { elapsed, limited } = meta ?? {};
  if (typeof elapsed !== "number" || !(elapsed >= 0 && elapsed <= steps) || limited === undefined) {
    throw new FormatError(`saved state expected that of a time limit of ${steps} steps, got something else`);
  }
  return { elapsed, limited };
}
