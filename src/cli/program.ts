// The command line: options, help, and how every error ends, as one sentence on stderr and an exit code.

import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { AlgorithmTable } from "./algorithm.js";
import { reportOf, UsageError } from "./errors.js";
import { evaluate, type EvaluateOptions } from "./evaluate.js";
import { info } from "./info.js";
import { simulate, type SimulateOptions } from "./simulate.js";
import { train, type TrainOptions } from "./train.js";
import { version } from "./version.js";

/** Runs the command with the arguments after its name; returns the exit code. Never throws. */
export async function main(args: readonly string[], algorithms: AlgorithmTable): Promise<number> {
  // a reader that has seen enough (`mbrl … | head`) is no error
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  let exitCode = 0;
  try {
    if (args.length === 0)
      throw new UsageError("expected a command: train, evaluate, simulate or info (see mbrl --help)");
    const program = createProgram(algorithms, (code) => {
      exitCode = code;
    });
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const { sentence, exitCode } = reportOf(error instanceof CommanderError ? asUsageError(error) : error);
    process.stderr.write(`mbrl: ${sentence}\n`);
    if (process.env.MBRL_DEBUG) console.error(error);
    return exitCode;
  }
}

/** Options of `train`, with settings that have a flag of their own. */
type TrainFlags = TrainOptions & { readonly targets?: string; readonly horizon?: number };

function createProgram(algorithms: AlgorithmTable, end: (exitCode: number) => void): Command {
  const program = new Command("mbrl")
    .description("Model-based reinforcement learning in SIMD WebAssembly.")
    .version(version())
    .exitOverride()
    // commander's own errors are printed where all others are
    .configureOutput({ outputError: () => {} });
  const subcommand = (usage: string, description: string) =>
    program.command(usage).description(description).allowExcessArguments(false);

  subcommand("train", "learn a task; the folder --out gets checkpoint, log and learning curve")
    .argument("<algorithm>", `one of: ${Object.keys(algorithms).join(", ")}`)
    .option("--env <task>", "the task to learn (see mbrl info); may be left out with --resume")
    .option("--seed <n>", "seed of everything random (default: 0)", integer(0))
    .option("--trials <n>", "episodes in all (default: 10)", integer(1))
    .option("--out <folder>", "where the run is kept (default: a new folder under runs/)", folderName)
    .option("--resume", "continue the run in --out, bit for bit")
    .option("--json", "one JSON object per trial on stdout")
    .option("--targets <rule>", "of mve and steve: last, mean, lambda, min or steve; short for --set targets=…")
    .option("--horizon <n>", "of what looks ahead: how many steps; short for --set horizon=…", integer(0))
    .option("--set <key=value>", "a setting of the algorithm; may be given several times", collect, [])
    .addHelpText("after", () => algorithmHelp(algorithms))
    .action(async (name: string, { targets, horizon, ...options }: TrainFlags) => {
      const short = Object.entries({ targets, horizon }).filter(([, value]) => value !== undefined);
      const set = [...options.set, ...short.map(([key, value]) => `${key}=${value}`)];
      end(await train(algorithms, name, { ...options, set }));
    });

  subcommand("evaluate", "let the agent of a checkpoint act in new episodes")
    .argument("<checkpoint>", "a checkpoint file, or the folder of a run")
    .option("--episodes <n>", "how many", integer(1), 10)
    .option("--seed <n>", "seed of the first episode; the next ones count up", integer(0), 0)
    .option("--json", "one JSON object per episode on stdout")
    .action(async (file: string, options: EvaluateOptions) => end(await evaluate(algorithms, file, options)));

  subcommand("simulate", "let a batch of a model move under random controls; tells speed, contacts, energy, divergence")
    .argument(
      "<model>",
      "an MJCF file, which may include files of its folder, or a task on rigid bodies (see mbrl info)",
    )
    .option("--batch <n>", "environments", integer(1), 256)
    .option("--steps <n>", "steps of each", integer(1), 1000)
    .option("--seed <n>", "seed of the controls", integer(0), 0)
    .option("--threads <n>", "threads to compute on (default: as many as there are cores, 8 at most)", integer(1))
    .option("--json", "as one JSON object")
    .action(async (model: string, options: SimulateOptions) => end(await simulate(model, options)));

  subcommand("info", "list algorithms and tasks, and what this machine offers")
    .option("--json", "as one JSON object")
    .action(async (options: { json?: boolean }) => end(await info(algorithms, options)));
  return program;
}

function algorithmHelp(algorithms: AlgorithmTable): string {
  const lines = Object.entries(algorithms).flatMap(([name, { description, settings }]) => [
    `  ${name}  ${description}`,
    ...wrapped(`--set: ${Object.keys(settings).join(", ")}`, 78 - 4).map((line) => `    ${line}`),
  ]);
  return `\nAlgorithms:\n${lines.join("\n")}`;
}

function wrapped(text: string, width: number): string[] {
  return text.match(new RegExp(`.{1,${width}}(\\s|$)`, "g"))?.map((line) => line.trim()) ?? [];
}

function integer(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < minimum) {
      throw new InvalidArgumentError(`expected an integer of at least ${minimum}`);
    }
    return value;
  };
}

function folderName(text: string): string {
  if (text === "") throw new InvalidArgumentError("expected the name of a folder");
  return text;
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

// commander says `error: unknown option '--sed'` and, on a line of its own, `(Did you mean --seed?)`
function asUsageError(error: CommanderError): UsageError {
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const hints = rest.map((line) => line.replace(/^\((.*)\)$/, "$1").replace(/^Did/, "did"));
  return new UsageError([first, ...hints].join("; "));
}
