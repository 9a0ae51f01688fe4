// 60 kills of a process that saves without pause: a whole checkpoint always loads, never older than the last save that
// returned.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadCheckpoint } from "../../src/node/index.js";
import { temporaryFolder } from "../support/folder.js";

const test = suite("kill");
const KILLS = 60;

// one compiled file: a child then starts in the time of a bare node
function compileChild(folder: string): string {
  const outfile = path.join(folder, "save-loop.mjs");
  const entry = fileURLToPath(new URL("../support/save-loop.ts", import.meta.url));
  buildSync({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "esm", target: "node20" });
  return outfile;
}

interface Writer {
  readonly child: ChildProcess;
  readonly exit: Promise<unknown>;
  readonly firstSave: Promise<unknown>;
  /** Number of the last save that has returned. */
  last: number;
}

function start(script: string, file: string): Writer {
  const child = spawn(process.execPath, [script, file], { stdio: ["pipe", "pipe", "inherit"] });
  const writer: Writer = {
    child,
    exit: new Promise((resolve) => child.once("close", resolve)),
    firstSave: new Promise((resolve) => child.stdout.once("data", resolve)),
    last: -1,
  };
  child.stdout.on("data", (lines: Buffer) => {
    writer.last = Number(lines.toString().trim().split("\n").at(-1));
  });
  return writer;
}

test(`${KILLS} kills at random moments while saving`, async () => {
  const folder = temporaryFolder();
  const script = compileChild(folder);
  const file = path.join(folder, "run.mbrl");
  let next = start(script, file);
  let number = 0;
  let fallbacks = 0;
  let midSave = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const writer = next;
    writer.child.stdin?.end(String(number));
    // the next one starts up while this one saves
    next = start(script, file);
    await writer.firstSave;
    await sleep((kill * 7.31) % 25);
    writer.child.kill("SIGKILL");
    await writer.exit;
    const state = await loadCheckpoint(file, { onFallback: () => fallbacks++ });
    const { n } = state.meta as { n: number };
    assert.ok(n >= writer.last && n <= writer.last + 1, `loaded ${n}, the last save to return was ${writer.last}`);
    const x = state.arrays.x?.data as Float32Array;
    assert.ok(x.length === 100_000 && x.every((value) => value === n), "a mixture of two saves");
    if (existsSync(`${file}.previous`)) await loadCheckpoint(`${file}.previous`);
    const left = readdirSync(folder).filter((name) => name.includes(`.${writer.child.pid}.`));
    if (left.length > 0 || n !== writer.last) midSave++;
    number = n + 1;
  }
  next.child.kill("SIGKILL");
  await next.exit;
  assert.is(fallbacks, 0, "the newest file itself is always whole");
  assert.ok(midSave >= KILLS / 20, `only ${midSave} of ${KILLS} kills met a save under way`);
  console.log(`${KILLS} kills, ${midSave} within a save, ${number} saves, 0 torn`);
});

test.run();
