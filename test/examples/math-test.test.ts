// Accept the test, or go home: open-loop planning declines, and so does model-predictive control, which answers right when it
// is placed before the question; a learned
// policy accepts; the decision flips where a guess is right more often than one time in three.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mathTest, mathTestRollout, RIGHT, WRONG } from "../../examples/math-test.js";
import { batchEnvs, cem, checkEnv, mpc, type Planner, ppo, randomShooting } from "../../src/index.js";
import { runtime } from "../support/runtime.js";

const test = suite("the math test");
const HORIZON = 2;
const DOOR = [0, 0, 0];
const choice = (action: number) => Math.min(Math.max(Math.round(action), 0), 18);

function planners(leaked: number): readonly (readonly [string, Planner])[] {
  const { actionSpace } = mathTestRollout(runtime, { leaked, samples: 1 });
  const search = { actionSpace, horizon: HORIZON, seed: 3 };
  return [
    ["cem", cem(runtime, { ...search, population: 500, eliteRatio: 0.05, iterations: 8, returnMean: false })],
    ["random shooting", randomShooting(runtime, { ...search, population: 2000 })],
  ];
}

/** The value of a plan over questions that the planner has not seen. */
function worth(plan: Float32Array, leaked: number): number {
  const rollout = mathTestRollout(runtime, { leaked, samples: 20_000, seed: 99 });
  return runtime.scoped((scope) => {
    const out = scope.tensor([1]);
    rollout.returns(DOOR, scope.tensor([1, HORIZON, 1]).write(plan), out);
    const [value] = out.read();
    scope.dispose();
    return value;
  });
}

test("it is an environment, alone and in a batch, and gives what its rules say", () => {
  const env = mathTest(runtime, { seed: 1 });
  checkEnv(env);
  for (let i = 0; i < 50; i++) {
    env.reset();
    const { observation, reward, terminated } = env.step(1);
    assert.equal([observation[0], reward, terminated], [1, 0, false]);
    const [, a, b] = observation;
    const right = i % 2 === 0;
    const answer = env.step(right ? a + b : (a + b + 1) % 19);
    assert.equal([answer.reward, answer.terminated], [right ? RIGHT : WRONG, true]);
  }
  env.reset();
  const home = env.step(0);
  assert.equal([home.reward, home.terminated], [0, true]);
  env.close();
  const practice = mathTest(runtime, { practice: 1, seed: 2 });
  assert.is(practice.reset().observation[0], 1);
  practice.close();
  const batch = batchEnvs(
    [0, 1, 2].map((seed) => mathTest(runtime, { seed })),
    { autoreset: "same-step" },
  );
  batch.reset({ seed: 5 });
  const asked = batch.step([0, 1, 2]);
  assert.equal([...asked.terminated], [1, 0, 0]);
  assert.equal(
    [0, 1, 2].map((b) => asked.observation[3 * b]),
    [0, 1, 1],
  );
  batch.close();
});

test("the best plan that accepts is worth −700, and every planner goes home", () => {
  const rollout = mathTestRollout(runtime, { seed: 7 });
  const accepting = Array.from({ length: 19 }, (_, answer) => worth(Float32Array.of(1, answer), 0));
  const best = Math.max(...accepting);
  assert.is(accepting.indexOf(best), 9);
  // the standard error over 20,000 questions is 6
  assert.ok(Math.abs(best + 700) < 25, `${best}`);
  for (const [name, planner] of planners(0)) {
    const plan = planner.plan(rollout, DOOR);
    assert.is(choice(plan[0]), 0, name);
    assert.is(worth(plan, 0), 0, name);
    planner.dispose();
  }
});

test("model-predictive control goes home too, though it answers right before the question", () => {
  const rollout = mathTestRollout(runtime, { seed: 7 });
  for (const [name, planner] of planners(0)) {
    const agent = mpc(planner, rollout);
    const env = mathTest(runtime, { seed: 4 });
    agent.reset();
    const home = env.step(choice(agent.act(env.reset().observation)[0]));
    assert.equal([home.reward, home.terminated], [0, true], name);
    const placed = mathTest(runtime, { practice: 1, seed: 5 });
    for (let i = 0; i < 5; i++) {
      agent.reset();
      assert.is(placed.step(choice(agent.act(placed.reset().observation)[0])).reward, RIGHT, `${name}, question ${i}`);
    }
    env.close();
    placed.close();
    planner.dispose();
  }
});

test("the decision flips where a guess is right with p > 1/3", () => {
  for (const [p, accepts] of [
    [0.25, false],
    [0.31, false],
    [0.36, true],
    [0.45, true],
  ] as const) {
    const leaked = (p - 0.1) / 0.9;
    const rollout = mathTestRollout(runtime, { leaked, seed: 11 });
    for (const [name, planner] of planners(leaked)) {
      const plan = planner.plan(rollout, DOOR);
      assert.is(choice(plan[0]) !== 0, accepts, `${name} at p = ${p}`);
      if (accepts) assert.is(choice(plan[1]), 9);
      const expected = accepts ? RIGHT * p + WRONG * (1 - p) : 0;
      assert.ok(Math.abs(worth(plan, leaked) - expected) < 50, `${name} at p = ${p}: ${worth(plan, leaked)}`);
      planner.dispose();
    }
  }
});

test("a policy, which answers what it sees, accepts and earns nearly 2000", async () => {
  // most episodes begin with a question, or going home would be learned before answering
  const practice = Array.from({ length: 64 }, (_, seed) => mathTest(runtime, { seed, practice: 0.9 }));
  const envs = batchEnvs(practice, { autoreset: "same-step" });
  const run = ppo(runtime, envs, { trials: 30, steps: 64, entropy: 0.02, seed: 0 });
  for await (const _ of run);
  const env = mathTest(runtime, { seed: 1000 });
  const episodes = 300;
  let [total, accepted] = [0, 0];
  for (let i = 0; i < episodes; i++) {
    const first = env.step(run.agent.act(env.reset().observation)[0]);
    total += first.reward;
    if (first.terminated) continue;
    accepted++;
    total += env.step(run.agent.act(first.observation)[0]).reward;
  }
  assert.is(accepted, episodes);
  assert.ok(total / episodes > 1800, `${total / episodes}`);
  run.dispose();
  envs.close();
  env.close();
});

test.run();
