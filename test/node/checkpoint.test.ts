import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError, LimitError, type MbrlError, StorageError, VersionError } from "../../src/check.js";
import { loadCheckpoint, previousName, saveCheckpoint } from "../../src/node/index.js";
import type { SavedState } from "../../src/types.js";
import { temporaryFolder } from "../support/folder.js";
import { fingerprint, sampleState } from "../support/state.js";

const test = suite("node checkpoint");

function run(trial: number): { save(): SavedState } {
  return { save: () => ({ meta: { trial }, arrays: sampleState().arrays }) };
}

async function fails(load: Promise<SavedState>, kind: new (...args: never[]) => MbrlError, pattern: RegExp) {
  const error: unknown = await load.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  assert.instance(error, kind);
  assert.match((error as Error).message, pattern);
}

async function twoVersions(): Promise<string> {
  const file = path.join(temporaryFolder(), "run.mbrl");
  await saveCheckpoint(file, run(1));
  await saveCheckpoint(file, run(2));
  return file;
}

const quiet = { onFallback: () => assert.unreachable() };

test("what was saved is loaded", async () => {
  const file = await twoVersions();
  assert.is(fingerprint(await loadCheckpoint(file, quiet)), fingerprint(run(2).save()));
});

test("a damaged or missing newest file: the one before is loaded, and it is said", async () => {
  const whole = readFileSync(await twoVersions());
  const damaged = {
    empty: whole.subarray(0, 0),
    cut: whole.subarray(0, whole.length - 9),
    longer: Buffer.concat([whole, whole]),
  };
  for (const [name, bytes] of Object.entries({ ...damaged, missing: undefined })) {
    const file = await twoVersions();
    if (bytes === undefined) rmSync(file);
    else writeFileSync(file, bytes);
    const messages: string[] = [];
    const state = await loadCheckpoint(file, { onFallback: (message) => messages.push(message) });
    assert.equal((state.meta as { trial: number }).trial, 1, name);
    assert.is(messages.length, 1, name);
    assert.match(messages[0] as string, /loaded the version before it, ".*run\.mbrl\.previous"/);
  }
});

test("nothing whole left: the error of the newest", async () => {
  const file = await twoVersions();
  writeFileSync(file, "garbage");
  writeFileSync(previousName(file), "garbage too");
  await fails(loadCheckpoint(file, quiet), FormatError, /run\.mbrl": not an mbrl checkpoint/);
});

test("a newer version is not passed over for the one before", async () => {
  const file = await twoVersions();
  const bytes = readFileSync(file);
  bytes[8] = 9;
  writeFileSync(file, bytes);
  await fails(loadCheckpoint(file, quiet), VersionError, /run\.mbrl": checkpoint has version 9/);
});

test("missing, foreign, unreadable and oversized files are typed errors", async () => {
  const folder = temporaryFolder();
  await fails(loadCheckpoint(path.join(folder, "none"), quiet), StorageError, /cannot read ".*none": ENOENT/);
  mkdirSync(path.join(folder, "folder"));
  await fails(loadCheckpoint(path.join(folder, "folder"), quiet), StorageError, /not a regular file/);
  await fails(loadCheckpoint("/dev/zero", quiet), StorageError, /not a regular file/);
  const file = await twoVersions();
  await fails(loadCheckpoint(file, { ...quiet, maxBytes: 64 }), LimitError, /limited to 64/);
});

test("an error while saving leaves the old checkpoint", async () => {
  const file = await twoVersions();
  const broken = { save: () => ({ meta: Number.NaN, arrays: {} }) };
  const error: unknown = await saveCheckpoint(file, broken).catch((caught: unknown) => caught);
  assert.instance(error, RangeError);
  assert.is(fingerprint(await loadCheckpoint(file, quiet)), fingerprint(run(2).save()));
});

test.run();
