import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Progress } from "../../src/types.js";
import { compileCommand, type Outcome, type Running, startCommand } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";

const test = suite("cli train");
const program = compileCommand("test/support/fake-mbrl.ts");
const cwd = temporaryFolder();
const fake = ["train", "fake", "--env", "CartPoleContinuous"];
const at = (...names: string[]) => path.join(cwd, ...names);

function start(...args: string[]): Running {
  return startCommand(program, args, { cwd });
}

async function succeeds(...args: string[]): Promise<Outcome> {
  const outcome = await start(...args).outcome;
  assert.is(outcome.code, 0, outcome.stderr);
  return outcome;
}

function log(folder: string): Progress[] {
  const lines = readFileSync(at(folder, "log.jsonl"), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Progress);
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await sleep(10);
  assert.ok(condition(), "waited 5 s in vain");
}

test("a run leaves a checkpoint, a log and a curve, and shows the curve", async () => {
  const { stdout, stderr } = await succeeds(...fake, "--seed", "1", "--trials", "4", "--out", "a/b");
  assert.equal(readdirSync(at("a/b")).sort(), [
    "checkpoint.mbrl",
    "checkpoint.mbrl.previous",
    "curve.svg",
    "log.jsonl",
  ]);
  assert.equal(
    log("a/b").map(({ trial, envSteps }) => [trial, envSteps]),
    [0, 1, 2, 3].map((trial) => [trial, 20 * (trial + 1)]),
  );
  assert.match(readFileSync(at("a/b/curve.svg"), "utf8"), /^<svg .*environment steps.*<\/svg>$/s);
  assert.match(stdout, /fake on CartPoleContinuous: return by trial\n +[\d.]+ [┼┤]/);
  assert.match(stdout, /mbrl evaluate a\/b/);
  assert.not(stdout.includes("\u001b"));
  assert.match(stderr, /^trial 1\/4: return [\d.]+ in 20 steps, 20 steps so far, \d+ steps\/s, .* left$/m);
});

test("--json: one object per trial on stdout, and nothing else", async () => {
  const { stdout } = await succeeds(...fake, "--trials", "3", "--out", "json", "--json");
  const lines = stdout.trimEnd().split("\n");
  const parsed = lines.map((line) => JSON.parse(line) as Progress);
  assert.equal(parsed, log("json"));
  assert.is(parsed.length, 3);
  for (const field of ["algorithm", "trial", "envSteps", "episodeReturn", "wallSeconds"]) {
    assert.ok(field in (parsed[0] as Progress), field);
  }
});

test("without --out each run gets a folder of its own", async () => {
  const one = await succeeds(...fake, "--trials", "1", "--seed", "5");
  const two = await succeeds(...fake, "--trials", "1", "--seed", "5");
  assert.match(one.stdout, /runs\/fake-CartPoleContinuous-seed5\/curve.svg/);
  assert.match(two.stdout, /runs\/fake-CartPoleContinuous-seed5-2\/curve.svg/);
});

test("interrupted and resumed, the run is the one that never stopped", async () => {
  await succeeds(...fake, "--seed", "3", "--trials", "4", "--out", "straight");
  const slow = start(...fake, "--seed", "3", "--trials", "4", "--out", "stopped", "--set", "pause=5");
  await until(() => existsSync(at("stopped/checkpoint.mbrl")));
  slow.child.kill("SIGINT");
  const { code, stdout, stderr } = await slow.outcome;
  assert.is(code, 130);
  assert.is(stdout, "");
  const sentences = stderr.split("\n").filter((line) => line.startsWith("mbrl:"));
  assert.equal(sentences, [
    'mbrl: interrupted, saved to "stopped"; continue with: mbrl train fake --out stopped --resume --trials 4',
  ]);
  assert.not.ok(existsSync(at("stopped/.lock")));
  assert.ok(log("stopped").length < 4, "stopped before the end");
  await succeeds("train", "fake", "--out", "stopped", "--resume", "--trials", "4");
  assert.equal(log("stopped"), log("straight"));
  const checkpoint = (folder: string) => readFileSync(at(folder, "checkpoint.mbrl"));
  assert.equal(checkpoint("stopped"), checkpoint("straight"));
});

test("SIGINT before the first trial ends can be resumed too", async () => {
  const slow = start(...fake, "--seed", "4", "--trials", "2", "--out", "early", "--set", "pause=100");
  await until(() => existsSync(at("early/log.jsonl")));
  await sleep(150);
  slow.child.kill("SIGTERM");
  assert.is((await slow.outcome).code, 143);
  await succeeds("train", "fake", "--out", "early", "--resume", "--trials", "2");
  await succeeds(...fake, "--seed", "4", "--trials", "2", "--out", "early-straight");
  assert.equal(log("early"), log("early-straight"));
});

test("killed without warning: the folder is not locked, and at most a trial is lost", async () => {
  const slow = start(...fake, "--seed", "6", "--trials", "4", "--out", "killed", "--set", "pause=5");
  await until(() => existsSync(at("killed/checkpoint.mbrl.previous")));
  slow.child.kill("SIGKILL");
  await slow.outcome;
  assert.ok(existsSync(at("killed/.lock")));
  await succeeds("train", "fake", "--out", "killed", "--resume", "--trials", "4");
  await succeeds(...fake, "--seed", "6", "--trials", "4", "--out", "killed-straight");
  assert.equal(log("killed"), log("killed-straight"));
});

test("a damaged checkpoint: the one before is resumed, and it is said", async () => {
  await succeeds(...fake, "--seed", "7", "--trials", "3", "--out", "damaged");
  const whole = log("damaged");
  writeFileSync(at("damaged/checkpoint.mbrl"), "garbage");
  const { stderr } = await succeeds("train", "fake", "--out", "damaged", "--resume", "--trials", "3");
  assert.match(stderr, /^mbrl: .*not an mbrl checkpoint.*; loaded the version before it/m);
  assert.equal(log("damaged"), whole);
});

test("a failure in the middle: one sentence, exit code 1, the last checkpoint kept", async () => {
  const { code, stderr } = await start(...fake, "--trials", "4", "--out", "diverged", "--set", "fail=50").outcome;
  assert.is(code, 1);
  assert.match(stderr, /^mbrl: fake: loss of member 1 is not finite after step 50; .*$/m);
  assert.not.match(stderr, /^ {4}at /m);
  await succeeds("evaluate", "diverged", "--episodes", "1");
});

test("a disk that takes no more: one sentence, exit code 1", async () => {
  const slow = start(...fake, "--trials", "9", "--out", "gone", "--set", "pause=5");
  await until(() => existsSync(at("gone/checkpoint.mbrl")));
  rmSync(at("gone"), { recursive: true });
  const { code, stderr } = await slow.outcome;
  assert.is(code, 1);
  assert.match(stderr, /^mbrl: cannot write "gone\/checkpoint\.mbrl": ENOENT.*$/m);
  assert.not.match(stderr, /^ {4}at /m);
});

test("a reader that goes away ends the run without noise", async () => {
  const slow = start(...fake, "--trials", "9", "--out", "pipe", "--json", "--set", "pause=2");
  slow.child.stdout?.once("data", () => slow.child.stdout?.destroy());
  const { code, stderr } = await slow.outcome;
  assert.is(code, 0);
  assert.not.match(stderr, /EPIPE/);
});

test.run();
