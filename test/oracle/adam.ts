// Float64 twin of Adam with weight decay in the gradient.

export interface AdamState {
  readonly params: Float64Array;
  readonly m: Float64Array;
  readonly v: Float64Array;
}

/** Step number `t` (from 1), in place. */
export function adamStep(
  { params, m, v }: AdamState,
  gradients: ArrayLike<number>,
  t: number,
  { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = (_: number) => 0 },
): void {
  for (let i = 0; i < params.length; i++) {
    const g = gradients[i] + weightDecay(i) * params[i];
    m[i] = beta1 * m[i] + (1 - beta1) * g;
    v[i] = beta2 * v[i] + (1 - beta2) * g * g;
    const mean = m[i] / (1 - beta1 ** t);
    const square = v[i] / (1 - beta2 ** t);
    params[i] -= (learningRate * mean) / (Math.sqrt(square) + epsilon);
  }
}
