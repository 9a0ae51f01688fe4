// What `meTrpo` and `mePpo` ask of their arguments before anything is built.

import { checkCallback, checkInteger, wrongKind, wrongValue } from "../check.js";
import type { Env } from "../types.js";
import type { MeCommon } from "./me-options.js";

/** Throws on an environment or options of the wrong kind. */
export function checkMeArguments(op: string, env: Env, options: MeCommon): void {
  if (env === null || typeof env !== "object") wrongKind(op, "env", "an environment", env);
  if ("createOut" in env) wrongKind(op, "env", "one environment (makeEnv), not a batch of them", env);
  const { observationSpace, actionSpace } = env;
  if (observationSpace.kind !== "box" || observationSpace.shape.length !== 1) {
    wrongKind(op, "env.observationSpace", "a box of shape [D]", observationSpace.kind);
  }
  if (actionSpace.kind !== "box") {
    const expected = "a bounded box (continuousActions makes one of a discrete task)";
    wrongKind(op, "env.actionSpace", expected, actionSpace.kind);
  }
  for (const bound of [...actionSpace.low, ...actionSpace.high]) {
    if (!Number.isFinite(bound)) wrongValue(op, "env.actionSpace", "finite bounds", bound);
  }
  if (options === null || typeof options !== "object") wrongKind(op, "options", "an object with trials", options);
  checkInteger(op, "trials", options.trials, 0);
  const { signal, onStep, onValidation, reward, terminated } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) wrongKind(op, "signal", "an AbortSignal", signal);
  for (const [name, given] of Object.entries({ onStep, onValidation, reward, terminated }))
    checkCallback(op, name, given);
}
