// SVG: gradients that are no numbers are left out, counted, and in the end reported; kinds of policies; options; and it
// learns. That it saves, resumes and aborts like ME-TRPO is in me.test.ts.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type MeRun, type SvgOptions, svg } from "../../src/algorithms/index.js";
import { TrainingDivergedError } from "../../src/check.js";
import { box, cartPoleContinuous, makeEnv, pendulum } from "../../src/envs/index.js";
import { metaField, partState } from "../../src/saved-state.js";
import type { Env, RewardFunction, SavedState } from "../../src/types.js";
import { generator } from "../support/numbers.js";
import { runtime } from "../support/runtime.js";

const test = suite("svg");

const tiny = {
  seed: 3,
  stepsPerIteration: 200,
  members: 2,
  hidden: [16],
  epochs: 3,
  policyHidden: [8],
  horizon: 10,
  imaginedSteps: 40,
  startPool: 20,
  policyIterations: 30,
  validateEvery: 10,
  policyPatience: 30,
  validationStarts: 4,
};

async function follow(run: MeRun) {
  const log = [];
  for await (const progress of run) log.push(progress);
  return log;
}

// a reward whose gradient is no number in chosen calls
function sometimes(bad: (call: number) => boolean): RewardFunction {
  let calls = 0;
  const reward: RewardFunction = (observation, action, _, out) => {
    for (let b = 0; b < out.length; b++) out[b] = -(observation[3 * b + 2] ** 2) - action[b] ** 2;
  };
  const gradient: NonNullable<RewardFunction["gradient"]> = (observation, action, _, weight, out) => {
    const broken = bad(Math.floor(calls++ / tiny.horizon));
    for (let b = 0; b < weight.length; b++) {
      out.observation[3 * b + 2] -= 2 * weight[b] * observation[3 * b + 2];
      out.action[b] += broken ? Number.NaN : -2 * weight[b] * action[b];
    }
  };
  return Object.assign(reward, { gradient });
}

test("gradients that are no numbers are left out and counted", async () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  const run = svg(runtime, env, { ...tiny, trials: 1, reward: sometimes((call) => call % 10 === 4) });
  const [{ rejectedUpdates, policyIterations }] = await follow(run);
  assert.is(policyIterations, 30);
  assert.is(rejectedUpdates, 3);
  assert.ok(run.policy.network.params.view.every(Number.isFinite));
  run.dispose();
  env.close();
});

test("ten in a row end the run, which has the parameters of the last good one", async () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  let before: Float32Array | undefined;
  const run = svg(runtime, env, {
    ...tiny,
    trials: 1,
    reward: sometimes((call) => call >= 5),
    onStep({ phase, step }) {
      if (phase === "update" && step === 5) before = run.policy.network.params.read();
    },
  });
  const error = await follow(run).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TrainingDivergedError, String(error));
  assert.match(error.message, /^svg: the update of the policy/);
  assert.equal(run.policy.network.params.read(), before);
  assert.ok(run.policy.network.params.view.every(Number.isFinite));
  run.dispose();
  env.close();
});

test("nine in a row do not end it, however often", async () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  const run = svg(runtime, env, { ...tiny, trials: 1, reward: sometimes((call) => call % 10 !== 9) });
  const [{ rejectedUpdates }] = await follow(run);
  assert.is(rejectedUpdates, 27);
  run.dispose();
  env.close();
});

// the policy after some policy iterations
async function paramsAfter(iterations: number, options: Partial<SvgOptions>): Promise<Float32Array> {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  let params: Float32Array = new Float32Array();
  const onStep: SvgOptions["onStep"] = ({ phase, step }) => {
    if (phase === "update" && step === iterations) params = run.policy.network.params.read();
  };
  const run = svg(runtime, env, { ...tiny, policyIterations: iterations, trials: 1, onStep, ...options });
  await follow(run);
  run.dispose();
  env.close();
  return params;
}

test("discount, ends and members are those of the options; gradients are clipped where they are longer, and only there", async () => {
  const plain = await paramsAfter(1, {});
  assert.ok(plain.length > 0);
  assert.equal(await paramsAfter(1, {}), plain);
  assert.not.equal(await paramsAfter(1, { gamma: 0.5 }), plain);
  assert.not.equal(await paramsAfter(1, { sampling: "episode" }), plain);
  assert.not.equal(await paramsAfter(1, { sampling: 0 }), await paramsAfter(1, { sampling: 1 }));
  assert.not.equal(await paramsAfter(1, { terminated: (_, out) => void out.fill(1) }), plain);
  const long = await paramsAfter(3, { clipNorm: 1e6 });
  assert.equal(await paramsAfter(3, { clipNorm: 3e6 }), long);
  assert.not.equal(await paramsAfter(3, { clipNorm: 1e-3 }), long);
});

