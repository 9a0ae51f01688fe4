import { availableParallelism } from "node:os";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { tasks } from "../../src/envs/tasks/index.js";
import { compileCommand, type Outcome, startCommand } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";

const test = suite("cli evaluate, info, help");
const program = compileCommand("test/support/fake-mbrl.ts");
const cwd = temporaryFolder();

async function mbrl(...args: string[]): Promise<Outcome> {
  const outcome = await startCommand(program, args, { cwd }).outcome;
  assert.is(outcome.code, 0, outcome.stderr);
  return outcome;
}

test("evaluate plays the asked number of episodes, the same each time", async () => {
  await mbrl("train", "fake", "--env", "CartPoleContinuous", "--trials", "1", "--out", "run");
  const json = (...args: string[]) => mbrl("evaluate", ...args, "--json");
  const one = await json("run", "--episodes", "3", "--seed", "7");
  const lines = one.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(
    lines.map(({ algorithm, env, episode, seed }) => [algorithm, env, episode, seed]),
    [0, 1, 2].map((episode) => ["fake", "CartPoleContinuous", episode, 7 + episode]),
  );
  // a pole left alone falls, and earns 1 per step until then
  for (const { episodeReturn, episodeLength } of lines) {
    assert.is(episodeReturn, episodeLength);
    assert.ok(episodeLength > 5 && episodeLength < 200, `${episodeLength} steps`);
  }
  const file = await json("run/checkpoint.mbrl", "--episodes", "1", "--seed", "8");
  assert.equal({ ...JSON.parse(file.stdout), episode: 1 }, lines[1]);
});

test("evaluate for people: a line per episode and a summary", async () => {
  const { stdout } = await mbrl("evaluate", "run", "--episodes", "2");
  assert.match(stdout, /^episode 1\/2: return [\d.]+ in \d+ steps\nepisode 2\/2: .*\nreturn [\d.]+ ± [\d.]+ \(mean ± /);
});

test("info lists algorithms, tasks, features, threads and memory", async () => {
  const { stdout } = await mbrl("info");
  for (const word of [
    "fake",
    "CartPoleContinuous",
    "Pendulum-v1",
    "simd yes",
    "threads: ",
    "memory: at most 1024 MiB",
  ]) {
    assert.ok(stdout.includes(word), `${word} in ${stdout}`);
  }
  const facts = JSON.parse((await mbrl("info", "--json")).stdout);
  assert.is(facts.threads, Math.min(availableParallelism(), 8));
  assert.equal(facts.algorithms, [{ name: "fake", description: "learns nothing, quickly" }]);
  assert.equal(
    facts.tasks.map(({ id }: { id: string }) => id),
    tasks.map(({ id }) => id),
  );
  assert.is(facts.features.simd, true);
  assert.match(facts.version, /^\d+\.\d+\.\d+/);
});

test("help lists what there is", async () => {
  const { stdout } = await mbrl("train", "--help");
  assert.match(stdout, /Algorithms:\n {2}fake {2}learns nothing, quickly\n {4}--set: pause, fail, sizes/);
  for (const option of ["--env", "--seed", "--trials", "--out", "--resume", "--json", "--set"]) {
    assert.ok(stdout.includes(option), option);
  }
  assert.match((await mbrl("--help")).stdout, /train .*\n[\s\S]*evaluate .*\n[\s\S]*info/);
  assert.match((await mbrl("--version")).stdout, /^\d+\.\d+\.\d+\n$/);
});

test.run();
