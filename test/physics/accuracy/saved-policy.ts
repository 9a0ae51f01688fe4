// A saved policy as plain arrays: what `policy.save()` gave, alone or within the state of a run.
import { createPolicy, type Policy, type PolicyKind } from "../../../src/policies/index.js";
import { metaField, partState } from "../../../src/saved-state.js";
import type { Box, Json, SavedState } from "../../../src/types.js";
import type { Runtime } from "../../../src/wasm/index.js";
import { type PlainPolicy, plainActivations } from "./plain-policy.js";

const isRecord = (value: Json): value is Readonly<Record<string, Json>> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** The arrays of a policy with continuous actions for the task `task`. */
export function plainOf({ kind, network, filter }: Policy, task: string): PlainPolicy {
  if (kind === "categorical") throw new RangeError("a categorical policy has no mean action");
  const activation = plainActivations.find((name) => name === network.activation);
  if (!activation) throw new RangeError(`no plain activation "${network.activation}"`);
  const { arrays } = network.weights();
  const layers = network.layers.slice(1).map((_, l) => ({
    weights: Float64Array.from(arrays[`layer${l}.weight`]!.data as Float32Array),
    bias: Float64Array.from(arrays[`layer${l}.bias`]!.data as Float32Array),
  }));
  const [mean, inverseStd] = [filter.mean, filter.inverseStd].map((tensor) => Float64Array.from(tensor.read()));
  const bounds = kind === "gaussian" ? "clip" : "tanh";
  return { task, activation, filter: { mean: mean!, inverseStd: inverseStd!, clip: filter.limit }, layers, bounds };
}

/** The same of a saved state, for a task with these actions. */
export function plainOfSaved(runtime: Runtime, saved: SavedState, task: string, actionSpace: Box): PlainPolicy {
  const { meta } = saved;
  const state = isRecord(meta) && "policy" in meta ? partState(saved, "policy") : saved;
  const layers = metaField(partState(state, "network"), "layers") as number[];
  const policy = createPolicy(runtime, {
    kind: metaField(state, "kind") as PolicyKind,
    observationSize: layers[0]!,
    actionSpace,
    hidden: layers.slice(1, -1),
    activation: metaField(partState(state, "network"), "activation") as Policy["network"]["activation"],
    std: metaField(state, "constantStd") === false ? "state-dependent" : "state-independent",
    seed: 0,
  });
  try {
    policy.load(state);
    return plainOf(policy, task);
  } finally {
    policy.dispose();
  }
}
