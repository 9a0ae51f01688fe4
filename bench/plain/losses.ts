// Losses in plain JavaScript: the value over all rows, and the gradient of the outputs.

/** Takes outputs, writes their gradient, returns the loss. */
export type PlainLoss = (output: Float32Array, gradient: Float32Array) => number;

/** Mean of (output − target)². */
export function squaredError(target: Float32Array): PlainLoss {
  return (output, gradient) => {
    let loss = 0;
    for (let i = 0; i < output.length; i++) {
      const error = output[i]! - target[i]!;
      loss += (error * error) / output.length;
      gradient[i] = (2 * error) / output.length;
    }
    return loss;
  };
}

/**
 * Mean of (μ − y)² e^−lv + lv over targets [rows, D], for outputs [mean D | raw log-variance D] whose log-variance is
 * bounded: lv = min + softplus(t − min), t = max − softplus(max − r).
 */
export function gaussianLikelihood(target: Float32Array, D: number, max: number, min: number): PlainLoss {
  return (output, gradient) => {
    let loss = 0;
    for (let i = 0; i < target.length; i++) {
      const at = Math.floor(i / D) * 2 * D + (i % D);
      const below = max - softplus(max - output[at + D]!);
      const logVariance = min + softplus(below - min);
      const error = output[at]! - target[i]!;
      const precision = Math.exp(-logVariance);
      loss += (error * error * precision + logVariance) / target.length;
      gradient[at] = (2 * error * precision) / target.length;
      const slope = sigmoid(below - min) * sigmoid(max - output[at + D]!);
      gradient[at + D] = ((1 - error * error * precision) * slope) / target.length;
    }
    return loss;
  };
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
