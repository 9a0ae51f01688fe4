// Every way to misuse the command: one sentence on stderr, exit code 2, nothing on stdout, no stack trace.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { encodeCheckpoint } from "../../src/io/index.js";
import { compileCommand, type Outcome, startCommand } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";

const test = suite("cli errors");
const program = compileCommand("test/support/fake-mbrl.ts");
const cwd = temporaryFolder();
const pole = ["--env", "CartPoleContinuous"];

function mbrl(...args: string[]): Promise<Outcome> {
  return startCommand(program, args, { cwd }).outcome;
}

async function refuses(args: string[], sentence: RegExp): Promise<void> {
  const { code, stdout, stderr } = await mbrl(...args);
  const where = `mbrl ${args.join(" ")}: exit code ${code}, ${JSON.stringify(stderr)}`;
  assert.is(code, 2, where);
  assert.is(stdout, "", where);
  assert.match(stderr, sentence, where);
  assert.match(stderr, /^mbrl: [^\n]+\n$/, where);
  assert.not.match(stderr, /^ {4}at /m, where);
}

// two at a time: there are two cores
async function refusesAll(cases: [string[], RegExp][]): Promise<void> {
  for (let i = 0; i < cases.length; i += 2) {
    await Promise.all(cases.slice(i, i + 2).map(([args, sentence]) => refuses(args, sentence)));
  }
}

test("commands and options", () =>
  refusesAll([
    [[], /expected a command: train, evaluate, simulate or info/],
    [["trian"], /unknown command 'trian'; did you mean train\?/],
    [["--frobnicate"], /unknown option '--frobnicate'/],
    [["train"], /missing required argument 'algorithm'/],
    [["train", "fake", "more", ...pole], /too many arguments/],
    [["train", "fake", ...pole, "--sed", "1"], /unknown option '--sed'; did you mean .*--seed/],
    [["evaluate", "x", "--trials", "1"], /unknown option '--trials'/],
    [["info", "--yaml"], /unknown option '--yaml'/],
    [["evaluate"], /missing required argument 'checkpoint'/],
  ]));

test("names", () =>
  refusesAll([
    [["train", "fkae", ...pole], /unknown algorithm "fkae"; did you mean "fake"\?/],
    [["train", "alphazero", ...pole], /unknown algorithm "alphazero"; known: fake/],
    [["train", "__proto__", ...pole], /unknown algorithm "__proto__"; known: fake/],
    [["train", "fake"], /train needs --env <task>/],
    [["train", "fake", "--env", "pendulum"], /unknown task "pendulum"; did you mean "Pendulum-v1"\?/],
    [["train", "fake", "--env", "CartpoleContinous"], /did you mean "CartPoleContinuous"\?/],
    [["train", "fake", "--env", "Go"], /unknown task "Go"; known: CartPoleContinuous, Pendulum-v1/],
  ]));

test("values", () =>
  refusesAll([
    [["train", "fake", ...pole, "--seed", "1.5"], /--seed.*'1.5' is invalid.*integer of at least 0/],
    [["train", "fake", ...pole, "--seed", "-1"], /--seed/],
    [["train", "fake", ...pole, "--seed", "9007199254740993"], /--seed/],
    [["train", "fake", ...pole, "--trials", "0"], /integer of at least 1/],
    [["train", "fake", ...pole, "--trials", "ten"], /integer of at least 1/],
    [["train", "fake", ...pole, "--trials"], /argument missing/],
    [["train", "fake", ...pole, "--out", ""], /expected the name of a folder/],
    [["evaluate", "x", "--episodes", "0"], /integer of at least 1/],
    [["train", "fake", ...pole, "--set", "pause"], /--set expected key=value, got "pause"/],
    [["train", "fake", ...pole, "--set", "=1"], /--set expected key=value, got "=1"/],
    [["train", "fake", ...pole, "--set", "puase=1"], /unknown setting of fake "puase"; did you mean "pause"\?/],
    [["train", "fake", ...pole, "--set", "__proto__=1"], /unknown setting of fake "__proto__"/],
    [["train", "fake", ...pole, "--set", "pause=soon"], /--set pause expected a number, got "soon"/],
    [["train", "fake", ...pole, "--set", "pause="], /--set pause expected a number, got ""/],
    [["train", "fake", ...pole, "--set", "sizes=[1,null]"], /--set sizes expected a list of numbers/],
    [["train", "fake", ...pole, "--set", "pause=1", "--set", "pause=2"], /--set pause was given twice/],
    [["train", "fake", ...pole, "--set", "pause=-5"], /fake: "pause" expected an integer in \[0, 1000\], got -5/],
  ]));

