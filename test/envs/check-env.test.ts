// checkEnv accepts what keeps the contract and names what does not.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  acrobot,
  box,
  cartPole,
  checkEnv,
  continuousActions,
  EnvContractError,
  makeEnv,
  timeLimit,
} from "../../src/envs/index.js";
import { tasks } from "../../src/envs/tasks/index.js";
import type { Env, StepResult } from "../../src/types.js";
import { runtimes } from "../support/runtime.js";
import { makeDiscreteWalk, makeWalk } from "./support.js";

const test = suite("checkEnv");

for (const [binary, runtime] of runtimes) {
  for (const task of [...tasks, continuousActions(acrobot), continuousActions(cartPole)]) {
    test(`${task.id} with a ${task.actionSpace.kind} of actions passes, ${binary}, also under a time limit`, () => {
      const env = makeEnv(runtime, task);
      checkEnv(env);
      checkEnv(timeLimit(env, 7));
      env.close();
    });
  }
}

test("an environment of a user passes, with box or discrete actions", () => {
  checkEnv(makeWalk());
  checkEnv(makeDiscreteWalk());
});

/** A walk whose parts are replaced by those that `breakIt` returns. */
function broken(breakIt: (walk: ReturnType<typeof makeWalk>) => object, walk = makeWalk()): Env {
  return Object.assign(walk, breakIt(walk));
}

/** A walk whose step result is changed. */
function brokenStep(change: (result: StepResult, count: number) => object): Env {
  return broken((walk) => {
    const { step } = walk;
    let count = 0;
    return {
      step(action: Float32Array) {
        const result = step.call(walk, action);
        return { ...result, ...change(result, count++) };
      },
    };
  });
}

