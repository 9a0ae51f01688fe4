// The real command with DDPG and TD3, small enough to be quick.
import { readFileSync } from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ddpg, td3 } from "../../src/algorithms/index.js";
import { algorithms } from "../../src/cli/algorithms.js";
import { makeVectorEnv, pendulum } from "../../src/envs/index.js";
import { compileCommand, type Outcome, startCommand } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import { runtime } from "../support/runtime.js";

const test = suite("cli ddpg and td3");
const program = compileCommand("src/cli/mbrl.ts");
const cwd = temporaryFolder();
const small = ["hidden=[8]", "batchSize=16", "initialSteps=60", "bufferSize=2000"].flatMap((set) => ["--set", set]);

const mbrl = (...args: string[]): Promise<Outcome> => startCommand(program, args, { cwd }).outcome;

// everything but the time it took
function log(folder: string): { readonly successRate: number | null }[] {
  const lines = readFileSync(path.join(cwd, folder, "log.jsonl"), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => ({ ...JSON.parse(line), wallSeconds: 0 }));
}

test("--set knows exactly the settings of the algorithms, and how many environments", () => {
  const env = makeVectorEnv(runtime, pendulum, { batch: 2, autoreset: "same-step" });
  for (const make of [ddpg, td3]) {
    let message = "";
    try {
      make(runtime, env, { trials: 1, nonsense: 1 } as never);
    } catch (error) {
      message = (error as Error).message;
    }
    const given = ["onStep", "resume", "seed", "signal", "trials"];
    const known = [...message.replace(/^.*known: /, "").split(", "), "envs"];
    assert.equal([...Object.keys(algorithms[make.name]?.settings ?? {}), ...given].sort(), known.sort());
  }
});

for (const [name, task, envs] of [
  ["ddpg", "ReacherGoal", 2],
  ["td3", "Pendulum-v1", 1],
] as const) {
  test(`${name}: train, resume, evaluate`, async () => {
    const train = (folder: string, ...args: string[]) => mbrl("train", name, "--out", `${name}-${folder}`, ...args);
    const fresh = ["--env", task, "--seed", "2", ...small, ...(envs > 1 ? ["--set", `envs=${envs}`] : [])];
    const runs = [await train("straight", ...fresh, "--trials", "3"), await train("half", ...fresh, "--trials", "1")];
    runs.push(await train("half", "--resume", "--trials", "3"));
    for (const { code, stderr } of runs) assert.is(code, 0, stderr);
    assert.is(log(`${name}-straight`).length, 3);
    assert.equal(log(`${name}-half`), log(`${name}-straight`));
    const hasGoal = task === "ReacherGoal";
    assert.ok(log(`${name}-half`).every(({ successRate }) => (successRate !== null) === hasGoal));
    assert.is(/, success \d+ %/.test(runs[0].stderr), hasGoal, runs[0].stderr);
    const play = (folder: string) => mbrl("evaluate", `${name}-${folder}`, "--episodes", "2", "--json");
    const [one, two] = await Promise.all([play("straight"), play("half")]);
    assert.is(one.code, 0, one.stderr);
    const lines = one.stdout.trim().split("\n");
    assert.is(lines.length, 2);
    assert.is(typeof JSON.parse(lines[0]).success, hasGoal ? "boolean" : "undefined");
    assert.is(two.stdout, one.stdout);
    const told = await mbrl("evaluate", `${name}-half`, "--episodes", "2");
    assert.is(/goal reached at the end of \d of 2 episodes/.test(told.stdout), hasGoal, told.stdout);
    const other = await train("half", "--resume", "--trials", "5", "--set", "envs=4");
    assert.is(other.code, 2);
    assert.match(other.stderr, /^mbrl: --set envs: the saved run has \d\n$/);
  });
}

test.run();
