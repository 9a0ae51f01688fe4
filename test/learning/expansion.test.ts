// Value expansion: the region that carries rows on against passes one by one, on one thread and two; what is handed to it, and to the
// target that uses it, is checked. The rules are in expansion-rules.test.ts.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createReplayBuffer } from "../../src/data/index.js";
import { box, cartPoleContinuous, makeEnv } from "../../src/envs/index.js";
import { createExpansion, expansionTarget, type ExpansionTargetOptions } from "../../src/learning/index.js";
import { createDynamicsModel, createModelPass, type DynamicsModel } from "../../src/models/index.js";
import { createPolicy, createQFunction, type Policy } from "../../src/policies/index.js";
import type { RewardFunction, TerminationFunction } from "../../src/types.js";
import { loadRuntime, type Runtime } from "../../src/wasm/index.js";
import { generator, numbers } from "../support/numbers.js";
import { runtimes } from "../support/runtime.js";

// an ensemble that has seen some cart-pole, and a policy for it
function fitted(runtime: Runtime, learnReward: boolean): { model: DynamicsModel; policy: Policy } {
  const random = generator(5);
  const buffer = createReplayBuffer(runtime, { capacity: 100, observationSize: 4, actionSize: 1 });
  for (let i = 0; i < 100; i++) {
    const observation = numbers(random, 4, 0.3);
    const action = numbers(random, 1);
    const nextObservation = observation.map((x, d) => x + 0.3 * observation[(d + 1) % 4] + 0.1 * action[0]);
    buffer.add({ observation, action, reward: observation[0], nextObservation, terminated: false, truncated: true });
  }
  const sizes = { observationSize: 4, actionSize: 1 };
  const network = { members: 3, elites: 2, hidden: [9, 8], probabilistic: learnReward };
  const model = createDynamicsModel(runtime, { ...sizes, ...network, learnReward, seed: 2 });
  model.fit(buffer, { epochs: 8, batchSize: 16 });
  const policy = createPolicy(runtime, {
    kind: "deterministic",
    observationSize: 4,
    actionSpace: box([-1], [1]),
    seed: 3,
  });
  policy.network.params.write(policy.network.params.read().map((w) => w + 0.3 * random()));
  policy.network.changed();
  buffer.dispose();
  return { model, policy };
}

