// FetchReach on our own arm: its interface, what an action does, and the same loop driven by hand on the official build.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fetchReach, makeEnv } from "../../src/envs/index.js";
import { xml } from "../../src/envs/tasks/xml/reach-arm.js";
import { loadMjcf } from "../../src/physics/index.js";
import { loadRuntime, type Runtime } from "../../src/wasm/index.js";
import { mujoco, mujocoModel } from "../support/mujoco.js";
import { runtime } from "../support/runtime.js";
import { bits, spread } from "./support.js";

const test = suite("FetchReach");
const START = [0.68, 0, 0.42];
const double = await loadRuntime({ physics: "float64" });

test("has the published sizes and times", () => {
  const { observationSpace, actionSpace, maxEpisodeSteps, timeStep, goal } = fetchReach;
  assert.equal(observationSpace.shape, [16]);
  assert.equal([goal?.observationSize, goal?.goalSize], [10, 3]);
  assert.equal([...actionSpace.low, ...actionSpace.high], [-1, -1, -1, -1, 1, 1, 1, 1]);
  assert.equal([maxEpisodeSteps, timeStep], [50, 0.04]);
});

test("begins at rest at the grip of the file, with goals uniform within 15 cm of it", () => {
  const model = loadMjcf(runtime, xml);
  const simulation = model.simulation({ batch: 1 });
  const env = makeEnv(runtime, fetchReach, { seed: 2 });
  const N = 1500;
  const goals: number[][] = [[], [], []];
  for (let n = 0; n < N; n++) {
    const { observation } = env.reset();
    const grip = simulation.sitePosition("grip");
    for (let k = 0; k < 3; k++) {
      assert.ok(Math.abs(observation[k] - START[k]) < 1e-6 && Math.abs(grip[k] - START[k]) < 1e-6);
      assert.is(observation[10 + k], observation[k]);
      goals[k].push((observation[13 + k] - START[k]) / 0.15);
    }
    assert.ok(observation.subarray(3, 10).every((x) => x === 0));
  }
  for (const column of goals) {
    column.sort((a, b) => a - b);
    assert.ok(column[0] >= -1.000001 && column[N - 1] <= 1.000001);
    const distance = column.reduce((most, x, k) => Math.max(most, Math.abs((x + 1) / 2 - (k + 0.5) / N)), 0);
    assert.ok(distance < 1.95 / Math.sqrt(N), `${distance}`);
  }
  env.close();
  model.dispose();
});

test("an action leads the grip by up to 5 cm, clipped; the fourth number does nothing; idle, it stays", () => {
  const after = (action: number[], steps: number) => {
    const env = makeEnv(runtime, fetchReach);
    env.reset();
    let last = env.step(action).observation;
    for (let t = 1; t < steps; t++) last = env.step(action).observation;
    env.close();
    return last;
  };
  for (let axis = 0; axis < 3; axis++) {
    const action = [0, 0, 0, 0];
    action[axis] = 1;
    const [one, two] = [after(action, 1), after(action, 2)];
    for (let k = 0; k < 3; k++) {
      const [first, second] = [one[k] - START[k], two[k] - one[k]];
      // 0.04 s are two time constants of the weld
      if (k === axis) assert.ok(first > 0.025 && first < 0.05 && second > 0.025 && second < 0.05, `${first} ${second}`);
      else assert.ok(Math.abs(first) < 0.01 && Math.abs(second) < 0.01, `${first} ${second}`);
    }
    // the velocity is per step, and nearly what was covered
    assert.ok(Math.abs(two[5 + axis] - (two[axis] - one[axis])) < 0.03);
    assert.is(
      bits(
        after(
          action.map((x) => 3 * x),
          2,
        ),
      ),
      bits(two),
    );
    action[3] = -1;
    assert.is(bits(after(action, 2)), bits(two));
  }
  const idle = after([0, 0, 0, 1], 50);
  for (let k = 0; k < 3; k++) assert.ok(Math.abs(idle[k] - START[k]) < 1e-4);
});

test("whoever goes straight for the goal is there within eight steps, every corner included, and stays", () => {
  const env = makeEnv(runtime, fetchReach, { seed: 5 });
  for (let episode = 0; episode < 24; episode++) {
    let { observation } = env.reset();
    if (episode < 8) {
      const corner = START.map((x, k) => x + (episode & (1 << k) ? 0.15 : -0.15));
      const snapshot = env.snapshot();
      (snapshot.arrays.state.data as Float64Array).set(corner, 18);
      env.restore(snapshot);
      observation = observation.slice();
      observation.set(corner, 13);
    }
    let reached = false;
    for (let t = 0; t < 20; t++) {
      const towards = START.map((_, k) => (observation[13 + k] - observation[k]) / 0.05);
      const result = env.step([...towards, 0]);
      reached = result.info.isSuccess === true;
      assert.is(result.reward, reached ? 0 : -1);
      assert.is(result.terminated, false);
      if (t >= 8) assert.ok(reached, `episode ${episode}, step ${t}`);
      observation = result.observation;
    }
  }
  env.close();
});

/** The same loop on the official build: the hand from where the gripper is, 20 steps, fingers put back. */
function official(actions: readonly Float32Array[]): number[][] {
  const model = mujocoModel(xml);
  const data = new mujoco.MjData(model);
  const { opt, nv } = model;
  opt.tolerance = 1e-15;
  const gripper = mujoco.mj_name2id(model, 1, "gripper");
  const site = mujoco.mj_name2id(model, 6, "grip");
  const linear = new mujoco.DoubleBuffer(3 * nv);
  try {
    mujoco.mj_forward(model, data);
    return actions.map((action) => {
      for (let k = 0; k < 3; k++) data.mocap_pos[k] = data.xpos[3 * gripper + k] + 0.05 * action[k];
      data.mocap_quat.set([1, 0, 0, 0]);
      for (let t = 0; t < 20; t++) mujoco.mj_step(model, data);
      for (let k = 7; k < 9; k++) data.qpos[k] = 0;
      mujoco.mj_forward(model, data);
      mujoco.mj_jacSite(model, data, linear, null, site);
      const J = linear.GetView() as Float64Array;
      const speed = [0, 1, 2].map((k) => {
        let sum = 0;
        for (let i = 0; i < nv; i++) sum += J[k * nv + i] * data.qvel[i];
        return 0.04 * sum;
      });
      const grip = [0, 1, 2].map((k) => data.site_xpos[3 * site + k] as number);
      return [...grip, data.qpos[7], data.qpos[8], ...speed, 0.04 * data.qvel[7], 0.04 * data.qvel[8]];
    });
  } finally {
    linear.delete();
    data.delete();
    model.delete();
  }
}

for (const [precision, on, tolerance] of [
  ["float32", runtime, 2e-5],
  ["float64", double, 1e-7],
] as readonly (readonly [string, Runtime, number])[]) {
  test(`50 steps of any actions go as on the official build, ${precision}`, () => {
    // between the corners and back, so that the arm does not lose its way
    const actions = Array.from({ length: 50 }, (_, t) => spread(4, -1, 1, 0.13 * t).map((x) => x * (t % 2 ? 1 : -1)));
    const expected = official(actions);
    const env = makeEnv(on, fetchReach);
    env.reset();
    let worst = 0;
    actions.forEach((action, t) => {
      const { observation } = env.step(action);
      for (let k = 0; k < 10; k++) worst = Math.max(worst, Math.abs(observation[k] - expected[t][k]));
    });
    assert.ok(worst < tolerance, `${worst}`);
    env.close();
  });
}

test.run();
