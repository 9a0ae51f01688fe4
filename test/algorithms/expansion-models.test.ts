// What runs of MVE and STEVE expand values with: rewards and ends are learned where the task tells neither; the true dynamics, or any
// other, in the models' place; goals that are relabelled enter imagined rewards.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type ExpansionRunOptions, mve } from "../../src/algorithms/index.js";
import { expansionDesign } from "../../src/algorithms/expansion-design.js";
import {
  batchEnvs,
  box,
  halfCheetah,
  hopper,
  makeEnv,
  makeVectorEnv,
  observedDynamics,
  pendulum,
  reacherGoal,
  swimmer,
} from "../../src/envs/index.js";
import { createTransitionBatch } from "../../src/data/index.js";
import { expansionTarget, type SteppedDynamics, SteppedExpansion } from "../../src/learning/index.js";
import { createEnsembleRegressor, type DynamicsModel } from "../../src/models/index.js";
import { createPolicy, createQFunction } from "../../src/policies/index.js";
import { metaNumber, partState } from "../../src/saved-state.js";
import type { Env, SavedState } from "../../src/types.js";
import { bareEnv } from "../support/bare-env.js";
import { runtime } from "../support/runtime.js";
import { digest } from "../support/state.js";
import { begin, tiny, variants } from "./expansion-support.js";

const test = suite("models of MVE and STEVE");

test("where the task tells neither, reward and end are learned", async () => {
  const env = batchEnvs([bareEnv(makeEnv(runtime, hopper, { seed: 2 }))], { autoreset: "same-step" });
  const options = { ...tiny, trials: 2 ** 31 - 1, totalSteps: 220, modelSteps: 300, initialSteps: 150, hidden: [16] };
  const run = mve(runtime, env, options);
  for await (const _ of run);
  assert.ok(run.settings.learnReward);
  assert.ok(run.updates > 10);
  const names = Object.keys(run.save().arrays);
  assert.ok(
    names.some((name) => name.startsWith("model.ends.")),
    names.join(),
  );
  const resume = run.save();
  const other = await learnOn(env, { ...options, trials: 0, resume });
  assert.equal(digest(other), digest(resume));
  run.dispose();
});

test("a fit with a loss of several steps goes a fifth as far at a time, after one step at a time at the full rate", async () => {
  const env = makeVectorEnv(runtime, pendulum, { batch: 1, seed: 1, autoreset: "same-step" });
  for (const [multiStep, expected] of [
    [1, [0.01]],
    [3, [0.01, 0.002]],
  ] as const) {
    const options = { ...tiny, multiStep, modelLearningRate: 0.01, trials: 9, totalSteps: 60, initialSteps: 60 };
    const run = mve(runtime, env, options);
    for await (const _ of run);
    runtime.scoped((scope) => {
      const { rule, model } = expansionDesign(scope, run.parts);
      const { optimizer } = (model as unknown as { dynamics: DynamicsModel }).dynamics.network;
      const rates: number[] = [];
      // those of steps that are taken
      let taken = optimizer.steps;
      for (const _ of model?.fitSteps(60) ?? []) {
        if (optimizer.steps !== taken && optimizer.learningRate !== rates.at(-1)) rates.push(optimizer.learningRate);
        taken = optimizer.steps;
      }
      assert.is(rates.length, expected.length, `${rates}`);
      for (const [i, rate] of rates.entries()) assert.ok(Math.abs(rate / expected[i] - 1) < 1e-9, `${rates}`);
      rule.dispose();
      scope.dispose();
    });
    run.dispose();
  }
  env.close();
});

async function learnOn(env: Parameters<typeof mve>[1], options: ExpansionRunOptions): Promise<SavedState> {
  const run = mve(runtime, env, options);
  for await (const _ of run);
  const state = run.save();
  run.dispose();
  return state;
}

// the action is where a step leads, beyond 0.7 is the end, and nothing of it shows before; the second number is an angle
function leap(): Env {
  const [low, high] = [Float32Array.of(-1), Float32Array.of(1)];
  const space = (size: number) => box(Array(size).fill(-1), Array(size).fill(1));
  let place = 0;
  const observe = (): Float32Array => Float32Array.of(place, 0);
  return {
    spec: { id: "Leap", maxEpisodeSteps: 50, timeStep: 1 },
    observationSpace: space(2),
    actionSpace: { ...space(1), low, high },
    angles: [1],
    reset: () => {
      place = 0;
      return { observation: observe(), info: {} };
    },
    step: (action) => {
      place = (action as Float32Array)[0];
      return { observation: observe(), reward: 1, terminated: place > 0.7, truncated: false, info: {} };
    },
    snapshot: () => ({ meta: { place }, arrays: {} }),
    restore: (state) => {
      place = metaNumber(state, "place");
    },
    close: () => {},
  };
}

