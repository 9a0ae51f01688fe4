// A PETS run: it saves and resumes bit for bit, answers aborts, reports divergence, checks its options.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pets, type PetsOptions } from "../../src/algorithms/index.js";
import { cartPoleContinuous, makeEnv, pendulum } from "../../src/envs/index.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/io/index.js";
import type { Progress, SavedState } from "../../src/types.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { runtime } from "../support/runtime.js";
import { digest } from "../support/state.js";

const test = suite("pets");

// small enough for a test, with every part in play
const tiny: Omit<PetsOptions, "trials"> = {
  seed: 3,
  initialSteps: 60,
  hidden: [16],
  epochs: 4,
  horizon: 6,
  population: 20,
  iterations: 2,
};

async function learn(options: PetsOptions, on = runtime, task = cartPoleContinuous) {
  const env = makeEnv(on, task, { seed: 1 });
  const run = pets(on, env, options);
  const log: Omit<Progress, "wallSeconds">[] = [];
  for await (const { wallSeconds, ...progress } of run) {
    assert.ok(wallSeconds > 0);
    log.push(progress);
  }
  const state = run.save();
  run.dispose();
  env.close();
  return { log, state };
}

for (const planner of ["cem", "icem", "mppi", "random-shooting"] as const) {
  for (const propagation of ["TSinf", "TS1", "expectation"] as const) {
    test(`resuming after a save equals not stopping (${planner}, ${propagation})`, async () => {
      const options = { ...tiny, planner, propagation };
      const whole = await learn({ ...options, trials: 4 });
      const half = await learn({ ...options, trials: 2 });
      // through the bytes of a checkpoint into another instance of the kernels
      const resume = decodeCheckpoint(encodeCheckpoint(half.state));
      const rest = await learn({ trials: 4, resume }, await loadRuntime());
      assert.equal([...half.log, ...rest.log], whole.log);
      assert.equal(digest(rest.state), digest(whole.state));
    });
  }
}

test("the same seed gives the same run, another seed another", async () => {
  const [first, second] = [await learn({ ...tiny, trials: 2 }), await learn({ ...tiny, trials: 2 })];
  assert.equal(digest(first.state), digest(second.state));
  const other = await learn({ ...tiny, trials: 2, seed: 4 });
  assert.not.equal(digest(first.state), digest(other.state));
});

/** The shortest of up to three waits for an answer to an abort: on a busy machine one may be late for other reasons. */
async function shortestWait(wait: () => Promise<number>): Promise<number> {
  let shortest = Infinity;
  for (let attempt = 0; attempt < 3 && shortest >= 100; attempt++) shortest = Math.min(shortest, await wait());
  return shortest;
}

test("an abort is answered within 100 ms, in any phase, and leaves a run that can go on", async () => {
  const whole = await learn({ ...tiny, trials: 2 });
  const abortIn = async (phase: "random" | "fit" | "act") => {
    const env = makeEnv(runtime, cartPoleContinuous, { seed: 1 });
    const controller = new AbortController();
    let asked = 0;
    const onStep = (event: { phase: string }) => {
      if (event.phase !== phase || asked > 0) return;
      asked = performance.now();
      controller.abort();
    };
    const run = pets(runtime, env, { ...tiny, trials: 2, signal: controller.signal, onStep });
    let reason: unknown;
    try {
      for await (const _ of run);
    } catch (error) {
      reason = error;
    }
    assert.ok(reason instanceof DOMException && reason.name === "AbortError", String(reason));
    const wait = performance.now() - asked;
    const state = run.save();
    run.dispose();
    const rest = await learn({ trials: 2, resume: state });
    assert.equal(digest(rest.state), digest(whole.state), `aborted in phase ${phase}`);
    return wait;
  };
  for (const phase of ["random", "fit", "act"] as const) {
    const wait = await shortestWait(() => abortIn(phase));
    assert.ok(wait < 100, `answered after ${wait} ms in phase ${phase}`);
  }
});

test("an abort is answered within 100 ms while a long plan is made, which then has not happened", async () => {
  // a plan of about a second
  const slow = { ...tiny, hidden: [128, 128], population: 1500, horizon: 30, iterations: 3, epochs: 1, particles: 20 };
  const abortWhilePlanning = async () => {
    const env = makeEnv(runtime, cartPoleContinuous, { seed: 1 });
    const controller = new AbortController();
    const run = pets(runtime, env, { ...slow, trials: 1, signal: controller.signal });
    let asked = 0;
    let before: SavedState | undefined;
    // some time after the model is fitted: in the middle of a plan, as nearly all of the run is
    const watch = setInterval(() => {
      if ((run.save().meta as { fittedAt: number }).fittedAt < 0) return;
      clearInterval(watch);
      setTimeout(() => {
        before = run.save();
        asked = performance.now();
        controller.abort();
      }, 50);
    }, 5);
    let answered = 0;
    try {
      for await (const _ of run);
    } catch {
      answered = performance.now();
    }
    assert.ok(asked > 0 && answered > 0, "aborted");
    assert.equal(digest(run.save()), digest(before as SavedState));
    run.dispose();
    return answered - asked;
  };
  const wait = await shortestWait(abortWhilePlanning);
  assert.ok(wait < 100, `answered after ${wait} ms`);
});