for (const [binary, runtime] of runtimes) {
  const test = suite(`expansion, ${binary}`);

  for (const learnReward of [false, true]) {
    test(`members carry their rows as passes one by one do (learned reward: ${learnReward})`, () => {
      const { model, policy } = fitted(runtime, learnReward);
      const env = makeEnv(runtime, cartPoleContinuous);
      const [H, B, E] = [3, 70, 2];
      runtime.scoped((scope) => {
        const random = generator(6);
        const start = scope.tensor([B, 4]).write(numbers(random, B * 4, 0.25));
        // one start that no model takes to a number
        start.view[4 * 7] = 3e38;
        const startAction = scope.tensor([B, 1]).write(numbers(random, B));
        const functions = { reward: learnReward ? undefined : env.reward, terminated: env.terminated };
        const expansion = scope.hold(createExpansion({ model, policy, horizon: H, rows: 80, ...functions }));
        expansion.imagine(start, startAction, B);
        const [pass, acting] = [scope.hold(createModelPass(model, B)), scope.hold(policy.pass(B))];
        const state = scope.tensor([B, 4]);
        const action = scope.tensor([B, 1]);
        const [next, raw, reward] = [scope.tensor([B, 4]), scope.tensor([B, 1]), scope.tensor([B])];
        const ended = scope.tensor([B], "u8");
        let broken = 0;
        let ends = 0;
        for (let e = 0; e < E; e++) {
          state.write(start.view);
          action.write(startAction.view);
          for (let h = 0; h < H; h++) {
            pass.forward({ observation: state, action, nextObservation: next, reward }, [model.network.elites[e]]);
            const from = (h * E + e) * B;
            for (let b = 0; b < B; b++) {
              const row = next.view.subarray(4 * b, 4 * b + 4);
              const finite = row.every(Number.isFinite);
              broken += Number(!finite);
              assert.is(expansion.finite.view[from + b], Number(finite));
              row.set(
                finite ? row.map((x) => Math.max(-100, Math.min(100, x))) : state.view.subarray(4 * b, 4 * b + 4),
              );
            }
            if (!learnReward) {
              const at = [reward.address, state.address, action.address, next.address] as const;
              runtime.kernels.task_reward(1, ...at, B);
            }
            runtime.kernels.task_terminated(1, ended.address, next.address, B);
            acting.forward(next, B);
            acting.act(action, raw, undefined, undefined);
            assert.equal(expansion.observation.view.slice(4 * from, 4 * (from + B)), next.read());
            assert.equal(expansion.action.view.slice(from, from + B), action.read());
            assert.equal([...expansion.reward.view.slice(from, from + B)], [...reward.view]);
            assert.equal(
              [...expansion.goes.view.slice(from, from + B)],
              [...ended.view].map((end) => 1 - end),
            );
            ends += ended.view.reduce((sum, end) => sum + end, 0);
            state.write(next.view);
          }
        }
        // the same functions, not compiled
        const { terminated } = env;
        const own = {
          reward: learnReward ? undefined : (((s, a, to, out) => env.reward(s, a, to, out)) as RewardFunction),
          terminated: ((to, out) => terminated(to, out)) as TerminationFunction,
        };
        const outside = scope.hold(createExpansion({ model, policy, horizon: H, rows: B, ...own }));
        outside.imagine(start, startAction, B);
        assert.equal([...outside.reward.view], [...expansion.reward.view.slice(0, H * E * B)]);
        assert.equal([...outside.goes.view], [...expansion.goes.view.slice(0, H * E * B)]);
        assert.ok(ends > 0 && ends < H * E * B, `${ends} ends`);
        assert.ok(broken > 0, "the start that is too large");
        scope.dispose();
      });
      for (const part of [model, policy]) part.dispose();
      env.close();
    });
  }

  test("arguments are checked", () => {
    const { model, policy } = fitted(runtime, false);
    const own: RewardFunction = (_s, _a, _next, out) => out.fill(1);
    const wrong = (options: object, message: RegExp) =>
      assert.throws(() => createExpansion({ model, policy, horizon: 2, rows: 4, reward: own, ...options }), message);
    wrong({ horizon: -1 }, /"horizon" expected an integer/);
    wrong({ rows: 0 }, /"rows" expected an integer/);
    wrong({ range: 0 }, /"range" expected a number above 0/);
    wrong({ reward: undefined }, /"reward" expected a function/);
    wrong({ terminated: 1 }, /"terminated" expected a function/);
    wrong({ continues: 1 }, /createExpansion: "continues" expected a function, got 1/);
    wrong({ continues: (next: Float32Array) => next, terminated: () => {} }, /"continues" expected nothing, beside/);
    wrong({ rule: "min" }, /unknown option "rule"/);
    const other = createPolicy(runtime, {
      kind: "deterministic",
      observationSize: 3,
      actionSpace: box([-1], [1]),
      seed: 3,
    });
    wrong(
      { policy: other },
      /"policy" expected one of 4 observations and 1 actions, as the model, got "3 observations/,
    );
    wrong({ model: {} }, /createExpansion: "model" expected a dynamics model, got an object/);
    wrong({ policy: undefined }, /"policy" expected a policy, got undefined/);
    const discrete = createPolicy(runtime, {
      kind: "categorical",
      observationSize: 4,
      actionSpace: { kind: "discrete", n: 2, start: 0 },
      seed: 3,
    });
    wrong({ policy: discrete }, /"policy" expected one whose actions are numbers, got "categorical"/);
    for (const [, elsewhere] of runtimes.filter(([name]) => name !== binary)) {
      const foreign = fitted(elsewhere, false);
      wrong({ policy: foreign.policy }, /"policy" expected one of the model's runtime, got "one of another"/);
      for (const part of [foreign.model, foreign.policy]) part.dispose();
    }
    for (const part of [model, policy, other, discrete]) part.dispose();
  });

  test("target networks and what carries are checked", () => {
    const { model, policy: actor } = fitted(runtime, true);
    const shape = { observationSize: 4, actionSpace: box([-1], [1]), seed: 1 };
    const critic = createQFunction(runtime, shape);
    const make = (options: object) => () => {
      const carrier = createExpansion({ model, policy: actor, horizon: 1, rows: 4 });
      try {
        const good: ExpansionTargetOptions = { actor, critic, carrier, rows: 4, rule: "last", gamma: 0.9 };
        expansionTarget({ ...good, ...options }).dispose();
      } finally {
        carrier.dispose();
      }
    };
    make({})();
    assert.throws(make({ actor: null }), /expansionTarget: "actor" expected a policy, got null/);
    assert.throws(make({ critic: undefined }), /"critic" expected a Q-function, got undefined/);
    assert.throws(make({ carrier: {} }), /"carrier" expected what carries starts on, got an object/);
    for (const [, elsewhere] of runtimes.filter(([name]) => name !== binary)) {
      const foreign = createQFunction(elsewhere, shape);
      assert.throws(make({ critic: foreign }), /"critic" expected one of the actor's runtime/);
      foreign.dispose();
    }
    for (const part of [critic, model, actor]) part.dispose();
  });

  test("a reward or an end that does not fill its numbers is one clear error", () => {
    const { model, policy } = fitted(runtime, false);
    const pays: RewardFunction = (_s, _a, _next, out) => void out.fill(1);
    const imagine = (options: object) => () => {
      runtime.scoped((scope) => {
        try {
          const parts = { model, policy, horizon: 2, rows: 5, reward: pays, ...options };
          const expansion = scope.hold(createExpansion(parts));
          expansion.imagine(scope.tensor([5, 4]), scope.tensor([5, 1]), 5);
          return [...expansion.reward.view];
        } finally {
          scope.dispose();
        }
      });
    };
    imagine({})();
    // two steps of two members from five starts
    const wanted = 'reward: "out[10]" expected a number, got NaN';
    const half: RewardFunction = (_s, _a, _next, out) => void out.fill(1, 0, 10);
    assert.throws(imagine({ reward: half }), (error: Error) => error.message === wanted && error instanceof RangeError);
    const returned = () => new Array(20).fill(1);
    assert.throws(imagine({ reward: returned }), /reward: "out\[0\]" expected a number, got an array of 20/);
    const seven: TerminationFunction = (_next, out) => void out.fill(0).fill(7, 19);
    assert.throws(imagine({ terminated: seven }), /terminated: "out\[19\]" expected 0 or 1, got 7/);
    for (const part of [model, policy]) part.dispose();
  });

  test("chances to go on that are none are one clear error, before any is taken over", () => {
    const { model, policy } = fitted(runtime, false);
    // two steps of two members from five starts, the last of which no model takes to a number
    const rows = 20;
    const half = new Float32Array(rows).fill(0.5);
    const but = (row: number, chance: number) => half.map((x, r) => (r === row ? chance : x));
    let chances: unknown = half;
    const continues = () => chances as Float32Array;
    let pay = 1;
    const reward: RewardFunction = (_s, _a, _next, out) => void out.fill(pay);
    runtime.scoped((scope) => {
      const expansion = scope.hold(createExpansion({ model, policy, horizon: 2, rows: 5, reward, continues }));
      const start = scope.tensor([5, 4]);
      start.view[16] = 3e38;
      const imagine = () => expansion.imagine(start, scope.tensor([5, 1]), 5);
      imagine();
      assert.equal([...expansion.goes.view], [...half]);
      assert.is(expansion.finite.view[4], 0);
      pay = 2;
      for (const [wrong, message] of [
        [half.slice(1), 'continues: "result" expected 20 chances, got Float32Array(19)'],
        [undefined, 'continues: "result" expected 20 chances, got undefined'],
        [but(3, Number.NaN), 'continues: "result[3]" expected a number in [0, 1], got NaN'],
        [but(18, -0.25), 'continues: "result[18]" expected a number in [0, 1], got -0.25'],
        [but(0, 1.5), 'continues: "result[0]" expected a number in [0, 1], got 1.5'],
      ] as const) {
        chances = wrong;
        assert.throws(imagine, (error: Error) => error.message === message && error instanceof RangeError);
        // as the steps left them: nothing has ended
        assert.ok(expansion.goes.view.every((goes) => goes === 1));
        assert.ok(!expansion.reward.view.includes(2));
      }
      // of what is never used any will do
      chances = but(4, Number.NaN);
      imagine();
      scope.dispose();
    });
    for (const part of [model, policy]) part.dispose();
  });

  test.run();
}

const test = suite("expansion, threads");

test("the same bits on two threads", async () => {
  const results = [];
  for (const threads of [1, 2]) {
    const runtime = await loadRuntime({ threads });
    const { model, policy } = fitted(runtime, false);
    const { reward, terminated } = makeEnv(runtime, cartPoleContinuous);
    const expansion = createExpansion({ model, policy, horizon: 2, rows: 150, reward, terminated });
    const start = runtime.tensor([150, 4]).write(numbers(generator(2), 600, 0.2));
    const action = runtime.tensor([150, 1]).write(numbers(generator(3), 150));
    expansion.imagine(start, action, 150);
    results.push([expansion.observation.read(), expansion.action.read(), expansion.finite.read()]);
    runtime.dispose();
  }
  assert.equal(results[0], results[1]);
});

test.run();
