// `npm run experiment -- <name> [--seeds 0-9]`: runs a learning experiment, one seed after the other, writes each seed's log
// to bench/experiments/<name>/seed-<n>.jsonl when that seed ends, and prints the table over all seeds.
// Seeds whose log is there are not run again (delete the log to repeat), and a seed that was stopped goes on after the last
// trial it finished: runs that can be saved are, in build/experiments/, after every trial. `--partial` runs nothing: it reports
// seeds that have not ended as far as they got, and keeps their logs as partial-seed-<n>.jsonl.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Progress, type Runtime, type SavedState, loadRuntime } from "../src/index.js";
import { loadCheckpoint, saveCheckpoint } from "../src/node/index.js";
import { petsCartpole } from "./experiments/pets-cartpole.js";
import {
  bpttPendulum,
  mePpoHalfCheetah,
  mePpoPendulum,
  mePpoSwimmer,
  meTrpoHalfCheetah,
  meTrpoPendulum,
  meTrpoSwimmer,
  svgPendulum,
} from "./experiments/me-policies.js";
import { meTrpoAblation, meTrpoAblationScarce } from "./experiments/me-trpo-ablation.js";
import { mpcBodies } from "./experiments/mpc-bodies.js";
import {
  ppoCartpole,
  ppoPendulum,
  trpoCartpole,
  trpoPendulum,
  trpoSwimmer,
  trpoSwimmerShort,
} from "./experiments/model-free.js";
import {
  ddpgPendulum,
  herFetchReach,
  herReacherGoal,
  td3HalfCheetah,
  td3HalfCheetahNoisy,
  td3Pendulum,
  td3Swimmer,
  td3SwimmerNear,
} from "./experiments/off-policy.js";
import { petsHalfCheetah, petsHalfCheetahLong } from "./experiments/pets-half-cheetah.js";
import { petsPendulum } from "./experiments/pets-pendulum.js";
import { petsReacher } from "./experiments/pets-reacher.js";
import { expansionStudies, valueExpansion } from "./experiments/value-expansion.js";
import { curvesSvg } from "./experiments/curves.js";

/** A learning experiment: what runs for a seed, and what its logs must show. */
export interface Experiment {
  readonly name: string;
  readonly seeds: number;
  /** Runs a seed, from a state saved after a trial if there is one. */
  run(runtime: Runtime, seed: number, resume?: SavedState): AsyncIterable<Progress> & { save?(): SavedState };
  /** Header and one row of the table. */
  readonly columns: readonly string[];
  row(log: readonly Progress[]): readonly (number | string)[];
  /** The claim, checked over the logs of all seeds. */
  verdict(logs: readonly (readonly Progress[])[]): string;
}

const experiments: readonly Experiment[] = [
  bpttPendulum,
  ddpgPendulum,
  herFetchReach,
  herReacherGoal,
  mePpoHalfCheetah,
  mePpoPendulum,
  mePpoSwimmer,
  meTrpoAblation,
  meTrpoAblationScarce,
  meTrpoHalfCheetah,
  meTrpoPendulum,
  meTrpoSwimmer,
  mpcBodies,
  petsCartpole,
  petsHalfCheetah,
  petsHalfCheetahLong,
  petsPendulum,
  petsReacher,
  ppoCartpole,
  ppoPendulum,
  trpoCartpole,
  trpoPendulum,
  trpoSwimmer,
  trpoSwimmerShort,
  svgPendulum,
  td3HalfCheetah,
  td3HalfCheetahNoisy,
  td3Pendulum,
  td3Swimmer,
  td3SwimmerNear,
  ...expansionStudies,
  ...valueExpansion,
];

function usage(): never {
  console.error(
    `usage: npm run experiment -- ${experiments.map((e) => e.name).join("|")}`,
    "[--seeds first-last] [--partial] [--threads n] [--numerics reproducible|fast]",
  );
  process.exit(2);
}

