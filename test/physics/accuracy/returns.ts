// Level 8 with a trained policy: its return on our tasks and on the official MuJoCo build under Gymnasium's rewards, from the
// same starts, half of them drawn by our task and half as Gymnasium draws them. The mean returns may differ by 2 %, of either. A
// policy that falls now and then wants many episodes before its mean return is that sharp: `chance` says how sharp it is, by
// MuJoCo rounded to float32 (distribution.ts).
import { halfCheetah, makeVectorEnv, swimmer, type Task } from "../../../src/envs/index.js";
import type { Box } from "../../../src/types.js";
import type { Runtime } from "../../../src/wasm/index.js";
import { mjcfFixture } from "../../support/mujoco.js";
import { Official, type OfficialOptions } from "./official.js";
import { actionOf, type PlainPolicy } from "./plain-policy.js";
import type { Numbers, State } from "./simulated.js";
import { CHANCE, WITHIN } from "./distribution.js";
import { mean, randomOf, standardError } from "./statistics.js";

/** What Gymnasium's version 5 of a task is made of, as far as nothing of it is taken from our task. */
interface Definition {
  readonly task: Task<Box>;
  readonly file: string;
  readonly frameSkip: number;
  readonly timestep: number;
  readonly controlCost: number;
  /** Elements of qpos that the observation leaves out. */
  readonly skip: number;
  readonly velocities: "uniform" | "normal";
}

const SECONDS = 0.01;
const NOISE = 0.1;

const definitions: readonly Definition[] = [
  {
    task: halfCheetah,
    file: "gymnasium/half_cheetah.xml",
    frameSkip: 5,
    timestep: SECONDS,
    controlCost: 0.1,
    skip: 1,
    velocities: "normal",
  },
  {
    task: swimmer,
    file: "gymnasium/swimmer.xml",
    frameSkip: 4,
    timestep: SECONDS,
    controlCost: 1e-4,
    skip: 2,
    velocities: "uniform",
  },
];

function definitionNamed(name: string): Definition {
  const found = definitions.find(({ task }) => task.id === name);
  if (!found) throw new RangeError(`no task "${name}" among ${definitions.map(({ task: { id } }) => id).join(", ")}`);
  return found;
}

const definitionOf = ({ task }: PlainPolicy): Definition => definitionNamed(task);

/** One of the tasks that policies can be compared on. */
export const taskNamed = (name: string): Task<Box> => definitionNamed(name).task;

const observe = ({ skip }: Definition, { qpos, qvel }: State): number[] => [
  ...Array.from(qpos).slice(skip),
  ...Array.from(qvel),
];

export interface PlayOptions {
  /** Control steps. Default the task's. */
  readonly steps?: number;
}

/** The return of the policy from each start, on our task. */
export function playOurs(runtime: Runtime, policy: PlainPolicy, starts: readonly State[], options: PlayOptions = {}) {
  const definition = definitionOf(policy);
  const { task } = definition;
  const { steps = task.maxEpisodeSteps } = options;
  const batch = starts.length;
  const env = makeVectorEnv(runtime, task, { batch, autoreset: "disabled" });
  env.reset();
  const running = env.snapshot();
  const data = Float64Array.from(starts.flatMap(({ qpos, qvel }) => [...Array.from(qpos), ...Array.from(qvel)]));
  env.restore({ ...running, arrays: { ...running.arrays, state: { ...running.arrays.state!, data } } });
  const { low, high } = task.actionSpace;
  const returns = new Float64Array(batch);
  let seen: Numbers[] = starts.map((start) => observe(definition, start));
  for (let t = 0; t < steps; t++) {
    const { observation, reward } = env.step(Float32Array.from(seen.flatMap((x) => actionOf(policy, x, low, high))));
    for (let b = 0; b < batch; b++) returns[b]! += reward[b]!;
    const size = observation.length / batch;
    seen = starts.map((_, b) => observation.slice(b * size, (b + 1) * size));
  }
  env.close();
  return Array.from(returns);
}

