// ME-TRPO, ME-PPO and SVG: they save and resume bit for bit at any moment, answer aborts, report divergence, check their options,
// stop and keep as the paper says, and learn.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type MeProgress,
  type MeRun,
  type MeStep,
  mePpo,
  type MeTrpoOptions,
  meTrpo,
  svg,
} from "../../src/algorithms/index.js";
import { TrainingDivergedError } from "../../src/check.js";
import { cartPoleContinuous, makeEnv, pendulum } from "../../src/envs/index.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/io/index.js";
import type { Env, SavedState } from "../../src/types.js";
import { loadRuntime, type Runtime } from "../../src/wasm/index.js";
import { runtime } from "../support/runtime.js";

const test = suite("me-trpo, me-ppo and svg");

// small enough for a test, with every part in play
const tiny = {
  seed: 3,
  stepsPerIteration: 300,
  members: 3,
  hidden: [16],
  epochs: 4,
  reinitializeEvery: 2,
  policyHidden: [8],
  horizon: 20,
  imaginedSteps: 240,
  startPool: 20,
  policyIterations: 7,
  validateEvery: 3,
  policyPatience: 6,
  validationStarts: 4,
};
type Options = Partial<MeTrpoOptions> & { trials: number };
const algorithms = { "me-trpo": meTrpo, "me-ppo": mePpo, svg } as const;
const names = ["me-trpo", "me-ppo", "svg"] as const;

/** Everything that decides the future, by name; the clock is left out. */
function digest(state: SavedState): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const [name, { data }] of Object.entries(state.arrays)) {
    hashes[name] = bytesToHex(sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
  }
  hashes.meta = JSON.stringify(state.meta, (key, value) => (key === "wallSeconds" ? 0 : value));
  return hashes;
}

type Line = Omit<MeProgress, "wallSeconds">;

async function follow(run: MeRun): Promise<Line[]> {
  const log: Line[] = [];
  for await (const { wallSeconds, ...progress } of run) {
    assert.ok(wallSeconds > 0);
    log.push(progress);
  }
  return log;
}

async function learn(name: (typeof names)[number], options: Options, on: Runtime = runtime) {
  const env = makeEnv(on, pendulum, { seed: 1 });
  const run = algorithms[name](on, env, options as never);
  const log = await follow(run);
  const state = run.save();
  run.dispose();
  env.close();
  return { log, state };
}

const copy = (state: SavedState): SavedState => decodeCheckpoint(encodeCheckpoint(state));

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

  test(`${name}: resuming from the middle of anything equals not stopping`, async () => {
    const whole = await learn(name, { ...tiny, trials: 2 });
    // moments: of the second iteration, so that perturbed parameters act and models start afresh
    for (const [phase, step] of [
      ["collect", 250],
      ["collect", 400],
      ["fit", 3],
      ["update", 1],
      ["update", 6],
    ] as const) {
      const env = makeEnv(runtime, pendulum, { seed: 1 });
      let seen = 0;
      let saved: SavedState | undefined;
      const onStep = (event: MeStep) => {
        if (event.trial === 1 && event.phase === phase && ++seen === step) saved = copy(run.save());
      };
      const run = algorithms[name](runtime, env, { ...tiny, trials: 2, onStep } as never);
      const log = await follow(run);
      assert.equal(digest(run.save()), digest(whole.state), `saving in ${phase} changes nothing`);
      run.dispose();
      env.close();
      const rest = await learn(name, { trials: 2, resume: saved as SavedState });
      assert.equal(rest.log, log.slice(1), `${phase} ${step}`);
      assert.equal(digest(rest.state), digest(whole.state), `${phase} ${step}`);
    }
  });

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

