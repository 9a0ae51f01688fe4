// Float64 twin of one multi-layer perceptron: outputs, gradients and tangents, one row at a time, as in a textbook.

import type { Activation } from "../../src/nn/index.js";

/** Weights [in][out] and biases of each layer. */
export interface Mlp {
  readonly weights: readonly (readonly (readonly number[])[])[];
  readonly biases: readonly (readonly number[])[];
  readonly activation: Activation;
  readonly outputActivation: Activation;
}

/** act(z). */
export function act(kind: Activation, z: number): number {
  if (kind === "relu") return Math.max(z, 0);
  if (kind === "leakyRelu") return z > 0 ? z : 0.01 * z;
  if (kind === "tanh") return Math.tanh(z);
  if (kind === "swish") return z / (1 + Math.exp(-z));
  return z;
}

/** act'(z). */
export function slope(kind: Activation, z: number): number {
  if (kind === "relu") return z > 0 ? 1 : 0;
  if (kind === "leakyRelu") return z > 0 ? 1 : 0.01;
  if (kind === "tanh") return 1 - Math.tanh(z) ** 2;
  if (kind === "swish") {
    const s = 1 / (1 + Math.exp(-z));
    return s + z * s * (1 - s);
  }
  return 1;
}

/** Kind of activation after layer l. */
function kindOf(mlp: Mlp, l: number): Activation {
  return l + 1 < mlp.weights.length ? mlp.activation : mlp.outputActivation;
}

/** All sums before (`z`) and values after (`y`) the activations, for one row. */
export function trace(mlp: Mlp, x: readonly number[]): { z: number[][]; y: number[][] } {
  const z: number[][] = [];
  const y: number[][] = [];
  mlp.weights.forEach((weights, l) => {
    const input = l > 0 ? y[l - 1] : x;
    const sums = mlp.biases[l].map((bias, n) => input.reduce((sum, value, k) => sum + value * weights[k][n], bias));
    z.push(sums);
    y.push(sums.map((sum) => act(kindOf(mlp, l), sum)));
  });
  return { z, y };
}

/** Outputs of one row. */
export function forward(mlp: Mlp, x: readonly number[]): number[] {
  return trace(mlp, x).y[mlp.weights.length - 1];
}

export interface Gradients {
  weights: number[][][];
  biases: number[][];
}

/** Gradients of dy · output summed over rows, and with respect to each row of x. */
export function vjp(mlp: Mlp, xs: readonly number[][], dys: readonly number[][]): Gradients & { inputs: number[][] } {
  const weights = mlp.weights.map((layer) => layer.map((row) => row.map(() => 0)));
  const biases = mlp.biases.map((row) => row.map(() => 0));
  const inputs = xs.map((x, r) => {
    const { z, y } = trace(mlp, x);
    let d: number[] = [...dys[r]];
    for (let l = mlp.weights.length - 1; l >= 0; l--) {
      const dz = d.map((value, n) => value * slope(kindOf(mlp, l), z[l][n]));
      const input = l > 0 ? y[l - 1] : x;
      dz.forEach((value, n) => {
        biases[l][n] += value;
        input.forEach((xk, k) => {
          weights[l][k][n] += xk * value;
        });
      });
      d = input.map((_, k) => dz.reduce((sum, value, n) => sum + value * mlp.weights[l][k][n], 0));
    }
    return d;
  });
  return { weights, biases, inputs };
}

/** Change of one row's outputs along a direction in parameters and input. */
export function jvp(mlp: Mlp, x: readonly number[], direction: Gradients, dx: readonly number[]): number[] {
  const { z, y } = trace(mlp, x);
  let tangent: number[] = [...dx];
  mlp.weights.forEach((weights, l) => {
    const input = l > 0 ? y[l - 1] : x;
    tangent = z[l].map((sum, n) => {
      let change = direction.biases[l][n];
      for (let k = 0; k < input.length; k++) {
        change += tangent[k] * weights[k][n] + input[k] * direction.weights[l][k][n];
      }
      return change * slope(kindOf(mlp, l), sum);
    });
  });
  return tangent;
}
