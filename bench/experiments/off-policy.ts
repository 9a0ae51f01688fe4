// DDPG and TD3: what value expansion is measured against, and hindsight on tasks with a goal. Budgets of environment steps fixed
// beforehand. A log line every so many steps: the mean return of the agent without noise over fresh episodes that the run neither
// learns from nor counts, and where there is a goal the share of them whose last step reached it.

import {
  ddpg,
  fetchReach,
  halfCheetah,
  makeEnv,
  makeVectorEnv,
  type OffPolicyOptions,
  type OffPolicyRun,
  pendulum,
  playEpisode,
  type Progress,
  reacherGoal,
  type Runtime,
  type SavedState,
  swimmer,
  type Task,
  td3,
} from "../../src/index.js";
import type { Experiment } from "../experiment.js";
import { against } from "./baseline.js";
import { meanAndSpread } from "../spread.js";

// seeds of the evaluation, far from those of any run
const FRESH = 1_000_000;

/** A line of the log. */
export interface Line extends Progress {
  /** Share of the fresh episodes whose last step reached the goal; null without a goal. */
  readonly successRate: number | null;
}

/** What a run is, how long it is, and when it is looked at. */
export interface Plan {
  readonly name: string;
  readonly task: Task;
  readonly totalSteps: number;
  /** Environment steps from one line to the next, and fresh episodes for each. */
  readonly every: number;
  readonly episodes: number;
  readonly settings: Partial<OffPolicyOptions>;
  readonly start: (runtime: Runtime, env: ReturnType<typeof makeVectorEnv>, options: OffPolicyOptions) => OffPolicyRun;
  /** What the last line must reach: a return, or the share of successes. */
  readonly goal?: number;
  /** Experiments whose last lines are a goal too. */
  readonly baselines?: readonly string[];
}

/** A run with its log of what the agent does at its best. */
export function learningCurve(plan: Plan, runtime: Runtime, seed: number, resume?: SavedState) {
  const { task, totalSteps, every, settings, start } = plan;
  const env = makeVectorEnv(runtime, task, { batch: 1, seed, autoreset: "same-step" });
  const options = { ...settings, seed, totalSteps, trials: 2 ** 31 - 1, ...(resume && { resume }) };
  const run = start(runtime, env, options);
  async function* learn(): AsyncGenerator<Line> {
    let next = (Math.floor(run.envSteps / every) + 1) * every;
    for await (const line of run) {
      if (run.envSteps < next) continue;
      next = (Math.floor(run.envSteps / every) + 1) * every;
      yield { ...line, ...evaluate(plan, runtime, run) };
    }
    run.dispose();
    env.close();
  }
  return Object.assign(learn(), { save: () => run.save() });
}

// means over fresh episodes
function evaluate({ task, episodes }: Plan, runtime: Runtime, run: OffPolicyRun) {
  const env = makeEnv(runtime, task);
  let [returns, lengths, successes] = [0, 0, 0];
  for (let k = 0; k < episodes; k++) {
    const { episodeReturn, episodeLength, success } = playEpisode(run.agent, env, FRESH + k);
    returns += episodeReturn;
    lengths += episodeLength;
    successes += Number(success ?? false);
  }
  env.close();
  return {
    episodeReturn: returns / episodes,
    episodeLength: Math.round(lengths / episodes),
    successRate: task.goal ? successes / episodes : null,
  };
}

/** What is asked of a line: successes where there is a goal, else the return. */
export const figure = (line: Progress): number => (line as Line).successRate ?? line.episodeReturn;
const last = (log: readonly Progress[]): number => figure(log[log.length - 1]);

/** Environment steps of the first line from which on every one reaches `goal`; null where there is none. */
export function stepsTo(log: readonly Progress[], goal: number): number | null {
  let first: number | null = null;
  for (const line of log) {
    if (figure(line) < goal) first = null;
    else first ??= line.envSteps;
  }
  return first;
}

export function experiment(plan: Plan): Experiment {
  const { goal, task, episodes, baselines = [] } = plan;
  const what = task.goal ? "success" : "return";
  const digits = task.goal ? 2 : 1;
  return {
    name: plan.name,
    seeds: 5,
    run: (runtime, seed, resume) => learningCurve(plan, runtime, seed, resume),
    columns: ["steps", `${what} at last, ${episodes} fresh episodes`, `stays at the goal from step`, "seconds"],
    row(log) {
      const { envSteps, wallSeconds } = log[log.length - 1];
      const reached = goal === undefined ? "–" : (stepsTo(log, goal) ?? "never");
      return [envSteps, last(log).toFixed(digits), reached, wallSeconds.toFixed(0)];
    },
    verdict(logs) {
      const spread = `Over seeds (mean ± standard deviation): ${what} ${meanAndSpread(logs.map(last), digits)}.`;
      const reached = logs.filter((log) => last(log) >= (goal ?? -Infinity)).length;
      const figures = goal === undefined ? "" : ` At least ${goal} at last: ${reached} of ${logs.length} seeds.`;
      return [`${spread}${figures}`, ...baselines.map((name) => against(name, logs, figure))].join("\n\n");
    },
  };
}

const pendulumPlan = { task: pendulum, totalSteps: 20_000, every: 1000, episodes: 10, settings: {}, goal: -250 };
const swimmerPlan = { task: swimmer, totalSteps: 50_000, every: 1000, episodes: 5 };
// as value expansion, which pays for every row several times over
const cheetahPlan = { task: halfCheetah, totalSteps: 50_000, every: 1000, episodes: 5, settings: { batchSize: 128 } };

export const ddpgPendulum = experiment({ ...pendulumPlan, name: "ddpg-pendulum", start: ddpg });
export const td3Pendulum = experiment({ ...pendulumPlan, name: "td3-pendulum", start: td3 });
// γ as in RL Baselines3 Zoo: without it the swimmer learns strokes that hardly move it
export const td3Swimmer = experiment({
  ...swimmerPlan,
  name: "td3-swimmer",
  start: td3,
  settings: { gamma: 0.9999, batchSize: 128 },
});
// γ of the other tasks
export const td3SwimmerNear = experiment({
  ...swimmerPlan,
  name: "td3-swimmer-near",
  start: td3,
  settings: { batchSize: 128 },
});
export const td3HalfCheetah = experiment({ ...cheetahPlan, name: "td3-half-cheetah", start: td3 });
// the noise that value expansion needs there (mve-min-half-cheetah-noisy)
export const td3HalfCheetahNoisy = experiment({
  ...cheetahPlan,
  name: "td3-half-cheetah-noisy",
  start: td3,
  settings: { ...cheetahPlan.settings, noise: 0.3 },
});
// the defaults: OpenAI's baselines with two critics
export const herFetchReach = experiment({
  name: "her-fetch-reach",
  task: fetchReach,
  totalSteps: 5000,
  every: 500,
  episodes: 50,
  settings: {},
  start: ddpg,
  goal: 1,
});
// torques, not displacements: chosen on seed 10, which is none of the experiments'
export const herReacherGoal = experiment({
  name: "her-reacher-goal",
  task: reacherGoal,
  totalSteps: 20_000,
  every: 1000,
  episodes: 20,
  settings: { actionPenalty: 0.1, tau: 0.02 },
  start: ddpg,
});
