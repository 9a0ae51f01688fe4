// The product of Jacobians in a value gradient is ill conditioned, and the norms by time step show it: on pendulum, near the
// top, where what is done early decides where the rod falls, they grow by orders of magnitude with the horizon.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createReplayBuffer } from "../../src/data/index.js";
import { makeEnv, pendulum } from "../../src/envs/index.js";
import { valueGradient } from "../../src/learning/index.js";
import { createDynamicsModel } from "../../src/models/index.js";
import { createPolicy } from "../../src/policies/index.js";
import { generator } from "../support/numbers.js";
import { runtime } from "../support/runtime.js";

const test = suite("conditioning of value gradients");
const TRANSITIONS = 2000;

test("near the top of the pendulum, norms grow with the horizon and back in time", () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  const buffer = createReplayBuffer(runtime, { capacity: TRANSITIONS, observationSize: 3, actionSize: 1 });
  const random = generator(1);
  let observation = env.reset().observation;
  for (let i = 0; i < TRANSITIONS; i++) {
    const action = [2 * random()];
    const { reward, observation: nextObservation } = env.step(action);
    buffer.add({ observation, action, reward, nextObservation, terminated: false, truncated: false });
    observation = i % 40 === 39 ? env.reset().observation : nextObservation;
  }
  const shape = { observationSize: 3, actionSize: 1, probabilistic: false, members: 2, hidden: [32, 32] };
  const model = createDynamicsModel(runtime, shape);
  model.fit(buffer, { epochs: 60 });
  const { actionSpace } = pendulum;
  const policy = createPolicy(runtime, { kind: "deterministic", observationSize: 3, actionSpace, seed: 0 });
  const starts = runtime.tensor([2, 3]).write([0.02, -0.02].flatMap((angle) => [Math.cos(angle), Math.sin(angle), 0]));
  const norms = [5, 10, 20, 40].map((horizon) => {
    const value = valueGradient({ model, policy, reward: env.reward, horizon, batch: 2, seed: 0 });
    const { stateGradientNorms, gradientNorm } = value.evaluate(starts);
    value.dispose();
    assert.is(stateGradientNorms[horizon], 0, "the reward is that of the state before the step");
    return { first: stateGradientNorms[0], half: stateGradientNorms[Math.floor(horizon / 2)], gradientNorm };
  });
  const text = norms.map(({ first, gradientNorm }) => `${first.toFixed(1)} (${gradientNorm.toFixed(1)})`).join(", ");
  // here 0.4 (0.03), 3 (0.8), 150 (56), 1000 (600)
  assert.ok(norms[1].first > 3 * norms[0].first, text);
  assert.ok(norms[2].first > 10 * norms[1].first, text);
  assert.ok(norms[3].gradientNorm > 100 * norms[1].gradientNorm, text);
  assert.ok(norms[3].first > 5 * norms[3].half, text);
  for (const part of [starts, policy, model, buffer]) part.dispose();
  env.close();
});

test.run();
