// A model and a policy that imagine together.

import { wrongKind, wrongValue } from "../check.js";
import { DynamicsModel } from "../models/index.js";
import { Policy } from "../policies/index.js";

/** Throws unless the two are what they should be, lie in one memory, and are of the same sizes. */
export function checkChain(op: string, model: DynamicsModel, policy: Policy): void {
  if (!(model instanceof DynamicsModel)) wrongKind(op, "model", "a dynamics model", model);
  if (!(policy instanceof Policy)) wrongKind(op, "policy", "a policy", policy);
  if (policy.runtime !== model.runtime) wrongValue(op, "policy", "one of the model's runtime", "one of another");
  const { observationSize: D, actionSize: A } = model;
  if (policy.observationSize !== D || policy.envActionSize !== A) {
    const own = `${policy.observationSize} observations and ${policy.envActionSize} actions`;
    wrongValue(op, "policy", `one of ${D} observations and ${A} actions, as the model`, own);
  }
}
