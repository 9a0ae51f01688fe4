// ME-TRPO, ME-PPO and SVG: they save and resume bit for bit at any moment, answer aborts, and check their options. How they improve,
// and what ends that, is in me-improvement.test.ts.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mePpo, type MeRun, type MeStep, meTrpo } from "../../src/algorithms/index.js";
import { cartPoleContinuous, makeEnv, pendulum } from "../../src/envs/index.js";
import type { Env, SavedState } from "../../src/types.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { runtime } from "../support/runtime.js";
import { digest } from "../support/state.js";
import { algorithms, copy, follow, learn, names, tiny } from "./me-support.js";

const test = suite("me-trpo, me-ppo and svg");

/** What is off by default, switched on. */
const careful = {
  ...tiny,
  anneal: true,
  multiStep: 3,
  multiStepEpochs: 2,
  noiseSteps: 7,
  restartPolicy: true,
  disagreement: 1.5,
};

for (const name of names) {
  test(`${name}: resuming after a save equals not stopping`, async () => {
    const whole = await learn(name, { ...tiny, trials: 3 });
    const half = await learn(name, { ...tiny, trials: 1 });
    const other = await loadRuntime({ threads: 2 });
    const rest = await learn(name, { trials: 3, resume: copy(half.state) }, other);
    other.dispose();
    assert.equal([...half.log, ...rest.log], whole.log);
    assert.equal(digest(rest.state), digest(whole.state));
    assert.equal(
      whole.log.map(({ trial }) => trial),
      [0, 1, 2],
    );
    assert.equal(
      whole.log.map(({ envSteps }) => envSteps),
      [400, 800, 1200],
    );
    assert.ok(whole.log.every(({ modelLoss }) => (modelLoss ?? 0) > 0));
    const another = await learn(name, { ...tiny, seed: 4, trials: 1 });
    assert.not.equal(another.log, whole.log.slice(0, 1));
  });

  for (const [how, options] of Object.entries({ "as it is": tiny, "with all that is off by default": careful }))
    test(`${name} ${how}: resuming from the middle of anything equals not stopping`, () =>
      fromTheMiddle(name, options));

  async function fromTheMiddle(name: (typeof names)[number], options: typeof tiny): Promise<void> {
    const whole = await learn(name, { ...options, trials: 2 });
    // moments: of the second iteration, so that perturbed parameters act and models start afresh
    for (const [phase, step] of [
      ["collect", 250],
      ["collect", 400],
      ["fit", 3],
      ["fit", 8],
      ["update", 1],
      ["update", 6],
    ] as const) {
      const env = makeEnv(runtime, pendulum, { seed: 1 });
      let seen = 0;
      let saved: SavedState | undefined;
      const onStep = (event: MeStep) => {
        if (event.trial === 1 && event.phase === phase && ++seen === step) saved = copy(run.save());
      };
      const run = algorithms[name](runtime, env, { ...options, trials: 2, onStep } as never);
      const log = await follow(run);
      assert.equal(digest(run.save()), digest(whole.state), `saving in ${phase} changes nothing`);
      run.dispose();
      env.close();
      const rest = await learn(name, { trials: 2, resume: saved as SavedState });
      assert.equal(rest.log, log.slice(1), `${phase} ${step}`);
      assert.equal(digest(rest.state), digest(whole.state), `${phase} ${step}`);
    }
  }

  test(`${name}: what is saved between the slices of a policy iteration is what was before it`, async () => {
    const whole = await learn(name, { ...tiny, trials: 1 });
    const env = makeEnv(runtime, pendulum, { seed: 1 });
    let saved: SavedState | undefined;
    let iteration = 0;
    const run = algorithms[name](runtime, env, {
      ...tiny,
      trials: 1,
      onStep: ({ phase, step }: MeStep) => {
        if (phase === "update") iteration = step;
      },
      // told in the middle of the unit of policy iteration 6, after its imagined batch and its update
      onValidation: ({ policyIteration }: { policyIteration: number }) => {
        if (policyIteration !== 6) return;
        assert.is(iteration, 5);
        saved = copy(run.save());
      },
    } as never) as MeRun;
    await follow(run);
    run.dispose();
    env.close();
    const rest = await learn(name, { trials: 1, resume: saved as SavedState });
    assert.equal(digest(rest.state), digest(whole.state));
  });

  test(`${name}: an abort is answered within 100 ms, in any phase, and leaves a run that can go on`, async () => {
    const whole = await learn(name, { ...tiny, trials: 1 });
    for (const phase of ["collect", "fit", "update"] as const) {
      let wait = Infinity;
      // on a busy machine an answer may be late for other reasons
      for (let attempt = 0; attempt < 3 && wait >= 100; attempt++) {
        const env = makeEnv(runtime, pendulum, { seed: 1 });
        const controller = new AbortController();
        let asked = 0;
        const onStep = (event: MeStep) => {
          if (event.phase !== phase || asked > 0) return;
          asked = performance.now();
          controller.abort();
        };
        const run = algorithms[name](runtime, env, { ...tiny, trials: 1, signal: controller.signal, onStep } as never);
        const error = await follow(run).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        wait = Math.min(wait, performance.now() - asked);
        assert.ok(error instanceof DOMException && error.name === "AbortError", String(error));
        const state = copy(run.save());
        run.dispose();
        env.close();
        const rest = await learn(name, { trials: 1, resume: state });
        assert.equal(digest(rest.state), digest(whole.state), `aborted in phase ${phase}`);
      }
      assert.ok(wait < 100, `answered after ${wait} ms in phase ${phase}`);
    }
  });
}