/** The same on the official build. */
export function playOfficial(
  policy: PlainPolicy,
  starts: readonly State[],
  options: PlayOptions & OfficialOptions = {},
): number[] {
  const definition = definitionOf(policy);
  const { task, frameSkip, timestep, controlCost } = definition;
  const { steps = task.maxEpisodeSteps } = options;
  const official = new Official(mjcfFixture(definition.file), options);
  const range = Array.from(official.model.actuator_ctrlrange as Float64Array);
  const [low, high] = [0, 1].map((side) => range.filter((_, i) => i % 2 === side));
  const returns = starts.map(() => 0);
  official.begin(starts);
  let states = official.states();
  for (let t = 0; t < steps; t++) {
    const actions = states.map((state) => actionOf(policy, observe(definition, state), low!, high!));
    official.step(actions, frameSkip);
    const next = official.states();
    actions.forEach((action, b) => {
      const velocity = (next[b]!.qpos[0]! - states[b]!.qpos[0]!) / (timestep * frameSkip);
      returns[b]! += velocity - controlCost * action.reduce((sum, a) => sum + a * a, 0);
    });
    states = next;
  }
  official.dispose();
  return returns;
}

/** `count` starts: the first half from resets of our task, the others drawn about MuJoCo's own reference configuration. */
export function startsOf(runtime: Runtime, policy: PlainPolicy, count: number, seed: number): State[] {
  const definition = definitionOf(policy);
  const official = new Official(mjcfFixture(definition.file));
  const rest = Array.from(official.model.qpos0 as Float64Array);
  const { nv } = official.model;
  official.dispose();
  const batch = Math.floor(count / 2);
  const env = makeVectorEnv(runtime, definition.task, { batch, seed });
  env.reset();
  const { data } = env.snapshot().arrays.state!;
  env.close();
  const row = (b: number) =>
    Array.from(data as Float64Array).slice(b * (rest.length + nv), (b + 1) * (rest.length + nv));
  const ours = Array.from({ length: batch }, (_, b) => ({
    qpos: row(b).slice(0, rest.length),
    qvel: row(b).slice(rest.length),
  }));
  const random = randomOf(seed);
  const theirs = Array.from({ length: count - batch }, () => ({
    qpos: rest.map((x) => x + random.uniform(-NOISE, NOISE)),
    qvel: Array.from({ length: nv }, () =>
      definition.velocities === "normal" ? NOISE * random.normal() : random.uniform(-NOISE, NOISE),
    ),
  }));
  return [...ours, ...theirs];
}

interface Returns {
  readonly mean: number;
  readonly standardError: number;
}

/** How near the mean returns are, as fractions of the one and of the other. */
export interface Comparison {
  readonly task: string;
  readonly episodes: number;
  readonly ours: Returns;
  readonly theirs: Returns;
  /** MuJoCo with its state rounded to float32: for comparison, no gate. */
  readonly rounded: Returns;
  readonly ofTheirs: number;
  readonly ofOurs: number;
  /** Four standard errors of the mean difference of rounded MuJoCo from MuJoCo, as a fraction of theirs. */
  readonly chance: number;
  /** Within 2 %. */
  readonly passed: boolean;
}

const summary = (returns: readonly number[]): Returns => ({
  mean: mean(returns),
  standardError: standardError(returns),
});

export interface CompareOptions extends PlayOptions {
  /** Default 20. */
  readonly episodes?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Alters the official build's model: the negative control. */
  readonly spoil?: OfficialOptions["spoil"];
}

/** Plays the policy from the same starts on both, with MuJoCo rounded to float32 beside them. */
export function compareReturns(runtime: Runtime, policy: PlainPolicy, options: CompareOptions = {}): Comparison {
  const { episodes = 20, seed = 1, spoil, ...play } = options;
  const starts = startsOf(runtime, policy, episodes, seed);
  const changed = spoil ? { ...play, spoil } : play;
  const played = playOfficial(policy, starts, changed);
  const playedRounded = playOfficial(policy, starts, { ...changed, bits: 24 });
  const ours = summary(playOurs(runtime, policy, starts, play));
  const [theirs, rounded] = [summary(played), summary(playedRounded)];
  const scatter = standardError(playedRounded.map((x, e) => x - played[e]!));
  const chance = (CHANCE * scatter) / Math.abs(theirs.mean);
  const apart = Math.abs(ours.mean - theirs.mean);
  const [ofTheirs, ofOurs] = [apart / Math.abs(theirs.mean), apart / Math.abs(ours.mean)];
  const passed = ofTheirs <= WITHIN && ofOurs <= WITHIN;
  return { task: policy.task, episodes, ours, theirs, rounded, ofTheirs, ofOurs, chance, passed };
}