test("a reward that is no number, and a model that diverges, end the run; the last good state stays", async () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  // of all rows, and of every second one: then some rows are sound, and no model tells how good the policy is
  const rewards = {
    "every imagined trajectory": (out: Float32Array) => void out.fill(NaN),
    "the policy's return in every model": (out: Float32Array) => out.set(Array.from(out, (_, i) => (i % 2 ? NaN : -1))),
  };
  for (const [what, fill] of Object.entries(rewards)) {
    for (const algorithm of [meTrpo, mePpo]) {
      const reward = (_o: Float32Array, _a: Float32Array, _n: Float32Array, out: Float32Array) => fill(out);
      const run = algorithm(runtime, env, { ...tiny, trials: 1, reward });
      const outcome = await follow(run).catch((reason: unknown) => reason);
      assert.instance(outcome, TrainingDivergedError);
      assert.ok((outcome as Error).message.includes(`${what} is not finite`), (outcome as Error).message);
      assert.ok(run.policy.network.params.view.every(Number.isFinite));
      run.dispose();
    }
  }

  // a model that learns with steps beyond float32
  const wild = meTrpo(runtime, env, { ...tiny, trials: 1, learningRate: 1e38 });
  let before: SavedState | undefined;
  try {
    before = wild.model.save();
    await follow(wild);
    assert.unreachable("no divergence");
  } catch (error) {
    assert.instance(error, TrainingDivergedError);
    assert.match((error as Error).message, /fit: the loss of member \d is not finite/);
    assert.equal(digest(wild.model.save()), digest(before as SavedState));
    const state = wild.save();
    assert.is((state.meta as { envSteps: number }).envSteps, 400);
  }
  wild.dispose();
  env.close();
});

test("a policy that nothing can improve ends the improvement", async () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  const reward = (_o: Float32Array, _a: Float32Array, _n: Float32Array, out: Float32Array) => void out.fill(-1);
  const options = { ...tiny, policyIterations: 40, validateEvery: 2, policyPatience: 6, trials: 1, reward };
  const run = meTrpo(runtime, env, options);
  const [line] = await follow(run);
  assert.is(line.keptIteration, 0);
  assert.is(line.policyIterations, 6);
  run.dispose();
  env.close();
});

test("a step of the environment that fails ends its episode, and the run goes on", async () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  let steps = 0;
  const { spec, observationSpace, actionSpace, reward, terminated, angles } = env;
  const broken: Env = {
    ...{ spec, observationSpace, actionSpace, reward, terminated, angles },
    reset: (options) => env.reset(options),
    step(action) {
      const outcome = env.step(action);
      return ++steps === 50 ? { ...outcome, reward: NaN } : outcome;
    },
    snapshot: () => env.snapshot(),
    restore: (state) => env.restore(state),
    close: () => env.close(),
  };
  const run = meTrpo(runtime, broken, { ...tiny, trials: 1 });
  assert.instance(await follow(run).catch((reason: unknown) => reason), RangeError);
  assert.is(run.buffer.length, 49);
  await follow(run);
  // no row but those of whole steps: a torque turns the rod by at most 8 rad/s in 0.05 s
  const { observation, nextObservation, length } = run.buffer;
  const angle = (rows: Float32Array, i: number) => Math.atan2(rows[3 * i + 1]!, rows[3 * i]!);
  for (let i = 0; i < length; i++) {
    const turned =
      angle(nextObservation.view, i) - angle(observation.view, i) - 0.05 * nextObservation.view[3 * i + 2]!;
    assert.ok(Math.abs(Math.sin(turned / 2)) < 1e-5, `row ${i}`);
  }
  run.dispose();
  env.close();
});

test("keeps the best policy by the rule of the paper, and ends when nothing improves any more", async () => {
  const heard: { policyIteration: number; returns: readonly number[] }[] = [];
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  const options = { ...tiny, members: 4, policyIterations: 60, policyPatience: 9, epochs: 10, imaginedSteps: 600 };
  const run = meTrpo(runtime, env, { ...options, trials: 1, onValidation: (event) => heard.push(event) });
  const [line] = await follow(run);
  // the rule by hand: worse on at most 30 % of the models than the best so far
  let [kept, at] = [heard[0].returns, 0];
  for (const { policyIteration, returns } of heard.slice(1)) {
    const worse = returns.filter((value, e) => value <= kept[e]).length;
    if (worse <= 0.3 * returns.length) [kept, at] = [returns, policyIteration];
  }
  assert.equal(
    heard.map(({ policyIteration }) => policyIteration),
    heard.map((_, i) => 3 * i),
  );
  assert.is(line.keptIteration, at);
  assert.ok(line.policyIterations === 60 || line.policyIterations - at >= 9, JSON.stringify(line));
  const average = kept.reduce((sum, value) => sum + value, 0) / kept.length;
  assert.ok(Math.abs(line.imaginedAfter - average) < 1e-9);
  // the policy that was kept is the one that acts: it earns the same again
  const starts = run.save().arrays["episodes.validationStarts"].data as Float32Array;
  const { horizon } = run.settings;
  assert.equal([...run.imagination.validate(starts, horizon)], [...kept]);
  run.dispose();
  env.close();
});

