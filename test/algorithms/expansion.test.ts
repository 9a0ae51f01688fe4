// Runs of MVE and STEVE: resumed, aborted and shared between threads they are the same run, fits included; without a horizon they
// are DDPG; a divergence leaves the last good state; rewards and ends are learned where the task tells neither; the true dynamics
// in the models' place; goals that are relabelled enter imagined rewards.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  ddpg,
  type ExpansionRunOptions,
  type ExpansionSettings,
  mve,
  type OffPolicyRun,
  steve,
} from "../../src/algorithms/index.js";
import { expansionDesign } from "../../src/algorithms/expansion-design.js";
import { TrainingDivergedError } from "../../src/check.js";
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
  type Task,
} from "../../src/envs/index.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/io/index.js";
import { createTransitionBatch } from "../../src/data/index.js";
import { expansionTarget, type SteppedDynamics, SteppedExpansion } from "../../src/learning/index.js";
import { createEnsembleRegressor, type DynamicsModel } from "../../src/models/index.js";
import { createPolicy, createQFunction } from "../../src/policies/index.js";
import { metaField, metaNumber, partState } from "../../src/saved-state.js";
import type { Env, SavedState } from "../../src/types.js";
import { loadRuntime, type Runtime } from "../../src/wasm/index.js";
import { runtime } from "../support/runtime.js";
import { digest } from "../support/state.js";

const test = suite("MVE and STEVE");

type Run = OffPolicyRun<ExpansionSettings>;

interface Variant {
  readonly name: string;
  readonly make: typeof mve;
  readonly task: Task;
  readonly envs: number;
  readonly options: Partial<ExpansionRunOptions>;
}

const tiny: Partial<ExpansionRunOptions> = {
  seed: 3,
  hidden: [16],
  batchSize: 16,
  initialSteps: 60,
  updatesPerStep: 0.25,
  horizon: 2,
  members: 2,
  modelHidden: [12],
  modelSteps: 10,
  modelEvery: 70,
  multiStep: 3,
};
const variants: readonly Variant[] = [
  {
    name: "the least horizon, states in between, on Pendulum-v1",
    make: mve,
    task: pendulum,
    envs: 1,
    options: { ...tiny, targets: "min", tdk: true },
  },
  {
    name: "STEVE on two of Pendulum-v1",
    make: steve,
    task: pendulum,
    envs: 2,
    options: { ...tiny, learnReward: true },
  },
  {
    name: "the mean with hindsight on ReacherGoal",
    make: mve,
    task: reacherGoal,
    envs: 2,
    options: { ...tiny, targets: "mean" },
  },
];

function begin(variant: Variant, more: ExpansionRunOptions, on: Runtime = runtime): Run {
  const env = makeVectorEnv(on, variant.task, { batch: variant.envs, seed: 1, autoreset: "same-step" });
  return variant.make(on, env, { ...(more.resume ? {} : variant.options), ...more });
}

async function learn(variant: Variant, more: ExpansionRunOptions, on = runtime) {
  const run = begin(variant, more, on);
  const log: object[] = [];
  for await (const progress of run) log.push({ ...progress, wallSeconds: 0 });
  const state = run.save();
  run.dispose();
  return { log, state };
}

for (const variant of variants) {
  test(`a save at any moment, in a fit too, resumes to the same end: ${variant.name}`, async () => {
    const whole = await learn(variant, { trials: 1 });
    const saved = new Map<string, SavedState[]>();
    let events = 0;
    const run = begin(variant, {
      trials: 1,
      onStep: ({ phase }) => {
        if (events++ % 13 === 5) saved.set(phase, [...(saved.get(phase) ?? []), run.save()]);
      },
    });
    for await (const _ of run);
    run.dispose();
    assert.equal([...saved.keys()].sort(), ["act", "fit", "random", "update"]);
    for (const states of saved.values()) {
      // through the bytes of a checkpoint into another instance of the kernels
      const resume = decodeCheckpoint(encodeCheckpoint(states[states.length >> 1]));
      const other = await loadRuntime();
      const { state, log } = await learn(variant, { trials: 1, resume }, other);
      assert.equal(digest(state), digest(whole.state));
      assert.equal(log, whole.log);
      other.dispose();
    }
  });

  test(`an abort within a fit leaves a run that can go on: ${variant.name}`, async () => {
    const whole = await learn(variant, { trials: 1 });
    const controller = new AbortController();
    let fits = 0;
    const run = begin(variant, {
      trials: 1,
      signal: controller.signal,
      onStep: ({ phase }) => {
        if (phase === "fit" && fits++ === 7) controller.abort();
      },
    });
    let reason: unknown;
    try {
      for await (const _ of run);
    } catch (error) {
      reason = error;
    }
    assert.ok(reason instanceof DOMException && reason.name === "AbortError", String(reason));
    const resume = run.save();
    for await (const _ of begin(variant, { trials: 1, resume }));
    run.dispose();
    assert.equal(digest((await learn(variant, { trials: 1, resume })).state), digest(whole.state));
  });

  test(`two threads give the same bits: ${variant.name}`, async () => {
    const two = await loadRuntime({ threads: 2 });
    const [one, other] = [await learn(variant, { trials: 1 }), await learn(variant, { trials: 1 }, two)];
    assert.equal(digest(other.state), digest(one.state));
    two.dispose();
  });
}

