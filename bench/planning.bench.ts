// Plans through a learned model: milliseconds of a whole plan, against the bare forward pass of the ensemble on as many rows
// as the plan rolled out, in one call; the ratio of times is that of rates of useful floating-point operations. Sizes: PETS
// for half-cheetah on a light budget, the reward learned; and cart-pole. Then CEM without a model.

import { cartPoleContinuous, makeEnv } from "../src/envs/index.js";
import { createDynamicsModel, type DynamicsModelOptions, learnedRollout } from "../src/models/index.js";
import { cem, icem, mppi } from "../src/planning/index.js";
import type { Box, NumericInput, Rollout } from "../src/types.js";
import type { Runtime } from "../src/wasm/index.js";
import { cemCases } from "./cem.js";
import type { Case } from "./harness.js";

const MEMBERS = 5;

interface Setting {
  readonly name: string;
  readonly model: DynamicsModelOptions;
  readonly planner: typeof cem | typeof icem | typeof mppi;
  readonly population: number;
  readonly horizon: number;
  readonly particles: number;
  /** Rewards and ends of cart-pole, in Wasm or from JavaScript; else the model has learned the reward. */
  readonly cartPole?: "wasm" | "javascript";
}

export function cases(runtime: Runtime): Case[] {
  const cheetah = { observationSize: 17, actionSize: 6, angles: [1], hidden: [200, 200, 200, 200], learnReward: true };
  const pole = { observationSize: 4, actionSize: 1, angles: [2], hidden: [64, 64] };
  const light = { model: cheetah, population: 64, horizon: 20, particles: MEMBERS };
  const small = { model: pole, population: 100, horizon: 15, particles: MEMBERS };
  const settings: Setting[] = [
    { name: "light plan, cem", planner: cem, ...light },
    { name: "light plan, icem", planner: icem, ...light },
    { name: "light plan, mppi", planner: mppi, ...light },
    { name: "cart-pole, cem", planner: cem, ...small, cartPole: "wasm" },
    { name: "cart-pole, icem", planner: icem, ...small, cartPole: "wasm" },
    { name: "cart-pole, mppi", planner: mppi, ...small, cartPole: "wasm" },
    { name: "cart-pole, cem, 20 particles", planner: cem, ...small, particles: 20, cartPole: "wasm" },
    { name: "cart-pole, cem, reward in JS", planner: cem, ...small, cartPole: "javascript" },
  ];
  return [...settings.map((setting) => plan(runtime, setting)), ...cemCases(runtime)];
}

function plan(runtime: Runtime, setting: Setting): Case {
  const { name, population, horizon, particles, cartPole, planner: create } = setting;
  const model = createDynamicsModel(runtime, { members: MEMBERS, ...setting.model });
  const A = model.actionSize;
  const high = new Float32Array(A).fill(1);
  const actionSpace: Box = { kind: "box", low: high.map((x) => -x), high, shape: [A] };
  const rollout = learnedRollout(model, { actionSpace, particles, seed: 1, ...scores(runtime, cartPole) });
  // ε = 0: all iterations
  const search = create === cem ? { epsilon: 0 } : {};
  const planner = create(runtime, { actionSpace, horizon, population, iterations: 3, ...search });
  const start = new Array(model.observationSize).fill(0.01);
  const out = new Float32Array(horizon * A);
  // the same plan again and again
  const planOnce = (through: Rollout<NumericInput>): Float32Array => {
    planner.reset();
    return planner.plan(through, start, out);
  };

  let rows = 0;
  const counted: Rollout<NumericInput> = {
    actionSpace,
    returns(from, actions, returns) {
      rows += actions.shape[0]! * particles * horizon;
      rollout.returns(from, actions, returns);
    },
  };
  planOnce(counted);
  const { ensemble } = model.network;
  const each = rows / MEMBERS;
  const x = runtime.tensor([MEMBERS, each, model.featureSize]);
  runtime.kernels.random_normal(x.address, x.size, 0, 1, 2, 3, 4, 5);
  const outputs = runtime.tensor([MEMBERS, each, ensemble.outputStride]);
  return {
    name: `${name} ${MEMBERS} × ${ensemble.layers.join("-")}, ${rows} rows`,
    unit: "ms",
    ours: { name: "mbrl-wasm", run: () => planOnce(rollout)[0]! },
    peer: {
      name: "bare forward",
      run() {
        ensemble.predict(outputs, x, each);
        return outputs.view[0]!;
      },
    },
    check() {
      const actions = [...planOnce(rollout)];
      const sound = actions.every((action) => Math.abs(action) <= 1) && new Set(actions).size > 1;
      if (!sound) throw new Error(`planning: actions ${actions}`);
    },
  };
}

function scores(runtime: Runtime, where: Setting["cartPole"]) {
  if (where === undefined) return {};
  if (where === "wasm") {
    const { reward, terminated } = makeEnv(runtime, cartPoleContinuous);
    return { reward, terminated };
  }
  const upright = (next: Float32Array, row: number): boolean =>
    Math.abs(next[4 * row]!) < 2.4 && Math.abs(next[4 * row + 2]!) < 0.2094;
  return {
    reward(_observation: Float32Array, _action: Float32Array, next: Float32Array, out: Float32Array): void {
      for (let row = 0; row < out.length; row++) out[row] = upright(next, row) ? 1 : 0;
    },
    terminated(next: Float32Array, out: Uint8Array): void {
      for (let row = 0; row < out.length; row++) out[row] = upright(next, row) ? 0 : 1;
    },
  };
}
