// `mbrl train`: runs an algorithm on a task. After every trial the log has a line more and the checkpoint is replaced, so that
// an interruption at any moment costs at most one trial; Ctrl-C saves where it is.

import path from "node:path";
import type { Progress, Run } from "../types.js";
import { loadRuntime, type Runtime } from "../wasm/index.js";
import type { AlgorithmTable, StartOptions } from "./algorithm.js";
import { curveSvg, curveText } from "./curve.js";
import { createDisplay, type Display } from "./display.js";
import { asUsage, UsageError } from "./errors.js";
import { commandName, mayColor, printJson, printText } from "./output.js";
import { freeFolder, RunFolder } from "./run-folder.js";
import { loadRun, type SavedRun } from "./saved-run.js";
import { parseSettings } from "./settings.js";
import { findAlgorithm, findTask } from "./world.js";

/** Options as given; what is undefined was not. */
export interface TrainOptions {
  readonly env?: string;
  readonly seed?: number;
  readonly trials?: number;
  readonly out?: string;
  readonly resume?: boolean;
  readonly json?: boolean;
  readonly set: readonly string[];
}

const DEFAULT_TRIALS = 10;
// what shells report for a process that ended by the signal
const exitCodes = { SIGINT: 130, SIGTERM: 143 };

/** Trains; returns the exit code. */
export async function train(table: AlgorithmTable, name: string, options: TrainOptions): Promise<number> {
  const algorithm = findAlgorithm(table, name);
  const settings = parseSettings(name, algorithm, options.set);
  const saved = options.resume ? await savedRun(name, options) : undefined;
  const task = findTask(saved?.env ?? required("--env <task>", options.env));
  const trials = options.trials ?? algorithm.trials ?? DEFAULT_TRIALS;
  if (saved && saved.trial >= trials) {
    throw new UsageError(`the run has done ${saved.trial} trials already; ask for more with --trials`);
  }

  const runtime = await loadRuntime();
  const interrupt = new AbortController();
  let display: Display | undefined;
  const given = options.seed === undefined ? {} : { seed: options.seed };
  const resume = saved ? { resume: saved.state } : {};
  const start: StartOptions = {
    ...(saved ? given : { seed: options.seed ?? 0 }),
    ...resume,
    trials,
    signal: interrupt.signal,
    onStep: (event) => display?.step(event),
  };
  const run = await asUsage(() => algorithm.start(runtime, task, start, settings));
  const folder = await openFolder(name, task.id, options, saved);
  const { trial: firstTrial, envSteps: firstEnvSteps } = saved ?? { trial: 0, envSteps: 0 };
  display = createDisplay({ trials, firstTrial, firstEnvSteps, stream: process.stderr });
  try {
    const signal = await untilSignal(interrupt, () => learn(run, folder, display as Display, options));
    display.stop();
    if (signal !== undefined) {
      await folder.save(run);
      const command = `${commandName()} train ${name} --out ${folder.path} --resume --trials ${trials}`;
      process.stderr.write(`mbrl: interrupted, saved to "${folder.path}"; continue with: ${command}\n`);
      return exitCodes[signal];
    }
    await summarize(`${name} on ${task.id}`, folder, runtime, options);
    return 0;
  } finally {
    display.stop();
    await folder.close();
    run.dispose();
  }
}

async function savedRun(name: string, options: TrainOptions): Promise<SavedRun> {
  const saved = await loadRun(required("--out <folder> with --resume", options.out), warn);
  if (saved.algorithm !== name) {
    throw new UsageError(`"${options.out}" holds a run of ${saved.algorithm}, not of ${name}`);
  }
  if (options.env !== undefined && options.env !== saved.env) {
    throw new UsageError(`"${options.out}" holds a run on ${saved.env}, not on ${options.env}`);
  }
  return saved;
}

async function openFolder(name: string, task: string, options: TrainOptions, saved?: SavedRun): Promise<RunFolder> {
  if (saved) return RunFolder.resume(options.out as string, saved.trial);
  const byName = path.join("runs", `${name}-${task}-seed${options.seed ?? 0}`);
  return RunFolder.create(options.out ?? (await freeFolder(byName)));
}

async function learn(run: Run, folder: RunFolder, display: Display, options: TrainOptions): Promise<void> {
  for await (const progress of run) {
    await folder.record(progress, run);
    if (options.json) printJson(progress);
    display.trial(progress);
  }
}

// Runs `work`; the first SIGINT or SIGTERM aborts it, a second one ends the process at once. Returns the signal that did.
async function untilSignal(
  interrupt: AbortController,
  work: () => Promise<void>,
): Promise<keyof typeof exitCodes | undefined> {
  let received: keyof typeof exitCodes | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    received = signal as keyof typeof exitCodes;
    interrupt.abort(new Error(`received ${signal}`));
  };
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    await work();
    return undefined;
  } catch (error) {
    if (received !== undefined && error === interrupt.signal.reason) return received;
    throw error;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

async function summarize(title: string, folder: RunFolder, runtime: Runtime, options: TrainOptions): Promise<void> {
  const history: Progress[] = await folder.history();
  const curve = await folder.writeCurve(await curveSvg(history, title));
  if (options.json) return;
  const chart = curveText(history, mayColor());
  if (chart) printText(`\n${title}: return by trial\n${chart}\n`);
  const best = Math.max(...history.map(({ episodeReturn }) => episodeReturn));
  const { envSteps, wallSeconds, episodeReturn } = history.at(-1) as Progress;
  const last = `last return ${episodeReturn.toFixed(1)}, best ${best.toFixed(1)}`;
  printText(`${last}, after ${envSteps} environment steps in ${wallSeconds.toFixed(1)} s`);
  printText(`memory of the kernels: ${(runtime.memoryUsage().peak / 2 ** 20).toFixed(1)} MiB at most`);
  printText(`curve: ${curve}`);
  printText(`see it act: ${commandName()} evaluate ${folder.path} --episodes 5`);
}

function required(what: string, value: string | undefined): string {
  if (value === undefined) throw new UsageError(`train needs ${what}`);
  return value;
}

function warn(sentence: string): void {
  process.stderr.write(`mbrl: ${sentence}\n`);
}
