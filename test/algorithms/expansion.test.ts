// Runs of MVE and STEVE: resumed, aborted and shared between threads they are the same run, fits included; without a horizon they
// are DDPG; a divergence leaves the last good state; options are checked. What carries their targets is in expansion-models.test.ts.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ddpg, type ExpansionRunOptions, mve, steve } from "../../src/algorithms/index.js";
import { TrainingDivergedError } from "../../src/check.js";
import { batchEnvs, hopper, makeEnv, makeVectorEnv, pendulum, reacherGoal } from "../../src/envs/index.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/io/index.js";
import { metaField } from "../../src/saved-state.js";
import type { SavedState } from "../../src/types.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { bareEnv } from "../support/bare-env.js";
import { runtime } from "../support/runtime.js";
import { digest } from "../support/state.js";
import { begin, learn, tiny, variants } from "./expansion-support.js";

const test = suite("MVE and STEVE");

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

test("a divergence gives the typed error, and what was learned stays as it was", async () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  let steps = 0;
  const turns = bareEnv(env, {
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
  const untold = batchEnvs([bareEnv(makeEnv(runtime, pendulum))], { autoreset: "same-step" });
  assert.throws(() => steve(runtime, untold, { trials: 1, learnReward: false }), /steve: "learnReward" expected true/);
  // a model of the reward would not know the goal: the goal's own reward is asked instead
  const reaching = makeEnv(runtime, reacherGoal);
  const aim = batchEnvs([bareEnv(reaching, reaching.goal && { goal: reaching.goal })], { autoreset: "same-step" });
  assert.throws(() => mve(runtime, aim, { trials: 1, learnReward: true }), /mve: "learnReward" expected false/);
  const run = mve(runtime, aim, { trials: 1 });
  assert.is(run.settings.learnReward, false);
  run.dispose();
});

test.run();
