// Kernels over tensors, random streams, environments and planners leave nothing behind.

import { readFileSync } from "node:fs";
import { cartPoleContinuous, createSampler, makeEnv, makeVectorEnv, trueDynamics } from "../../src/envs/index.js";
import {
  cos,
  exp,
  gemm,
  log,
  packMatrix,
  RandomStream,
  sigmoid,
  sin,
  softplus,
  swish,
  tanh,
} from "../../src/kernels/index.js";
import { loadMjcf, type Simulation } from "../../src/physics/index.js";
import { cem, icem, mpc, mppi, type Planner, randomShooting } from "../../src/planning/index.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { all, type LoopCase, loopSuite } from "../support/leaks.js";

const runtime = await loadRuntime();

const { actionSpace } = makeEnv(runtime, cartPoleContinuous);
const search = { actionSpace, horizon: 3, population: 8 };

function planning(name: string, create: () => Planner): LoopCase {
  return {
    name,
    make() {
      const part = create();
      const plan = new Float32Array(3);
      const rollout = {
        actionSpace,
        returns: (_: null, actions: { view: Float32Array }, out: { view: Float32Array }) => {
          for (let n = 0; n < 8; n++) out.view[n] = -actions.view[3 * n];
        },
      };
      return {
        part,
        call() {
          part.plan(rollout, null, plan);
          part.advance();
        },
      };
    },
  };
}

const hopper = loadMjcf(runtime, readFileSync("test/fixtures/mjcf/gymnasium/hopper.xml", "utf8"));

function simulating(name: string, calls: number, use: (simulation: Simulation) => void): LoopCase {
  return {
    name,
    calls,
    make() {
      const part = hopper.simulation({ batch: 5 });
      part.step();
      return { part, call: () => use(part) };
    },
  };
}

const ctrl = new Float64Array(15);
const qacc = new Float64Array(30);

const cases: LoopCase[] = [
  simulating("simulation.step", 100_000, (simulation) => simulation.step(ctrl)),
  simulating("simulation.forward and read", 30_000, (simulation) => {
    simulation.forward(ctrl);
    simulation.read("qacc", qacc);
    simulation.read("cfrcExt");
    simulation.contacts(4);
  }),
  simulating("simulation.snapshot, restore and reset", 30_000, (simulation) => {
    simulation.restore(simulation.snapshot());
    simulation.reset([1, 0, 1, 0, 1]);
  }),
  {
    name: "env.step and reset",
    make() {
      const env = makeEnv(runtime, cartPoleContinuous, { seed: 0 });
      env.reset();
      const action = new Float32Array(1);
      const call = (): void => {
        const { terminated, truncated } = env.step(action);
        if (terminated || truncated) env.reset();
      };
      return { part: { dispose: () => env.close() }, call };
    },
  },
  {
    name: "vectorEnv.step",
    make() {
      const part = makeVectorEnv(runtime, cartPoleContinuous, { batch: 5 });
      part.reset();
      const out = part.createOut();
      const actions = new Float32Array(5);
      return { part, call: () => part.step(actions, out) };
    },
  },
  {
    name: "env.snapshot and restore",
    make() {
      const env = makeEnv(runtime, cartPoleContinuous, { seed: 0 });
      env.reset();
      return { part: { dispose: () => env.close() }, call: () => env.restore(env.snapshot()) };
    },
  },
  {
    name: "sampler.sample",
    make() {
      const part = createSampler(runtime, actionSpace);
      return { part, call: () => part.sample() };
    },
  },
  {
    name: "trueDynamics.returns",
    make() {
      const env = makeEnv(runtime, cartPoleContinuous, { seed: 0 });
      env.reset();
      const start = env.snapshot();
      env.close();
      const dynamics = trueDynamics(runtime, cartPoleContinuous);
      const actions = runtime.tensor([8, 3, 1]);
      const out = runtime.tensor([8]);
      const part = {
        dispose() {
          for (const held of [dynamics, actions, out]) held.dispose();
        },
      };
      return { part, call: () => dynamics.returns(start, actions, out) };
    },
  },
  planning("cem.plan", () => cem(runtime, search)),
  planning("icem.plan", () => icem(runtime, search)),
  planning("mppi.plan", () => mppi(runtime, search)),
  planning("randomShooting.plan", () => randomShooting(runtime, search)),
  {
    name: "mpc.act",
    make() {
      const planner = randomShooting(runtime, search);
      const rollout = {
        actionSpace,
        returns: (_: unknown, __: unknown, out: { view: Float32Array }) => {
          out.view.fill(1);
        },
      };
      const agent = mpc(planner, rollout);
      const observation = new Float32Array(4);
      const action = new Float32Array(1);
      return { part: planner, call: () => agent.act(observation, action) };
    },
  },
  ...(["bits", "uniform", "normal", "truncatedNormal"] as const).map((method): LoopCase => ({
    name: `random.${method}`,
    make() {
      const random = new RandomStream(runtime, 1, "leak");
      const tensor = runtime.tensor([9], method === "bits" ? "u32" : "f32");
      const part = {
        dispose() {
          random.dispose();
          tensor.dispose();
        },
      };
      return { part, call: () => random[method](tensor as never) };
    },
  })),
  {
    name: "random.integer and permutation",
    make() {
      const part = new RandomStream(runtime, 1, "leak");
      const out = new Uint32Array(7);
      return {
        part,
        call() {
          part.integer(10);
          part.permutation(out);
        },
      };
    },
  },
  ...Object.entries({ exp, log, tanh, sigmoid, softplus, swish, sin, cos }).map(([name, apply]): LoopCase => ({
    name,
    make() {
      const part = runtime.tensor([9]);
      return { part, call: () => apply(runtime, part, part) };
    },
  })),
  {
    name: "gemm",
    make() {
      const [a, b, c] = [runtime.tensor([3, 4]), runtime.tensor([4, 5]), runtime.tensor([3, 5])];
      const packed = packMatrix(runtime, b);
      return { part: all(a, b, c, packed), call: () => gemm(runtime, c, a, packed) };
    },
  },
];

loopSuite("leak of parts", runtime, cases).run();
