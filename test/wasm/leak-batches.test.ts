// What learns policies leaves nothing behind: collectors, critics, updates, value gradients.

import { box, cartPole, makeEnv, makeVectorEnv, pendulum } from "../../src/envs/index.js";
import { RandomStream } from "../../src/kernels/index.js";
import {
  createBatch,
  createCollector,
  createCritic,
  createPpoMemory,
  createTrpoMemory,
  ppoUpdateSteps,
  trpoUpdateSteps,
  valueGradient,
} from "../../src/learning/index.js";
import { createDynamicsModel } from "../../src/models/index.js";
import { createPolicy } from "../../src/policies/index.js";
import { finish } from "../../src/steps.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { all, type LoopCase, loopSuite } from "../support/leaks.js";

const runtime = await loadRuntime();
const env = makeEnv(runtime, pendulum, { seed: 0 });
const vector = makeVectorEnv(runtime, cartPole, { batch: 2, seed: 0, autoreset: "same-step" });
const swing = { observationSize: 3, actionSpace: box([-2], [2]), hidden: [4], seed: 0 };
const [T, B] = [3, 2];

function critic(baseline: "value" | "linear"): LoopCase {
  return {
    name: `critic: evaluate, fit, save, ${baseline}`,
    calls: 3000,
    make() {
      const policy = createPolicy(runtime, { kind: "gaussian", ...swing });
      const network = { hidden: [4], learningRate: 1e-4, epochs: 2, batchSize: 4, seed: 0 };
      const part = createCritic(runtime, {
        baseline,
        observationSize: 3,
        rows: T * B,
        filter: policy.filter,
        ...network,
      });
      const { scope, batch } = runtime.scoped((inner) => ({
        scope: inner,
        batch: createBatch(inner, { T, B, D: 3, A: 1, Aenv: 1 }),
      }));
      batch.valid.view.fill(1);
      batch.observation.view.forEach((_, i, values) => {
        values[i] = i % 5;
      });
      const call = (): void => {
        part.evaluate(batch, { gamma: 0.9, lambda: 0.9, bootstrap: true });
        finish(part.fitSteps(batch));
        part.load(part.save());
      };
      return { part: all(part, policy, scope), call };
    },
  };
}

const cases: LoopCase[] = [
  {
    name: "collector: a batch, the next one, save and a fresh start",
    calls: 3000,
    make() {
      const policy = createPolicy(runtime, {
        kind: "categorical",
        observationSize: 4,
        actionSpace: cartPole.actionSpace,
        hidden: [4],
        seed: 0,
      });
      const collector = createCollector(policy, vector, { name: "leak", steps: T, seed: 0 });
      let calls = 0;
      const call = (): void => {
        finish(collector.steps());
        collector.save();
        collector.next();
        if (++calls % 10 === 0) collector.restart();
      };
      return { part: all(collector, policy), call };
    },
  },
  critic("value"),
  critic("linear"),
  {
    name: "updates of TRPO and PPO",
    calls: 1000,
    make() {
      const policy = createPolicy(runtime, { kind: "gaussian", ...swing });
      const [rows, random] = [8, new RandomStream(runtime, 0, "leak")];
      const [trpo, ppo] = [createTrpoMemory(policy, rows, 5), createPpoMemory(policy, rows, 4)];
      const column = (columns = 1) => runtime.tensor([rows, columns]);
      const [observation, raw, logProb, advantage, valid] = [column(3), column(), column(), column(), column()];
      for (const tensor of [observation, raw, advantage]) random.normal(tensor);
      valid.view.fill(1);
      const pass = policy.pass(rows);
      const before = policy.save();
      const batch = { rows, observation, raw, logProb, advantage, valid };
      const call = (): void => {
        policy.load(before);
        pass.forward(observation, rows);
        pass.logProb(logProb, raw);
        finish(trpoUpdateSteps(policy, batch, trpo));
        finish(ppoUpdateSteps(policy, batch, ppo, random, { epochs: 1 }));
      };
      const tensors = [observation, raw, logProb, advantage, valid];
      return { part: all(pass, trpo, ppo, random, policy, ...tensors), call };
    },
  },
  {
    name: "value gradient: evaluate, give up midway, save",
    calls: 3000,
    make() {
      const model = createDynamicsModel(runtime, {
        observationSize: 3,
        actionSize: 1,
        members: 2,
        hidden: [4],
        probabilistic: false,
        seed: 0,
      });
      const policy = createPolicy(runtime, { kind: "squashed", ...swing });
      const value = valueGradient({ model, policy, reward: env.reward, horizon: T, batch: B, seed: 0 });
      const starts = runtime.tensor([B, 3]);
      const call = (): void => {
        value.evaluate(starts);
        const steps = value.evaluateSteps(starts);
        steps.next();
        steps.return(undefined as never);
        value.load(value.save());
      };
      return { part: all(value, policy, model, starts), call };
    },
  },
];

loopSuite("leak of batches", runtime, cases).run();
