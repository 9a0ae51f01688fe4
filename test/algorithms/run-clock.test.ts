// Seconds of work are counted over all processes of a run, those of an interrupted trial too; a run is iterated once at a time.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ddpg, meTrpo, pets, trpo } from "../../src/algorithms/index.js";
import { RunClock } from "../../src/algorithms/run-clock.js";
import { BusyError } from "../../src/check.js";
import { cartPoleContinuous, makeEnv, makeVectorEnv, pendulum } from "../../src/envs/index.js";
import type { Progress, Run, SavedState } from "../../src/types.js";
import { runtime } from "../support/runtime.js";

const test = suite("run clock");

interface Begun {
  readonly signal?: AbortSignal;
  readonly resume?: SavedState;
  readonly onStep?: () => void;
}

const small = { seed: 0, members: 2, hidden: [8] };
const begin: Record<string, (options: Begun) => Run> = {
  ddpg: (options) =>
    ddpg(runtime, makeVectorEnv(runtime, pendulum, { batch: 1, seed: 0, autoreset: "same-step" }), {
      ...(options.resume ? {} : { seed: 0, hidden: [8], batchSize: 8, initialSteps: 30 }),
      trials: 1,
      ...options,
    }),
  pets: (options) =>
    pets(runtime, makeEnv(runtime, cartPoleContinuous, { seed: 0 }), {
      ...(options.resume ? {} : { ...small, population: 10, horizon: 3, iterations: 2 }),
      trials: 1,
      ...options,
    }),
  "me-trpo": (options) =>
    meTrpo(runtime, makeEnv(runtime, pendulum, { seed: 0 }), {
      ...(options.resume ? {} : { ...small, epochs: 3, policyIterations: 5, imaginedSteps: 200, horizon: 10 }),
      trials: 1,
      ...options,
    }),
  trpo: (options) =>
    trpo(runtime, makeVectorEnv(runtime, pendulum, { batch: 2, seed: 0, autoreset: "same-step" }), {
      ...(options.resume ? {} : { seed: 0, steps: 400, hidden: [8] }),
      trials: 1,
      ...options,
    }),
};

const secondsOf = ({ meta }: SavedState): number => (meta as { wallSeconds: number }).wallSeconds;

for (const [name, start] of Object.entries(begin)) {
  test(name, async () => {
    const controller = new AbortController();
    let steps = 0;
    let midway = 0;
    const onStep = (): void => {
      if (++steps === 20) midway = secondsOf(run.save());
      if (steps === 40) controller.abort();
    };
    const run = start({ signal: controller.signal, onStep });
    let lines = 0;
    await (async () => {
      for await (const _ of run) lines++;
    })().catch((error: Error) => assert.is(error.name, "AbortError"));
    assert.is(lines, 0, "interrupted in the first trial");
    const saved = run.save();
    assert.ok(midway > 0, "while it runs");
    assert.ok(secondsOf(saved) > midway, "what came after");
    assert.is(secondsOf(run.save()), secondsOf(saved), "it stands still when the run does");
    run.dispose();
    const rest = start({ resume: saved });
    assert.is(secondsOf(rest.save()), secondsOf(saved));
    let line: Progress | undefined;
    for await (line of rest);
    assert.ok((line as Progress).wallSeconds > secondsOf(saved));
    rest.dispose();
  });
}

for (const [name, start] of Object.entries(begin)) {
  test(`${name}: iterated twice at a time it says so, and goes on; one after the other is fine`, async () => {
    const controller = new AbortController();
    let steps = 0;
    const run = start({ signal: controller.signal, onStep: () => ++steps === 30 && controller.abort() });
    const first = run[Symbol.asyncIterator]();
    const second = run[Symbol.asyncIterator]();
    const begun = first.next();
    const refused = await second.next().then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.instance(refused, BusyError);
    assert.is((refused as Error).message, `${name}: this run is being iterated already`);
    const ended = await begun.then(
      () => undefined,
      (error: unknown) => error,
    );
    // the first had not noticed
    assert.is((ended as Error).name, "AbortError");
    const third = await run[Symbol.asyncIterator]()
      .next()
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    assert.is((third as Error).name, "AbortError", "not busy any more");
    run.dispose();
  });
}

test("a clock is started once, and again when it stands", () => {
  const clock = new RunClock();
  clock.start("this");
  assert.throws(
    () => clock.start("that"),
    (error: unknown) => error instanceof BusyError && error.message === "that: this run is being iterated already",
  );
  clock.stop();
  const { seconds } = clock;
  assert.is(clock.seconds, seconds);
  clock.start("that");
  assert.ok(clock.seconds >= seconds);
});

test.run();
