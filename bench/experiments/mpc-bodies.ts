// Planning on the true dynamics of bodies in contact: what the simulator and the planners reach together when nothing has
// to be learned. Each trial is an episode of one body under one planner, with the same budget for all planners; goal:
// CEM on HalfCheetah earns at least 5,000 in 1,000 steps.

import {
  type Box,
  cem,
  DivergedError,
  halfCheetah,
  hopper,
  icem,
  makeEnv,
  mpc,
  mppi,
  type Planner,
  type PlannerOptions,
  type Progress,
  reacher,
  type Runtime,
  swimmer,
  type Task,
  trueDynamics,
} from "../../src/index.js";
import type { Experiment } from "../experiment.js";
import { meanAndSpread } from "../spread.js";

const GOAL = 5000;

type MakePlanner = (runtime: Runtime, options: PlannerOptions, noiseExponent: number) => Planner;

const planners: Readonly<Record<string, MakePlanner>> = {
  // every sequence counts the same three times: no early end
  CEM: (runtime, options) => cem(runtime, { ...options, iterations: 3, epsilon: 0 }),
  iCEM: (runtime, options, noiseExponent) => icem(runtime, { ...options, iterations: 3, noiseExponent }),
  MPPI: (runtime, options) => mppi(runtime, { ...options, iterations: 3 }),
};

interface Body {
  readonly task: Task<Box>;
  /** Sequences and steps of a plan; bodies that fall need to see farther. */
  readonly population: number;
  readonly horizon: number;
  /** Of iCEM's noise: a gait wants little color, as its authors have it for half-cheetah. */
  readonly noiseExponent: number;
}

const bodies: readonly Body[] = [
  { task: halfCheetah, population: 200, horizon: 20, noiseExponent: 0.25 },
  { task: hopper, population: 100, horizon: 40, noiseExponent: 2 },
  { task: swimmer, population: 64, horizon: 40, noiseExponent: 2 },
  { task: reacher, population: 100, horizon: 15, noiseExponent: 3 },
];

const trials = bodies.flatMap((body) => Object.keys(planners).map((planner) => ({ ...body, planner })));

async function* episodes(runtime: Runtime, seed: number): AsyncGenerator<Progress> {
  let envSteps = 0;
  const started = performance.now();
  for (const [trial, { task, population, horizon, noiseExponent, planner: name }] of trials.entries()) {
    const env = makeEnv(runtime, task, { seed });
    const rollout = trueDynamics(runtime, env);
    const options = { actionSpace: rollout.actionSpace, horizon, population, seed };
    const planner = planners[name](runtime, options, noiseExponent);
    const agent = mpc(planner, rollout, { start: () => env.snapshot() });
    let { observation } = env.reset();
    let episodeReturn = 0;
    let episodeLength = 0;
    for (let ended = false; !ended; episodeLength++) {
      const action = agent.act(observation);
      try {
        const step = env.step(action);
        observation = step.observation as Float32Array;
        episodeReturn += step.reward;
        ended = step.terminated || step.truncated;
      } catch (error) {
        // a planner may find the somersault at which the body bursts, in MuJoCo as here: what was earned until then counts
        if (!(error instanceof DivergedError)) throw error;
        ended = true;
      }
    }
    envSteps += episodeLength;
    const wallSeconds = (performance.now() - started) / 1000;
    yield {
      algorithm: `${name} ${task.id}`,
      trial,
      envSteps,
      episodeReturn,
      episodeLength,
      modelLoss: null,
      wallSeconds,
    };
    for (const part of [planner, rollout]) part.dispose();
    env.close();
  }
}

export const mpcBodies: Experiment = {
  name: "mpc-bodies",
  seeds: 5,
  run: episodes,
  columns: trials.map(({ task, planner }) => `${task.id} ${planner}`),
  row: (log) => log.map(({ episodeReturn }) => episodeReturn.toFixed(decimals(episodeReturn))),
  verdict(logs) {
    const lines = trials.map(({ task, planner, population, horizon }, i) => {
      const returns = logs.flatMap((log) => (log[i] ? [log[i].episodeReturn] : []));
      return `- ${task.id}, ${planner}, ${population} × 3 sequences of ${horizon} steps: ${meanAndSpread(returns)}`;
    });
    const goal = logs.filter((log) => log[0].episodeReturn >= GOAL).length;
    return `Mean ± standard deviation of returns over seeds (an episode that ends early, by a fall or a divergence, counts as far as it got):\n\n${lines.join("\n")}\n\nCEM on HalfCheetah ≥ ${GOAL}: ${goal} of ${logs.length} seeds.`;
  },
};

// small returns want decimals
function decimals(value: number): number {
  return Math.abs(value) < 100 ? 2 : 0;
}