test("ends are learned from where steps lead, and imagined rows count for the chance to go on", async () => {
  const options = {
    ...{ ...tiny, trials: 999, totalSteps: 400, initialSteps: 399, multiStep: 1, tdk: true },
    ...{ modelHidden: [32], modelLearningRate: 1e-2, modelSteps: 800, modelPatience: 50 },
  };
  const run = mve(runtime, batchEnvs([leap()], { autoreset: "same-step" }), options);
  for await (const _ of run);
  const state = partState(run.save(), "model");
  runtime.scoped((scope) => {
    const sizes = {
      inputSize: 2,
      targetSize: 1,
      members: 1,
      hidden: options.modelHidden,
      probabilistic: false,
      seed: 0,
    };
    const ends = scope.hold(createEnsembleRegressor(runtime, sizes));
    ends.load(partState(state, "ends"));
    const goes = (rows: Float32Array): Float32Array =>
      ends.predict(rows).mean.map((x) => 1 - Math.min(1, Math.max(0, x)));
    const [far, near] = [goes(Float32Array.of(0.95, 0, 0.85, 0)), goes(Float32Array.of(-0.5, 0, 0, 0, 0.4, 0))];
    assert.ok(
      far.every((x) => x < 0.3),
      `${far}`,
    );
    assert.ok(
      near.every((x) => x > 0.8),
      `${near}`,
    );

    // carried on by the models as the run would, but for what predicted states are clipped to
    const B = 16;
    const batch = createTransitionBatch(scope, B, 2, 1);
    const reaches: number[] = [];
    for (const range of [100, 0.002]) {
      const parts = { ...run.parts, settings: { ...run.settings, range } };
      const design = expansionDesign(scope, parts);
      assert.ok(design.model && design.rule.extra);
      design.model.load(state);
      // the place, the angle's sine and cosine, the action
      assert.is((design.model as unknown as { dynamics: DynamicsModel }).dynamics.featureSize, 4);
      batch.nextObservation.write(Array.from({ length: 2 * B }, (_, i) => (i % 2 ? 0 : i / B - 1)));
      batch.terminated.view[3] = 1;
      design.rule.write(scope.tensor([B]), batch);
      const { observation, weight } = design.rule.extra;
      // after one step
      const led = observation.read().slice(2 * B, 4 * B);
      const expected = goes(led).map((x, b) => (b === 3 ? 0 : x));
      weight
        .read()
        .slice(B, 2 * B)
        .forEach((w, b) => {
          assert.ok(Math.abs(w - expected[b]) < 1e-6, `${w} for ${expected[b]}`);
        });
      reaches.push(led.reduce((most, x) => Math.max(most, Math.abs(x)), 0));
      design.rule.dispose();
    }
    assert.ok(reaches[0] > 0.004 && reaches[1] === Math.fround(0.002), `${reaches}`);
    scope.dispose();
  });
  run.dispose();
});

test("dynamics in the models' place end what they say has ended", () => {
  const shape = { observationSize: 1, actionSpace: box([-1], [1]), seed: 1 };
  const actor = createPolicy(runtime, { ...shape, kind: "deterministic" });
  const critic = createQFunction(runtime, shape);
  // one up at every step, which pays 1; 3 is the end
  const dynamics: SteppedDynamics = {
    step: (next, reward, ended, observation, _action, rows) => {
      for (let b = 0; b < rows; b++) {
        next.view[b] = observation.view[b] + 1;
        reward.view[b] = 1;
        ended.view[b] = Number(next.view[b] >= 3);
      }
    },
    dispose: () => {},
  };
  runtime.scoped((scope) => {
    const carrier = runtime.scoped((inner) => new SteppedExpansion(inner, dynamics, actor, 3, 3));
    const rule = expansionTarget({ actor, critic, carrier, rows: 3, rule: "last", gamma: 0.5 });
    const batch = createTransitionBatch(scope, 3, 1, 1);
    batch.nextObservation.write([0, 1, 2]);
    batch.reward.write([4, 4, 4]);
    const out = scope.tensor([3]);
    rule.write(out, batch);
    assert.equal([...carrier.goes.view], [1, 1, 0, 1, 0, 0, 0, 0, 0]);
    assert.equal([...out.view], [4 + 0.5 + 0.25 + 0.125, 4 + 0.5 + 0.25, 4 + 0.5]);
    rule.dispose();
    scope.dispose();
  });
  for (const part of [actor, critic]) part.dispose();
});