test("without a horizon it is DDPG with two critics, bit for bit, and fits nothing", async () => {
  const { horizon: _h, members: _m, modelHidden: _l, modelSteps: _s, modelEvery: _e, multiStep: _k, ...plain } = tiny;
  const [variant] = variants;
  const zero = await learn({ ...variant, options: { ...tiny, horizon: 0 } }, { trials: 1 });
  const env = makeVectorEnv(runtime, pendulum, { batch: 1, seed: 1, autoreset: "same-step" });
  const run = ddpg(runtime, env, { ...plain, critics: 2, trials: 1 });
  for await (const _ of run);
  const [one, two] = [digest(zero.state), digest(run.save())].map((state) =>
    Object.entries(state).filter(([name]) => /^(policy|critic|target|buffer)/.test(name)),
  );
  assert.ok(one.length > 10);
  assert.equal(one, two);
  run.dispose();
});

// methods of an environment, without what planners need
function bare(env: Env, change: Partial<Env> = {}): Env {
  const { spec, observationSpace, actionSpace } = env;
  return {
    spec,
    observationSpace,
    actionSpace,
    reset: (options) => env.reset(options),
    step: (action) => env.step(action),
    snapshot: () => env.snapshot(),
    restore: (state) => env.restore(state),
    close: () => env.close(),
    ...change,
  };
}

