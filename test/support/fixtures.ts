// Reads the JSON that the generators in test/fixtures wrote.
import { readFileSync } from "node:fs";

/** The content of `test/fixtures/<name>.json`. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8")) as T;
}

/** A trajectory of a Python environment: row t+1 of `states` and row t of the others follow action t. */
export interface RecordedTrajectory {
  readonly name: string;
  readonly actions: number[];
  readonly states: number[][];
  readonly observations: number[][];
  readonly rewards: number[];
  readonly terminated: boolean[];
}
