// Networks, models, buffers and runs leave nothing behind.

import { pets } from "../../src/algorithms/index.js";
import { createReplayBuffer, createTransitionBatch, sampleTransitions } from "../../src/data/index.js";
import { RandomStream } from "../../src/kernels/index.js";
import { createLinearBaseline, createPolicy, createQFunction, createValueFunction } from "../../src/policies/index.js";
import { finish } from "../../src/steps.js";
import { cartPoleContinuous, distanceGoal, makeEnv } from "../../src/envs/index.js";
import {
  ActorUpdate,
  createExpansion,
  createImagination,
  CriticUpdate,
  expansionTarget,
  Hindsight,
  oneStepTarget,
} from "../../src/learning/index.js";
import { createDynamicsModel, learnedRollout, openLoopLoss, type Propagation } from "../../src/models/index.js";
import {
  createAdam,
  createEnsemble,
  createNormalizer,
  gaussianNll,
  logVarianceBounds,
  meanSquaredError,
} from "../../src/nn/index.js";
import type { RewardFunction } from "../../src/types.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { all, type LoopCase, loopSuite } from "../support/leaks.js";

const runtime = await loadRuntime();

const env = makeEnv(runtime, cartPoleContinuous, { seed: 0 });
const { actionSpace, reward, terminated } = env;
const sizes = { observationSize: 4, actionSize: 1 };
const network = { ...sizes, members: 2, hidden: [5], seed: 0 };

function filledBuffer(length: number) {
  const buffer = createReplayBuffer(runtime, { ...sizes, capacity: length });
  for (let i = 0; i < length; i++) {
    const observation = [0.1 * i, -0.1, 0.2, 0.01 * i];
    const nextObservation = observation.map((x) => x + 0.01 * i);
    buffer.add({ observation, action: [0.1], reward: 1, nextObservation, terminated: false, truncated: false });
  }
  return buffer;
}

function imagining(propagation: Propagation): LoopCase {
  return {
    name: `learnedRollout.returns, ${propagation}`,
    make() {
      const model = createDynamicsModel(runtime, network);
      const rollout = learnedRollout(model, { actionSpace, reward, terminated, propagation, seed: 0 });
      const [actions, out] = [runtime.tensor([3, 2, 1]), runtime.tensor([3])];
      const start = new Float32Array(4);
      return { part: all(rollout, model, actions, out), call: () => rollout.returns(start, actions, out) };
    },
  };
}