test("where the task tells neither, reward and end are learned", async () => {
  const env = batchEnvs([bare(makeEnv(runtime, hopper, { seed: 2 }))], { autoreset: "same-step" });
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

async function learnOn(env: Parameters<typeof mve>[1], options: ExpansionRunOptions): Promise<SavedState> {
  const run = mve(runtime, env, options);
  for await (const _ of run);
  const state = run.save();
  run.dispose();
  return state;
}

test("a divergence gives the typed error, and what was learned stays as it was", async () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  let steps = 0;
  const turns = bare(env, {
    reward: env.reward,
    terminated: env.terminated,
    step: (action) => ({ ...env.step(action), reward: steps++ < 120 ? -1 : -3e38 }),
  });
  let last: Record<string, string> = {};
  const learned = (state: SavedState): Record<string, string> =>
    Object.assign(
      Object.fromEntries(Object.entries(digest(state)).filter(([name]) => /^(policy|critic|target|model)/.test(name))),
      { random: JSON.stringify(metaField(state, "random")) },
    );
  const run = mve(runtime, batchEnvs([turns], { autoreset: "same-step" }), {
    ...tiny,
    trials: 9,
    onStep: ({ phase }) => {
      if (phase === "update" || phase === "act") last = learned(run.save());
    },
  });
  let thrown: unknown;
  try {
    for await (const _ of run);
  } catch (error) {
    thrown = error;
  }
  assert.instance(thrown, TrainingDivergedError, String(thrown));
  assert.ok(run.updates > 5, `${run.updates}`);
  assert.equal(learned(run.save()), last);
  run.dispose();
});

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

test("defaults are those that were published, on top of DDPG's", () => {
  const own = {
    ...{ horizon: 3, lambda: 0.25, beta: 1, tdk: false, members: 5, modelHidden: [128, 128], multiStep: 5 },
    ...{ modelLearningRate: 1e-3, modelBatch: 256, modelEvery: 1000, modelSteps: 500, modelPatience: 5, range: 100 },
    ...{ learnReward: false, trueModel: false },
  };
  for (const task of [pendulum, reacherGoal]) {
    const env = makeVectorEnv(runtime, task, { batch: 1, autoreset: "same-step" });
    const settings = (make: typeof mve | typeof ddpg): object => {
      const run = make(runtime, env, { trials: 0 });
      run.dispose();
      return { ...run.settings };
    };
    const base = settings(ddpg);
    assert.equal(settings(mve), { ...base, ...own, critics: 2, targets: "last" });
    assert.equal(settings(steve), { ...base, ...own, critics: 4, targets: "steve" });
    env.close();
  }
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

test("no update is made before the first fit, from the first step on; what was due is made up for", async () => {
  const env = makeVectorEnv(runtime, pendulum, { batch: 1, seed: 1, autoreset: "same-step" });
  const phases: string[] = [];
  const run = mve(runtime, env, {
    ...tiny,
    trials: 9,
    totalSteps: 6,
    initialSteps: 0,
    updatesPerStep: 2,
    onStep: ({ phase }) => {
      if (phase !== phases.at(-1)) phases.push(phase);
    },
  });
  for await (const _ of run);
  assert.equal(phases.slice(0, 4), ["act", "fit", "update", "act"]);
  assert.is(run.updates, 12);
  run.dispose();
  // without models there is nothing to wait for
  const plain = mve(runtime, env, {
    ...tiny,
    trials: 9,
    totalSteps: 1,
    initialSteps: 0,
    updatesPerStep: 2,
    horizon: 0,
  });
  for await (const _ of plain);
  assert.is(plain.updates, 2);
  plain.dispose();
});

test("a saved run refuses another rule or horizon, by name", () => {
  const { options } = variants[0];
  const run = begin(variants[0], { trials: 0 });
  const resume = run.save();
  run.dispose();
  const env = makeVectorEnv(runtime, pendulum, { batch: 1, seed: 1, autoreset: "same-step" });
  const again = (more: object) => () => mve(runtime, env, { trials: 1, resume, ...more });
  assert.throws(again({ targets: "steve" }), (error: Error) => {
    assert.is(error.message, 'mve: "targets" expected "min", as in the saved run, got "steve"');
    return error instanceof RangeError;
  });
  assert.throws(again({ horizon: 5 }), /mve: "horizon" expected 2, as in the saved run, got 5/);
  assert.throws(again({ hidden: [4, 4] }), /mve: "hidden" expected \[16\], as in the saved run, got \[4,4\]/);
  assert.not.throws(() => again({ targets: options.targets })().dispose());
});

test("options are checked", () => {
  const env = makeVectorEnv(runtime, pendulum, { batch: 1, autoreset: "same-step" });
  const make = (more: object) => () => mve(runtime, env, { trials: 1, ...more } as ExpansionRunOptions);
  for (const [more, message] of [
    [{ horizon: -1 }, /mve: "horizon" expected an integer/],
    [{ targets: "max" }, /mve: "targets" expected/],
    [{ beta: 2 }, /mve: "beta" expected/],
    [{ members: 0 }, /mve: "members" expected/],
    [{ multiStep: 0 }, /mve: "multiStep" expected/],
    [{ range: 0 }, /mve: "range" expected a number above 0/],
    [{ tdk: 1 }, /mve: "tdk" expected true or false/],
    [{ smoothing: 0.2 }, /mve: "smoothing" expected 0, as imagined actions have no noise/],
    [{ multiStep: 5000 }, /mve: "multiStep" expected an integer/],
    [{ modelBatch: 100_000 }, /mve: "modelBatch" expected an integer/],
    [{ targets: "steve", critics: 1 }, /mve: "critics" expected at least 2/],
    [{ modelStep: 3 }, /unknown option "modelStep"/],
    [{ bufferSize: 1 }, /mve: "bufferSize" expected at least 2, as models are not fitted to one transition, got 1/],
    [{ totalSteps: 1 }, /mve: "totalSteps" expected at least 2, as models are not fitted to one transition, got 1/],
  ] as const) {
    assert.throws(make(more), message);
  }
  // what fits no models needs no more than one
  for (const more of [{ horizon: 0 }, { trueModel: true }]) make({ ...more, bufferSize: 1 })().dispose();
  const hopping = makeVectorEnv(runtime, hopper, { batch: 1, autoreset: "same-step" });
  assert.throws(
    () => mve(runtime, hopping, { trials: 1, trueModel: true }),
    /"trueModel" expected false, as the environment's observation does not tell its state/,
  );
  const untold = batchEnvs([bare(makeEnv(runtime, pendulum))], { autoreset: "same-step" });
  assert.throws(() => steve(runtime, untold, { trials: 1, learnReward: false }), /steve: "learnReward" expected true/);
  // a model of the reward would not know the goal: the goal's own reward is asked instead
  const reaching = makeEnv(runtime, reacherGoal);
  const aim = batchEnvs([bare(reaching, reaching.goal && { goal: reaching.goal })], { autoreset: "same-step" });
  assert.throws(() => mve(runtime, aim, { trials: 1, learnReward: true }), /mve: "learnReward" expected false/);
  const run = mve(runtime, aim, { trials: 1 });
  assert.is(run.settings.learnReward, false);
  run.dispose();
});

test.run();
