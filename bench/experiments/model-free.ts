// TRPO and PPO in environments, without a model: what policies learned in a model are measured against. A budget of
// environment steps for each, fixed beforehand; one log line per batch in which episodes ended, with the mean return of the
// policy as it explores; and a last line of its own, the mean return of its mode over 20 episodes with seeds that it never saw.
//
// Hyper-parameters are the defaults (OpenAI's baselines, the PPO paper) but for what RL Baselines3 Zoo has for the task.

import {
  batchEnvs,
  cartPole,
  makeEnv,
  makeVectorEnv,
  pendulum,
  playEpisode,
  ppo,
  type PpoSettings,
  type Progress,
  type Run,
  type Runtime,
  type SavedState,
  swimmer,
  type Task,
  timeLimit,
  trpo,
  type TrpoSettings,
  type VectorEnv,
} from "../../src/index.js";
import type { Experiment } from "../experiment.js";
import { meanAndSpread } from "../spread.js";

const EPISODES = 20;
// seeds of the evaluation, far from those of any run
const FRESH = 1_000_000;
const LAST = 10;

interface Plan {
  readonly name: string;
  readonly algorithm: "trpo" | "ppo";
  readonly task: Task;
  readonly envs: number;
  readonly totalSteps: number;
  readonly settings: Partial<TrpoSettings & PpoSettings>;
  /** Steps after which an episode that is learned from is cut off. Default the task's; evaluation plays whole ones. */
  readonly episode?: number;
  /** What the last line must reach, where there is a bar. */
  readonly goal?: number;
}

function vectorEnv(runtime: Runtime, { task, envs, episode }: Plan, seed: number): VectorEnv {
  if (episode === undefined) return makeVectorEnv(runtime, task, { batch: envs, seed, autoreset: "same-step" });
  const copies = Array.from({ length: envs }, (_, i) => timeLimit(makeEnv(runtime, task, { seed: seed + i }), episode));
  return batchEnvs(copies, { autoreset: "same-step" });
}

function start(plan: Plan, runtime: Runtime, seed: number, resume?: SavedState) {
  const { algorithm, totalSteps, settings } = plan;
  const env = vectorEnv(runtime, plan, seed);
  const options = { ...settings, seed, totalSteps, trials: 2 ** 31 - 1, ...(resume && { resume }) };
  return algorithm === "trpo" ? trpo(runtime, env, options) : ppo(runtime, env, options);
}

// the algorithm in the last line
const modeOf = (algorithm: string): string => `${algorithm}, mode`;

/** The return of the mode in the log of a run that came to its end; undefined of one that is under way. */
export function finalReturn(algorithm: string, log: string): number | undefined {
  // a line is whole when another one follows it, be it empty
  const line = log.split("\n").slice(0, -1).pop();
  const last = line === undefined ? undefined : (JSON.parse(line) as Progress);
  return last?.algorithm === modeOf(algorithm) ? last.episodeReturn : undefined;
}

// the mean over episodes of what the agent does at its best
function evaluate(runtime: Runtime, task: Task, agent: Run["agent"]): { episodeReturn: number; episodeLength: number } {
  const env = makeEnv(runtime, task);
  let [returns, lengths] = [0, 0];
  for (let k = 0; k < EPISODES; k++) {
    const { episodeReturn, episodeLength } = playEpisode(agent, env, FRESH + k);
    returns += episodeReturn;
    lengths += episodeLength;
  }
  env.close();
  return { episodeReturn: returns / EPISODES, episodeLength: Math.round(lengths / EPISODES) };
}

const last = (log: readonly Progress[]): number => {
  const lines = log.slice(-1 - LAST, -1);
  return lines.reduce((sum, { episodeReturn }) => sum + episodeReturn, 0) / lines.length;
};
const mode = (log: readonly Progress[]): number => log[log.length - 1].episodeReturn;

function experiment(plan: Plan): Experiment {
  return {
    name: plan.name,
    seeds: 5,
    run(runtime, seed, resume) {
      const run = start(plan, runtime, seed, resume);
      async function* learn(): AsyncGenerator<Progress> {
        let line: Progress | undefined;
        for await (line of run) yield line;
        const { algorithm } = plan;
        const result = evaluate(runtime, plan.task, run.agent);
        const { envSteps } = run;
        const wallSeconds = line?.wallSeconds ?? 0;
        yield { algorithm: modeOf(algorithm), trial: -1, envSteps, ...result, modelLoss: null, wallSeconds };
        run.dispose();
      }
      return Object.assign(learn(), { save: () => run.save() });
    },
    columns: ["steps", `mean of last ${LAST}, exploring`, `mode, ${EPISODES} fresh episodes`, "seconds"],
    row(log) {
      const { envSteps } = log[log.length - 1];
      return [envSteps, last(log).toFixed(1), mode(log).toFixed(1), log[log.length - 2].wallSeconds.toFixed(0)];
    },
    verdict(logs) {
      const spread = [last, mode].map((of) => meanAndSpread(logs.map(of)));
      const figures = `Over seeds (mean ± standard deviation): exploring ${spread[0]}, mode ${spread[1]}.`;
      const { goal } = plan;
      if (goal === undefined) return figures;
      const reached = logs.filter((log) => mode(log) >= goal && last(log) >= goal).length;
      return `${figures} Both at least ${goal}: ${reached} of ${logs.length} seeds.`;
    },
  };
}

// the paper's preset. Zoo's for this task (256 rows at a time, 20 passes, falling step size) reached the goal for 3 of 5 seeds
// with the observation filter, which moves fast while it has seen few rows, and for the 3 seeds tried (0, 1, 4) without it.
export const ppoCartpole = experiment({
  name: "ppo-cartpole",
  algorithm: "ppo",
  task: cartPole,
  envs: 8,
  totalSteps: 100_000,
  settings: {},
  goal: 475,
});

// zoo: γ 0.9, λ 0.95, 10 passes, 1e-3; its noise depends on the state and is drawn every 4 steps, ours is neither.
// Zoo's batches (4 × 1024) and 100,000 steps gave −350 on the one seed tried; these are the default's, for twice as long.
export const ppoPendulum = experiment({
  name: "ppo-pendulum",
  algorithm: "ppo",
  task: pendulum,
  envs: 8,
  totalSteps: 200_000,
  settings: { gamma: 0.9, learningRate: 1e-3 },
  goal: -250,
});

export const trpoCartpole = experiment({
  name: "trpo-cartpole",
  algorithm: "trpo",
  task: cartPole,
  envs: 8,
  totalSteps: 100_000,
  settings: {},
  goal: 475,
});

// zoo: γ 0.9
export const trpoPendulum = experiment({
  name: "trpo-pendulum",
  algorithm: "trpo",
  task: pendulum,
  envs: 8,
  totalSteps: 200_000,
  settings: { steps: 250, gamma: 0.9 },
});

// zoo: γ 0.9999, without which the swimmer learns strokes that hardly move it
export const trpoSwimmer = experiment({
  name: "trpo-swimmer",
  algorithm: "trpo",
  task: swimmer,
  envs: 4,
  totalSteps: 1_000_000,
  settings: { steps: 1000, gamma: 0.9999 },
});

// the improvement of me-trpo-swimmer with the task itself in the place of the models: same policy, batches and advantages
export const trpoSwimmerShort = experiment({
  name: "trpo-swimmer-short",
  algorithm: "trpo",
  task: swimmer,
  envs: 50,
  episode: 200,
  totalSteps: 500_000,
  settings: { steps: 200, gamma: 1, lambda: 0.97, baseline: "linear", hidden: [32, 32] },
});
