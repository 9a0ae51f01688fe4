// How soon runs reach what a baseline ended with: for each baseline whose logs are here, the first line of every seed, and of the
// mean over seeds, that is no less than the mean of the baseline's last lines.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Progress } from "../../src/index.js";
import { deviation, mean, meanAndSpread } from "../spread.js";

type Log = readonly Progress[];

/** The logs of an experiment's seeds that came to their end. */
export function logsOf(name: string): Log[] {
  const folder = fileURLToPath(new URL(`${name}/`, import.meta.url));
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => /^seed-\d+\.jsonl$/.test(file));
  return files.map((file) => {
    const lines = readFileSync(`${folder}${file}`, "utf8").trim().split("\n");
    return lines.map((line) => JSON.parse(line) as Progress);
  });
}

/** Environment steps of the first line that is at least `goal`; null where there is none. */
const firstAt = (log: Log, goal: number, figure: (line: Progress) => number): number | null =>
  log.find((line) => figure(line) >= goal)?.envSteps ?? null;

/**
 * For `name` whose logs are here, how soon `logs` came to what it ended with: to the mean over its seeds, and to within a standard
 * deviation of it. All have their lines at the same steps.
 */
export function against(name: string, logs: readonly Log[], figure: (line: Progress) => number): string {
  const baseline = logsOf(name);
  if (baseline.length === 0 || logs.length === 0) return "";
  const ends = baseline.map((log) => figure(log[log.length - 1]));
  const budget = baseline[0][baseline[0].length - 1].envSteps;
  const soon = budget / 2;
  const row = (goal: number, whose: string, of: readonly Log[]): string => {
    const steps = of.map((log) => firstAt(log, goal, figure));
    const lines = Math.min(...of.map((log) => log.length));
    const at = of[0].slice(0, lines).findIndex((_, i) => mean(of.map((log) => figure(log[i]))) >= goal);
    const cells = [goal.toFixed(1), whose, steps.map((step) => step ?? "–").join(", ")];
    cells.push(
      String(steps.filter((step) => step !== null && step <= soon).length),
      at < 0 ? "–" : String(of[0][at].envSteps),
    );
    return `| ${cells.join(" | ")} |`;
  };
  return [
    `${name} ends at ${meanAndSpread(ends)} after ${budget} steps. Steps until a line is first no less, and no less than one standard deviation below:`,
    "",
    `| no less than | run | steps of its seeds | seeds within ${soon} | the mean over seeds |`,
    "|---|---|---|---|---|",
    ...[mean(ends), mean(ends) - deviation(ends)].flatMap((goal) => [
      row(goal, name, baseline),
      row(goal, "this", logs),
    ]),
  ].join("\n");
}
