// JSON lines: one value per line. A log that was cut off while its last line was being written stays readable.

import { FormatError, MbrlError } from "../check.js";
import type { Json } from "../types.js";
import { parseJson, stringifyJson } from "./json.js";

/** One value as a line, with its line feed. Throws `TypeError` for what is not JSON. */
export function encodeLine(value: unknown): string {
  return `${stringifyJson(value, "encodeLine", "value")}\n`;
}

/**
 * The values of all complete lines. What follows the last line feed was never finished and is left out. Throws
 * `FormatError` naming the line that is not JSON.
 */
export function decodeLines(text: string): Json[] {
  const lines = text.split("\n");
  lines.pop();
  return lines.map((line, i) => {
    try {
      return parseJson(line, "log line");
    } catch (error) {
      if (error instanceof MbrlError) throw new FormatError(`line ${i + 1}: ${error.message}`);
      throw error;
    }
  });
}
