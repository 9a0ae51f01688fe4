// CEM without a model. Whole plans: sampling, elites and refit for 5 iterations, where the return, the same JavaScript on both
// sides, is how near the first numbers of a sequence are to given ones: it must cost next to nothing, and still be there to
// be found. Sizes: cart-pole's default, PETS's half-cheetah, and ten times its population. And the kernels of one iteration.

import { cem } from "../src/planning/index.js";
import type { Box, Rollout } from "../src/types.js";
import type { Runtime, Tensor } from "../src/wasm/index.js";
import type { Case } from "./harness.js";
import { plainCem } from "./plain/cem.js";

type Size = { readonly population: number; readonly horizon: number; readonly actionSize: number };

const sizes: readonly Size[] = [
  { population: 100, horizon: 20, actionSize: 1 },
  { population: 500, horizon: 30, actionSize: 6 },
  { population: 5000, horizon: 30, actionSize: 6 },
];
const ITERATIONS = 5;
const ELITE_RATIO = 0.1;
const ALPHA = 0.1;
const SEEN = 8;

/** How the best sequences start. */
function target(i: number): number {
  return 0.5 * Math.sin(i);
}

export function cemCases(runtime: Runtime): Case[] {
  return [...sizes.map((size) => whole(runtime, size)), ...kernelCases(runtime, sizes[1]!)];
}

function whole(runtime: Runtime, { population, horizon, actionSize }: Size): Case {
  const length = horizon * actionSize;
  const goal = Float32Array.from({ length: SEEN }, (_, i) => target(i));
  const returns = (actions: Float32Array, out: Float32Array): void => {
    for (let n = 0; n < population; n++) {
      let sum = 0;
      for (let l = 0; l < SEEN; l++) {
        const difference = actions[n * length + l]! - goal[l]!;
        sum -= difference * difference;
      }
      out[n] = sum;
    }
  };
  const one = new Float32Array(actionSize).fill(1);
  const actionSpace: Box = { kind: "box", low: one.map(() => -1), high: one, shape: [actionSize] };
  const rollout: Rollout<null> = { actionSpace, returns: (_, actions, out) => returns(actions.view, out.view) };
  // ε = 0: all iterations on both sides
  const search = { iterations: ITERATIONS, eliteRatio: ELITE_RATIO, alpha: ALPHA, epsilon: 0 };
  const planner = cem(runtime, { actionSpace, horizon, population, ...search });
  const plan = new Float32Array(length);
  const planOurs = (): Float32Array => {
    planner.reset();
    return planner.plan(rollout, null, plan);
  };
  const elites = Math.max(1, Math.ceil(population * ELITE_RATIO));
  const bounds = { population, length, low: -1, high: 1, iterations: ITERATIONS, elites, alpha: ALPHA };
  const planPlain = plainCem(bounds, returns);
  const distance = (found: Float32Array): number => {
    let sum = 0;
    for (const [l, x] of goal.entries()) sum += (x - found[l]!) ** 2;
    return Math.sqrt(sum / SEEN);
  };
  return {
    name: `plan N=${population} H=${horizon} A=${actionSize}`,
    unit: "ms",
    ours: { name: "mbrl-wasm", run: () => planOurs()[0]! },
    peer: { name: "plain JS", run: () => planPlain()[0]! },
    check() {
      // both come nearer to the goal than the middle they start from, and about equally near
      const start = distance(new Float32Array(length));
      const [ours, plain] = [distance(planOurs()), distance(planPlain())];
      if (!(ours < 0.8 * start && plain < 0.8 * start && ours < 1.3 * plain + 0.02)) {
        throw new Error(`cem: distances ${ours} and ${plain} of ${start}`);
      }
    },
  };
}

// the parts of an iteration
function kernelCases(runtime: Runtime, { population: N, horizon: H, actionSize: A }: Size): Case[] {
  const { kernels } = runtime;
  const L = H * A;
  const K = Math.ceil(N * ELITE_RATIO);
  const filled = (value: number): Tensor => runtime.tensor([L]).write(new Float32Array(L).fill(value));
  const [mean, variance, low, high] = [0.1, 0.2, -1, 1].map(filled) as [Tensor, Tensor, Tensor, Tensor];
  const [actions, noise, returns] = [runtime.tensor([N, H, A]), runtime.tensor([N, A, H]), runtime.tensor([N])];
  const elites = runtime.tensor([K], "i32");
  const colors = runtime.tensor([H, Math.ceil(H / 4) * 4]);
  kernels.colored_table(colors.address, H, 3);
  kernels.random_normal(returns.address, N, 0, 1, 2, 3, 4, 5);
  let step = 0;
  const bounds = [mean.address, variance.address, low.address, high.address] as const;
  const at = actions.address;
  const sample = (): number => {
    kernels.random_truncated_normal(at, N * L, 0, 1, 2, 3, step++, 5);
    kernels.cem_sample(at, at, ...bounds, N, L);
    return actions.view[0]!;
  };
  const colored = (): number => {
    kernels.random_normal(noise.address, N * L, 0, 1, 2, 3, step++, 5);
    kernels.colored_noise(at, noise.address, colors.address, N, H, A);
    kernels.clipped_sample(at, at, ...bounds, N, L);
    return actions.view[0]!;
  };
  const filtered = (): number => {
    kernels.random_normal(at, N * L, 0, 1, 2, 3, step++, 5);
    kernels.filtered_noise(at, at, N, H, A, 0.9);
    kernels.clipped_sample(at, at, ...bounds, N, L);
    return actions.view[0]!;
  };
  const weights = runtime.tensor([N]);
  const weigh = (): number => kernels.reward_weighted_mean(mean.address, weights.address, at, returns.address, N, L, 1);
  const select = (): number => kernels.elites_select(elites.address, returns.address, N, K);
  const refit = (): number => {
    mean.view.fill(0.1);
    variance.view.fill(0.2);
    return kernels.cem_refit(mean.address, variance.address, at, elites.address, low.address, high.address, K, L, 0.1);
  };
  const within = (run: () => number) => () => {
    run();
    if (!actions.view.every((action) => action >= -1 && action <= 1)) throw new Error("cem: an action out of bounds");
  };
  const line = (name: string, run: () => number, check: () => void): Case => {
    return { name: `${name} N=${N} H=${H} A=${A}`, unit: "µs", ours: { name: "mbrl-wasm", run }, check };
  };
  return [
    line("sample, affine, clip", sample, within(sample)),
    line("colored sample, affine, clip", colored, within(colored)),
    line("filtered sample, affine, clip", filtered, within(filtered)),
    line("select", select, () => {
      select();
      const chosen = Array.from(elites.view, (row) => returns.view[row]!);
      const sorted = [...returns.view].sort((a, b) => b - a).slice(0, K);
      if (chosen.some((value, k) => value !== sorted[k])) throw new Error("cem: other elites than the best");
    }),
    line("refit", refit, () => {
      const largest = refit();
      if (!(largest > 0.02 && largest < 1)) throw new Error(`cem: largest variance ${largest}`);
    }),
    line("reward-weighted mean", weigh, () => {
      const effective = weigh();
      if (!(effective > 1 && effective < N)) throw new Error(`cem: as many as ${effective} sequences weigh`);
    }),
  ];
}