function parse() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seeds: { type: "string" },
      partial: { type: "boolean", default: false },
      threads: { type: "string", default: "auto" },
      numerics: { type: "string", default: "reproducible" },
    },
  });
  const experiment = experiments.find(({ name }) => name === positionals[0]);
  if (!experiment || positionals.length !== 1) usage();
  const match = /^(\d+)-(\d+)$/.exec(values.seeds ?? `0-${experiment.seeds - 1}`);
  if (!match) usage();
  const threads = values.threads === "auto" ? ("auto" as const) : Number(values.threads);
  const numerics = values.numerics as "reproducible" | "fast";
  return { experiment, first: Number(match[1]), last: Number(match[2]), partial: values.partial, threads, numerics };
}

const committed = (name: string): string => fileURLToPath(new URL(`experiments/${name}/`, import.meta.url));
const underWay = (name: string): string => fileURLToPath(new URL(`../build/experiments/${name}/`, import.meta.url));

function readLog(file: string): Progress[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.filter(Boolean).map((line) => JSON.parse(line));
}

function writeLog(file: string, log: readonly Progress[]): void {
  writeFileSync(`${file}.part`, log.map((line) => `${JSON.stringify(line)}\n`).join(""));
  renameSync(`${file}.part`, file);
}

/** The log of a seed; runs what is missing of it, unless only a report is wanted. */
async function logOf(experiment: Experiment, seed: number, runtime: Runtime | undefined): Promise<Progress[]> {
  const done = `${committed(experiment.name)}seed-${seed}.jsonl`;
  if (existsSync(done)) return readLog(done);
  const part = `${underWay(experiment.name)}seed-${seed}.jsonl`;
  const checkpoint = `${underWay(experiment.name)}seed-${seed}.mbrl`;
  mkdirSync(underWay(experiment.name), { recursive: true });
  const log = existsSync(checkpoint) ? readLog(part) : [];
  const kept = `${committed(experiment.name)}partial-seed-${seed}.jsonl`;
  if (!runtime) {
    if (log.length === 0) return readLog(kept);
    mkdirSync(committed(experiment.name), { recursive: true });
    writeLog(kept, log);
    return log;
  }
  const resume = log.length ? await loadCheckpoint(checkpoint) : undefined;
  const run = experiment.run(runtime, seed, resume);
  for await (const progress of run) {
    const { trial, envSteps, episodeReturn, wallSeconds } = progress;
    log.push(progress);
    const figures = `trial ${trial} steps ${envSteps} return ${episodeReturn.toFixed(1)} ${wallSeconds.toFixed(1)} s`;
    process.stderr.write(`seed ${seed}: ${figures}\n`);
    if (!run.save) continue;
    await saveCheckpoint(checkpoint, run as { save(): SavedState });
    writeLog(part, log);
  }
  mkdirSync(committed(experiment.name), { recursive: true });
  writeLog(done, log);
  rmSync(kept, { force: true });
  return log;
}

const { experiment, first, last, partial, threads, numerics } = parse();
const runtime = partial ? undefined : await loadRuntime({ threads, numerics });
const logOfSeed = new Map<number, Progress[]>();
for (let seed = first; seed <= last; seed++) {
  const log = await logOf(experiment, seed, runtime);
  if (log.length) logOfSeed.set(seed, log);
}
const logs = [...logOfSeed.values()];

const table = [
  `| seed | ${experiment.columns.join(" | ")} |`,
  `|---|${experiment.columns.map(() => "---|").join("")}`,
  ...[...logOfSeed].map(([seed, log]) => `| ${seed} | ${experiment.row(log).join(" | ")} |`),
].join("\n");
const machine = `${os.cpus()[0]?.model.trim()}, Node ${process.versions.node}`;
const flags = numerics === "reproducible" ? "" : ` --numerics ${numerics}`;
const report = `# ${experiment.name}\n\n\`npm run experiment -- ${experiment.name}${flags}\` (${machine})\n\n${table}\n\n${experiment.verdict(logs)}\n`;
console.log(report);
const folder = committed(experiment.name);
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}README.md`, report);
writeFileSync(`${folder}curve.svg`, await curvesSvg(experiment.name, logOfSeed));
