import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EpisodeError, makeEnv, pendulum, timeLimit } from "../../src/envs/index.js";
import { runtime } from "../support/runtime.js";
import { makeWalk } from "./support.js";

const test = suite("timeLimit");
const still = Float32Array.of(0);

test("the n-th step is truncated, the next one throws until a reset", () => {
  const env = timeLimit(makeWalk(), 3);
  assert.is(env.spec.maxEpisodeSteps, 3);
  env.reset();
  assert.equal(
    [1, 2, 3].map(() => env.step(still).truncated),
    [false, false, true],
  );
  assert.throws(
    () => env.step(still),
    (error: Error) => error instanceof EpisodeError,
  );
  env.reset();
  assert.not(env.step(still).truncated);
});

test("a limit beyond the environment's own changes nothing", () => {
  const env = timeLimit(makeWalk(), 100);
  assert.is(env.spec.maxEpisodeSteps, 30);
  env.reset();
  for (let t = 1; t < 30; t++) assert.not(env.step(still).truncated);
  assert.ok(env.step(still).truncated);
});

test("an action that is refused does not count", () => {
  const env = timeLimit(makeWalk(), 2);
  env.reset();
  assert.throws(() => env.step(new Float32Array(2)));
  assert.not(env.step(still).truncated);
  assert.ok(env.step(still).truncated);
});

test("snapshots hold the count", () => {
  const env = timeLimit(makeWalk(), 3);
  env.reset();
  env.step(still);
  const snapshot = env.snapshot();
  env.step(still);
  assert.ok(env.step(still).truncated);
  env.restore(snapshot);
  assert.not(env.step(still).truncated);
  assert.ok(env.step(still).truncated);
  assert.throws(() => env.restore(makeWalk().snapshot()), /expected that of a time limit of 3 steps/);
});

test("planner functions are passed on", () => {
  const inner = makeEnv(runtime, pendulum);
  const env = timeLimit(inner, 5);
  assert.is(env.reward, inner.reward);
  assert.is(env.terminated, inner.terminated);
  assert.is(timeLimit(makeWalk(), 5).reward, undefined);
  assert.throws(() => timeLimit(inner, 0), /timeLimit: "steps" expected an integer of at least 1/);
  inner.close();
});

test.run();
