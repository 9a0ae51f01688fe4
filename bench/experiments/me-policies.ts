// ME-TRPO, ME-PPO and SVG: how few real steps a policy needs that is learned in an ensemble of models, against TRPO in the
// environment itself (trpo-pendulum, trpo-swimmer: 200k and 1M steps, fixed beforehand). A log line per outer iteration;
// `modeReturn` in it is the mean return of the policy's mode after the iteration, over 20 episodes with seeds that the run never
// saw, which it neither learns from nor counts: what TRPO's last line is.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type Box,
  halfCheetah,
  makeEnv,
  type MeProgress,
  type MeRun,
  type MeTrpoOptions,
  mePpo,
  meTrpo,
  pendulum,
  playEpisode,
  type Progress,
  type Runtime,
  type SavedState,
  type SvgOptions,
  svg,
  swimmer,
  type Task,
  timeLimit,
} from "../../src/index.js";
import type { Experiment } from "../experiment.js";
import { finalReturn } from "./model-free.js";
import { mean, meanAndSpread } from "../spread.js";

const EPISODES = 20;
// seeds of the evaluation, far from those of any run
const FRESH = 1_000_000;
const GOAL = 10;

/** A line of the log, and what the policy's mode then earns in the environment. */
export interface Line extends MeProgress {
  readonly modeReturn: number;
}

/** Mean return of the run's agent over `episodes` episodes of `task` with fresh seeds. */
export function modeReturn(runtime: Runtime, task: Task, run: MeRun, episodes = EPISODES): number {
  const env = makeEnv(runtime, task);
  let sum = 0;
  for (let k = 0; k < episodes; k++) sum += playEpisode(run.agent, env, FRESH + k).episodeReturn;
  env.close();
  return sum / episodes;
}

const learners = { "me-trpo": meTrpo, "me-ppo": mePpo, svg } as const;

interface Plan {
  readonly algorithm: keyof typeof learners;
  readonly task: Task<Box>;
  /** The name of the task in names of experiments. */
  readonly name: string;
  readonly seeds: number;
  readonly trials: number;
  readonly settings: Partial<MeTrpoOptions> | Partial<SvgOptions>;
  /** Steps after which an episode that is learned from is cut off. Default the task's; evaluation plays whole ones. */
  readonly episode?: number;
  /** First word of the experiment's name. Default the algorithm. */
  readonly variant?: string;
}

function start(plan: Plan, runtime: Runtime, seed: number, resume?: SavedState) {
  const { algorithm, task, trials, settings, episode = task.maxEpisodeSteps } = plan;
  const env = timeLimit(makeEnv(runtime, task, { seed }), episode);
  const options = { ...settings, trials, seed, ...(resume && { resume }) };
  const run = learners[algorithm](runtime, env, options);
  return {
    save: () => run.save(),
    async *[Symbol.asyncIterator](): AsyncGenerator<Line> {
      for await (const line of run) yield { ...line, modeReturn: modeReturn(runtime, task, run) };
    },
  };
}

/** What TRPO reached at the end of its budget, one number for each seed whose run came to its end. */
function reference(name: string): number[] {
  const folder = fileURLToPath(new URL(`trpo-${name}/`, import.meta.url));
  if (!existsSync(folder)) return [];
  const logs = readdirSync(folder).filter((file) => file.endsWith(".jsonl"));
  const returns = logs.map((file) => finalReturn("trpo", readFileSync(`${folder}${file}`, "utf8")));
  return returns.filter((value) => value !== undefined);
}

const lines = (log: readonly Progress[]): readonly Line[] => log as readonly Line[];

function experiment(plan: Plan, budget?: number): Experiment {
  const references = reference(plan.name);
  const goal = mean(references);
  const reached = (log: readonly Progress[]): number =>
    lines(log).find((line) => line.modeReturn >= goal)?.envSteps ?? Infinity;
  return {
    name: `${plan.variant ?? plan.algorithm}-${plan.name}`,
    seeds: plan.seeds,
    run: (runtime, seed, resume) => start(plan, runtime, seed, resume),
    columns: ["steps to TRPO's return", "best", "returns of the mode by iteration", "steps", "seconds"],
    row(log) {
      const returns = lines(log).map((line) => line.modeReturn);
      const { envSteps, wallSeconds } = log[log.length - 1];
      const all = returns.map((value) => value.toFixed(0)).join(" ");
      const steps = reached(log);
      return [
        Number.isFinite(steps) ? steps : "-",
        Math.max(...returns).toFixed(1),
        all,
        envSteps,
        wallSeconds.toFixed(0),
      ];
    },
    verdict(logs) {
      const last = meanAndSpread(logs.map((log) => lines(log)[log.length - 1].modeReturn));
      const best = meanAndSpread(logs.map((log) => Math.max(...lines(log).map((line) => line.modeReturn))));
      const figures = `Return of the mode over seeds (mean ± standard deviation): last ${last}, best ${best}.`;
      if (!Number.isFinite(goal) || budget === undefined) return figures;
      const steps = logs.map(reached);
      const there = steps.filter(Number.isFinite);
      const fewer = there.length > 0 ? budget / Math.max(...there) : 0;
      const few = `${there.length} of ${logs.length} seeds reach TRPO's ${goal.toFixed(1)} (mean over ${references.length} seeds, after ${budget} steps)`;
      const ratio = there.length > 0 ? `, at the latest with ${fewer.toFixed(0)} times fewer steps` : "";
      return `${figures}\n\n${few}${ratio}; goal: all, with at least ${GOAL} times fewer.`;
    },
  };
}

