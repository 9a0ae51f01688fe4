// The tasks on rigid bodies against what Gymnasium recorded, in float32 and in float64.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadRuntime } from "../../src/wasm/index.js";
import { runtime } from "../support/runtime.js";
import { apart, keptOf, Placed, quantile, recorded, recording } from "./bodies-support.js";

/** How long a trajectory in float32 stays with Gymnasium's, in steps of the task, and how close: beyond lies chaos. */
const follows: Record<string, readonly [steps: number, error: number]> = {
  "inverted-pendulum": [60, 3e-5],
  "inverted-double-pendulum": [20, 2e-4],
  reacher: [50, 1e-5],
  swimmer: [60, 1e-5],
  hopper: [60, 1e-4],
  "half-cheetah": [10, 3e-3],
  walker2d: [60, 3e-3],
  ant: [20, 1e-2],
};

const float64 = await loadRuntime({ physics: "float64" });

for (const [task, file] of recorded) {
  const test = suite(`${task.id} against Gymnasium`);
  const recorded = recording(file);

  test("spaces, times and the model's file", () => {
    assert.is(task.id, recorded.id);
    assert.is(task.maxEpisodeSteps, recorded.maxEpisodeSteps);
    assert.ok(Math.abs(task.timeStep - recorded.dt) < 1e-12);
    for (const space of ["observationSpace", "actionSpace"] as const) {
      const { shape, low, high } = recorded[space];
      assert.equal([...task[space].shape], shape);
      assert.equal([...task[space].low], [...Float32Array.from(low, (x) => x ?? Number.NEGATIVE_INFINITY)]);
      assert.equal([...task[space].high], [...Float32Array.from(high, (x) => x ?? Number.POSITIVE_INFINITY)]);
    }
    const root = new URL("../../", import.meta.url);
    const shipped = readFileSync(new URL(`src/envs/tasks/xml/${file}.ts`, root), "utf8");
    const xml = readFileSync(new URL(`test/fixtures/mjcf/gymnasium/${recorded.xml}`, root), "utf8");
    assert.ok(shipped.includes(`export const xml: string = \`${xml.replaceAll("`", "\\`")}\`;`));
    assert.match(shipped, /Copyright \(c\) 2016 OpenAI, 2022 Farama Foundation.*\n.*Roboti LLC.*NOTICE\.md/);
  });

  /** How far nudges of 1e-7 lead astray within a step. */
  function noise(qpos: readonly number[], qvel: readonly number[], action: readonly number[]): number {
    const place = new Placed(float64, task);
    const after = (nudge: number) => {
      const nudged = (x: number, i: number) => x + nudge * Math.max(1, Math.abs(x)) * (i % 2 ? 1 : -1);
      place.put(qpos.map(nudged), qvel.map(nudged));
      return place.env.step(action).observation;
    };
    const exact = after(0);
    const worst = Math.max(...[1e-7, -1e-7, 2e-7].map((nudge) => apart(after(nudge), exact)));
    place.env.close();
    return worst;
  }

  for (const [name, on, limit] of [
    ["float32", runtime, 5e-5],
    ["float64", float64, 1e-6],
  ] as const) {
    test(`single steps from given states, ${name}: observation, reward, termination`, () => {
      const place = new Placed(on, task);
      for (const { name, qpos, qvel, action, observation, reward, terminated } of recorded.cases) {
        place.put(qpos, qvel);
        const step = place.env.step(action);
        const errors = [apart(step.observation, observation), apart([step.reward], [reward])];
        // where float64 itself, nudged by what float32 rounds away, strays farther, that is the measure
        const allowed = Math.max(...errors) < limit ? limit : 3 * noise(qpos, qvel, action);
        assert.ok(Math.max(...errors) < allowed, `${name}: ${errors}`);
        // distances of 1e-4 to a threshold are told apart
        assert.is(step.terminated, terminated, name);
      }
      place.env.close();
    });

    test(`single steps from every state of the trajectories, ${name}`, () => {
      const place = new Placed(on, task);
      const errors: number[] = [];
      for (const trajectory of recorded.trajectories) {
        const { qpos, qvel, actions, observations, rewards, terminated } = trajectory;
        for (const [t, action] of actions.entries()) {
          place.put(qpos[t], qvel[t], keptOf(trajectory, t));
          const step = place.env.step(action);
          const error = Math.max(apart(step.observation, observations[t + 1]), apart([step.reward], [rewards[t]]));
          errors.push(error);
          assert.is(step.terminated, terminated[t]);
        }
      }
      assert.ok(quantile(errors, 0.5) < limit / 10, `median ${quantile(errors, 0.5)}`);
      assert.ok(quantile(errors, 0.95) < limit, `p95 ${quantile(errors, 0.95)}`);
      assert.ok(quantile(errors, 1) < (on === runtime ? 5e-4 : limit), `max ${quantile(errors, 1)}`);
      place.env.close();
    });

    test(`trajectories as long as chaos allows, ${name}`, () => {
      const [steps, error] = on === runtime ? follows[file] : [file === "half-cheetah" ? 25 : 60, 1e-6];
      const place = new Placed(on, task);
      for (const { qpos, qvel, actions, observations, rewards } of recorded.trajectories) {
        place.put(qpos[0], qvel[0]);
        for (const [t, action] of actions.slice(0, steps).entries()) {
          place.goOn();
          const step = place.env.step(action);
          const errors = [apart(step.observation, observations[t + 1]), apart([step.reward], [rewards[t]])];
          assert.ok(Math.max(...errors) < error, `step ${t}: ${errors}`);
        }
      }
      place.env.close();
    });
  }

  test("the first observation of an episode", () => {
    const { qpos, qvel } = recorded.trajectories[0];
    for (const on of [runtime, float64]) {
      const dynamics = task.dynamics(on, task);
      on.scoped((scope) => {
        const state = scope.tensor([1, task.stateSize], "f64");
        const observation = scope.tensor([task.observationSpace.low.length]);
        const numbers = scope.tensor([task.startSize + (task.startNormals ?? 0)]);
        // the numbers that lead to the recorded start
        const { initQpos, nq, nv, resetNoise } = recorded;
        const unit = (x: number, scale: number) => (x / scale + 1) / 2;
        const { distribution, high = 1, std = 1 } = resetNoise.qvel;
        const start = qpos[0].map((x, k) => unit(x - initQpos[k], resetNoise.qpos.high));
        const speeds = qvel[0].map((v) => (distribution === "normal" ? v / std : unit(v, high)));
        if (file === "reacher") {
          // the target takes the first try
          const goal = qpos[0].slice(2).map((x) => unit(x, 0.2));
          numbers.view.set([start[0], start[1], speeds[0], speeds[1], ...goal]);
        } else numbers.view.set([...start, ...speeds]);
        dynamics.start(state, 0, observation.address, numbers);
        assert.ok(apart(state.read(), [...qpos[0], ...qvel[0], ...keptOf(recorded.trajectories[0], 0)]) < 1e-6);
        assert.is(state.size, nq + nv + keptOf(recorded.trajectories[0], 0).length);
        assert.ok(apart(observation.read(), recorded.trajectories[0].observations[0]) < 2e-6);
        scope.dispose();
      });
      dynamics.dispose();
    }
  });

  test.run();
}
