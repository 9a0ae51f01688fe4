// Rollouts against their slow twin, bit for bit: every propagation, head, source of rewards and of ends; blocks that do not
// divide, fills entered between their sixteenths, slices of one step and of many.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeEnv } from "../../src/envs/index.js";
import { tasks } from "../../src/envs/tasks/index.js";
import {
  createDynamicsModel,
  type DynamicsModelOptions,
  type LearnedRolloutOptions,
  learnedRollout,
} from "../../src/models/index.js";
import type { Box, RewardFunction, TerminationFunction } from "../../src/types.js";
import type { Runtime, Tensor } from "../../src/wasm/index.js";
import { rolloutTwin } from "../oracle/rollout.js";
import { checkedRuntime, runtime, runtimes } from "../support/runtime.js";

const CALLS = 2;

function space(A: number): Box {
  const high = new Float32Array(A).fill(1);
  return { kind: "box", low: high.map((x) => -x), high, shape: [A] };
}

function sequences(on: Runtime, N: number, H: number, A: number): Tensor {
  const actions = on.tensor([N, H, A]);
  on.kernels.random_uniform(actions.address, actions.size, 0, 5, 0, 0, 0, 0);
  actions.view.set(actions.view.map((u) => 2 * u - 1));
  return actions;
}

interface Setting {
  readonly model: Omit<DynamicsModelOptions, "observationSize" | "actionSize">;
  readonly rollout: Omit<LearnedRolloutOptions, "actionSpace" | "seed">;
  readonly N: number;
  readonly H: number;
}

/** Returns of the rollout and of its twin must agree in every bit; returns them. */
function compare(on: Runtime, D: number, A: number, { model: shape, rollout, N, H }: Setting, what: string): number[] {
  const model = createDynamicsModel(on, { observationSize: D, actionSize: A, seed: 1, ...shape });
  // other scales than 1, other elites than the first
  const buffer = { length: 40, observation: on.tensor([40, D]), action: on.tensor([40, A]) };
  const transitions = { nextObservation: on.tensor([40, D]), reward: on.tensor([40]) };
  for (const [i, tensor] of [buffer.observation, buffer.action, ...Object.values(transitions)].entries()) {
    on.kernels.random_normal(tensor.address, tensor.size, 0, 9, 0, 0, i, 0);
  }
  model.fit({ ...buffer, ...transitions } as never, { epochs: 1 });
  const options = { actionSpace: space(A), seed: 2 ** 40 + 3, ...rollout };
  const part = learnedRollout(model, options);
  const actions = sequences(on, N, H, A);
  const start = Array.from({ length: D }, (_, i) => 0.02 * (i + 1));
  const out = on.tensor([N]);
  const got = Array.from({ length: CALLS }, () => {
    part.returns(start, actions, out);
    return out.read();
  });
  on.checkGuards();
  const { angles = [], noDelta = [] } = shape;
  const expected = rolloutTwin(model, { angles, noDelta }, options, start, actions, CALLS);
  const words = (rows: Float32Array[]) =>
    rows.map((row) => [...new Uint32Array(row.buffer, row.byteOffset, row.length)]);
  assert.equal(words(got), words(expected), what);
  for (const tensor of [buffer.observation, buffer.action, ...Object.values(transitions)]) tensor.dispose();
  for (const each of [part, actions, out, model]) each.dispose();
  return [...got[0]];
}

