// `mbrl info`: what this build can do on this machine.

import { spaceSize } from "../envs/index.js";
import { tasks } from "../envs/tasks/index.js";
import { loadRuntime, probeFeatures } from "../wasm/index.js";
import type { AlgorithmTable } from "./algorithm.js";
import { printJson, printText } from "./output.js";
import { version } from "./version.js";

/** Prints the facts; returns the exit code. */
export async function info(table: AlgorithmTable, options: { json?: boolean }): Promise<number> {
  const runtime = await loadRuntime();
  const { numerics, variant, threads, threadsReason, tile, memory } = runtime.info();
  const algorithms = Object.entries(table).map(([name, { description }]) => ({ name, description }));
  const taskFacts = tasks.map((task) => ({
    id: task.id,
    observationSize: task.observationSpace.low.length,
    actionSize: spaceSize(task.actionSpace),
    maxEpisodeSteps: task.maxEpisodeSteps,
    timeStep: task.timeStep,
  }));
  const facts = {
    version: version(),
    node: process.version,
    numerics,
    variant,
    features: { ...probeFeatures() },
    threads,
    threadsReason,
    tile: { ...tile },
    memory: { ...memory },
    algorithms,
    tasks: taskFacts,
  };
  if (options.json) printJson(facts);
  else printFacts(facts);
  return 0;
}

interface Facts {
  readonly version: string;
  readonly node: string;
  readonly numerics: string;
  readonly variant: string;
  readonly features: Readonly<Record<string, boolean>>;
  readonly threads: number;
  readonly threadsReason: string;
  readonly tile: { readonly tile: string; readonly reason: string };
  readonly memory: { readonly limit: number };
  readonly algorithms: readonly { name: string; description: string }[];
  readonly tasks: readonly { id: string; observationSize: number; actionSize: number; maxEpisodeSteps: number }[];
}

function printFacts(facts: Facts): void {
  const features = Object.entries(facts.features).map(([name, present]) => `${name} ${present ? "yes" : "no"}`);
  printText(`mbrl-wasm ${facts.version} on Node ${facts.node}`);
  printText(`kernels: ${facts.variant} (${facts.numerics}); features: ${features.join(", ")}`);
  printText(`matrix products: tiles of ${facts.tile.tile} (${facts.tile.reason})`);
  printText(`threads: ${facts.threads} (${facts.threadsReason})`);
  printText(`memory: at most ${facts.memory.limit / 2 ** 20} MiB`);
  printText("algorithms:");
  for (const { name, description } of facts.algorithms) printText(`  ${name}  ${description}`);
  printText("tasks:");
  for (const { id, observationSize, actionSize, maxEpisodeSteps } of facts.tasks) {
    printText(`  ${id}  ${observationSize} observed, ${actionSize} controlled, episodes of ${maxEpisodeSteps} steps`);
  }
}