test("of the episodes a share explores, all in the first iteration; a policy that was perturbed comes back", async () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  const actions: number[][] = [];
  const recorded: Env = {
    ...(env as Env),
    reset: (options) => {
      actions.push([]);
      return env.reset(options);
    },
    step: (action) => {
      actions[actions.length - 1].push((action as Float32Array)[0]);
      return env.step(action);
    },
    snapshot: () => env.snapshot(),
    restore: (state) => env.restore(state),
    close: () => env.close(),
  };
  let inside: Float32Array | undefined;
  const options = { ...tiny, stepsPerIteration: 800, exploring: 0.25, starts: "buffer" as const, worseShare: 1 };
  const run = meTrpo(runtime, recorded, {
    ...options,
    trials: 2,
    onStep: ({ trial, phase, step }) => {
      if (trial === 1 && phase === "collect" && step === 199) inside = run.policy.network.params.read();
    },
  });
  const learned: Float32Array[] = [];
  const lines: Line[] = [];
  for await (const line of run) {
    learned.push(run.policy.network.params.read());
    lines.push(line);
  }
  // starts of validation are resets too, without a step
  const episodes = actions.filter((steps) => steps.length > 0);
  assert.is(episodes.length, 8);
  const wild = episodes.map((steps) => steps.filter((a) => Math.abs(a) === 2).length > 10);
  assert.equal(wild, [true, true, true, true, false, false, false, true]);
  // whoever looks at the policy while an episode explores sees its own parameters
  assert.equal(inside, learned[0]);
  assert.ok(lines[0].exploringReturn === lines[0].episodeReturn && lines[1].exploringReturn !== lines[1].episodeReturn);
  run.dispose();
  env.close();
});

test("learns the reward where there is none, and ends episodes as the task does", async () => {
  const env = makeEnv(runtime, cartPoleContinuous, { seed: 1 });
  const run = mePpo(runtime, env, {
    ...tiny,
    trials: 2,
    learnReward: true,
    timeLimit: "bootstrap",
    gamma: 0.99,
    lambda: 0.95,
  });
  const log = await follow(run);
  assert.ok(run.model.learnsReward && log.length === 2);
  assert.ok(log.every(({ episodeLength }) => episodeLength < 200));
  run.dispose();
  env.close();
});

test("range data: what is imagined stays within what was observed, also in a run that goes on from a save", async () => {
  const options = { ...tiny, range: "data" as const, trials: 2 };
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  let saved: SavedState | undefined;
  const onStep = ({ trial, phase, step }: MeStep) => {
    if (trial === 1 && phase === "update" && step === 2) saved = copy(run.save());
  };
  const run = meTrpo(runtime, env, { ...options, onStep });
  await follow(run);
  const rest = await learn("me-trpo", { trials: 2, resume: saved as SavedState });
  assert.equal(digest(rest.state), digest(run.save()));
  // the models, whose targets are differences, leave the circle of pendulum's cosine and sine: only a clip keeps them in
  const { buffer, imagination } = run;
  const D = buffer.observationSize;
  const seen = [buffer.observation, buffer.nextObservation].map(({ view }) => view.slice(0, buffer.length * D));
  const bound = (d: number, of: (...values: number[]) => number): number =>
    of(...seen.flatMap((view) => [...view.filter((_, i) => i % D === d)]));
  runtime.scoped((scope) => {
    const batch = imagination.createBatch(scope, 200, 8);
    const starts = scope.tensor([8, D]).write(seen[0].slice(0, 8 * D));
    imagination.collect(batch, starts);
    const touched = new Set<number>();
    for (const [i, value] of batch.nextObservation.read().entries()) {
      const [low, high] = [bound(i % D, Math.min), bound(i % D, Math.max)];
      assert.ok(value >= low && value <= high, `${low} <= ${value} <= ${high}`);
      if (value === low || value === high) touched.add(i % D);
    }
    assert.ok(touched.size > 0, "something was clipped");
    scope.dispose();
  });
  run.dispose();
  env.close();
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
