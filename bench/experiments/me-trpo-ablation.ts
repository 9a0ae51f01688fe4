// How many models ME-TRPO needs: 1, 2, 5 and 10 on Pendulum, five seeds each, four iterations of 600 real steps or, `-scarce`, of
// 200. Little data and many policy iterations, without an early end, so that a policy has every chance to live off the errors of
// its models.
// At each validation the policy's mode also plays 20 real episodes, which nothing learns from: what it believes that it earns, the
// mean over its own models, less what it earns, is the exploitation gap. (The belief is from the fixed starts of validation, the
// truth from 20 fresh ones, both of the task's distribution: before any learning the two differ by chance.)
//
// "Seed" k of the table is seed ⌊k/4⌋ with the (k mod 4)-th number of models.

import { makeEnv, meTrpo, type MeRun, pendulum, type Progress } from "../../src/index.js";
import type { Experiment } from "../experiment.js";
import { type Line, modeReturn } from "./me-policies.js";
import { mean, meanAndSpread, median } from "../spread.js";

const COUNTS = [1, 2, 5, 10] as const;
const SEEDS = 5;
const ITERATIONS = 4;

interface Validation {
  readonly policyIteration: number;
  readonly imagined: number;
  readonly real: number;
}

interface AblationLine extends Line {
  readonly members: number;
  readonly validations: readonly Validation[];
}

const lines = (log: readonly Progress[]): readonly AblationLine[] => log as readonly AblationLine[];

// what was believed less what is true at the end of each improvement phase
const gaps = (log: readonly Progress[]): number[] =>
  lines(log).map(({ validations }) => {
    const { imagined, real } = validations[validations.length - 1];
    return imagined - real;
  });
const gap = (log: readonly Progress[]): number => mean(gaps(log));

const ablation = (name: string, stepsPerIteration: number): Experiment => ({
  name,
  seeds: COUNTS.length * SEEDS,
  run(runtime, k, resume) {
    const members = COUNTS[k % COUNTS.length];
    const seed = Math.floor(k / COUNTS.length);
    let validations: Validation[] = [];
    const run: MeRun = meTrpo(runtime, makeEnv(runtime, pendulum, { seed }), {
      trials: ITERATIONS,
      seed,
      members,
      stepsPerIteration,
      epochs: 100,
      imaginedSteps: 5000,
      policyIterations: 60,
      policyPatience: 60,
      onValidation({ policyIteration, returns }) {
        validations.push({ policyIteration, imagined: mean(returns), real: modeReturn(runtime, pendulum, run) });
      },
      ...(resume && { resume }),
    });
    return {
      save: () => run.save(),
      async *[Symbol.asyncIterator](): AsyncGenerator<AblationLine> {
        for await (const line of run) {
          yield { ...line, members, modeReturn: modeReturn(runtime, pendulum, run), validations };
          validations = [];
        }
      },
    };
  },
  columns: [
    "models",
    "returns of the mode by iteration",
    "believed, true in the last phase",
    "gap at the ends of phases",
  ],
  row(log) {
    const { members, validations } = lines(log)[log.length - 1];
    const course = validations
      .filter(({ policyIteration }) => policyIteration % 20 === 0)
      .map(({ imagined, real }) => `${imagined.toFixed(0)}, ${real.toFixed(0)}`)
      .join("; ");
    const returns = lines(log).map((line) => line.modeReturn.toFixed(0));
    return [members, returns.join(" "), course, gap(log).toFixed(0)];
  },
  verdict(logs) {
    const rows = COUNTS.map((count) => {
      const own = logs.filter((log) => lines(log)[0].members === count);
      if (own.length === 0) return `| ${count} | - | - | - |`;
      const last = meanAndSpread(own.map((log) => lines(log)[log.length - 1].modeReturn));
      return `| ${count} | ${last} | ${meanAndSpread(own.map(gap))} | ${median(own.flatMap(gaps)).toFixed(0)} |`;
    });
    const steps = ITERATIONS * stepsPerIteration;
    // one member that has run away moves a mean by hundreds
    const head = `| models | return of the mode after ${steps} steps | gap at the ends of improvement phases | its median over all phases of all seeds |\n|---|---|---|---|`;
    return `Over seeds, mean ± standard deviation:\n\n${head}\n${rows.join("\n")}`;
  },
});

export const meTrpoAblation = ablation("me-trpo-ablation", 600);
export const meTrpoAblationScarce = ablation("me-trpo-ablation-scarce", 200);
