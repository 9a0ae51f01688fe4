// How soon runs reach what a baseline ended with: for each baseline whose logs are here, the first line of every seed, and of the
// mean over seeds, that is no less than the mean of the baseline's last lines.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Progress } from "../../src/index.js";
import { meanAndSpread } from "./spread.js";

type Log = readonly Progress[];

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

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

/** A sentence for `name` whose logs are here, none for another; `logs` have their lines at the same steps. */
export function against(name: string, logs: readonly Log[], figure: (line: Progress) => number): string {
  const baseline = logsOf(name);
  if (baseline.length === 0 || logs.length === 0) return "";
  const ends = baseline.map((log) => figure(log[log.length - 1]));
  const goal = mean(ends);
  const budget = baseline[0][baseline[0].length - 1].envSteps;
  const steps = logs.map((log) => firstAt(log, goal, figure));
  const soon = steps.filter((step) => step !== null && step <= budget / 2).length;
  const lines = Math.min(...logs.map((log) => log.length));
  const averaged = Array.from({ length: lines }, (_, i) => mean(logs.map((log) => figure(log[i]))));
  const at = averaged.findIndex((value) => value >= goal);
  const own = baseline.map((log) => firstAt(log, goal, figure) ?? "never").join(", ");
  return [
    `${name} ends at ${meanAndSpread(ends)} after ${budget} steps (itself first there after ${own}).`,
    `First there after ${steps.map((step) => step ?? "never").join(", ")} steps: ${soon} of ${steps.length} seeds in half of its steps or less;`,
    `the mean over seeds after ${at < 0 ? "more than were made" : logs[0][at].envSteps}.`,
  ].join(" ");
}
