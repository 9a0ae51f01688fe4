// How far the members of an ensemble disagree about what follows a step: what more data would tell, in one number.

import { rowCount, toFloat32 } from "../array.js";
import type { NumericInput } from "../types.js";
import type { DynamicsModel } from "./dynamics-model.js";

/**
 * Disagreement [B] of the elite members about what follows observation [B, D] and action [B, A]: the root mean square over targets of
 * the members' deviation (population form), in the scale of the targets; of probabilistic members, that of their means.
 * Throws `TypeError` or `RangeError` when the arrays do not fit.
 */
export function memberDisagreement(
  model: DynamicsModel,
  observation: NumericInput,
  action: NumericInput,
): Float32Array {
  const op = "memberDisagreement";
  const { observationSize: D, actionSize: A, featureSize, encoder, network, runtime } = model;
  const B = rowCount(op, "observation", observation, D);
  const observations = toFloat32(op, "observation", observation, [B, D]);
  const actions = toFloat32(op, "action", action, [B, A]);
  const { eliteCount: K, elites, ensemble, outputStride, targetSize, normalizer } = network;
  const scope = runtime.scoped((inner) => inner);
  try {
    const x = scope.tensor([B, D]).write(observations).address;
    const u = scope.tensor([B, A]).write(actions).address;
    const features = scope.tensor([B, featureSize]);
    const output = scope.tensor([K, B, outputStride]);
    const out = scope.tensor([B]);
    encoder.encode(features.address, x, u, normalizer.mean, normalizer.inverseStd, B);
    ensemble.predict(output, features, B, elites);
    runtime.kernels.head_disagreement(out.address, output.address, K, B, targetSize, outputStride);
    return out.read();
  } finally {
    scope.dispose();
  }
}
