// Returns of saved policies on our tasks and on the official MuJoCo build (accuracy/returns.ts).
import type { MjModel } from "@mujoco/mujoco";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { swimmer } from "../../src/envs/index.js";
import { createPolicy } from "../../src/policies/index.js";
import { joinStates } from "../../src/saved-state.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { fixture } from "../support/fixtures.js";
import { runtime } from "../support/runtime.js";
import { actionOf, type PlainPolicy } from "./accuracy/plain-policy.js";
import { plainOfSaved } from "./accuracy/saved-policy.js";
import { compareReturns, playOfficial, playOurs, startsOf } from "./accuracy/returns.js";

const returns = suite("returns of policies");
const swimming = fixture<PlainPolicy>("policies/swimmer");
const running = fixture<PlainPolicy>("policies/half-cheetah");

returns("swimmer: a policy that swims earns the same on both, from 20 starts", async () => {
  for (const [physics, within] of [
    ["float32", 1e-4],
    ["float64", 1e-6],
  ] as const) {
    const found = compareReturns(await loadRuntime({ physics }), swimming);
    assert.is(found.episodes, 20);
    assert.ok(found.theirs.mean > 300, `it swims: ${found.theirs.mean}`);
    assert.ok(found.passed && Math.max(found.ofTheirs, found.ofOurs) < within, JSON.stringify(found));
  }
});

returns("swimmer: a tenth more gear fails", () => {
  const spoil = (model: MjModel) => model.actuator_gear.set(model.actuator_gear.map((x: number) => 1.1 * x));
  const found = compareReturns(runtime, swimming, { spoil, steps: 300 });
  assert.not.ok(found.passed, JSON.stringify(found));
});

returns(
  "half-cheetah: a policy that runs, step by step until chaos parts them, and its return from 20 starts",
  async () => {
    const starts = startsOf(runtime, running, 8, 3);
    const float64 = await loadRuntime({ physics: "float64" });
    const theirs = playOfficial(running, starts, { steps: 5 });
    playOurs(float64, running, starts, { steps: 5 }).forEach((sum, e) => {
      assert.ok(Math.abs(sum - theirs[e]!) < 1e-4, `${sum} against ${theirs[e]}`);
    });
    for (const each of [runtime, float64]) {
      const found = compareReturns(each, running);
      assert.ok(found.theirs.mean > 3500, `it runs: ${found.theirs.mean}`);
      assert.ok(found.passed, JSON.stringify(found));
    }
  },
);

returns("starts: half from our resets, half from MuJoCo's reference configuration, a function of the seed", () => {
  const starts = startsOf(runtime, running, 21, 5);
  assert.is(starts.length, 21);
  assert.equal(starts, startsOf(runtime, running, 21, 5));
  assert.not.equal(starts, startsOf(runtime, running, 21, 6));
  for (const { qpos, qvel } of starts) {
    assert.is(qpos.length + qvel.length, 18);
    assert.ok(Array.from(qpos).every((x) => Math.abs(x) <= 0.1));
  }
  // velocities are normal, not uniform: a third are beyond a standard deviation
  const beyond = starts.flatMap(({ qvel }) => Array.from(qvel)).filter((x) => Math.abs(x) > 0.1).length;
  assert.ok(beyond > 0.22 * 21 * 9 && beyond < 0.42 * 21 * 9, `${beyond}`);
});

returns("a policy of plain arrays: filter, layers, bounds", () => {
  const policy: PlainPolicy = {
    task: "Swimmer-v5",
    activation: "relu",
    filter: { mean: [1, 0], inverseStd: [2, 1], clip: 3 },
    layers: [
      { weights: [1, -1, 0.5, 0.5], bias: [0, 1] },
      { weights: [0.1, 9, 0.2, 9], bias: [0.05, 9] },
    ],
  };
  // filtered: 2 (2 − 1) = 2 and 3, clipped; hidden: 2 + 1.5 and max(0, −2 + 1.5 + 1); mean: 0.35 + 0.1 + 0.05
  assert.ok(Math.abs(actionOf(policy, [2, 7], [-1], [1])[0]! - 0.5) < 1e-12);
  assert.ok(Math.abs(actionOf(policy, [2, 7], [0], [4])[0]! - 3) < 1e-12);
  assert.ok(Math.abs(actionOf({ ...policy, bounds: "tanh" }, [2, 7], [-1], [1])[0]! - Math.tanh(0.5)) < 1e-12);
  assert.is(actionOf(policy, [2, 7], [-1, -1], [1, 1])[1], 1);
  assert.throws(() => actionOf(policy, [2, 7, 1], [-1], [1]), /weights/);
  assert.throws(() => playOurs(runtime, { ...policy, task: "Tennis-v1" }, []), /no task "Tennis-v1"/);
});

returns("saved policies: the plain arrays act as the policy does, alone and within the state of a run", () => {
  const { actionSpace, observationSpace, id } = swimmer;
  const observationSize = observationSpace.low.length;
  const observation = runtime.tensor([8, observationSize]);
  observation.write(Float32Array.from({ length: observation.size }, (_, i) => Math.sin(3 * i) * (1 + (i % 5))));
  for (const options of [
    { kind: "gaussian" },
    { kind: "gaussian", std: "state-dependent", activation: "relu", hidden: [12] },
    { kind: "squashed", activation: "swish", filter: false },
    { kind: "deterministic", hidden: [9, 7, 5] },
  ] as const) {
    const policy = createPolicy(runtime, { ...options, observationSize, actionSpace, seed: 4 });
    policy.filter.update(observation, 8);
    // the last layer begins small: make it matter
    const weights = policy.network.weights();
    const last = `layer${policy.network.layers.length - 2}.weight`;
    const larger = (weights.arrays[last]!.data as Float32Array).map((x) => 40 * x);
    policy.network.setWeights({
      ...weights,
      arrays: { ...weights.arrays, [last]: { ...weights.arrays[last]!, data: larger } },
    });
    const agent = policy.agent();
    const saved = policy.save();
    for (const state of [saved, joinStates({}, { policy: saved })]) {
      const plain = plainOfSaved(runtime, state, id, actionSpace);
      const actions = Array.from({ length: 8 }, (_, b) => {
        const row = observation.view.slice(b * observationSize, (b + 1) * observationSize);
        const action = actionOf(plain, row, actionSpace.low, actionSpace.high);
        agent.act(row).forEach((a, i) => {
          assert.ok(Math.abs(a - action[i]!) < 2e-5, `${options.kind}: ${a} against ${action[i]}`);
        });
        return action[0]!;
      });
      assert.ok(Math.max(...actions) - Math.min(...actions) > 0.1, `${options.kind} says the same to all`);
    }
    agent.dispose();
    policy.dispose();
  }
  observation.dispose();
});

returns.run();
