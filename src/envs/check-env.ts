// Does an environment keep the contract of `Env`? The counterpart of Gymnasium's check_env: it plays a few short episodes
// and throws one sentence about the first thing that is wrong.

import { describe, MbrlError } from "../check.js";
import type { Env, Json, SavedState, Space, StepResult } from "../types.js";
import { checkedGoal, checkGoalRow, checkGoalSpec, goalObservation } from "./goal.js";
import { contains, spaceSize } from "./spaces.js";

/** An environment broke the contract of `Env`. */
export class EnvContractError extends MbrlError {
  constructor(message: string) {
    super("ENV_CONTRACT", `checkEnv: ${message}`);
  }
}

type Action = number | Float32Array;

/** Steps of the episodes that are compared with each other; longest episode that is played to its end. */
const SHORT = 20;
const LONGEST = 10_000;

/**
 * Checks `env` and leaves it freshly reset. Throws `EnvContractError` unless
 * - spec and spaces are sound, and actions are bounded;
 * - `reset` and `step` return new arrays of f32 within the observation space, finite rewards, and true booleans;
 * - the same seed and actions give the same episode, and `restore(snapshot)` the same continuation, into the next episode;
 * - actions of the wrong size and actions that are not numbers throw and move nothing;
 * - episodes end by `maxEpisodeSteps`, and a step after the end throws;
 * - `reward` and `terminated`, if there, fill `out` with finite numbers, with 0 and 1;
 * - `goal`, if there, splits the observation, holds still over a step, and pays what `step` paid, with `info.isSuccess`.
 */
export function checkEnv(env: Env): void {
  checkSpec(env);
  checkSpace("observationSpace", env.observationSpace);
  checkSpace("actionSpace", env.actionSpace);
  checkActionBounds(env.actionSpace);
  checkReset(env);
  checkDeterminism(env);
  checkSnapshot(env);
  checkBadActions(env);
  checkEnd(env);
  checkFunctions(env);
  checkGoal(env);
  env.reset({ seed: 0 });
}

function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new EnvContractError(message);
}

function checkSpec({ spec }: Env): void {
  demand(typeof spec === "object" && spec !== null, `"spec" expected an object, got ${describe(spec)}`);
  demand(typeof spec.id === "string" && spec.id !== "", `"spec.id" expected a name, got ${describe(spec.id)}`);
  demand(
    Number.isSafeInteger(spec.maxEpisodeSteps) && spec.maxEpisodeSteps >= 1,
    `"spec.maxEpisodeSteps" expected an integer of at least 1, got ${describe(spec.maxEpisodeSteps)}`,
  );
  demand(
    Number.isFinite(spec.timeStep) && spec.timeStep > 0,
    `"spec.timeStep" expected a time in seconds, got ${describe(spec.timeStep)}`,
  );
}

function checkSpace(name: string, space: Space): void {
  demand(space?.kind === "box" || space?.kind === "discrete", `"${name}" expected a box or a discrete space`);
  if (space.kind === "discrete") {
    demand(Number.isSafeInteger(space.n) && space.n >= 1, `"${name}.n" expected an integer of at least 1`);
    demand(Number.isSafeInteger(space.start), `"${name}.start" expected an integer`);
    return;
  }
  const { low, high, shape } = space;
  demand(low instanceof Float32Array && high instanceof Float32Array, `"${name}" expected bounds in Float32Arrays`);
  const size = Array.isArray(shape) ? shape.reduce((product, n) => product * n, 1) : Number.NaN;
  demand(
    low.length === size && high.length === size,
    `"${name}" expected ${size} bounds for its shape, got ${low.length} and ${high.length}`,
  );
  for (let i = 0; i < size; i++) {
    demand(low[i] <= high[i], `"${name}" has low ${low[i]} and high ${high[i]} in element ${i}`);
  }
}

function checkActionBounds(space: Space): void {
  if (space.kind === "discrete") return;
  const bounded = [...space.low, ...space.high].every(Number.isFinite);
  demand(bounded, `"actionSpace" expected finite bounds, which planners sample within`);
}

/** The i-th of a fixed sequence of actions that fills the space evenly. */
function actionAt(space: Space, i: number): Action {
  const fraction = (k: number) => (0.5 + (k + 1) * 0.6180339887498949) % 1;
  if (space.kind === "discrete") return space.start + Math.floor(fraction(i) * space.n);
  const size = spaceSize(space);
  return Float32Array.from(space.low, (low, j) => low + fraction(i * size + j) * (space.high[j] - low));
}

