// Memory may grow at any allocation, and every view of it that was taken before is then of nothing. Here it moves at every single
// one, and all algorithms learn the same bits as where it stays: nobody keeps a view across an allocation.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ddpg, mve, pets, ppo } from "../../src/algorithms/index.js";
import { createReplayBuffer } from "../../src/data/index.js";
import {
  cartPoleContinuous,
  makeEnv,
  makeVectorEnv,
  pendulum,
  reacherGoal,
  type VectorEnv,
} from "../../src/envs/index.js";
import { createDynamicsModel, openLoopLoss } from "../../src/models/index.js";
import type { SavedState } from "../../src/types.js";
import { Arena } from "../../src/wasm/arena.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { learnersFingerprint, policyFingerprint } from "../browser/fingerprints.js";

const test = suite("memory that moves");

// memory that threads share stays where it is when it grows
const alone = { threads: 1 };
const runtime = await loadRuntime(alone);

const { allocate } = Arena.prototype;
let moves = 0;

/** What `compute` gives where growth by nothing, which takes the buffer away all the same, comes with every allocation. */
async function moving<T>(compute: () => T | Promise<T>): Promise<T> {
  Arena.prototype.allocate = function (bytes) {
    const address = allocate.call(this, bytes);
    // lent memory does not grow
    if (!this.lent) {
      this.memory.grow(0);
      moves++;
    }
    return address;
  };
  try {
    return await compute();
  } finally {
    Arena.prototype.allocate = allocate;
  }
}

test("a view of before is of nothing", async () => {
  const tensor = runtime.tensor([3]).write([1, 2, 3]);
  const { view } = tensor;
  assert.is(view.length, 3);
  const other = await moving(() => runtime.tensor([1]));
  assert.is(view.length, 0);
  assert.equal([...tensor.view], [1, 2, 3]);
  for (const each of [tensor, other]) each.dispose();
});

// a model of a few steps, fitted by one step or several
function fitted(): SavedState {
  const buffer = createReplayBuffer(runtime, { capacity: 40, observationSize: 2, actionSize: 1 });
  for (let t = 0; t < 40; t++) {
    const at = (i: number): number[] => [Math.fround(0.1 * (i % 10)), Math.fround(0.01 * (i % 7) * i)];
    const step = { observation: at(t), nextObservation: at(t + 1), action: [0.5], reward: t, terminated: false };
    buffer.add({ ...step, truncated: t % 10 === 9 });
  }
  const sizes = { observationSize: 2, actionSize: 1, members: 2, hidden: [4] };
  const model = createDynamicsModel(runtime, { ...sizes, probabilistic: false, learnReward: true });
  for (const loss of [undefined, openLoopLoss(3)]) model.fit(buffer, { epochs: 3, loss });
  const state = model.save();
  for (const part of [model, buffer]) part.dispose();
  return state;
}

// hindsight, and models of a task with a goal
async function hindsight(): Promise<SavedState["arrays"]> {
  const env = makeVectorEnv(runtime, reacherGoal, { batch: 2, seed: 0, autoreset: "same-step" });
  const small = { seed: 0, hidden: [8], batchSize: 16, initialSteps: 60, modelHidden: [8], modelSteps: 20, members: 2 };
  const run = mve(runtime, env, { ...small, trials: 2, targets: "min", tdk: true, modelEvery: 30 });
  for await (const _ of run);
  const { arrays } = run.save();
  run.dispose();
  env.close();
  return arrays;
}

async function plans(): Promise<SavedState["arrays"]> {
  const env = makeEnv(runtime, cartPoleContinuous, { seed: 0 });
  const small = { seed: 0, hidden: [8], members: 2, population: 20, horizon: 4, iterations: 2, epochs: 3 };
  const run = pets(runtime, env, { ...small, trials: 2 });
  for await (const _ of run);
  const { arrays } = run.save();
  run.dispose();
  env.close();
  return arrays;
}

// an environment of somebody else's, which needs memory before it looks at the actions
async function hungry(): Promise<SavedState["arrays"][]> {
  const inner = makeVectorEnv(runtime, pendulum, { batch: 2, seed: 0, autoreset: "same-step" });
  const step: VectorEnv["step"] = (actions, out) => {
    runtime.tensor([1]).dispose();
    return inner.step(actions, out);
  };
  const env = new Proxy(inner, {
    get: (target, name) => {
      if (name === "step") return step;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const saved: SavedState["arrays"][] = [];
  for (const run of [
    ddpg(runtime, env, { seed: 0, hidden: [8], batchSize: 16, trials: 1, updatesPerStep: 0.05 }),
    ppo(runtime, env, { seed: 0, hidden: [8], trials: 1, steps: 20 }),
  ]) {
    for await (const _ of run);
    saved.push(run.save().arrays);
    run.dispose();
  }
  inner.close();
  return saved;
}

for (const [name, compute] of [
  ["fits by one step and by several", fitted],
  ["hindsight and value expansion", hindsight],
  ["PETS", plans],
  ["an environment that needs memory in its step", hungry],
  ["algorithms that learn policies", () => learnersFingerprint(alone)],
  ["passes of policies", () => policyFingerprint(alone)],
] as const) {
  test(`the same bits where memory moves: ${name}`, async () => {
    const still = await compute();
    const before = moves;
    assert.equal(await moving<unknown>(compute), still);
    assert.ok(moves > before + 10, `${moves - before} moves`);
  });
}

test.run();
