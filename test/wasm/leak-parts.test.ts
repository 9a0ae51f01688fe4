// The parts that are called in a loop: 100,000 calls of each leave the memory, the live tensors and the heap where they
// were, and so do a thousand of each part, made and disposed of.

import { suite } from "uvu";
import * as assert from "uvu/assert";
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
import {
  createAdam,
  createEnsemble,
  createNormalizer,
  gaussianNll,
  logVarianceBounds,
  meanSquaredError,
} from "../../src/nn/index.js";
import { cem, icem, mpc, type Planner, randomShooting } from "../../src/planning/index.js";
import type { Disposable } from "../../src/types.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { checkGrowth } from "../support/leaks.js";

const runtime = await loadRuntime();

/** A part, what is called in a loop, and how often a loop of seconds can call it. */
interface LoopCase {
  readonly name: string;
  readonly calls?: number;
  make(): { part: Disposable; call(): void };
}

function all(...parts: Disposable[]): Disposable {
  return {
    dispose() {
      for (const part of parts) part.dispose();
    },
  };
}

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

const cases: LoopCase[] = [
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
    name: "ensemble.forward, vjp, jvp, loss and adam.step",
    make() {
      const ensemble = createEnsemble(runtime, { members: 2, layers: [3, 5, 2], seed: 0 });
      const adam = createAdam(runtime, ensemble, { learningRate: 1e-6 });
      const workspace = ensemble.workspace(4);
      const [target, loss] = [runtime.tensor([2, 4, 2]), runtime.tensor([2], "f64")];
      const gradients = runtime.tensor([ensemble.params.size]);
      const { output, outputGradient } = workspace;
      const call = (): void => {
        ensemble.forward(workspace, 4);
        meanSquaredError(runtime, { loss, outputGradient }, { output, target, rows: 4 });
        ensemble.vjp(workspace, 4, gradients, { inputGradient: true });
        ensemble.jvp(workspace, 4, gradients);
        adam.step(gradients);
      };
      return { part: all(ensemble, adam, workspace, target, loss, gradients), call };
    },
  },
  {
    name: "ensemble.predict",
    make() {
      const ensemble = createEnsemble(runtime, { members: 2, layers: [3, 5, 2], seed: 0 });
      const [out, x] = [runtime.tensor([2, 4, ensemble.outputStride]), runtime.tensor([4, 3])];
      return { part: all(ensemble, out, x), call: () => ensemble.predict(out, x, 4) };
    },
  },
  {
    name: "gaussianNll",
    make() {
      const [output, outputGradient] = [runtime.tensor([2, 4, 8]), runtime.tensor([2, 4, 8])];
      const [target, loss] = [runtime.tensor([2, 4, 2]), runtime.tensor([2], "f64")];
      const bounds = logVarianceBounds(runtime, 2);
      const call = (): void => gaussianNll(runtime, { loss, outputGradient }, { output, target, rows: 4, bounds });
      return { part: all(output, outputGradient, target, loss, bounds), call };
    },
  },
  {
    name: "normalizer.fit and standardize",
    make() {
      const normalizer = createNormalizer(runtime, 3);
      const x = runtime.tensor([4, 3]);
      const call = (): void => {
        normalizer.fit(x, 4);
        normalizer.standardize(x, x, 4);
      };
      return { part: all(normalizer, x), call };
    },
  },
  {
    name: "gemm",
    make() {
      const [a, b, c] = [runtime.tensor([3, 4]), runtime.tensor([4, 5]), runtime.tensor([3, 5])];
      const packed = packMatrix(runtime, b);
      return { part: all(a, b, c, packed), call: () => gemm(runtime, c, a, packed) };
    },
  },
];

const leaks = suite("leak of parts");

for (const { name, calls, make } of cases) {
  leaks(`${name}: 100,000 calls`, async () => {
    const before = runtime.memoryUsage();
    const { part, call } = make();
    await checkGrowth(runtime, name, call, calls);
    part.dispose();
    part.dispose();
    assert.is(runtime.memoryUsage().tensors, before.tensors, `${name}: tensors left after dispose`);
    assert.is(runtime.memoryUsage().used, before.used, `${name}: bytes left after dispose`);
  });
}

leaks("a thousand of each part, made and disposed of", async () => {
  for (const { name, make } of cases) await checkGrowth(runtime, `making ${name}`, () => make().part.dispose(), 1000);
});

leaks.run();