const shared = new Float32Array(1);
const cases: [string, () => Env, RegExp][] = [
  ["no name", () => broken(({ spec }) => ({ spec: { ...spec, id: "" } })), /"spec\.id" expected a name, got ""/],
  [
    "no time limit",
    () => broken(({ spec }) => ({ spec: { ...spec, maxEpisodeSteps: Number.POSITIVE_INFINITY } })),
    /"spec\.maxEpisodeSteps" expected an integer of at least 1, got Infinity/,
  ],
  [
    "no time step",
    () => broken(({ spec }) => ({ spec: { ...spec, timeStep: 0 } })),
    /"spec\.timeStep" expected a time/,
  ],
  [
    "bounds that do not fit the shape",
    () => broken(() => ({ observationSpace: { ...box([-5], [5]), shape: [2] } })),
    /"observationSpace" expected 2 bounds for its shape, got 1 and 1/,
  ],
  [
    "low above high",
    () => broken(() => ({ observationSpace: { ...box([-5], [5]), low: Float32Array.of(6) } })),
    /"observationSpace" has low 6 and high 5 in element 0/,
  ],
  [
    "unbounded actions",
    () => broken(() => ({ actionSpace: box([Number.NEGATIVE_INFINITY], [1]) })),
    /"actionSpace" expected finite bounds/,
  ],
  [
    "a plain array as observation",
    () => brokenStep(({ observation }) => ({ observation: [...observation] })),
    /step expected to return a Float32Array "observation", got an array of 1/,
  ],
  [
    "an observation of another size",
    () => brokenStep(() => ({ observation: new Float32Array(2) })),
    /step expected to return 1 numbers as "observation", got 2/,
  ],
  [
    "a NaN observation",
    () => brokenStep((_, count) => (count === 5 ? { observation: Float32Array.of(Number.NaN) } : {})),
    /step returned observation\[0\] = NaN, which is not finite/,
  ],
  [
    "an observation outside the space",
    () => brokenStep(() => ({ observation: Float32Array.of(7) })),
    /step returned an observation outside the observation space: \[7\]/,
  ],
  [
    "one observation array for all steps",
    () =>
      broken((walk) => {
        const { reset, step } = walk;
        const share = (observation: Float32Array) => {
          shared.set(observation);
          return shared;
        };
        return {
          reset: (options?: { seed?: number }) => {
            const { observation } = reset.call(walk, options);
            return { observation: share(observation), info: {} };
          },
          step: (action: Float32Array) => {
            const result = step.call(walk, action);
            return { ...result, observation: share(result.observation) };
          },
        };
      }),
    /step changed the observation that reset had returned; return a new array/,
  ],
  [
    "a seed that is ignored",
    () =>
      broken((walk) => {
        const { reset } = walk;
        return { reset: () => reset.call(walk) };
      }),
    /reset with the same seed gave another observation/,
  ],
  ["a reward that is not a number", () => brokenStep(() => ({ reward: "1" })), /a finite number "reward", got "1"/],
  ["a NaN reward", () => brokenStep(() => ({ reward: Number.NaN })), /a finite number "reward", got NaN/],
  ["terminated as 0 or 1", () => brokenStep(() => ({ terminated: 0 })), /a boolean "terminated", got 0/],
  ["no truncated", () => brokenStep(() => ({ truncated: undefined })), /a boolean "truncated", got undefined/],
  [
    "hidden state that neither reset nor snapshot knows",
    () => brokenStep(({ reward }, count) => ({ reward: reward + count })),
    /the same seed and actions gave another episode/,
  ],
  [
    "a snapshot without the random stream",
    () =>
      broken((walk) => {
        const { restore } = walk;
        return {
          restore(state: Parameters<Env["restore"]>[0]) {
            const { draws } = walk;
            restore.call(walk, state);
            walk.draws = draws;
          },
        };
      }),
    /restore\(snapshot\) did not lead to the same continuation/,
  ],
  [
    "a snapshot that is a live view",
    () => {
      const live = new Float64Array(2);
      return broken((walk) => {
        const { snapshot, step } = walk;
        return {
          snapshot() {
            const state = snapshot.call(walk);
            live.set(state.arrays.walk.data);
            return { ...state, arrays: { walk: { ...state.arrays.walk, data: live } } };
          },
          step(action: Float32Array) {
            const result = step.call(walk, action);
            live[0] = walk.state;
            return result;
          },
        };
      });
    },
    /restore\(snapshot\) did not lead to the same continuation/,
  ],
  [
    "a snapshot that JSON cannot carry",
    () =>
      broken((walk) => {
        const { snapshot } = walk;
        return { snapshot: () => ({ ...snapshot.call(walk), meta: { best: Number.NaN } }) };
      }),
    /snapshot expected to return "meta" of JSON values/,
  ],
  [
    "actions taken whatever their size",
    () =>
      broken((walk) => {
        const { step } = walk;
        return { step: (action: Float32Array) => step.call(walk, action.subarray(0, 1)) };
      }),
    /step expected to throw on an action with one number too many/,
  ],
  [
    "actions of NaN taken as zero",
    () =>
      broken((walk) => {
        const { step } = walk;
        return {
          step: (action: Float32Array) =>
            step.call(
              walk,
              action.map((value) => value || 0),
            ),
        };
      }),
    /step expected to throw on an action of NaN/,
  ],
  [
    "an action that is refused too late",
    () =>
      broken((walk) => {
        const { step } = walk;
        return {
          step(action: Float32Array) {
            if (action.length !== 1) walk.state += 0.5;
            return step.call(walk, action);
          },
        };
      }),
    /step moved the environment although the action with one number too many was refused/,
  ],
  [
    "an action that is overwritten",
    () =>
      broken((walk) => {
        const { step } = walk;
        return {
          step(action: Float32Array) {
            const result = step.call(walk, action);
            action.fill(0);
            return result;
          },
        };
      }),
    /step changed the action it was given/,
  ],
  [
    "a discrete space that takes any integer",
    () =>
      broken((walk) => {
        const { step } = walk;
        return { step: (action: number) => step.call(walk, Math.max(10, Math.min(12, action))) };
      }, makeDiscreteWalk()),
    /step expected to throw on an action below the space/,
  ],
  [
    "a reward function that writes nothing",
    () => broken(() => ({ reward: () => {} })),
    /reward expected to write finite numbers to "out", got \[NaN, NaN\]/,
  ],
  [
    "a termination function that writes other than 0 or 1",
    () => broken(() => ({ terminated: (_: Float32Array, out: Uint8Array) => out.fill(2) })),
    /terminated expected to write 0 or 1 to "out", got \[2, 2\]/,
  ],
];

for (const [what, make, message] of cases) {
  test(`refuses ${what}`, () => {
    assert.throws(
      () => checkEnv(make()),
      (error: Error) => {
        assert.instance(error, EnvContractError);
        assert.match(error.message, message);
        assert.match(error.message, /^checkEnv: [^\n]+$/);
        return true;
      },
    );
  });
}

test("refuses an episode that goes on after its end, and one that does not end in time", () => {
  const endless = makeWalk(box([-0.1], [0.1]));
  const { step } = endless;
  const forgiving = Object.assign(endless, {
    step(action: Float32Array) {
      try {
        return step.call(endless, action);
      } catch (error) {
        if (action.length !== 1 || !Number.isFinite(action[0])) throw error;
        return { observation: Float32Array.of(0), reward: 0, terminated: false, truncated: true, info: {} };
      }
    },
  });
  assert.throws(() => checkEnv(forgiving), /step expected to throw after the end of an episode/);
  const late = brokenStep(() => ({ terminated: false, truncated: false }));
  Object.assign(late, { spec: { ...late.spec, maxEpisodeSteps: 25 }, actionSpace: box([-0.1], [0.1]) });
  assert.throws(() => checkEnv(late), /an episode did not end after spec\.maxEpisodeSteps = 25 steps/);
});

test.run();
