// The noisy chain of STEVE's toy problem (Buckman et al. 2018): states 0 … 99 and an end, one step ahead at a time, −1 for each
// step and 100 for the last, no discount, so that the true value of state s is s + 1. Tables of Q are learned from targets of
// real first steps, carried on by models that know rewards and, but for a share of the steps which lead anywhere, dynamics.

import { expandedTargets, type ExpansionRule } from "../../src/learning/index.js";
import type { Runtime, Tensor } from "../../src/wasm/index.js";

const STATES = 100;
const END = STATES;

export interface ChainOptions {
  readonly rule: ExpansionRule;
  /** Horizon; 5 as the original. */
  readonly horizon?: number;
  /** Share of a model's steps that lead anywhere; 0.1 as the original, 0 for a perfect model. */
  readonly noise?: number;
  /** Tables of Q, and models; 8 each as the original. */
  readonly critics?: number;
  readonly models?: number;
  /** Steps of learning, one state of each table at a time. */
  readonly steps: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}

export interface ChainErrors {
  /** Mean square error of the mean of the tables, after each tenth of the steps. */
  readonly q: readonly number[];
  /** Mean square error of the targets in each tenth. */
  readonly target: readonly number[];
}

const rewardOf = (state: number): number => (state === END ? 0 : state + 1 === END ? STATES : -1);
// what is earned from a state on
const worthOf = (state: number): number => (state === END ? 0 : state + 1);

/** Learns the chain by one rule. */
export function learnChain(runtime: Runtime, options: ChainOptions): ChainErrors {
  const { rule, horizon: H = 5, noise = 0.1, critics: K = 8, models: E = 8, steps, random } = options;
  const anywhere = (count: number): number => Math.floor(count * random());
  const tables = Array.from({ length: K }, () => Float64Array.from({ length: STATES + 1 }, () => anywhere(STATES)));
  for (const table of tables) table[END] = 0;
  return runtime.scoped((scope) => {
    // one row for each table that learns
    const B = K;
    const real = {
      rows: B,
      reward: scope.tensor([B]),
      terminated: scope.tensor([B], "u8"),
      value: scope.tensor([K, B]),
    };
    const flags = (): Tensor => scope.tensor([H, E, B]).write(new Float32Array(H * E * B).fill(1));
    const imagined = {
      horizon: H,
      members: E,
      reward: scope.tensor([H, E, B]),
      goes: flags(),
      finite: flags(),
      value: scope.tensor([K, H, E, B]),
    };
    const out = scope.tensor([B]);
    const [rewards, values, first] = [imagined.reward.view, imagined.value.view, real.value.view];
    const q: number[] = [];
    const targets: number[] = [];
    let errors = 0;
    for (let step = 1; step <= steps; step++) {
      const states = Array.from({ length: B }, () => anywhere(STATES));
      states.forEach((state, b) => {
        real.reward.view[b] = rewardOf(state);
        for (let k = 0; k < K; k++) first[k * B + b] = tables[k][state + 1];
        for (let e = 0; e < E; e++) {
          let at = state + 1;
          for (let h = 0; h < H; h++) {
            const row = (h * E + e) * B + b;
            rewards[row] = rewardOf(at);
            if (at !== END) at = random() < noise ? anywhere(STATES) : at + 1;
            for (let k = 0; k < K; k++) values[k * H * E * B + row] = tables[k][at];
          }
        }
      });
      // the chain is undiscounted, and the end is worth 0 by itself
      expandedTargets(runtime, out, real, imagined, { rule, gamma: 1, critics: "mean" });
      states.forEach((state, b) => {
        errors += (out.view[b] - worthOf(state)) ** 2 / ((steps / 10) * B);
        tables[b][state] = out.view[b];
      });
      if (step % (steps / 10) === 0) {
        q.push(errorOf(tables));
        targets.push(errors);
        errors = 0;
      }
    }
    scope.dispose();
    return { q, target: targets };
  });
}

function errorOf(tables: readonly Float64Array[]): number {
  let sum = 0;
  for (let state = 0; state < STATES; state++) {
    const mean = tables.reduce((total, table) => total + table[state], 0) / tables.length;
    sum += (mean - worthOf(state)) ** 2 / STATES;
  }
  return sum;
}
