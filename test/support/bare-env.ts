// Environments made out of others.
import type { Env } from "../../src/types.js";

/** The methods of an environment without what planners need, its reward, termination, angles and goal; `change` has others. */
export function bareEnv(env: Env, change: Partial<Env> = {}): Env {
  const { spec, observationSpace, actionSpace } = env;
  return {
    spec,
    observationSpace,
    actionSpace,
    reset: (options) => env.reset(options),
    step: (action) => env.step(action),
    snapshot: () => env.snapshot(),
    restore: (state) => env.restore(state),
    close: () => env.close(),
    ...change,
  };
}
