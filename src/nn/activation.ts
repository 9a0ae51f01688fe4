// The activations of dense layers, in the order of their numbers in assembly/nn/activation.ts.

/** Names of the activations. Leaky ReLU has slope 0.01 below zero; swish is x · sigmoid(x). */
export const activations = ["none", "relu", "leakyRelu", "tanh", "swish"] as const;

export type Activation = (typeof activations)[number];

/** @internal The number by which kernels know an activation. */
export function activationNumber(activation: Activation): number {
  return activations.indexOf(activation);
}

/** @internal The one activation that has no derivative to keep. */
export const NONE = activationNumber("none");