test("an abort while a large batch is imagined: within 100 ms, and the policy is as it was", async () => {
  const large = { ...tiny, hidden: [128, 128], epochs: 1, horizon: 100, imaginedSteps: 100_000, validationStarts: 500 };
  let wait = Infinity;
  for (let attempt = 0; attempt < 3 && wait >= 100; attempt++) {
    const env = makeEnv(runtime, pendulum, { seed: 1 });
    const controller = new AbortController();
    let asked = 0;
    let before: SavedState | undefined;
    const run = meTrpo(runtime, env, {
      ...large,
      trials: 1,
      signal: controller.signal,
      onValidation() {
        setTimeout(() => {
          before = run.policy.save();
          asked = performance.now();
          controller.abort();
        }, 20);
      },
    });
    const error = await follow(run).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    wait = Math.min(wait, performance.now() - asked);
    assert.ok(error instanceof DOMException, String(error));
    assert.equal(digest(run.policy.save()), digest(before as SavedState));
    run.dispose();
    env.close();
  }
  assert.ok(wait < 100, `answered after ${wait} ms`);
});

test("says what is wrong with options", () => {
  const env = makeEnv(runtime, pendulum);
  const bad: [Record<string, unknown>, RegExp][] = [
    [{ trials: -1 }, /me-trpo: "trials" expected an integer of at least 0, got -1/],
    [{ trails: 1, trials: 1 }, /me-trpo: unknown option "trails"/],
    [{ trials: 1, gamma: 2 }, /"gamma" expected a finite number in \[0, 1\], got 2/],
    [{ trials: 1, horizon: 0 }, /"horizon" expected an integer of at least 1, got 0/],
    [{ trials: 1, starts: "here" }, /"starts" expected one of reset, buffer, got "here"/],
    [{ trials: 1, maxKl: 0 }, /"maxKl" expected a number above 0, got 0/],
    [{ trials: 1, range: 0 }, /"range" expected a number above 0, or data, got 0/],
    [{ trials: 1, range: "all" }, /"range" expected a number above 0, or data, got "all"/],
    [{ trials: 1, noiseSteps: 0 }, /"noiseSteps" expected an integer of at least 1, got 0/],
    [{ trials: 1, multiStep: 0 }, /"multiStep" expected an integer in \[1, 1000\], got 0/],
    [{ trials: 1, multiStepEpochs: 0 }, /"multiStepEpochs" expected an integer of at least 1, got 0/],
    [{ trials: 1, disagreement: -1 }, /"disagreement" expected a finite number of at least 0, got -1/],
    [
      { trials: 1, disagreement: 1, members: 1 },
      /"disagreement" expected 0 of a single member, or more members, got 1/,
    ],
    [{ trials: 1, anneal: 1 }, /"anneal" expected true or false, got 1/],
    [{ trials: 1, restartPolicy: "yes" }, /"restartPolicy" expected true or false, got "yes"/],
    [{ trials: 1, sampling: 5 }, /"sampling" expected an integer in \[0, 4\], got 5/],
    [{ trials: 1, sampling: null }, /"sampling" expected one of step, episode, mean, median, gaussian, got null/],
    [{ trials: 1, noDelta: null }, /"noDelta" expected an array of dimensions, got null/],
    [{ trials: 1, members: 0 }, /"members" expected an integer/],
    [{ trials: 1, bufferSize: 10 }, /"bufferSize" expected an integer of at least 1000, got 10/],
    [{ trials: 1, onValidation: 3 }, /"onValidation" expected a function, got 3/],
    [{ trials: 1, learnReward: true, reward: () => {} }, /"reward" expected nothing, since the reward is learned/],
  ];
  const used = runtime.memoryUsage().tensors;
  for (const [options, message] of bad) assert.throws(() => meTrpo(runtime, env, options as never), message);
  assert.is(runtime.memoryUsage().tensors, used);
  assert.throws(() => mePpo(runtime, env, { trials: 1, clip: -1 }), /me-ppo: "clip" expected a finite number/);
  env.close();
});

test("says what is wrong with a saved run", async () => {
  const { state } = await learn("me-trpo", { ...tiny, trials: 1 });
  const env = makeEnv(runtime, pendulum);
  const resumed = (options: object, on: Env = env) => meTrpo(runtime, on, { trials: 2, resume: state, ...options });
  assert.throws(() => resumed({ horizon: 21 }), /"horizon" expected 20, as in the saved run, got 21/);
  assert.throws(() => resumed({ reward: () => {} }), /"reward" expected nothing, as in the saved run/);
  assert.throws(() => mePpo(runtime, env, { trials: 2, resume: state }), /saved options lack "clip"/);
  const cart = makeEnv(runtime, cartPoleContinuous);
  assert.throws(() => resumed({}, cart), /"resume" expected a run of CartPoleContinuous/);
  const { "improvement.kept": _, ...arrays } = state.arrays;
  assert.throws(
    () => meTrpo(runtime, env, { trials: 2, resume: { ...state, arrays } }),
    /saved array "kept" expected f32/,
  );
  cart.close();
  env.close();
});

test.run();