test("Adam starts afresh with each outer iteration", async () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  const seen: unknown[] = [];
  const run = svg(runtime, env, {
    ...tiny,
    trials: 2,
    policyIterations: 2,
    onStep({ phase, step }) {
      if (phase !== "update" || step !== 1) return;
      const path = ["learner", "improvement", "improver", "adam"];
      seen.push(metaField(path.reduce(partState, run.save()), "steps"));
    },
  });
  await follow(run);
  assert.equal(seen, [1, 1]);
  run.dispose();
  env.close();
});

// x moves by the action, and is paid for being near 1
function slider(seed: number): Env {
  const random = generator(seed);
  let x = 0;
  let t = 0;
  const reward: RewardFunction = (_, __, next, out) => {
    for (let b = 0; b < out.length; b++) out[b] = -((next[b] - 1) ** 2);
  };
  const gradient: NonNullable<RewardFunction["gradient"]> = (_, __, next, weight, out) => {
    for (let b = 0; b < weight.length; b++) out.nextObservation[b] -= 2 * weight[b] * (next[b] - 1);
  };
  return {
    spec: { id: "Slider", maxEpisodeSteps: 20, timeStep: 1 },
    observationSpace: box([-10], [10]),
    actionSpace: box([-1], [1]),
    reset() {
      x = 2 * random();
      t = 0;
      return { observation: Float32Array.of(x), info: {} };
    },
    step(action) {
      x = Math.max(-10, Math.min(10, x + 0.5 * Number((action as Float32Array)[0])));
      const truncated = ++t === 20;
      return { observation: Float32Array.of(x), reward: -((x - 1) ** 2), terminated: false, truncated, info: {} };
    },
    snapshot: (): SavedState => ({ meta: { x, t }, arrays: {} }),
    restore: () => undefined,
    close: () => undefined,
    reward: Object.assign(reward, { gradient }),
  };
}

for (const policyKind of ["deterministic", "squashed", "gaussian"] as const) {
  test(`${policyKind}: learns to go where it is paid`, async () => {
    const env = slider(3);
    const options: Partial<SvgOptions> = {
      initialStd: 0.5,
      policyLearningRate: 1e-2,
      policyIterations: 100,
      epochs: 40,
    };
    const run = svg(runtime, env, { ...tiny, ...options, policyKind, trials: 3 });
    const log = await follow(run);
    const { imaginedBefore, imaginedAfter } = log[0];
    assert.ok(imaginedAfter > imaginedBefore, `${imaginedBefore} to ${imaginedAfter}`);
    // doing nothing earns −20 · (1 + 4 / 3) on average
    assert.ok(log[2].episodeReturn > -12, `${log.map(({ episodeReturn }) => episodeReturn.toFixed(1))}`);
    run.dispose();
  });
}

test("options are checked, and a reward without a gradient is named", () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  const cartpole = makeEnv(runtime, cartPoleContinuous, { seed: 1 });
  const call = (on: Env, more: object) => () => svg(runtime, on, { ...tiny, trials: 1, ...more }).dispose();
  call(env, {})();
  call(cartpole, { learnReward: true })();
  call(env, { members: 3 })();
  const run = svg(runtime, env, { ...tiny, trials: 1 });
  const saved = Object.keys(run.save().arrays);
  assert.ok(saved.length > 0 && !saved.some((array) => array.includes("critic")), "it needs no critic");
  run.dispose();
  assert.throws(call(cartpole, {}), /svg: the reward of CartPoleContinuous is constant or only jumps/);
  assert.throws(call(env, { reward: () => {} }), /svg: "reward" expected a property "gradient\(/);
  assert.throws(call(env, { policyKind: "categorical" }), /svg: "policyKind" expected one of deterministic/);
  assert.throws(call(env, { clipNorm: 0 }), /svg: "clipNorm" expected more than 0/);
  assert.throws(call(env, { sampling: "median" }), /svg: "sampling" expected one of step, episode/);
  assert.throws(call(env, { horizen: 5 }), /svg: unknown option "horizen"/);
  env.close();
  cartpole.close();
});

test.run();