const onPendulum = { task: pendulum, name: "pendulum", seeds: 5, trials: 6, settings: {} };
// smooth dynamics: swish fits them with half the error of relu; large batches and steps in a warm start instead of long fits
const smooth = {
  activation: "swish",
  learningRate: 3e-3,
  modelBatch: 256,
  epochs: 100,
  patience: 15,
  reinitializeEvery: 0,
  lambda: 0.97,
} as const;
// in the task itself TRPO on such batches (200 steps, linear baseline, γ = 1) swims at its best after 25 updates
const onSwimmer = {
  task: swimmer,
  name: "swimmer",
  seeds: 5,
  trials: 8,
  episode: 200,
  settings: {
    ...smooth,
    stepsPerIteration: 6000,
    horizon: 200,
    policyIterations: 50,
    policyPatience: 50,
    actionNoise: 1,
    exploring: 0.7,
    // imagined states stay among those seen
    range: "data" as const,
  },
};
// What it takes for models that can be swum in: joint limits make single steps hard to fit, and little drag makes small errors of
// velocity add up. A rate that falls and a loss of several steps lessen those errors; pushes of a fifth of a second show the models
// what swimming is made of; where members disagree nothing is to be earned; a policy begun anew forgets the one stroke that early
// models taught it; and starts anywhere with a value of the last state ask for more than a good first 200 steps. The settings were
// found in trials on seeds 0 and 1.
const swimmable = {
  ...onSwimmer.settings,
  learningRate: 1e-2,
  anneal: true,
  modelBatch: 128,
  patience: 100,
  multiStep: 4,
  multiStepEpochs: 12,
  holdoutEvery: 6,
  actionNoise: 3,
  noiseSteps: 5,
  disagreement: 1.5,
  restartPolicy: true,
  starts: "buffer",
  imaginedSteps: 15_000,
  gamma: 0.995,
  baseline: "value",
  timeLimit: "bootstrap",
  // the last policy stays, whatever the models say of its first 200 steps
  worseShare: 1,
  validateEvery: 10,
} as const;
const onHalfCheetah = {
  task: halfCheetah,
  name: "half-cheetah",
  seeds: 1,
  // 200,000 steps, where the published figure is
  trials: 67,
  settings: { ...smooth, stepsPerIteration: 3000, horizon: 100, imaginedSteps: 20_000, policyIterations: 40 },
};

export const meTrpoPendulum = experiment({ algorithm: "me-trpo", ...onPendulum }, 200_000);
export const mePpoPendulum = experiment({ algorithm: "me-ppo", ...onPendulum }, 200_000);
/** TRPO against back-propagation in the same models: as it is, and as ME-TRPO's authors compare it. */
export const svgPendulum = experiment({ algorithm: "svg", ...onPendulum }, 200_000);
const asAuthors = {
  policyKind: "gaussian",
  policyLearningRate: 1e-3,
  activation: "relu",
  gamma: 1,
  horizon: 200,
} as const;
export const bpttPendulum = experiment(
  { algorithm: "svg", ...onPendulum, settings: asAuthors, variant: "bptt" },
  200_000,
);
export const meTrpoSwimmer = experiment(
  { algorithm: "me-trpo", ...onSwimmer, trials: 16, settings: swimmable },
  1_000_000,
);
export const mePpoSwimmer = experiment({ algorithm: "me-ppo", ...onSwimmer }, 1_000_000);
/** Long runs, reported as far as they got. */
export const meTrpoHalfCheetah = experiment({ algorithm: "me-trpo", ...onHalfCheetah });
export const mePpoHalfCheetah = experiment({ algorithm: "me-ppo", ...onHalfCheetah });
