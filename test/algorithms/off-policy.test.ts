// Runs of DDPG and TD3: resumed, aborted and shared between threads they are the same run; they learn; options are
// checked. What happens when something fails is in off-policy-failures.test.ts.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ddpg, type OffPolicyOptions, type OffPolicyRun, td3 } from "../../src/algorithms/index.js";
import { cartPole, makeVectorEnv, pendulum, reacherGoal, type Task, type VectorEnv } from "../../src/envs/index.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/io/index.js";
import type { SavedState } from "../../src/types.js";
import { loadRuntime, type Runtime } from "../../src/wasm/index.js";
import { runtime } from "../support/runtime.js";
import { digest } from "../support/state.js";
import { wholeRun } from "./whole-run.js";

const test = suite("DDPG and TD3");

interface Variant {
  readonly name: string;
  readonly make: typeof ddpg;
  readonly task: Task;
  readonly envs: number;
  readonly options: Partial<OffPolicyOptions>;
}

const tiny: Partial<OffPolicyOptions> = { seed: 3, hidden: [16], batchSize: 32, initialSteps: 60 };
const variants: readonly Variant[] = [
  { name: "DDPG on Pendulum-v1", make: ddpg, task: pendulum, envs: 1, options: { ...tiny, updatesPerStep: 0.3 } },
  {
    name: "TD3 on two of Pendulum-v1, ring",
    make: td3,
    task: pendulum,
    envs: 2,
    options: { ...tiny, bufferSize: 300 },
  },
  { name: "DDPG with hindsight on ReacherGoal", make: ddpg, task: reacherGoal, envs: 3, options: tiny },
];

function vectorEnv({ task, envs }: Variant, on: Runtime): VectorEnv {
  return makeVectorEnv(on, task, { batch: envs, seed: 1, autoreset: "same-step" });
}

function begin(variant: Variant, more: OffPolicyOptions, on = runtime): OffPolicyRun {
  return variant.make(on, vectorEnv(variant, on), { ...(more.resume ? {} : variant.options), ...more });
}

function learn(variant: Variant, more: OffPolicyOptions, on = runtime) {
  return wholeRun(begin(variant, more, on));
}

test("an episode that is cut off has not ended: its last step is truncated, not terminated", async () => {
  const run = begin(variants[0], { trials: 2, updatesPerStep: 0.05 });
  for await (const _ of run);
  const { buffer } = run.parts;
  const [terminated, truncated] = [buffer.terminated.read(), buffer.truncated.read()].map((x) => [
    ...x.subarray(0, buffer.length),
  ]);
  assert.ok(buffer.length >= 400);
  assert.is(
    terminated.findIndex((x) => x !== 0),
    -1,
  );
  assert.equal(
    truncated.flatMap((x, row) => (x ? [row] : [])),
    [199, 399],
  );
  run.dispose();
});

test("goals given in hindsight change what is learned", async () => {
  const critic = async (hindsight: number): Promise<string> => {
    const { state } = await learn(variants[2], { trials: 1, hindsight });
    const hashes = digest(state);
    const names = Object.keys(hashes).filter((name) => /^critic\.network/.test(name));
    assert.ok(names.length > 0, Object.keys(hashes).join());
    return names.map((name) => hashes[name]).join();
  };
  assert.not.equal(await critic(4), await critic(0));
});