test("a save in the middle of anything resumes to the same end", async () => {
  const whole = await learn({ ...tiny, trials: 3 });
  const ends = whole.log.map(({ envSteps }) => envSteps);
  // in the random phase, within a trial, at its last step, within fits
  const moments: [string, number][] = [
    ["random", 17],
    ["random", 60],
    ["act", 61],
    ["act", ends[0]],
    ["act", ends[1] - 1],
    ["fit", 60],
    ["fit", ends[0]],
  ];
  for (const [phase, envSteps] of moments) {
    const env = makeEnv(runtime, cartPoleContinuous, { seed: 1 });
    const saved: SavedState[] = [];
    const onStep = (event: { phase: string; envSteps: number; step: number }) => {
      const later = event.phase !== "fit" || event.step === 1;
      if (event.phase === phase && event.envSteps === envSteps && later && saved.length === 0) saved.push(run.save());
    };
    const run = pets(runtime, env, { ...tiny, trials: 3, onStep });
    for await (const _ of run);
    run.dispose();
    // a moment may not come in this run, but most must
    if (saved.length === 0) continue;
    const rest = await learn({ trials: 3, resume: saved[0] });
    assert.equal(digest(rest.state), digest(whole.state), `saved in phase ${phase} at step ${envSteps}`);
    assert.equal(rest.log, whole.log.slice(whole.log.length - rest.log.length));
  }
});

test("an onStep that throws loses nothing", async () => {
  const whole = await learn({ ...tiny, trials: 2 });
  const env = makeEnv(runtime, cartPoleContinuous, { seed: 1 });
  let thrown = 0;
  const onStep = ({ phase, envSteps }: { phase: string; envSteps: number }) => {
    if (phase !== "act" || envSteps !== whole.log[0].envSteps || thrown++ > 0) return;
    throw new Error("mine");
  };
  const run = pets(runtime, env, { ...tiny, trials: 2, onStep });
  const trials: number[] = [];
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      for await (const { trial } of run) trials.push(trial);
    } catch (error) {
      assert.is((error as Error).message, "mine");
    }
  }
  assert.equal(trials, [0, 1]);
  assert.equal(digest(run.save()), digest(whole.state));
  run.dispose();
});

test("a run has one iterator at a time", async () => {
  const run = pets(runtime, makeEnv(runtime, cartPoleContinuous), { ...tiny, trials: 2 });
  const first = run[Symbol.asyncIterator]();
  await first.next();
  let message = "";
  try {
    for await (const _ of run);
  } catch (error) {
    message = (error as Error).message;
  }
  assert.match(message, /being iterated already/);
  await first.return(undefined);
  for await (const { trial } of run) assert.is(trial, 1);
  run.dispose();
});

test("a run with a reward of its own is not resumed without it", async () => {
  const env = makeEnv(runtime, cartPoleContinuous, { seed: 1 });
  const reward = (_o: Float32Array, _a: Float32Array, next: Float32Array, out: Float32Array) => {
    for (let i = 0; i < out.length; i++) out[i] = next[4 * i];
  };
  const run = pets(runtime, env, { ...tiny, trials: 0, reward });
  const resume = run.save();
  run.dispose();
  assert.throws(() => pets(runtime, env, { trials: 1, resume }), /"reward" expected the function of the saved run/);
  pets(runtime, env, { trials: 1, resume, reward }).dispose();
  assert.throws(
    () => pets(runtime, env, { ...tiny, trials: 1, learnReward: true, reward }),
    /since the reward is learned/,
  );
});

test("a run in a box of actions without 0 is resumed from before its first plan", async () => {
  const env = makeEnv(runtime, cartPoleContinuous, { seed: 1 });
  const actionSpace = { kind: "box", low: Float32Array.of(0.25), high: Float32Array.of(1), shape: [1] } as const;
  const bound = (name: "reset" | "step" | "snapshot" | "restore" | "close") => env[name].bind(env) as never;
  const methods = {
    reset: bound("reset"),
    step: bound("step"),
    snapshot: bound("snapshot"),
    restore: bound("restore"),
  };
  const { spec, observationSpace, reward, terminated } = env;
  const facts = { spec, observationSpace, actionSpace, reward, terminated, close: bound("close") };
  const run = pets(runtime, { ...methods, ...facts } as never, { ...tiny, trials: 1 });
  const resume = run.save();
  run.dispose();
  const again = pets(runtime, { ...methods, ...facts } as never, { trials: 1, resume });
  for await (const { trial } of again) assert.is(trial, 0);
  again.dispose();
});