function checkObservation(env: Env, operation: string, observation: unknown): void {
  const space = env.observationSpace;
  demand(
    observation instanceof Float32Array,
    `${operation} expected to return a Float32Array "observation", got ${describe(observation)}`,
  );
  const size = spaceSize(space);
  demand(
    observation.length === size,
    `${operation} expected to return ${size} numbers as "observation", got ${observation.length}`,
  );
  observation.forEach((value, i) => {
    demand(Number.isFinite(value), `${operation} returned observation[${i}] = ${value}, which is not finite`);
  });
  const inside = contains(space, space.kind === "discrete" ? observation[0] : observation);
  demand(inside, `${operation} returned an observation outside the observation space: [${observation.join(", ")}]`);
}

function checkReset(env: Env): void {
  const first = env.reset({ seed: 1 });
  checkObservation(env, "reset", first?.observation);
  demand(typeof first.info === "object" && first.info !== null, `reset expected to return an object "info"`);
  const kept = first.observation.slice();
  env.step(actionAt(env.actionSpace, 0));
  demand(same(first.observation, kept), "step changed the observation that reset had returned; return a new array");
  demand(same(env.reset({ seed: 1 }).observation, kept), "reset with the same seed gave another observation");
  checkObservation(env, "reset without a seed", env.reset().observation);
}

function step(env: Env, action: Action): StepResult {
  const given = typeof action === "number" ? action : action.slice();
  const result = env.step(action);
  demand(typeof action === "number" || same(action, given as Float32Array), "step changed the action it was given");
  checkObservation(env, "step", result?.observation);
  const { reward, terminated, truncated, info } = result;
  demand(Number.isFinite(reward), `step expected to return a finite number "reward", got ${describe(reward)}`);
  demand(
    typeof terminated === "boolean",
    `step expected to return a boolean "terminated", got ${describe(terminated)}`,
  );
  demand(typeof truncated === "boolean", `step expected to return a boolean "truncated", got ${describe(truncated)}`);
  demand(typeof info === "object" && info !== null, `step expected to return an object "info", got ${describe(info)}`);
  return result;
}

/** Plays `steps` steps, over resets without a seed when episodes end; everything that came out, as one list. */
function play(env: Env, steps: number): number[] {
  const log: number[] = [];
  for (let i = 0; i < steps; i++) {
    const { observation, reward, terminated, truncated } = step(env, actionAt(env.actionSpace, i));
    log.push(...observation, reward, Number(terminated), Number(truncated));
    if (terminated || truncated) log.push(...env.reset().observation);
  }
  // the random stream counts too
  log.push(...env.reset().observation);
  return log;
}

function checkDeterminism(env: Env): void {
  env.reset({ seed: 2 });
  const first = play(env, SHORT);
  env.reset({ seed: 2 });
  demand(same(play(env, SHORT), first), "the same seed and actions gave another episode");
}

function checkSnapshot(env: Env): void {
  env.reset({ seed: 3 });
  const result = step(env, actionAt(env.actionSpace, 0));
  if (result.terminated || result.truncated) env.reset();
  const snapshot = env.snapshot();
  demand(isJson(snapshot?.meta), `snapshot expected to return "meta" of JSON values`);
  demand(typeof snapshot.arrays === "object" && snapshot.arrays !== null, `snapshot expected to return "arrays"`);
  const stored = copyOf(snapshot);
  const first = play(env, SHORT);
  env.restore(snapshot);
  demand(same(play(env, SHORT), first), "restore(snapshot) did not lead to the same continuation");
  env.restore(stored);
  demand(same(play(env, SHORT), first), "restoring a stored copy of a snapshot did not lead to the same continuation");
}

// through JSON and fresh arrays, as a checkpoint would
function copyOf({ meta, arrays }: SavedState): SavedState {
  const copies = Object.entries(arrays).map(([name, array]) => [name, { ...array, data: array.data.slice() }]);
  return { meta: JSON.parse(JSON.stringify(meta)) as Json, arrays: Object.fromEntries(copies) };
}

function isJson(value: unknown): boolean {
  if (value === null || typeof value === "boolean" || typeof value === "string") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return false;
  const plain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  return plain && Object.values(value).every(isJson);
}

