// How runs of ME-TRPO and ME-PPO improve: they stop and keep as the paper says, explore, learn rewards, stay within their data; they
// report divergence, and go on after a step of the environment that failed.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mePpo, type MeStep, meTrpo } from "../../src/algorithms/index.js";
import { TrainingDivergedError } from "../../src/check.js";
import { cartPoleContinuous, makeEnv, pendulum } from "../../src/envs/index.js";
import { memberDisagreement } from "../../src/models/index.js";
import type { Env, SavedState } from "../../src/types.js";
import { runtime } from "../support/runtime.js";
import { digest } from "../support/state.js";
import { copy, follow, learn, type Line, tiny } from "./me-support.js";

const test = suite("improvement by me-trpo and me-ppo");

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

test("restartPolicy: each phase begins with the first policy, and what it learned goes on to act", async () => {
  for (const restartPolicy of [true, false]) {
    const env = makeEnv(runtime, pendulum, { seed: 1 });
    const begun: Float32Array[] = [];
    const mean = () => run.policy.network.params.read().subarray(0, -run.policy.actionSize);
    const run = meTrpo(runtime, env, {
      ...tiny,
      trials: 2,
      worseShare: 1,
      restartPolicy,
      onValidation: ({ policyIteration }) => {
        if (policyIteration === 0) begun.push(run.policy.network.params.read());
      },
    });
    const first = mean();
    const learned: Float32Array[] = [];
    for await (const line of run) {
      assert.ok(line.keptIteration > 0);
      learned.push(mean());
    }
    assert.not.equal(learned[0], first);
    assert.is(begun.length, 2);
    if (restartPolicy) assert.equal(begun[1], begun[0]);
    else assert.not.equal(begun[1], begun[0]);
    run.dispose();
    env.close();
  }
});

test("noiseSteps: exploring actions are pushed alike for so many steps", async () => {
  for (const noiseSteps of [1, 7]) {
    const env = makeEnv(runtime, pendulum, { seed: 1 });
    const actions: number[] = [];
    const recorded: Env = {
      ...(env as Env),
      reset: (options) => env.reset(options),
      step: (action) => {
        actions.push((action as Float32Array)[0]);
        return env.step(action);
      },
      snapshot: () => env.snapshot(),
      restore: (state) => env.restore(state),
      close: () => env.close(),
    };
    // the first policy hardly acts: what is seen is noise
    const run = meTrpo(runtime, recorded, { ...tiny, actionNoise: 1, noiseSteps, trials: 1 });
    await follow(run);
    const changes = actions.slice(1).map((action, i) => Math.abs(action - actions[i]) > 0.2);
    const [within, between] = [0, 1].map((at) =>
      changes
        .filter((_, i) => Number(((i + 1) % 200) % 7 === 0) === at)
        .reduce((sum, change) => sum + Number(change), 0),
    );
    assert.ok(between > 20, `${between}`);
    assert.ok(noiseSteps === 7 ? within < 10 : within > 80, `${within} changes within`);
    run.dispose();
    env.close();
  }
});

test("disagreement: what is imagined ends where members disagree more than on real transitions", async () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  const run = meTrpo(runtime, env, { ...tiny, disagreement: 0.8, trials: 1 });
  await follow(run);
  const { buffer, imagination, model } = run;
  const n = buffer.length;
  const rows = [buffer.observation.view.slice(0, 3 * n), buffer.action.view.slice(0, n)] as const;
  const limit = memberDisagreement(model, ...rows).sort()[Math.floor(0.99 * n)] * 0.8;
  runtime.scoped((scope) => {
    const batch = imagination.createBatch(scope, 60, 200);
    const starts = scope.tensor([200, 3]).write(buffer.observation.view.slice(0, 600));
    const { steps, diverged } = imagination.collect(batch, starts);
    assert.ok(steps < batch.rows && diverged === 0, `${steps} of ${batch.rows}`);
    const found = memberDisagreement(model, batch.observation.read(), batch.action.read());
    const ended = batch.valid.read().map((valid, row) => valid * Number(found[row] > limit));
    assert.equal([...batch.terminated.view], [...ended]);
    scope.dispose();
  });
  run.dispose();
  env.close();
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

test.run();