for (const variant of variants) {
  test(`resuming after a save equals not stopping: ${variant.name}`, async () => {
    const whole = await learn(variant, { trials: 3 });
    assert.is(whole.log.length, 3);
    const half = await learn(variant, { trials: 1 });
    // through the bytes of a checkpoint into another instance of the kernels
    const resume = decodeCheckpoint(encodeCheckpoint(half.state));
    const rest = await learn(variant, { trials: 3, resume }, await loadRuntime());
    assert.equal([...half.log, ...rest.log], whole.log);
    assert.equal(digest(rest.state), digest(whole.state));
  });

  test(`a save at any moment resumes to the same end: ${variant.name}`, async () => {
    const whole = await learn(variant, { trials: 2 });
    const saved: SavedState[] = [];
    let events = 0;
    const phases = new Set<string>();
    const run = begin(variant, {
      trials: 2,
      onStep: ({ phase }) => {
        if (events++ % 17 !== 5) return;
        phases.add(phase);
        saved.push(run.save());
      },
    });
    for await (const _ of run);
    run.dispose();
    assert.ok(phases.has("random") && phases.has("update"), [...phases].join());
    const chosen = saved.filter((_, i) => i % Math.ceil(saved.length / 6) === 0);
    for (const resume of chosen) {
      const { state } = await learn(variant, { trials: 2, resume });
      assert.equal(digest(state), digest(whole.state));
    }
  });

  test(`two threads give the same bits: ${variant.name}`, async () => {
    const two = await loadRuntime({ threads: 2 });
    const [one, other] = [await learn(variant, { trials: 1 }), await learn(variant, { trials: 1 }, two)];
    assert.equal(digest(other.state), digest(one.state));
    two.dispose();
  });

  test(`an abort leaves a run that can go on: ${variant.name}`, async () => {
    const whole = await learn(variant, { trials: 2 });
    for (const [wanted, after] of [
      ["random", 0],
      ["random", 17],
      ["update", 0],
      ["update", 17],
    ] as const) {
      const controller = new AbortController();
      let events = 0;
      const run = begin(variant, {
        trials: 2,
        signal: controller.signal,
        onStep: ({ phase }) => {
          if (phase === wanted && events++ === after) controller.abort();
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
      run.dispose();
      const { state } = await learn(variant, { trials: 2, resume });
      assert.equal(digest(state), digest(whole.state), `aborted in phase ${wanted}`);
    }
  });
}

test("TD3 moves the actor and the targets at every second update, the critics at each", async () => {
  const parts = (state: SavedState) =>
    Object.fromEntries(
      ["policy", "targetPolicy", "targetCritic", "critic", "optimizer"].map((part) => {
        const own = Object.entries(digest(state)).filter(([name]) => name.startsWith(`${part}.`));
        assert.ok(own.length > 0, part);
        return [part, JSON.stringify(own)];
      }),
    );
  let before: Record<string, string> | undefined;
  let updates = 0;
  const env = makeVectorEnv(runtime, pendulum, { batch: 1, seed: 1, autoreset: "same-step" });
  const run: OffPolicyRun = td3(runtime, env, {
    ...tiny,
    trials: 9,
    totalSteps: 72,
    onStep: ({ phase, step }) => {
      const after = parts(run.save());
      if (phase === "update" && before) {
        const moved = Object.keys(after).filter((part) => after[part] !== before?.[part]);
        assert.equal(moved, step % 2 === 0 ? Object.keys(after) : ["critic"], `update ${step}`);
        updates++;
      }
      before = after;
    },
  });
  for await (const _ of run);
  assert.is(updates, 12);
  run.dispose();
});

test("defaults are those that were published", () => {
  const shared = {
    seed: 0,
    totalSteps: Number.MAX_SAFE_INTEGER,
    initialSteps: 1000,
    updatesPerStep: 1,
    batchSize: 256,
    bufferSize: 1_000_000,
    hidden: [128, 128],
    activation: "relu",
    actorLearningRate: 1e-3,
    criticLearningRate: 1e-3,
    tau: 0.005,
    smoothingLimit: 0.5,
    filterClip: 5,
  };
  const plain = {
    ...{ gamma: 0.99, noise: 0.1, randomShare: 0, actionPenalty: 0 },
    ...{ targetClip: [], filter: false, hindsight: 0 },
  };
  // episodes of 50 steps, each of which costs 1 until the goal is reached
  const goal = {
    ...{ gamma: 0.98, noise: 0.2, randomShare: 0.3, actionPenalty: 1 },
    ...{ targetClip: [-1 / (1 - 0.98), 0], filter: true, hindsight: 4 },
  };
  const twin = { critics: 2, targetEvery: 2, policyDelay: 2, smoothing: 0.2 };
  for (const [make, task, expected] of [
    [ddpg, pendulum, { ...shared, ...plain, critics: 1, targetEvery: 1, policyDelay: 1, smoothing: 0 }],
    [ddpg, reacherGoal, { ...shared, ...goal, critics: 2, targetEvery: 1, policyDelay: 1, smoothing: 0 }],
    [td3, pendulum, { ...shared, ...plain, ...twin }],
    [td3, reacherGoal, { ...shared, ...goal, ...twin }],
  ] as const) {
    const run = make(runtime, makeVectorEnv(runtime, task, { batch: 1, autoreset: "same-step" }), { trials: 0 });
    assert.equal({ ...run.settings }, expected);
    run.dispose();
  }
});

test("warm-up is uniform, what follows stays in the action's range, and updates are counted by the step", async () => {
  const env = makeVectorEnv(runtime, pendulum, { batch: 2, seed: 1, autoreset: "same-step" });
  const run = td3(runtime, env, {
    ...tiny,
    initialSteps: 100,
    totalSteps: 400,
    updatesPerStep: 0.5,
    noise: 3,
    trials: 9,
  });
  for await (const _ of run);
  assert.is(run.envSteps, 400);
  assert.is(run.updates, 150);
  const actions = run.parts.buffer.action.read().subarray(0, 400);
  assert.ok(actions.every((a) => Math.abs(a) <= 2));
  const clipped = (from: number, to: number): number =>
    actions.subarray(from, to).filter((a) => Math.abs(a) === 2).length;
  assert.is(clipped(0, 100), 0);
  assert.ok(clipped(100, 400) > 100, `${clipped(100, 400)}`);
  run.dispose();
});

test("runs learn: Pendulum-v1 above -400 within 5,000 steps", async () => {
  const env = makeVectorEnv(runtime, pendulum, { batch: 1, seed: 0, autoreset: "same-step" });
  const options = { trials: 2 ** 31 - 1, totalSteps: 5000, hidden: [64, 64], batchSize: 128, tau: 0.01, seed: 0 };
  const run = ddpg(runtime, env, options);
  const returns: number[] = [];
  for await (const { episodeReturn } of run) returns.push(episodeReturn);
  const last = returns.slice(-5).reduce((sum, x) => sum + x, 0) / 5;
  assert.ok(last > -400, `${last} at last`);
  run.dispose();
});

test("options are checked", () => {
  const env = makeVectorEnv(runtime, pendulum, { batch: 2, autoreset: "same-step" });
  const make = (more: object) => () => ddpg(runtime, env, { trials: 1, ...more } as OffPolicyOptions);
  for (const [more, message] of [
    [{ trials: -1 }, /ddpg: "trials" expected an integer of at least 0/],
    [{ gama: 0.9 }, /ddpg: unknown option "gama"/],
    [{ gamma: 1.5 }, /"gamma" expected a finite number in \[0, 1\]/],
    [{ critics: 0 }, /"critics" expected an integer/],
    [{ targetClip: [1, 0] }, /"targetClip" expected two bounds, the lower one first, or none/],
    [{ targetClip: [1] }, /"targetClip" expected two bounds/],
    [{ bufferSize: 1 }, /"bufferSize" expected room for 2 environments/],
    [{ hindsight: 4 }, /"hindsight" expected 0, for a task without a goal, got 4/],
    [{ onStep: 1 }, /"onStep" expected a function/],
    [{ resume: { meta: {}, arrays: {} } }, /saved state lacks "options"/],
  ] as const) {
    assert.throws(make(more), message);
  }
  const discrete = makeVectorEnv(runtime, cartPole, { batch: 2, autoreset: "same-step" });
  assert.throws(() => td3(runtime, discrete, { trials: 1 }), /"env.singleActionSpace" expected a box, got "discrete"/);
  const later = makeVectorEnv(runtime, pendulum, { batch: 2 });
  assert.throws(() => td3(runtime, later, { trials: 1 }), /"env" expected one with autoreset "same-step"/);
  for (const each of [env, discrete, later]) each.close();
});

test("episodes without a limit: the discount, or bounds of targets, must be told", () => {
  const endless = { ...reacherGoal, maxEpisodeSteps: Infinity };
  const make = (more: object) => () => {
    const env = makeVectorEnv(runtime, endless, { batch: 1, seed: 1, autoreset: "same-step" });
    const run = ddpg(runtime, env, { trials: 1, ...more });
    const { gamma, targetClip } = run.settings;
    run.dispose();
    return { gamma, targetClip };
  };
  const message =
    /ddpg: "gamma" expected a number below 1, or bounds as "targetClip", since episodes have no limit that either could follow from, got 1/;
  assert.throws(make({}), message);
  assert.throws(make({ gamma: 1 }), message);
  assert.equal(make({ gamma: 0.5 })(), { gamma: 0.5, targetClip: [-2, 0] });
  assert.equal(make({ targetClip: [-3, 0] })(), { gamma: 1, targetClip: [-3, 0] });
});

test("a saved run refuses another algorithm, task, number of environments or setting", async () => {
  const [variant] = variants;
  const { state: resume } = await learn(variant, { trials: 0 });
  assert.throws(() => begin({ ...variant, make: td3 }, { trials: 1, resume }), /the saved state is not a run of td3/);
  assert.throws(
    () => begin({ ...variant, envs: 2 }, { trials: 1, resume }),
    /"env.batch" expected 1, as in the saved run/,
  );
  assert.throws(
    () => begin({ ...variant, task: reacherGoal }, { trials: 1, resume }),
    /"resume" expected a run of ReacherGoal, got "Pendulum-v1"/,
  );
  assert.throws(() => begin(variant, { trials: 1, resume, gamma: 0.5 }), /"gamma" expected 0.99, as in the saved run/);
  for (const trial of [1.5, -1]) {
    const bent = { ...resume, meta: { ...(resume.meta as object), trial } } as SavedState;
    assert.throws(() => begin(variant, { trials: 1, resume: bent }), /saved "trial" is not a count/);
  }
});

test.run();
