// Accept the test, or go home? (Levine's example of what open-loop plans cannot do, CS 285.) Step 1: go home, for 0, or accept. Step
// 2, of those who accept: a question a + b of two digits is shown; the right answer earns 2000, a wrong one costs 1000.
//
// A plan fixes the answer before the question is seen. The best guess is right with p = 0.1, so that the best plan that accepts
// is worth 0.1 · 2000 − 0.9 · 1000 = −700, and whoever plans open loop goes home, model-predictive control included, though it
// would see the question by the time it has to answer it. A policy answers what it sees: it accepts and earns 2000.

import {
  box,
  contains,
  discrete,
  type Env,
  EpisodeError,
  FormatError,
  RandomStream,
  type Rollout,
  type Runtime,
} from "mbrl-wasm";

export const RIGHT = 2000;
export const WRONG = -1000;
const DIGITS = 10;
const LAST = 2 * DIGITS - 2;
/** The sum that is most likely anyway, and the question that asks for it when the test has leaked. */
const LEAKED = [4, 5] as const;

/** An observation: [0, 0, 0] before the test, then [1, a, b]. */
type Observation = readonly [asked: number, a: number, b: number];
const DOOR: Observation = [0, 0, 0];

/** Where questions come from. */
export interface QuestionOptions {
  /**
   * Share of tests whose question is known beforehand to be 4 + 5, in [0, 1]. The best guess is then right with
   * p = 0.1 + 0.9 · leaked. Default 0.
   */
  leaked?: number;
  /** Default 0. */
  seed?: number;
}

export interface MathTestOptions extends QuestionOptions {
  /** Share of episodes that begin with the question on the table, for practice. Default 0. */
  practice?: number;
}

// what step 1 leads to: a question drawn with three random numbers in [0, 1)
function ask(leaked: number, uniform: () => number): Observation {
  const known = uniform() < leaked;
  const [a, b] = [uniform(), uniform()].map((u) => Math.floor(DIGITS * u));
  return known ? [1, ...LEAKED] : [1, a, b];
}

// the rules: what `choice` leads to from what is observed, given the question that would be asked; null is the end
function judge([asked, a, b]: Observation, choice: number, question: Observation): [Observation | null, number] {
  if (asked) return [null, choice === a + b ? RIGHT : WRONG];
  return choice === 0 ? [null, 0] : [question, 0];
}

/**
 * The test as an environment. Actions 0 … 18: in step 1, 0 goes home and anything else accepts; in step 2 they are the answer.
 */
export function mathTest(runtime: Runtime, options: MathTestOptions = {}): Env {
  const { leaked = 0, practice = 0, seed = 0 } = options;
  const actionSpace = discrete(LAST + 1);
  let random = new RandomStream(runtime, seed, "math-test");
  const uniform = (): number => random.integer(2 ** 32) / 2 ** 32;
  // what is observed; null when there is no episode
  let now: Observation | null = null;
  return {
    spec: { id: "MathTest", maxEpisodeSteps: 2, timeStep: 1 },
    observationSpace: box([0, 0, 0], [1, DIGITS - 1, DIGITS - 1]),
    actionSpace,
    reset(given) {
      if (given?.seed !== undefined) {
        random.dispose();
        random = new RandomStream(runtime, given.seed, "math-test");
      }
      now = uniform() < practice ? ask(leaked, uniform) : DOOR;
      return { observation: Float32Array.from(now), info: {} };
    },
    step(action) {
      const seen = now;
      if (seen === null) throw new EpisodeError("math test: no episode is under way; call reset() first");
      const choice = typeof action === "number" ? action : Number((action as ArrayLike<number>)[0]);
      if (!contains(actionSpace, choice)) throw new RangeError(`math test: action ${choice} is not one of 0 … ${LAST}`);
      const [next, reward] = judge(seen, choice, seen[0] ? seen : ask(leaked, uniform));
      now = next;
      const terminated = next === null;
      return { observation: Float32Array.from(next ?? seen), reward, terminated, truncated: false, info: {} };
    },
    snapshot: () => ({ meta: { now, random: random.save() }, arrays: {} }),
    restore({ meta }) {
      if (meta === null || typeof meta !== "object" || !("random" in meta)) throw new FormatError("not a math test");
      now = meta.now as Observation | null;
      random.load(meta.random);
    },
    close: () => random.dispose(),
  };
}

export interface MathTestRolloutOptions extends QuestionOptions {
  /** Questions over which the return of a plan is averaged, the same for all plans. Default 4096. */
  samples?: number;
}

/**
 * What planners see of it: the mean return of plans, numbers that stand for the choice next to them, over many draws of what is
 * not observed yet. This is the true model; nothing in it is learned or known beforehand.
 */
export function mathTestRollout(runtime: Runtime, options: MathTestRolloutOptions = {}): Rollout {
  const { leaked = 0, samples = 4096, seed = 0 } = options;
  const random = new RandomStream(runtime, seed, "math-test-rollout");
  const questions = Array.from({ length: samples }, () => ask(leaked, () => random.integer(2 ** 32) / 2 ** 32));
  random.dispose();
  return {
    actionSpace: box([-0.5], [LAST + 0.5]),
    returns(start, actions, out) {
      const [N, H] = actions.shape;
      const begin = Array.from(start as ArrayLike<number>) as unknown as Observation;
      // rounded, as the answer of an agent is; many plans are then alike
      const choices = actions.read().map((action) => Math.min(Math.max(Math.round(action), 0), LAST));
      const known = new Map<string, number>();
      for (let n = 0; n < N; n++) {
        const plan = choices.subarray(n * H, (n + 1) * H);
        const value = known.get(plan.join()) ?? average(questions, (question) => play(begin, plan, question));
        known.set(plan.join(), value);
        out.view[n] = value;
      }
    },
  };
}

// the return of a plan from what is observed, given the question that would be asked
function play(begin: Observation, plan: Float32Array, question: Observation): number {
  let now: Observation | null = begin;
  let total = 0;
  for (let t = 0; t < plan.length && now; t++) {
    const [next, reward]: [Observation | null, number] = judge(now, plan[t], question);
    total += reward;
    now = next;
  }
  return total;
}

function average<T>(values: readonly T[], f: (value: T) => number): number {
  return values.reduce((sum, value) => sum + f(value), 0) / values.length;
}