for (const [name, on] of runtimes) {
  const test = suite(`rollouts and their twin on ${name}`);
  // the checked binary is slow
  const N = on === checkedRuntime ? 5 : 131;

  /** Far from the origin, where the start is not. */
  const far: TerminationFunction = (next, out) => {
    for (let b = 0; b < out.length; b++) out[b] = Number(Math.abs(next[3 * b]) > 0.1);
  };
  const effort: RewardFunction = (observation, action, next, out) => {
    for (let b = 0; b < out.length; b++) out[b] = next[3 * b] - observation[3 * b + 1] - action[2 * b] ** 2;
  };

  for (const propagation of ["TSinf", "TS1", "expectation"] as const) {
    for (const probabilistic of [true, false]) {
      const kind = `${propagation}, ${probabilistic ? "probabilistic" : "deterministic"}`;
      const particles = propagation === "expectation" ? undefined : 6;
      const risk = propagation === "expectation" ? 0 : -0.5;
      const model = { members: 3, elites: 2, hidden: [16, 16], probabilistic, noDelta: [1], angles: [2] };

      test(`${kind}: learned reward`, () => {
        const rollout = { propagation, particles, risk };
        const learned = compare(on, 3, 2, { model: { ...model, learnReward: true }, rollout, N, H: 5 }, kind);
        // an end that only the host knows, with a reward that only the model knows
        const ended = { ...rollout, terminated: far };
        const cut = compare(on, 3, 2, { model: { ...model, learnReward: true }, rollout: ended, N, H: 5 }, kind);
        assert.not.equal(learned, cut);
      });

      test(`${kind}: JavaScript's reward`, () => {
        const rollout = { propagation, particles, risk, reward: effort };
        const all = compare(on, 3, 2, { model, rollout, N, H: 5 }, kind);
        const cut = compare(on, 3, 2, { model, rollout: { ...rollout, terminated: far }, N, H: 5 }, kind);
        assert.not.equal(all, cut);
      });

      test(`${kind}: the reward and the end of a task`, () => {
        for (const task of tasks) {
          const D = task.observationSpace.low.length;
          const A = task.actionSpace.kind === "box" ? task.actionSpace.low.length : 1;
          const env = makeEnv(on, task);
          const { reward, terminated } = env;
          const rollout = { propagation, particles, risk, reward, terminated };
          const shape = { members: 3, elites: 2, hidden: [16], probabilistic };
          const inside = compare(on, D, A, { model: shape, rollout, N, H: 6 }, `${kind}, ${task.id}`);
          // one of the two in JavaScript: the same numbers by another way
          const plain: RewardFunction = (...rows) => reward(...rows);
          const mixed = { ...rollout, reward: plain };
          assert.equal(compare(on, D, A, { model: shape, rollout: mixed, N, H: 6 }, "mixed"), inside);
          env.close();
        }
      });
    }
  }

  test("networks of many sizes, T from 1 to 9", () => {
    for (const [D, A, particles] of [
      [1, 1, 2],
      [2, 3, 4],
      [4, 4, 2],
      [5, 1, 6],
      [8, 5, 2],
    ]) {
      const model = { members: 2, hidden: [9], learnReward: true };
      compare(on, D, A, { model, rollout: { particles }, N: on === checkedRuntime ? 3 : 59, H: 3 }, `${D}, ${A}`);
    }
  });

  test.run();
}

const slices = suite("slices of a rollout");

slices("bounded work, whatever the sizes; a rollout given up leaves nothing but a stream further on", () => {
  // 400 rows of 2·(2·200² + …) operations and 30 steps: some 2 GFLOP
  const model = createDynamicsModel(runtime, {
    observationSize: 4,
    actionSize: 1,
    hidden: [200, 200, 200],
    learnReward: true,
    seed: 1,
  });
  const rollout = learnedRollout(model, { actionSpace: space(1), seed: 0 });
  const actions = sequences(runtime, 80, 30, 1);
  const out = runtime.tensor([80]);
  const place = rollout.save();
  const count = [...rollout.returnsSteps([0, 0, 0, 0], actions, out)].length;
  const work = 400 * 30 * 2 * (5 * 200 + 2 * 200 * 200 + 200 * 10);
  assert.ok(count >= work / (200e6 * runtime.threads), `${count} slices for ${work} operations`);
  const whole = out.read();
  rollout.load(place);
  const given = rollout.returnsSteps([1, 1, 1, 1], actions, out);
  given.next();
  given.next();
  given.return(undefined);
  rollout.load(place);
  rollout.returns([0, 0, 0, 0], actions, out);
  assert.equal(out.read(), whole);
  for (const part of [rollout, actions, out, model]) part.dispose();
});

slices("small ones take many steps, or the whole horizon, at once", () => {
  const model = createDynamicsModel(runtime, { observationSize: 4, actionSize: 1, hidden: [8], learnReward: true });
  const rollout = learnedRollout(model, { actionSpace: space(1), seed: 0 });
  const actions = sequences(runtime, 10, 30, 1);
  const out = runtime.tensor([10]);
  assert.is([...rollout.returnsSteps([0, 0, 0, 0], actions, out)].length, 1);
  for (const part of [rollout, actions, out, model]) part.dispose();
});

slices.run();
