// A policy as plain arrays, played without this package: the mean action of a network behind an observation filter. What it does
// depends on no kernel, so that a simulator can be judged by it.
import type { Numbers } from "./simulated.js";

/** x → activation(x W + b) but for the last layer, which has none. */
export interface PlainLayer {
  /** [inputs, outputs], row-major. */
  readonly weights: Numbers;
  /** [outputs] */
  readonly bias: Numbers;
}

export const plainActivations = ["tanh", "relu", "leakyRelu", "swish"] as const;

export interface PlainPolicy {
  /** Of the task it was trained for. */
  readonly task: string;
  readonly activation: (typeof plainActivations)[number];
  /** Observations become clip((x − mean) · inverseStd, ± clip); without it they are left as they are. */
  readonly filter?: { readonly mean: Numbers; readonly inverseStd: Numbers; readonly clip: number };
  readonly layers: readonly PlainLayer[];
  /** How a mean m becomes an action of center ± half: clip(center + half · m), or center + half · tanh(m). Default "clip". */
  readonly bounds?: "clip" | "tanh";
}

const activations = {
  tanh: Math.tanh,
  relu: (x: number) => Math.max(0, x),
  leakyRelu: (x: number) => (x > 0 ? x : 0.01 * x),
  swish: (x: number) => x / (1 + Math.exp(-x)),
};

const clipTo = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));

/** The deterministic action at an observation. */
export function actionOf(policy: PlainPolicy, observation: Numbers, low: Numbers, high: Numbers): number[] {
  const { filter, layers, bounds = "clip" } = policy;
  const activation = activations[policy.activation];
  let x = Array.from(observation);
  if (filter) {
    const { mean, inverseStd, clip } = filter;
    x = x.map((value, i) => clipTo((value - mean[i]!) * inverseStd[i]!, -clip, clip));
  }
  layers.forEach(({ weights, bias }, l) => {
    const outputs = bias.length;
    if (weights.length !== x.length * outputs)
      throw new RangeError(`layer ${l}: ${weights.length} weights for ${x.length} inputs and ${outputs} outputs`);
    const sums = Array.from(bias, (b, o) => x.reduce((sum, value, i) => sum + value * weights[i * outputs + o]!, b));
    x = l + 1 < layers.length ? sums.map(activation) : sums;
  });
  if (x.length < low.length) throw new RangeError(`${x.length} outputs for ${low.length} actions`);
  // a head may say more than means
  return Array.from(low, (least, i) => {
    const [center, half] = [(least + high[i]!) / 2, (high[i]! - least) / 2];
    return bounds === "tanh" ? center + half * Math.tanh(x[i]!) : clipTo(center + half * x[i]!, least, high[i]!);
  });
}