function checkBadActions(env: Env): void {
  const space = env.actionSpace;
  const bad: [string, Action][] =
    space.kind === "discrete"
      ? [
          ["below the space", space.start - 1],
          ["above the space", space.start + space.n],
          ["NaN", Number.NaN],
        ]
      : [
          ["with one number too many", new Float32Array(spaceSize(space) + 1)],
          ["of NaN", new Float32Array(spaceSize(space)).fill(Number.NaN)],
        ];
  env.reset({ seed: 4 });
  const before = env.snapshot();
  const expected = play(env, 1);
  for (const [what, action] of bad) {
    env.restore(before);
    demand(
      throws(() => env.step(action)),
      `step expected to throw on an action ${what}`,
    );
    demand(same(play(env, 1), expected), `step moved the environment although the action ${what} was refused`);
  }
}

function checkEnd(env: Env): void {
  const { maxEpisodeSteps } = env.spec;
  env.reset({ seed: 5 });
  for (let i = 0; i < Math.min(maxEpisodeSteps, LONGEST); i++) {
    const { terminated, truncated } = step(env, actionAt(env.actionSpace, i));
    if (terminated || truncated) {
      demand(
        throws(() => env.step(actionAt(env.actionSpace, 0))),
        "step expected to throw after the end of an episode",
      );
      return;
    }
  }
  demand(maxEpisodeSteps > LONGEST, `an episode did not end after spec.maxEpisodeSteps = ${maxEpisodeSteps} steps`);
}

function checkFunctions(env: Env): void {
  const { observation } = env.reset({ seed: 6 });
  const action = actionAt(env.actionSpace, 0);
  const next = step(env, action).observation;
  const twice = (row: Float32Array) => Float32Array.from([...row, ...row]);
  const actions = twice(typeof action === "number" ? Float32Array.of(action) : action);
  if (env.reward) {
    const out = new Float32Array(2).fill(Number.NaN);
    env.reward(twice(observation), actions, twice(next), out);
    demand(out.every(Number.isFinite), `reward expected to write finite numbers to "out", got [${out.join(", ")}]`);
    demand(out[0] === out[1], "reward gave two equal rows of a batch different values");
  }
  if (env.terminated) {
    const out = new Uint8Array(2).fill(255);
    env.terminated(twice(next), out);
    demand(
      out.every((flag) => flag <= 1),
      `terminated expected to write 0 or 1 to "out", got [${out.join(", ")}]`,
    );
    demand(out[0] === out[1], "terminated gave two equal rows of a batch different values");
  }
}

function checkGoal(env: Env): void {
  if (!env.goal) return;
  const space = env.observationSpace;
  demand(space.kind === "box", `"goal" expected observations that are a box`);
  const told = (check: () => void) => {
    try {
      check();
    } catch (error) {
      throw new EnvContractError((error as Error).message);
    }
  };
  const { goal } = env;
  told(() => checkGoalSpec("env", goal, space.low.length));
  const start = env.reset({ seed: 7 }).observation;
  told(() => checkGoalRow("reset", goal, start));
  const { observation, reward, info } = step(env, actionAt(env.actionSpace, 0));
  told(() => checkGoalRow("step", goal, observation));
  const { achievedGoal, desiredGoal } = goalObservation(goal, observation);
  demand(same(goalObservation(goal, start).desiredGoal, desiredGoal), "step moved the desired goal");
  // three rows, so that a function that fills one is found out
  const thrice = (row: Float32Array) => Float32Array.from([...row, ...row, ...row]);
  const [paid, reached] = [new Float32Array(3), new Uint8Array(3)];
  told(() => checkedGoal(goal).reward(thrice(achievedGoal), thrice(desiredGoal), paid));
  told(() => checkedGoal(goal).success(thrice(achievedGoal), thrice(desiredGoal), reached));
  demand(
    paid.every((value) => value === Math.fround(reward)),
    `goal.reward of what step returned gave [${paid.join(", ")}], step paid ${reward}`,
  );
  const success = reached[0] === 1;
  demand(
    reached.every((flag) => flag === reached[0]) && info.isSuccess === success,
    `step expected to return info.isSuccess ${success} as goal.success has it, got ${describe(info.isSuccess)}`,
  );
}

function throws(action: () => unknown): boolean {
  try {
    action();
    return false;
  } catch {
    return true;
  }
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
