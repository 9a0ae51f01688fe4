import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError, StorageError } from "../../src/check.js";
import { openRunLog, readRunLog } from "../../src/node/index.js";
import type { Progress } from "../../src/types.js";
import { temporaryFolder } from "../support/folder.js";

const test = suite("run-log");

function progress(trial: number): Progress {
  return {
    algorithm: "pets",
    trial,
    envSteps: 200 * (trial + 1),
    episodeReturn: 10.5 * trial,
    episodeLength: 200,
    modelLoss: trial === 0 ? null : -1.25,
    wallSeconds: trial / 3,
  };
}

async function logOf(...trials: number[]): Promise<string> {
  const file = path.join(temporaryFolder(), "log.jsonl");
  const log = await openRunLog(file);
  for (const trial of trials) await log.append(progress(trial));
  await log.close();
  return file;
}

async function fails(work: Promise<unknown>, kind: typeof FormatError | typeof StorageError, pattern: RegExp) {
  const error: unknown = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  assert.instance(error, kind);
  assert.match((error as Error).message, pattern);
}

test("lines are read back as appended", async () => {
  const file = await logOf(0, 1, 2);
  assert.equal(await readRunLog(file), [0, 1, 2].map(progress));
  assert.is(readFileSync(file, "utf8").split("\n").length, 4);
});

test("each line is in the file when append returns", async () => {
  const file = path.join(temporaryFolder(), "log.jsonl");
  const log = await openRunLog(file);
  await log.append(progress(0));
  assert.equal(await readRunLog(file), [progress(0)]);
  await log.close();
});

test("a resumed run drops what it will do again, and a line cut off by a kill", async () => {
  const file = await logOf(0, 1, 2, 3);
  appendFileSync(file, '{"algorithm":"pe');
  const log = await openRunLog(file, { resumeAt: 2 });
  await log.append(progress(2));
  await log.close();
  assert.equal(await readRunLog(file), [0, 1, 2].map(progress));
});

test("a new run does not write into an old log", async () => {
  const file = await logOf(0);
  await fails(openRunLog(file), StorageError, /cannot open ".*log\.jsonl": EEXIST/);
});

test("a run that resumes before its first trial ended needs no log", async () => {
  const file = path.join(temporaryFolder(), "log.jsonl");
  await (await openRunLog(file, { resumeAt: 0 })).close();
  assert.equal(await readRunLog(file), []);
});

test("a foreign file is refused with the line that is none", async () => {
  const file = await logOf(0);
  writeFileSync(file, `${JSON.stringify(progress(0))}\n{"algorithm":"pets"}\n`);
  await fails(readRunLog(file), FormatError, /log\.jsonl": line 2 is not the progress of a run/);
  writeFileSync(file, "hello\n");
  await fails(openRunLog(file, { resumeAt: 1 }), FormatError, /line 1: log line is not valid JSON/);
  assert.is(readFileSync(file, "utf8"), "hello\n");
});

test.run();
