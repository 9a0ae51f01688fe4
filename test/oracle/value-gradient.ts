// Float64 twin of the imagined return of a policy in a learned model, and of its gradient: the chain written forward, over
// numbers that remember how they were made.

import { act, type Mlp, slope } from "./mlp.js";
import { add, apply, clip, cos, exp, mul, type Num, num, scale, shift, sin, sum, tanh } from "./tape.js";

export interface ChainTwin {
  readonly policy: {
    readonly kind: "gaussian" | "squashed" | "deterministic";
    readonly mlp: Mlp;
    readonly mean: ArrayLike<number>;
    readonly inverseStd: ArrayLike<number>;
    readonly low: ArrayLike<number>;
    readonly high: ArrayLike<number>;
  };
  readonly model: {
    readonly members: readonly Mlp[];
    /** Pairs (0 copy, 1 sine, 2 cosine, 3 action; source column). */
    readonly table: readonly (readonly [number, number])[];
    readonly mean: ArrayLike<number>;
    readonly inverseStd: ArrayLike<number>;
    readonly shift: ArrayLike<number>;
    readonly scale: ArrayLike<number>;
    readonly delta: ArrayLike<number>;
  };
  /** Reward of a transition; undefined: learned, the last target. */
  readonly reward?: ((s: readonly Num[], a: readonly Num[], next: readonly Num[]) => Num) | undefined;
  readonly terminated?: ((next: readonly number[]) => boolean) | undefined;
  readonly gamma: number;
  /** member[t][b]; noise[t][b][a], if there is any. */
  readonly member: readonly (readonly number[])[];
  readonly noise?: readonly (readonly (readonly number[])[])[] | undefined;
  readonly starts: readonly (readonly number[])[];
}

/** All parameters of a network in one row: each layer's weights, then its biases. */
export function flatten({ weights, biases }: Pick<Mlp, "weights" | "biases">): number[] {
  return weights.flatMap((layer, l) => [...layer.flat(), ...biases[l]]);
}

/** Outputs of a network with the parameters of `flatten`. */
export function forward(mlp: Mlp, parameters: readonly Num[], x: readonly Num[]): Num[] {
  let at = 0;
  let y = [...x];
  mlp.weights.forEach((layer, l) => {
    const N = layer[0].length;
    const weight = (k: number, n: number) => parameters[at + k * N + n];
    const bias = at + layer.length * N;
    const kind = l + 1 < mlp.weights.length ? mlp.activation : mlp.outputActivation;
    const before = y;
    y = Array.from({ length: N }, (_, n) => {
      const z = add(sum(before.map((value, k) => mul(value, weight(k, n)))), parameters[bias + n]);
      return apply(z, act(kind, z.value), slope(kind, z.value));
    });
    at = bias + N;
  });
  return y;
}

function actionOf({ kind, low, high }: ChainTwin["policy"], head: readonly Num[], noise?: readonly number[]): Num[] {
  const A = low.length;
  return Array.from({ length: A }, (_, a) => {
    const [center, half] = [(low[a] + high[a]) / 2, (high[a] - low[a]) / 2];
    const drawn = noise && kind !== "deterministic" ? scale(exp(clip(head[A + a], -5, 2)), noise[a]) : num(0);
    const u = add(head[a], drawn);
    if (kind !== "gaussian") return shift(scale(tanh(u), half), center);
    return clip(shift(scale(u, half), center), low[a], high[a]);
  });
}

/** J as a function of the policy's parameters (`flatten`), and the states s_t of each trajectory. */
export function imaginedReturn(chain: ChainTwin, parameters: readonly Num[]): { J: Num; states: Num[][][] } {
  const { policy, model, gamma, starts } = chain;
  const networks = model.members.map((mlp) => flatten(mlp).map(num));
  const shares: Num[] = [];
  const states = starts.map((start, b) => {
    let s: Num[] = start.map(num);
    const visited = [s];
    let alive = true;
    for (let t = 0; t < chain.member.length && alive; t++) {
      const seen = s.map((x, d) => clip(scale(shift(x, -policy.mean[d]), policy.inverseStd[d]), -10, 10));
      const a = actionOf(policy, forward(policy.mlp, parameters, seen), chain.noise?.[t][b]);
      const features = model.table.map(([op, column], j) => {
        const source = op === 3 ? a[column] : s[column];
        const value = op === 1 ? sin(source) : op === 2 ? cos(source) : source;
        return scale(shift(value, -model.mean[j]), model.inverseStd[j]);
      });
      const e = chain.member[t][b];
      const output = forward(model.members[e], networks[e], features);
      const target = Array.from(model.shift, (center, i) => shift(scale(output[i], model.scale[i]), center));
      const now = s;
      const next = now.map((x, d) => add(scale(x, model.delta[d]), target[d]));
      const reward = chain.reward ? chain.reward(now, a, next) : target[now.length];
      shares.push(scale(reward, gamma ** t / starts.length));
      alive = !chain.terminated?.(next.map(({ value }) => value));
      visited.push(next);
      s = next;
    }
    return visited;
  });
  return { J: sum(shares), states };
}
