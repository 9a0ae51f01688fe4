// The real command with TRPO and PPO, small enough to be quick.
import { readFileSync } from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ppo, trpo } from "../../src/algorithms/index.js";
import { algorithms } from "../../src/cli/algorithms.js";
import { cartPole, makeVectorEnv } from "../../src/envs/index.js";
import { compileCommand, type Outcome, startCommand } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import { runtime } from "../support/runtime.js";

const test = suite("cli trpo and ppo");
const program = compileCommand("src/cli/mbrl.ts");
const cwd = temporaryFolder();
const small = ["envs=3", "steps=60", "hidden=[8]", "valueHidden=[8]"].flatMap((setting) => ["--set", setting]);

const mbrl = (...args: string[]): Promise<Outcome> => startCommand(program, args, { cwd }).outcome;

// everything but the time it took
function log(folder: string): object[] {
  const lines = readFileSync(path.join(cwd, folder, "log.jsonl"), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => ({ ...JSON.parse(line), wallSeconds: 0 }));
}

test("--set knows exactly the settings of the algorithms, and how many environments", () => {
  const env = makeVectorEnv(runtime, cartPole, { batch: 2, autoreset: "same-step" });
  for (const make of [trpo, ppo]) {
    let message = "";
    try {
      make(runtime, env, { trials: 1, nonsense: 1 } as never);
    } catch (error) {
      message = (error as Error).message;
    }
    const given = ["onStep", "onUpdate", "resume", "seed", "signal", "trials"];
    const known = [...message.replace(/^.*known: /, "").split(", "), "envs"];
    assert.equal([...Object.keys(algorithms[make.name]?.settings ?? {}), ...given].sort(), known.sort());
  }
});

for (const name of ["trpo", "ppo"]) {
  test(`${name}: train, resume, evaluate with the task's own actions`, async () => {
    const train = (folder: string, ...args: string[]) => mbrl("train", name, "--out", `${name}-${folder}`, ...args);
    const fresh = ["--env", "CartPole-v1", "--seed", "2", ...small];
    const runs = [await train("straight", ...fresh, "--trials", "4"), await train("half", ...fresh, "--trials", "2")];
    runs.push(await train("half", "--resume", "--trials", "4"));
    for (const { code, stderr } of runs) assert.is(code, 0, stderr);
    assert.is(log(`${name}-straight`).length, 4);
    assert.equal(log(`${name}-half`), log(`${name}-straight`));
    const play = (folder: string) => mbrl("evaluate", `${name}-${folder}`, "--episodes", "2", "--json");
    const [one, two] = await Promise.all([play("straight"), play("half")]);
    assert.is(one.code, 0, one.stderr);
    assert.is(one.stdout.trim().split("\n").length, 2);
    assert.is(two.stdout, one.stdout);
    const other = await train("half", "--resume", "--trials", "5", "--set", "envs=4");
    assert.is(other.code, 2);
    assert.match(other.stderr, /^mbrl: --set envs: the saved run has 3\n$/);
  });
}

test.run();
