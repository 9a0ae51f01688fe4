// Results on stdout: text for people, one JSON object per line for programs.

import { encodeLine } from "../io/index.js";

/** Writes one line of text. */
export function printText(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes one JSON object as a line. */
export function printJson(value: unknown): void {
  process.stdout.write(encodeLine(value));
}

/** Whether stdout may be colored: a terminal, and NO_COLOR unset or empty. */
export function mayColor(): boolean {
  return process.stdout.isTTY === true && !process.env.NO_COLOR;
}

/** How this command is called here: through npm it is not on the path. */
export function commandName(): string {
  return process.env.npm_execpath ? "npx mbrl" : "mbrl";
}