for (const task of [pendulum, swimmer, halfCheetah] as const) {
  test(`the true dynamics from observations are those of the environment: ${task.id}`, () => {
    const env = makeVectorEnv(runtime, task, { batch: 3, seed: 4, autoreset: "same-step" });
    const dynamics = observedDynamics(runtime, task, 3);
    runtime.scoped((scope) => {
      const D = task.observationSpace.low.length;
      const A = task.actionSpace.low.length;
      const [next, observation] = [scope.tensor([3, D]), scope.tensor([3, D])];
      const [reward, action] = [scope.tensor([3]), scope.tensor([3, A])];
      const ended = scope.tensor([3], "u8");
      const out = env.createOut();
      out.observation.set(env.reset().observation);
      for (let t = 0; t < 5; t++) {
        observation.write(out.observation);
        action.write(Array.from({ length: 3 * A }, (_, i) => Math.sin(i + t)));
        dynamics.step(next, reward, ended, observation, action, 3);
        env.step(action.read(), out);
        out.observation.forEach((x, i) => {
          assert.ok(Math.abs(next.view[i] - x) < 2e-4 * (1 + Math.abs(x)), `${t} ${i}: ${next.view[i]} and ${x}`);
        });
        out.reward.forEach((r, b) => {
          assert.ok(Math.abs(reward.view[b] - r) < 1e-3 * (1 + Math.abs(r)), `${reward.view[b]} and ${r}`);
        });
      }
      scope.dispose();
    });
    dynamics.dispose();
    env.close();
  });
}

test("with the true dynamics the targets of a rule are those of the environment's own steps", () => {
  const env = makeVectorEnv(runtime, pendulum, { batch: 1, seed: 1, autoreset: "same-step" });
  const run = mve(runtime, env, { ...tiny, trials: 1, trueModel: true });
  const { targetActor: actor, targetCritic: critic } = run.parts;
  const [H, B, gamma] = [4, 2, 0.9];
  runtime.scoped((scope) => {
    const carrier = new SteppedExpansion(scope, observedDynamics(runtime, pendulum, B), actor, H, B);
    const rule = expansionTarget({ actor, critic, carrier, rows: B, rule: "last", gamma });
    const copies = makeVectorEnv(runtime, pendulum, { batch: B, seed: 8, autoreset: "same-step" });
    const out = copies.createOut();
    out.observation.set(copies.reset().observation);
    const target = scope.tensor([B]);
    const batch = {
      rows: B,
      observation: scope.tensor([B, 3]),
      action: scope.tensor([B, 1]),
      reward: scope.tensor([B]).write([0.5, -0.5]),
      nextObservation: scope.tensor([B, 3]).write(out.observation),
      terminated: scope.tensor([B], "u8"),
      row: scope.tensor([B], "u32"),
    };
    rule.write(target, batch);
    assert.equal([...rule.shares], [0, 0, 0, 0, 1]);
    const agent = actor.agent();
    const sums = [0.5, -0.5];
    let weight = gamma;
    const act = (): Float32Array =>
      Float32Array.from([0, 1].flatMap((b) => [...agent.act(out.observation.slice(3 * b, 3 * b + 3))]));
    for (let h = 0; h < H; h++, weight *= gamma) {
      copies.step(act(), out);
      out.reward.forEach((r, b) => {
        sums[b] += weight * r;
      });
    }
    const value = scope.tensor([2, B]);
    critic.predict(value, scope.tensor([B, 3]).write(out.observation), scope.tensor([B, 1]).write(act()), B);
    for (let b = 0; b < B; b++) {
      const expected = sums[b] + weight * Math.min(value.view[b], value.view[B + b]);
      assert.ok(Math.abs(target.view[b] - expected) < 1e-4 * Math.abs(expected), `${target.view[b]} for ${expected}`);
    }
    rule.dispose();
    copies.close();
    agent.dispose();
    scope.dispose();
  });
  run.dispose();
});

test("a goal put into a row is what its imagined rewards are paid for", async () => {
  // sparse: -1 until the fingertip is at the goal; a goal where the fingertip is pays at once
  const run = begin(variants[2], { trials: 1 });
  for await (const _ of run);
  const { buffer } = run.parts;
  assert.ok(buffer.length > 90);
  const { goal } = makeEnv(runtime, reacherGoal);
  assert.ok(goal);
  const { observationSize: D0, goalSize: G } = goal;
  const D = D0 + 2 * G;
  const env = makeEnv(runtime, reacherGoal);
  const next = buffer.nextObservation.read().slice(0, D);
  const pay = (row: Float32Array): number => {
    const out = new Float32Array(1);
    env.reward(row, new Float32Array(2), row, out);
    return out[0];
  };
  const far = next.slice();
  far.set([9, 9].slice(0, G), D0 + G);
  const there = next.slice();
  there.set(next.slice(D0, D0 + G), D0 + G);
  assert.is(pay(far), -1);
  assert.is(pay(there), 0);
  run.dispose();
});

test.run();
