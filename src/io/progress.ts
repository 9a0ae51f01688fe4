// The log of a run as text: one line of progress per trial. Fields that this version does not know are kept.

import * as v from "valibot";
import { FormatError } from "../check.js";
import type { Progress } from "../types.js";
import { decodeLines } from "./jsonl.js";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const progressSchema = v.looseObject({
  algorithm: v.string(),
  trial: count,
  envSteps: count,
  episodeReturn: v.number(),
  episodeLength: count,
  modelLoss: v.nullable(v.number()),
  wallSeconds: v.number(),
});

/** Reads the lines that `encodeLine` made of progress. Throws `FormatError` naming the line that is something else. */
export function decodeProgress(text: string): Progress[] {
  return decodeLines(text).map((line, i) => {
    const parsed = v.safeParse(progressSchema, line);
    if (!parsed.success) throw new FormatError(`line ${i + 1} is not the progress of a run`);
    return parsed.output;
  });
}
