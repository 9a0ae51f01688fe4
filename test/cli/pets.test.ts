// The real command with the real algorithm, small enough to be quick.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pets } from "../../src/algorithms/index.js";
import { algorithms } from "../../src/cli/algorithms.js";
import { cartPoleContinuous, makeEnv } from "../../src/envs/index.js";
import type { Progress } from "../../src/types.js";
import { compileCommand, type Running, startCommand } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import { runtime } from "../support/runtime.js";

const test = suite("cli pets");
const program = compileCommand("src/cli/mbrl.ts");
const cwd = temporaryFolder();
const small = ["members=2", "hidden=[8]", "epochs=4", "population=20", "iterations=2", "horizon=8", "initialSteps=60"];
const settings = small.flatMap((setting) => ["--set", setting]);

function mbrl(...args: string[]): Running {
  return startCommand(program, args, { cwd });
}

// everything but the time it took
function log(folder: string): object[] {
  const lines = readFileSync(path.join(cwd, folder, "log.jsonl"), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => ({ ...(JSON.parse(line) as Progress), wallSeconds: 0 }));
}

test("--set knows exactly the settings of the algorithm", () => {
  const env = makeEnv(runtime, cartPoleContinuous, { seed: 0 });
  let message = "";
  try {
    pets(runtime, env, { trials: 1, nonsense: 1 } as never);
  } catch (error) {
    message = (error as Error).message;
  }
  const given = ["onStep", "resume", "reward", "seed", "signal", "terminated", "trials"];
  const known = message.replace(/^.*known: /, "").split(", ");
  assert.equal([...Object.keys(algorithms.pets?.settings ?? {}), ...given].sort(), known.sort());
});

test("train, interrupt, resume, evaluate: the same run as without the interruption", async () => {
  const train = ["train", "pets", "--seed", "2", "--trials", "3"];
  const straight = await mbrl(...train, "--env", "CartPoleContinuous", "--out", "straight", ...settings).outcome;
  assert.is(straight.code, 0, straight.stderr);
  const stopped = mbrl(...train, "--env", "CartPoleContinuous", "--out", "stopped", ...settings);
  for (let i = 0; i < 500 && !existsSync(path.join(cwd, "stopped/checkpoint.mbrl")); i++) await sleep(10);
  stopped.child.kill("SIGINT");
  const { code, stderr } = await stopped.outcome;
  assert.ok(code === 130 || code === 0, stderr);
  if (code === 130) {
    const resumed = await mbrl(...train, "--out", "stopped", "--resume", ...settings).outcome;
    assert.is(resumed.code, 0, resumed.stderr);
  }
  assert.equal(log("stopped"), log("straight"));
  const play = (folder: string) => mbrl("evaluate", folder, "--episodes", "2", "--json").outcome;
  const [one, two] = await Promise.all([play("straight"), play("stopped")]);
  assert.is(one.code, 0, one.stderr);
  assert.is(one.stdout.trim().split("\n").length, 2);
  assert.is(two.stdout, one.stdout);
});

test("settings that the algorithm refuses: its own sentence, exit code 2", async () => {
  const refused = async (setting: string, sentence: RegExp) => {
    const { code, stderr } = await mbrl("train", "pets", "--env", "CartPoleContinuous", "--set", setting).outcome;
    assert.is(code, 2, stderr);
    assert.match(stderr, sentence);
    assert.match(stderr, /^mbrl: [^\n]+\n$/);
  };
  await refused("horizon=0", /pets: "horizon" expected an integer in \[1, 1000\], got 0/);
  await refused("planner=ppo", /pets: "planner" expected one of cem, icem, mppi, random-shooting, got "ppo"/);
  await refused("activation=selu", /"activation" expected one of .*, got "selu"/);
  assert.not.ok(existsSync(path.join(cwd, "runs")), "no folder is made for a run that does not start");
});

test.run();