const cases: LoopCase[] = [
  {
    name: "imagination.collect and validate",
    make() {
      const model = createDynamicsModel(runtime, network);
      const policy = createPolicy(runtime, { kind: "gaussian", observationSize: 4, actionSpace, hidden: [3], seed: 0 });
      const imagination = createImagination(runtime, model, policy, { reward, terminated, seed: 0 });
      const { scope, batch } = runtime.scoped((inner) => ({
        scope: inner,
        batch: imagination.createBatch(inner, 3, 4),
      }));
      const starts = runtime.tensor([4, 4]);
      const call = (): void => {
        imagination.collect(batch, starts);
        imagination.validate(starts.read(), 2);
      };
      return { part: all(imagination, policy, model, scope, starts), call };
    },
  },
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
    name: "a minibatch, relabelled, and a step of actor and critics",
    calls: 20_000,
    make() {
      const buffer = filledBuffer(6);
      const random = new RandomStream(runtime, 0, "updates");
      const policy = (seed: number) =>
        createPolicy(runtime, { kind: "deterministic", observationSize: 4, actionSpace, hidden: [3], seed });
      const q = (seed: number) => createQFunction(runtime, { observationSize: 4, actionSpace, hidden: [3], seed });
      const [actor, follower, critic, target] = [policy(0), policy(1), q(2), q(3)];
      const rows = 5;
      const smoothing = { sigma: 0.2, limit: 0.5, random };
      const rule = oneStepTarget({ actor: follower, critic: target, rows, gamma: 0.9, smoothing });
      const goal = distanceGoal({ observationSize: 2, goalSize: 1, within: 0.1 });
      const { scope, ...parts } = runtime.scoped((inner) => ({
        scope: inner,
        batch: createTransitionBatch(inner, rows, 4, 1),
        hindsight: new Hindsight(inner, buffer, { goal, relabelled: 4, rows }),
        criticUpdate: new CriticUpdate(inner, critic, rule, rows),
        actorUpdate: new ActorUpdate(inner, actor, critic, rows, { learningRate: 1e-6, penalty: 1 }),
      }));
      const call = (): void => {
        const { batch, hindsight, criticUpdate, actorUpdate } = parts;
        sampleTransitions(buffer, batch, random);
        hindsight.relabel(batch, random);
        criticUpdate.gradient(batch);
        actorUpdate.gradient(batch.observation, rows);
        criticUpdate.apply();
        actorUpdate.apply();
        follower.follow(actor, 0.01);
        target.follow(critic, 0.01);
      };
      return { part: all(scope, rule, target, critic, follower, actor, random, buffer), call };
    },
  },
  {
    name: "targets of expanded values and a gradient of critics, states in between too",
    calls: 10_000,
    make() {
      const model = createDynamicsModel(runtime, network);
      const shape = { observationSize: 4, actionSpace, hidden: [3], seed: 0 };
      const [actor, critic] = [
        createPolicy(runtime, { ...shape, kind: "deterministic" }),
        createQFunction(runtime, shape),
      ];
      const buffer = filledBuffer(6);
      const random = new RandomStream(runtime, 0, "updates");
      const rows = 5;
      // with a reward that only JavaScript knows
      const last: RewardFunction = (_, __, next, out) => {
        for (let b = 0; b < out.length; b++) out[b] = next[4 * b + 3];
      };
      const carrier = createExpansion({ model, policy: actor, horizon: 2, rows, reward: last });
      const rule = expansionTarget({ actor, critic, carrier, rows, rule: "steve", gamma: 0.9, tdk: true });
      const { scope, batch, update } = runtime.scoped((inner) => ({
        scope: inner,
        batch: createTransitionBatch(inner, rows, 4, 1),
        update: new CriticUpdate(inner, critic, rule, rows),
      }));
      const call = (): void => {
        sampleTransitions(buffer, batch, random);
        update.gradient(batch);
      };
      return { part: all(scope, rule, critic, actor, model, random, buffer), call };
    },
  },
  {
    name: "buffer.add",
    make() {
      const part = createReplayBuffer(runtime, { ...sizes, capacity: 10 });
      const observation = new Float32Array(4);
      const action = [0.5];
      const flags = { terminated: false, truncated: false };
      return {
        part,
        call: () => part.add({ observation, action, reward: 1, nextObservation: observation, ...flags }),
      };
    },
  },
  {
    name: "model.predict",
    make() {
      const part = createDynamicsModel(runtime, network);
      const [observation, action] = [new Float32Array(8), new Float32Array(2)];
      return { part, call: () => part.predict(observation, action) };
    },
  },
  {
    name: "model.fit",
    calls: 1000,
    make() {
      const model = createDynamicsModel(runtime, network);
      const buffer = filledBuffer(12);
      return { part: all(model, buffer), call: () => model.fit(buffer, { epochs: 2, batchSize: 4 }) };
    },
  },
  {
    name: "model.fit by a loss of three steps",
    calls: 1000,
    make() {
      const model = createDynamicsModel(runtime, { ...network, probabilistic: false });
      const buffer = filledBuffer(20);
      const fit = { epochs: 2, batchSize: 4, loss: openLoopLoss(3) };
      return { part: all(model, buffer), call: () => model.fit(buffer, fit) };
    },
  },
  {
    name: "policy: every operation of a pass, an agent, and saving",
    calls: 20_000,
    make() {
      const policy = createPolicy(runtime, { kind: "squashed", observationSize: 4, actionSpace, hidden: [5], seed: 0 });
      const [pass, agent] = [policy.pass(3), policy.agent({ stochastic: true })];
      const tensors = [runtime.tensor([3, 4]), runtime.tensor([3, 1]), runtime.tensor([3, 1]), runtime.tensor([3])];
      const [observation, action, raw, logProb] = tensors;
      const flat = runtime.tensor([policy.network.params.size]);
      const row = new Float32Array(4);
      const call = (): void => {
        policy.filter.update(observation, 3);
        pass.forward(observation, 3);
        pass.act(action, raw, logProb, logProb);
        pass.logProb(logProb, raw);
        pass.entropy(logProb);
        pass.gradient(flat, raw, logProb, 0.1);
        pass.kl(pass.head);
        pass.fisher(flat, flat);
        pass.vjpAction(flat, action, undefined, { observationGradient: observation });
        agent.act(row);
        policy.setStd(0.5);
        policy.stdValues();
        policy.load(policy.save());
      };
      return { part: all(pass, agent, policy, flat, ...tensors), call };
    },
  },
  {
    name: "value function and linear baseline: fit and predict",
    calls: 2000,
    make() {
      const value = createValueFunction(runtime, { observationSize: 4, hidden: [5], learningRate: 0, seed: 0 });
      const baseline = createLinearBaseline(runtime, { observationSize: 4 });
      const random = new RandomStream(runtime, 0, "leak");
      const [observation, target, out] = [runtime.tensor([9, 4]), runtime.tensor([9]), runtime.tensor([9])];
      const time = runtime.tensor([9], "i32");
      random.normal(observation);
      random.normal(target);
      const call = (): void => {
        finish(value.fitSteps(observation, target, 9, undefined, { epochs: 2, batchSize: 4, random }));
        value.predict(out, observation, 9);
        baseline.fit(observation, time, target, 9);
        baseline.predict(out, observation, time, 9);
      };
      return { part: all(value, baseline, random, observation, target, out, time), call };
    },
  },
  imagining("TSinf"),
  imagining("TS1"),
  imagining("expectation"),
  {
    name: "pets: agent.act, save",
    calls: 5000,
    make() {
      const small = { hidden: [5], members: 2, population: 8, horizon: 3, iterations: 2, bufferSize: 200 };
      const run = pets(runtime, env, { trials: 1, seed: 0, ...small });
      const observation = new Float32Array(4);
      const action = new Float32Array(1);
      const call = (): void => {
        run.agent.act(observation, action);
        run.save();
      };
      return { part: run, call };
    },
  },
];

loopSuite("leak of learning", runtime, cases).run();
