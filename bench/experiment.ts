// `npm run experiment -- <name> [--seeds 0-9]`: runs a learning experiment, one seed after the other, writes each seed's log
// to bench/experiments/<name>/seed-<n>.jsonl when that seed ends, and prints the table over all seeds.
// Seeds whose log is there are not run again (delete the log to repeat), so a long experiment can be stopped and resumed.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Progress, type Runtime, loadRuntime } from "../src/index.js";
import { petsCartpole } from "./experiments/pets-cartpole.js";
import { petsPendulum } from "./experiments/pets-pendulum.js";
import { curvesSvg } from "./experiments/curves.js";

/** A learning experiment: what runs for a seed, and what its logs must show. */
export interface Experiment {
  readonly name: string;
  readonly seeds: number;
  run(runtime: Runtime, seed: number): AsyncIterable<Progress>;
  /** Header and one row of the table. */
  readonly columns: readonly string[];
  row(log: readonly Progress[]): readonly (number | string)[];
  /** The claim, checked over the logs of all seeds. */
  verdict(logs: readonly (readonly Progress[])[]): string;
}

const experiments: readonly Experiment[] = [petsCartpole, petsPendulum];

function usage(): never {
  console.error(`usage: npm run experiment -- ${experiments.map((e) => e.name).join("|")} [--seeds first-last]`);
  process.exit(2);
}

function parse(): { experiment: Experiment; first: number; last: number } {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { seeds: { type: "string" } } });
  const experiment = experiments.find(({ name }) => name === positionals[0]);
  if (!experiment || positionals.length !== 1) usage();
  const match = /^(\d+)-(\d+)$/.exec(values.seeds ?? `0-${experiment.seeds - 1}`);
  if (!match) usage();
  return { experiment, first: Number(match[1]), last: Number(match[2]) };
}

async function logOf(runtime: Runtime, experiment: Experiment, seed: number): Promise<Progress[]> {
  const folder = fileURLToPath(new URL(`experiments/${experiment.name}/`, import.meta.url));
  const file = `${folder}seed-${seed}.jsonl`;
  if (!existsSync(file)) {
    const log: Progress[] = [];
    for await (const progress of experiment.run(runtime, seed)) {
      log.push(progress);
      const { trial, envSteps, episodeReturn, wallSeconds } = progress;
      const figures = `trial ${trial} steps ${envSteps} return ${episodeReturn.toFixed(1)} ${wallSeconds.toFixed(1)} s`;
      process.stderr.write(`seed ${seed}: ${figures}\n`);
    }
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${file}.part`, log.map((line) => `${JSON.stringify(line)}\n`).join(""));
    renameSync(`${file}.part`, file);
  }
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const { experiment, first, last } = parse();
const runtime = await loadRuntime();
const logs: Progress[][] = [];
for (let seed = first; seed <= last; seed++) logs.push(await logOf(runtime, experiment, seed));

const table = [
  `| seed | ${experiment.columns.join(" | ")} |`,
  `|---|${experiment.columns.map(() => "---|").join("")}`,
  ...logs.map((log, i) => `| ${first + i} | ${experiment.row(log).join(" | ")} |`),
].join("\n");
const machine = `${os.cpus()[0]?.model.trim()}, Node ${process.versions.node}`;
const report = `# ${experiment.name}\n\n\`npm run experiment -- ${experiment.name}\` (${machine})\n\n${table}\n\n${experiment.verdict(logs)}\n`;
console.log(report);
const folder = fileURLToPath(new URL(`experiments/${experiment.name}/`, import.meta.url));
writeFileSync(`${folder}README.md`, report);
writeFileSync(`${folder}curve.svg`, await curvesSvg(experiment.name, logs, first));
