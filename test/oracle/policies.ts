// Float64 twins of policies: distributions over actions, one row at a time, as in a textbook, and what the passes carry to the
// parameters of the perceptron behind them.

import type { PolicyKind } from "../../src/policies/index.js";
import { forward, type Gradients, jvp, type Mlp, vjp } from "./mlp.js";

/** What a twin needs of a policy. */
export interface PolicyTwin {
  readonly kind: PolicyKind;
  /** Length of u (1 for a categorical policy), and is log σ a parameter? */
  readonly A: number;
  readonly constantStd: boolean;
  readonly mlp: Mlp;
  /** Observation filter. */
  readonly mean: readonly number[];
  readonly inverseStd: readonly number[];
  readonly limit: number;
  /** Range of the environment's action, or the first of its integers. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly start: number;
}

const clamp = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const range = <T>(n: number, f: (i: number) => T) => Array.from({ length: n }, (_, i) => f(i));

export function filtered(twin: PolicyTwin, x: readonly number[]): number[] {
  return x.map((value, d) => clamp((value - twin.mean[d]) * twin.inverseStd[d], -twin.limit, twin.limit));
}

export function headOf(twin: PolicyTwin, x: readonly number[]): number[] {
  return forward(twin.mlp, filtered(twin, x));
}

const LOW = -5;
const HIGH = 2;
const logStd = (h: readonly number[], A: number, a: number) => clamp(h[A + a], LOW, HIGH);
const free = (h: readonly number[], A: number, a: number) => (h[A + a] < LOW || h[A + a] > HIGH ? 0 : 1);

/** Probabilities of a row of logits. */
export function probabilities(h: readonly number[]): number[] {
  const top = Math.max(...h);
  const weights = h.map((l) => Math.exp(l - top));
  return weights.map((w) => w / sum(weights));
}

// center and half of element a of the environment's action
function middle({ low, high }: PolicyTwin, a: number): [number, number] {
  const bounded = Number.isFinite(low[a]) && Number.isFinite(high[a]);
  return bounded ? [(low[a] + high[a]) / 2, (high[a] - low[a]) / 2] : [0, 1];
}

/** u of a row: the mode without noise. */
export function rawOf(twin: PolicyTwin, h: readonly number[], noise?: readonly number[]): number[] {
  const { kind, A } = twin;
  if (kind !== "categorical") {
    const drawn = kind !== "deterministic" && noise;
    return range(A, (a) => (drawn ? h[a] + Math.exp(logStd(h, A, a)) * noise[a] : h[a]));
  }
  if (!noise) return [h.indexOf(Math.max(...h))];
  const p = probabilities(h);
  const chosen = p.findIndex((_, k) => noise[0] < sum(p.slice(0, k + 1)));
  return [chosen < 0 ? h.length - 1 : chosen];
}

/** The environment's action for u. */
export function actionOf(twin: PolicyTwin, u: readonly number[]): number[] {
  if (twin.kind === "categorical") return [twin.start + u[0]];
  return u.map((value, a) => {
    const [center, half] = middle(twin, a);
    return clamp(center + half * (twin.kind === "gaussian" ? value : Math.tanh(value)), twin.low[a], twin.high[a]);
  });
}

/** log(1 − tanh² u), by the logarithm of the hyperbolic cosine. */
export function logTanhSlope(u: number): number {
  const x = Math.abs(u);
  return -2 * (x + Math.log1p(Math.exp(-2 * x)) - Math.LN2);
}

export function logProb({ kind, A }: PolicyTwin, h: readonly number[], u: readonly number[]): number {
  if (kind === "categorical") return Math.log(probabilities(h)[u[0]]);
  return sum(
    u.map((value, a) => {
      const log = logStd(h, A, a);
      const z = (value - h[a]) / Math.exp(log);
      return -0.5 * z * z - log - 0.5 * Math.log(2 * Math.PI) - (kind === "squashed" ? logTanhSlope(value) : 0);
    }),
  );
}

export function entropy({ kind, A }: PolicyTwin, h: readonly number[]): number {
  if (kind === "categorical") return -sum(probabilities(h).map((p) => p * Math.log(p)));
  return sum(range(A, (a) => logStd(h, A, a) + 0.5 * Math.log(2 * Math.PI * Math.E)));
}

/** KL(old ‖ h). */
export function kl({ kind, A }: PolicyTwin, old: readonly number[], h: readonly number[]): number {
  if (kind === "categorical") {
    const q = probabilities(h);
    return sum(probabilities(old).map((p, k) => p * Math.log(p / q[k])));
  }
  return sum(
    range(A, (a) => {
      const [before, after] = [Math.exp(logStd(old, A, a)), Math.exp(logStd(h, A, a))];
      return Math.log(after / before) + (before ** 2 + (old[a] - h[a]) ** 2) / (2 * after ** 2) - 0.5;
    }),
  );
}

/** ∂/∂h of weight · log π(u) + entropyWeight · entropy. */
export function score(
  { kind, A }: PolicyTwin,
  h: readonly number[],
  u: readonly number[],
  weight: number,
  entropyWeight: number,
): number[] {
  if (kind === "categorical") {
    const p = probabilities(h);
    const H = -sum(p.map((q) => q * Math.log(q)));
    return p.map((q, k) => weight * (Number(k === u[0]) - q) - entropyWeight * q * (Math.log(q) + H));
  }
  const z = range(A, (a) => (u[a] - h[a]) / Math.exp(logStd(h, A, a)));
  const means = z.map((value, a) => (weight * value) / Math.exp(logStd(h, A, a)));
  return [...means, ...z.map((value, a) => free(h, A, a) * (weight * (value * value - 1) + entropyWeight))];
}

/** ∂ KL(old ‖ h) / ∂h. */
export function klGradient({ kind, A }: PolicyTwin, old: readonly number[], h: readonly number[]): number[] {
  if (kind === "categorical") {
    const p = probabilities(old);
    return probabilities(h).map((q, k) => q - p[k]);
  }
  const squared = range(A, (a) => Math.exp(2 * logStd(h, A, a)));
  const means = range(A, (a) => (h[a] - old[a]) / squared[a]);
  const logs = range(A, (a) => 1 - (Math.exp(2 * logStd(old, A, a)) + (old[a] - h[a]) ** 2) / squared[a]);
  return [...means, ...logs.map((value, a) => free(h, A, a) * value)];
}

/** F · t, F the Fisher matrix of the distribution in terms of h. */
export function headFisher({ kind, A }: PolicyTwin, h: readonly number[], t: readonly number[]): number[] {
  if (kind === "categorical") {
    const p = probabilities(h);
    const mean = sum(p.map((q, k) => q * t[k]));
    return p.map((q, k) => q * (t[k] - mean));
  }
  const means = range(A, (a) => t[a] / Math.exp(2 * logStd(h, A, a)));
  return [...means, ...range(A, (a) => 2 * free(h, A, a) * t[A + a])];
}

/** ∂/∂h of ⟨g, action⟩ with the noise held fast. */
export function actionScore(
  twin: PolicyTwin,
  h: readonly number[],
  g: readonly number[],
  noise: readonly number[] | undefined,
): number[] {
  const { kind, A } = twin;
  const u = rawOf(twin, h, noise);
  const du = u.map((value, a) => {
    const [center, half] = middle(twin, a);
    const action = center + half * (kind === "gaussian" ? value : Math.tanh(value));
    if (action < twin.low[a] || action > twin.high[a]) return 0;
    return g[a] * half * (kind === "gaussian" ? 1 : 1 - Math.tanh(value) ** 2);
  });
  if (kind === "deterministic") return du;
  return [...du, ...du.map((d, a) => (noise ? d * noise[a] * Math.exp(logStd(h, A, a)) * free(h, A, a) : 0))];
}

/** Zeroes the weights towards a log σ that is a parameter. */
export function masked({ constantStd, A }: PolicyTwin, gradients: Gradients): Gradients {
  const last = gradients.weights.length - 1;
  const mask = (row: number[]) => row.map((value, n) => (constantStd && n >= A ? 0 : value));
  return {
    weights: gradients.weights.map((layer, l) => (l === last ? layer.map(mask) : layer)),
    biases: gradients.biases,
  };
}

/** Gradients of Σ rows ⟨dh, h(x)⟩, masked, and with respect to the observations, through the filter. */
export function backward(twin: PolicyTwin, xs: readonly number[][], dhs: readonly number[][]) {
  const inputs = xs.map((x) => filtered(twin, x));
  const { inputs: dx, ...gradients } = vjp(twin.mlp, inputs, dhs);
  const observations = dx.map((row, r) =>
    row.map((value, d) => (Math.abs(inputs[r][d]) < twin.limit ? value * twin.inverseStd[d] : 0)),
  );
  return { gradients: masked(twin, gradients), observations };
}

/** F · v of the mean over rows (weights w: Σ w F / Σ w), masked on both sides. */
export function fisher(twin: PolicyTwin, xs: readonly number[][], v: Gradients, w: readonly number[]): Gradients {
  const direction = masked(twin, v);
  const dhs = xs.map((x, r) => {
    const t = jvp(twin.mlp, filtered(twin, x), direction, Array(x.length).fill(0));
    return headFisher(twin, headOf(twin, x), t).map((value) => (value * w[r]) / sum(w));
  });
  return backward(twin, xs, dhs).gradients;
}

/** All numbers of a set of gradients or parameters in one list, and back. */
export function flat({ weights, biases }: Gradients | Mlp): number[] {
  return weights.flatMap((layer, l) => [...layer.flat(), ...biases[l]]);
}

/** The twin with other parameters, in the order of `flat`. */
export function withParameters(twin: PolicyTwin, values: ArrayLike<number>): PolicyTwin {
  let at = 0;
  const weights: number[][][] = [];
  const biases: number[][] = [];
  twin.mlp.weights.forEach((layer, l) => {
    weights.push(layer.map((row) => row.map(() => values[at++])));
    biases.push(twin.mlp.biases[l].map(() => values[at++]));
  });
  return { ...twin, mlp: { ...twin.mlp, weights, biases } };
}