test("checkpoints", async () => {
  const good = encodeCheckpoint({
    meta: { kind: "run", algorithm: "fake", env: "CartPoleContinuous", trial: 1, envSteps: 20 },
    arrays: {},
  });
  const write = (name: string, content: string | Uint8Array) => writeFileSync(path.join(cwd, name), content);
  const ofRun = (fields: object) =>
    encodeCheckpoint({
      meta: { ...{ kind: "run", algorithm: "fake", env: "x", trial: 1, envSteps: 2 }, ...fields },
      arrays: {},
    });
  const newer = good.slice();
  newer[8] = 2;
  const flipped = good.slice();
  flipped[40] = (flipped[40] as number) ^ 1;
  write("text", "hello");
  write("empty", "");
  write("newer", newer);
  write("flipped", flipped);
  write("cut", good.subarray(0, good.length - 5));
  write("model", encodeCheckpoint({ meta: { kind: "model" }, arrays: {} }));
  write("algorithm", ofRun({ algorithm: "dreamer" }));
  write("task", ofRun({}));
  mkdirSync(path.join(cwd, "folder"));
  symlinkSync("loop", path.join(cwd, "loop"));
  await refusesAll([
    [["evaluate", "none"], /cannot read "none": ENOENT/],
    [["evaluate", "text"], /"text": not an mbrl checkpoint/],
    [["evaluate", "empty"], /"empty": not an mbrl checkpoint/],
    [["evaluate", "newer"], /"newer": checkpoint has version 2, this build reads up to 1; use a newer mbrl-wasm/],
    [["evaluate", "flipped"], /"flipped": checkpoint is damaged: its checksum does not match/],
    [["evaluate", "cut"], /"cut": checkpoint is damaged: it declares \d+ bytes/],
    [["evaluate", "model"], /"model" is a checkpoint, but not one of a run/],
    [["evaluate", "algorithm"], /unknown algorithm "dreamer"/],
    [["evaluate", "task"], /unknown task "x"/],
    [["evaluate", "folder"], /cannot read "folder\/checkpoint.mbrl": ENOENT/],
    [["evaluate", "/dev/zero"], /not a regular file/],
    [["evaluate", "loop"], /ELOOP/],
    [["train", "fake", "--resume"], /train needs --out <folder> with --resume/],
    [["train", "fake", "--resume", "--out", "none"], /cannot read "none"/],
    [["train", "fake", "--resume", "--out", "folder"], /cannot read "folder\/checkpoint.mbrl"/],
  ]);
});

test("folders", async () => {
  writeFileSync(path.join(cwd, "file"), "");
  const { code } = await mbrl("train", "fake", ...pole, "--trials", "2", "--out", "run");
  assert.is(code, 0);
  const before = readFileSync(path.join(cwd, "run/checkpoint.mbrl"));
  mkdirSync(path.join(cwd, "busy"));
  writeFileSync(path.join(cwd, "busy/.lock"), String(process.pid));
  await refusesAll([
    [
      ["train", "fake", ...pole, "--out", "run"],
      /"run" already holds a run; continue it with --resume, or choose another/,
    ],
    [["train", "fake", "--out", "run", "--resume", "--trials", "2"], /the run has done 2 trials already/],
    [
      ["train", "fake", "--env", "Pendulum-v1", "--out", "run", "--resume"],
      /a run on CartPoleContinuous, not on Pendulum-v1/,
    ],
    [["train", "fake", ...pole, "--out", "busy"], /"busy" is in use by process \d+/],
    [["train", "fake", ...pole, "--out", "file"], /"file" is a file, not a folder/],
    [["train", "fake", ...pole, "--out", "file/below"], /"file" is a file, not a folder/],
    [["train", "fake", ...pole, "--out", "/proc/none"], /cannot make folder "\/proc\/none"/],
  ]);
  assert.equal(readFileSync(path.join(cwd, "run/checkpoint.mbrl")), before);
});

test.run();
