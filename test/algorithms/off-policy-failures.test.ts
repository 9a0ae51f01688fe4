// Runs of DDPG and TD3 when something fails: a critic that diverges gives the typed error and leaves the last good state; a step of
// the environment that throws, or is no number, costs its episode and no more.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  ddpg,
  type OffPolicyOptions,
  type OffPolicyProgress,
  type OffPolicyRun,
  td3,
} from "../../src/algorithms/index.js";
import { TrainingDivergedError } from "../../src/check.js";
import { batchEnvs, DivergedError, makeEnv, pendulum } from "../../src/envs/index.js";
import { metaField } from "../../src/saved-state.js";
import type { Env, SavedState } from "../../src/types.js";
import { bareEnv } from "../support/bare-env.js";
import { runtime } from "../support/runtime.js";
import { digest } from "../support/state.js";

const test = suite("failures of DDPG and TD3");

const tiny: Partial<OffPolicyOptions> = { seed: 3, hidden: [16], batchSize: 32, initialSteps: 60 };

// what learns, and what its updates draw from: everything of a saved run but what was collected
function learned(state: SavedState): Record<string, string> {
  return {
    ...Object.fromEntries(
      Object.entries(digest(state)).filter(([name]) => /^(policy|critic|optimizer|target)/.test(name)),
    ),
    random: JSON.stringify(metaField(state, "random")),
  };
}

test("a diverging critic gives the typed error, and everything is as after the last good update", async () => {
  // rewards that no float32 could be squared of
  const pays = (reward: number): Env => {
    const env = makeEnv(runtime, pendulum, { seed: 1 });
    return bareEnv(env, { step: (action) => ({ ...env.step(action), reward }) });
  };
  const options = { ...tiny, trials: 9, initialSteps: 40 };
  const run = ddpg(runtime, batchEnvs([pays(1e30)], { autoreset: "same-step" }), options);
  const before = learned(run.save());
  let thrown: unknown;
  for (const _ of [1, 2]) {
    try {
      for await (const __ of run);
    } catch (error) {
      thrown = error;
    }
    assert.instance(thrown, TrainingDivergedError);
    assert.match(
      (thrown as Error).message,
      /ddpg: the gradient of a critic is not finite after step 0; parameters restored/,
    );
    assert.equal(learned(run.save()), before);
    assert.is(run.updates, 0);
  }
  run.dispose();
});

test("a critic that diverges after many good updates keeps them", async () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  let steps = 0;
  const turns = bareEnv(env, {
    step: (action) => ({ ...env.step(action), reward: steps++ < 150 ? -1 : -3e38 }),
  });
  let last: Record<string, string> = {};
  let updates = 0;
  const run: OffPolicyRun = td3(runtime, batchEnvs([turns], { autoreset: "same-step" }), {
    ...tiny,
    trials: 9,
    onStep: ({ phase }) => {
      if (phase !== "update") return;
      last = learned(run.save());
      updates++;
    },
  });
  let thrown: unknown;
  try {
    for await (const _ of run);
  } catch (error) {
    thrown = error;
  }
  assert.instance(thrown, TrainingDivergedError);
  assert.ok(updates > 50 && run.updates === updates);
  assert.equal(learned(run.save()), last);
  for (const { data } of Object.values(run.save().arrays)) assert.ok(Array.from(data).every(Number.isFinite));
  run.dispose();
});

test("a step of the environment that fails is not counted, and the run goes on with other episodes", async () => {
  const env = makeEnv(runtime, pendulum, { seed: 1 });
  let steps = 0;
  const fails = bareEnv(env, {
    step: (action) => {
      if (++steps === 50) throw new Error("the cable is out");
      return steps === 90 ? { ...env.step(action), reward: Number.NaN } : env.step(action);
    },
  });
  const run = ddpg(runtime, batchEnvs([fails], { autoreset: "same-step" }), { ...tiny, trials: 1 });
  const messages: string[] = [];
  const log: OffPolicyProgress[] = [];
  while (log.length === 0) {
    try {
      for await (const progress of run) log.push(progress);
    } catch (error) {
      messages.push((error as Error).message);
      assert.ok(messages.length < 3, messages.join());
    }
  }
  assert.is(messages[0], "the cable is out");
  assert.match(messages[1], /"reward\[0\]" expected a finite number/);
  // two episodes were cut off, one was whole
  assert.equal([log[0].episodeLength, log[0].envSteps], [200, 49 + 39 + 200]);
  assert.equal([...new Set(run.parts.buffer.trajectories())], [0, 1, 2]);
  run.dispose();
});

test("of a batch only the episode that diverged is lost: its step is not kept, its return not counted", async () => {
  const envs = [1, 2].map((seed) => makeEnv(runtime, pendulum, { seed }));
  let steps = 0;
  const diverges = bareEnv(envs[1], {
    step: (action) => {
      // an environment of its own knows no number but 0
      if (++steps === 20) throw new DivergedError("test", "a pendulum", 0, "joint", 0.95, [0]);
      return envs[1].step(action);
    },
  });
  const env = batchEnvs([envs[0], diverges], { autoreset: "same-step" });
  const run = ddpg(runtime, env, { ...tiny, trials: 2, updatesPerStep: 0.02 });
  const log: OffPolicyProgress[] = [];
  for await (const progress of run) log.push(progress);
  const { buffer } = run.parts;
  const numbers = [...buffer.trajectories()];
  // the first of either, that of the second after the divergence, the next of the first
  const lengths = [0, 1, 2, 3].map((n) => numbers.filter((each) => each === n).length);
  assert.equal(lengths, [200, 19, 200, 20]);
  assert.is(numbers.length, 2 * 220 - 1);
  const returns = [0, 0, 0, 0];
  for (const [row, n] of numbers.entries()) returns[n] += buffer.reward.view[row];
  assert.equal(
    log.map(({ episodeReturn, episodeLength }) => [episodeReturn, episodeLength]),
    [
      [returns[0], 200],
      [returns[2], 200],
    ],
  );
  run.dispose();
});

test.run();