test("a reward that is not finite is refused before it is learned from", async () => {
  const env = makeEnv(runtime, cartPoleContinuous, { seed: 1 });
  const broken = { ...env, step: (action: never) => ({ ...env.step(action), reward: NaN }) };
  for (const name of ["reset", "snapshot", "restore", "close"] as const) {
    (broken as Record<string, unknown>)[name] = (env[name] as (...args: never[]) => unknown).bind(env);
  }
  const facts = { spec: env.spec, observationSpace: env.observationSpace, actionSpace: env.actionSpace };
  const run = pets(runtime, { ...broken, ...facts, reward: env.reward! } as never, { ...tiny, trials: 1 });
  let message = "";
  try {
    for await (const _ of run);
  } catch (error) {
    message = (error as Error).message;
  }
  assert.match(message, /"reward" expected a finite number \(of float32\), got NaN/);
  run.dispose();
});

test("learns the reward when the environment has none", async () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  const { spec, observationSpace, actionSpace } = env;
  const bare = {
    spec,
    observationSpace,
    actionSpace,
    reset: env.reset.bind(env),
    step: env.step.bind(env),
    snapshot: env.snapshot.bind(env),
    restore: env.restore.bind(env),
    close: env.close.bind(env),
  };
  const run = pets(runtime, bare, { ...tiny, trials: 1 });
  assert.ok(run.settings.learnReward);
  for await (const { episodeLength } of run) assert.is(episodeLength, 200);
  run.dispose();
});

test("options are checked", () => {
  const env = makeEnv(runtime, cartPoleContinuous, { seed: 1 });
  const bad: [Record<string, unknown>, RegExp][] = [
    [{ trials: -1 }, /pets: "trials" expected an integer of at least 0, got -1/],
    [{ trails: 1, trials: 1 }, /pets: unknown option "trails"/],
    [{ trials: 1, planner: "cmaes" }, /"planner" expected one of cem, icem, mppi, random-shooting, got "cmaes"/],
    [{ trials: 1, horizon: 0 }, /"horizon"/],
    [{ trials: 1, elites: 6 }, /"elites" expected an integer in \[1, 5\], got 6/],
    [{ trials: 1, particles: 7 }, /"particles" expected a multiple of the 5 elite members, got 7/],
    [{ trials: 1, fitEvery: "never" }, /"fitEvery" expected one of trial, once, got "never"/],
    [{ trials: 1, replanEvery: 50 }, /"replanEvery"/],
    [{ trials: 1, activation: "gelu" }, /"activation"/],
    [{ trials: 1, members: 0 }, /"members" expected an integer in \[1, 1000\], got 0/],
    [{ trials: 1, epochs: 0 }, /pets: "epochs" expected an integer of at least 1, got 0/],
    [{ trials: 1, weightDecay: null }, /"weightDecay" expected a number, got null/],
    [{ trials: 1, angles: 3 }, /"angles" expected an array of dimensions, got 3/],
    [{ trials: 1, bufferSize: 1e12 }, /"bufferSize" expected an integer in \[200, 2147483647\], got 1000000000000/],
    [{ trials: 1, signal: 3 }, /"signal" expected an AbortSignal, got 3/],
    [{ trials: 1, onStep: 3 }, /"onStep" expected a function, got 3/],
  ];
  const before = runtime.memoryUsage().tensors;
  for (const [options, message] of bad) {
    assert.throws(
      () => pets(runtime, env, options as unknown as PetsOptions),
      (error: Error) => message.test(error.message) || assert.unreachable(`${error.message} is not ${message}`),
    );
  }
  assert.is(runtime.memoryUsage().tensors, before, "a refused run holds no memory");
  const discrete = { ...env, spec: env.spec, actionSpace: { kind: "discrete", n: 2, start: 0 } };
  assert.throws(
    () => pets(runtime, { ...discrete, observationSpace: env.observationSpace } as never, { trials: 1 }),
    /bounded box/,
  );
});

test("a saved run refuses another environment and other hyper-parameters", async () => {
  const { state } = await learn({ ...tiny, trials: 0 });
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  assert.throws(
    () => pets(runtime, env, { trials: 1, resume: state }),
    /expected a run of Pendulum-v1, got "CartPoleContinuous"/,
  );
  const same = makeEnv(runtime, cartPoleContinuous, { seed: 1 });
  assert.throws(
    () => pets(runtime, same, { trials: 1, resume: state, horizon: 7 }),
    /"horizon" expected 6, as in the saved run/,
  );
});

test.run();
