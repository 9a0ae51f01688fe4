// Imagined batches: the twin bit for bit, ends and divergence, the same bits for any cut and any number of threads.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeEnv } from "../../src/envs/index.js";
import { tasks } from "../../src/envs/tasks/index.js";
import {
  type Batch,
  createImagination,
  type Imagination,
  type ImaginationOptions,
  type ImagineOptions,
  type Sampling,
} from "../../src/learning/index.js";
import {
  createDynamicsModel,
  type DynamicsModel,
  type DynamicsModelOptions,
  memberDisagreement,
} from "../../src/models/index.js";
import { createPolicy, type Policy, type PolicyOptions } from "../../src/policies/index.js";
import type { Box, Discrete, RewardFunction, TerminationFunction } from "../../src/types.js";
import { loadRuntime, type Runtime, type Scope } from "../../src/wasm/index.js";
import { imagineTwin } from "../oracle/imagine.js";
import { checkedRuntime, runtime, runtimes } from "../support/runtime.js";

const samplings: readonly Sampling[] = ["step", "episode", "mean", "median", "gaussian", 1];
const box = (A: number): Box => {
  const high = new Float32Array(A).fill(1.5);
  return { kind: "box", low: high.map((x) => -x), high, shape: [A] };
};

interface World {
  readonly model: DynamicsModel;
  readonly policy: Policy;
  readonly starts: Float32Array;
}

/** A model that has seen some noise, so that its scales are not 1, and a policy that acts on what it sees. */
function makeWorld(
  scope: Scope,
  D: number,
  space: Box | Discrete,
  B: number,
  model: Partial<DynamicsModelOptions> = {},
  kind: PolicyOptions["kind"] = space.kind === "box" ? "gaussian" : "categorical",
): World {
  const on = scope.runtime;
  const A = space.kind === "box" ? space.low.length : 1;
  const shape = { members: 3, hidden: [9, 7], seed: 1, ...model };
  const dynamics = scope.hold(createDynamicsModel(on, { observationSize: D, actionSize: A, ...shape }));
  const columns = { observation: [40, D], action: [40, A], nextObservation: [40, D], reward: [40] };
  const tensors = Object.entries(columns).map(([name, size], i) => {
    const tensor = scope.tensor(size);
    on.kernels.random_normal(tensor.address, tensor.size, 0, 9, 0, 0, i, 0);
    return [name, tensor];
  });
  dynamics.fit({ length: 40, ...Object.fromEntries(tensors) } as never, { epochs: 1 });
  const policy = scope.hold(createPolicy(on, { kind, observationSize: D, actionSpace: space, hidden: [11], seed: 2 }));
  const { params } = policy.network;
  on.kernels.random_normal(params.address, params.size, 0, 3, 0, 0, 0, 0);
  policy.network.changed();
  if (kind === "gaussian" || kind === "squashed") policy.setStd(0.6);
  const seen = scope.tensor([30, D]);
  on.kernels.random_normal(seen.address, seen.size, 0, 4, 0, 0, 0, 0);
  policy.filter.update(seen, 30);
  const starts = scope.tensor([B, D]);
  on.kernels.random_normal(starts.address, starts.size, 0, 5, 0, 0, 0, 0);
  return { model: dynamics, policy, starts: starts.read() };
}

function words(batch: Batch): Record<string, number[]> {
  const names = ["observation", "raw", "action", "logProb", "reward", "nextObservation", "valid"] as const;
  const floats = names.map((name) => {
    const view = batch[name].read();
    return [name, [...new Uint32Array(view.buffer, view.byteOffset, view.length)]];
  });
  const flags = (["terminated", "ended", "time"] as const).map((name) => [name, [...batch[name].view]]);
  return Object.fromEntries([...floats, ...flags]);
}

/** Two batches in turn must be those of the twin; returns the first. */
function compare(
  on: Runtime,
  { D, space, T, B }: { D: number; space: Box | Discrete; T: number; B: number },
  options: Omit<ImaginationOptions, "seed">,
  what: string,
  {
    greedy = false,
    model = {},
    kind,
  }: { greedy?: boolean; model?: Partial<DynamicsModelOptions>; kind?: PolicyOptions["kind"] | undefined } = {},
): Record<string, number[]> {
  return on.scoped((scope) => {
    const world = makeWorld(scope, D, space, B, model, kind);
    const given = { ...options, seed: 2 ** 40 + 3 };
    const part = scope.hold(createImagination(on, world.model, world.policy, given));
    const batch = part.createBatch(scope, T, B);
    const starts = scope.tensor([B, D]).write(world.starts);
    const twins = imagineTwin(scope, world.model, world.policy, given, world.starts, { T, B, greedy }, 2);
    const [first] = twins.map((twin, call) => {
      const { returns, steps, diverged } = part.collect(batch, starts, { greedy });
      const got = words(batch);
      assert.equal(got, words(twin), `${what}, batch ${call}`);
      assert.is(
        steps,
        batch.valid.view.reduce((sum, valid) => sum + valid, 0),
      );
      assert.is(diverged, 0);
      const sum = returns.reduce((a, b) => a + b, 0);
      const rewards = batch.reward.view.reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - rewards) <= 1e-9 * (1 + Math.abs(sum)) * batch.rows, `${sum}, ${rewards}`);
      return got;
    });
    on.checkGuards();
    scope.dispose();
    return first as Record<string, number[]>;
  });
}

const effort: RewardFunction = (observation, action, next, out) => {
  for (let b = 0; b < out.length; b++) out[b] = next[3 * b] - observation[3 * b + 1] - action[2 * b] ** 2;
};
const far: TerminationFunction = (next, out) => {
  for (let b = 0; b < out.length; b++) out[b] = Number(Math.abs(next[3 * b]) > 1.2);
};

for (const [name, on] of runtimes) {
  const test = suite(`imagined batches and their twin on ${name}`);
  // the checked binary is slow
  const [B, T] = on === checkedRuntime ? [5, 3] : [131, 6];
  const sizes = { D: 3, space: box(2), T, B };

  for (const sampling of samplings) {
    for (const probabilistic of [false, true]) {
      test(`${sampling}, ${probabilistic ? "probabilistic" : "deterministic"}`, () => {
        const model = { probabilistic, elites: 2 };
        const learned = { model: { ...model, learnReward: true } };
        const all = compare(on, sizes, { sampling }, "learned reward", learned);
        assert.ok(all.valid.every((bits) => bits !== 0));
        const cut = compare(on, sizes, { sampling, terminated: far }, "an end that only the host knows", learned);
        // few trajectories may all go on
        if (on !== checkedRuntime) assert.ok(cut.valid.includes(0) && cut.terminated.includes(1));
        compare(on, sizes, { sampling, reward: effort, terminated: far }, "JavaScript", { model });
        compare(on, sizes, { sampling, reward: effort, range: 0.8 }, "clipped", { model, greedy: true });
        const disputed = compare(on, sizes, { sampling, disagreement: 0.025 }, "members that disagree", learned);
        if (on !== checkedRuntime) assert.ok(disputed.valid.includes(0) && disputed.terminated.includes(1));
        // beside the ends of the task, wherever those are known
        compare(on, sizes, { sampling, reward: effort, terminated: far, disagreement: 0.025 }, "both ends", { model });
      });
    }
  }

  test("the reward and the end of every task, and every kind of policy", () => {
    for (const task of tasks) {
      const D = task.observationSpace.low.length;
      const env = makeEnv(on, task);
      const { reward, terminated } = env;
      const given = { D, space: task.actionSpace, T, B };
      const kinds =
        task.actionSpace.kind === "box" ? (["gaussian", "squashed", "deterministic"] as const) : [undefined];
      for (const kind of kinds) {
        const model = { probabilistic: false };
        const inside = compare(on, given, { reward, terminated }, `${task.id}, ${kind}`, { model, kind });
        // one of the two in JavaScript: the same numbers by another way
        const plain: RewardFunction = (...rows) => reward(...rows);
        assert.equal(compare(on, given, { reward: plain, terminated }, "mixed", { model, kind }), inside);
      }
      env.close();
    }
  });

  test("batches smaller and larger than a block, members more than trajectories", () => {
    for (const [rows, members] of on === checkedRuntime
      ? [
          [1, 1],
          [2, 5],
        ]
      : [
          [1, 1],
          [2, 5],
          [7, 5],
          [40, 20],
          [200, 7],
        ]) {
      const model = { members, probabilistic: false, learnReward: true };
      compare(on, { ...sizes, B: rows }, {}, `${rows} of ${members}`, { model });
    }
  });

  test("what is not finite ends a trajectory, and touches no other", () => {
    on.scoped((scope) => {
      const { model, policy, starts } = makeWorld(scope, 3, box(2), B, { probabilistic: false });
      // one in three trajectories is rewarded with a number that is none, at its second step
      let step = 0;
      const reward: RewardFunction = (_observation, _action, next, out) => {
        for (let b = 0; b < out.length; b++)
          out[b] = step === 1 && b % 3 === 0 ? (b % 2 ? NaN : Infinity) : next[3 * b];
        step++;
      };
      const part = scope.hold(createImagination(on, model, policy, { reward, seed: 0 }));
      const batch = part.createBatch(scope, T, B);
      const first = scope.tensor([B, 3]).write(starts);
      const { diverged, steps, returns } = part.collect(batch, first);
      assert.is(diverged, Math.ceil(B / 3));
      assert.is(steps, B * T - Math.ceil(B / 3) * (T - 1));
      assert.ok(returns.every(Number.isFinite));
      for (let b = 0; b < B; b++) {
        const flags = Array.from({ length: T }, (_, t) => batch.valid.view[t * B + b]);
        assert.equal(
          flags,
          Array.from({ length: T }, (_, t) => (b % 3 === 0 && t > 0 ? 0 : 1)),
        );
        assert.equal([...batch.terminated.view], Array(T * B).fill(0));
      }
      // a member that is no number: every state is where it was
      const { params } = model.network.ensemble;
      params.view.fill(NaN);
      model.network.ensemble.changed();
      const lost = part.collect(batch, first);
      assert.is(lost.steps, 0);
      assert.is(lost.diverged, B);
      for (const name of ["observation", "nextObservation", "reward", "logProb", "action"] as const) {
        assert.ok(batch[name].view.every(Number.isFinite), name);
      }
      assert.equal([...batch.nextObservation.view.subarray(0, 3 * B)], [...starts]);
      assert.equal([...part.validate(starts, 3)], Array(3).fill(-Infinity));
      scope.dispose();
    });
  });

  test.run();
}

const test = suite("imagination");

/** Runs `use` with an imagination of a small world. */
function withImagination(
  on: Runtime,
  B: number,
  options: Partial<ImaginationOptions>,
  use: (part: Imagination, scope: Scope, starts: Float32Array) => void,
  hidden = [60, 60],
): void {
  on.scoped((scope) => {
    const world = makeWorld(scope, 3, box(2), B, { probabilistic: false, members: 5, hidden });
    use(
      scope.hold(createImagination(on, world.model, world.policy, { reward: effort, seed: 3, ...options })),
      scope,
      world.starts,
    );
    scope.dispose();
  });
}

test("the same bits on 1, 2, 3 and 8 threads", async () => {
  const B = 150;
  const env = makeEnv(runtime, tasks.find(({ id }) => id === "Pendulum-v1") as (typeof tasks)[number]);
  for (const sampling of samplings) {
    const results: Record<string, number[]>[] = [];
    for (const threads of [1, 2, 3, 8]) {
      const on = await loadRuntime({ threads });
      on.scoped((scope) => {
        const { model, policy, starts } = makeWorld(scope, 3, box(1), B, { probabilistic: false, members: 5 });
        const given = { reward: env.reward, sampling, seed: 3 };
        const part = scope.hold(createImagination(on, model, policy, given));
        const batch = part.createBatch(scope, 7, B);
        part.collect(batch, scope.tensor([B, 3]).write(starts));
        results.push({ ...words(batch), scores: [...part.validate(starts.subarray(0, 60), 5)] });
        scope.dispose();
      });
      on.dispose();
    }
    for (const result of results) assert.equal(result, results[0], String(sampling));
  }
  env.close();
});

test("bounded slices whatever the sizes; a batch given up leaves nothing but a stream further on", () => {
  const env = makeEnv(runtime, tasks.find(({ id }) => id === "Pendulum-v1") as (typeof tasks)[number]);
  runtime.scoped((scope) => {
    const { model, policy, starts } = makeWorld(scope, 3, box(1), 300, { hidden: [200, 200], probabilistic: false });
    const part = scope.hold(createImagination(runtime, model, policy, { reward: env.reward, seed: 3 }));
    const batch = part.createBatch(scope, 40, 300);
    const tensor = scope.tensor([300, 3]).write(starts);
    const place = part.save();
    const count = [...part.collectSteps(batch, tensor)].length;
    const work = 300 * 40 * 2 * (4 * 200 + 200 * 200 + 200 * 3);
    assert.ok(count >= work / (100e6 * runtime.threads), `${count} slices for ${work} operations`);
    const whole = words(batch);
    const given = part.collectSteps(batch, tensor);
    given.next();
    given.next();
    given.return(undefined as never);
    part.load(place);
    part.collect(batch, tensor);
    assert.equal(words(batch), whole);
    const small = part.createBatch(scope, 5, 10);
    assert.is([...part.collectSteps(small, tensor)].length, 1);
    scope.dispose();
  });
  env.close();
});

test("validation is on each member, by the mode of the policy, and always the same", () => {
  withImagination(runtime, 20, {}, (part, scope, starts) => {
    const scores = part.validate(starts, 6);
    assert.equal(part.validate(starts, 6), scores);
    const batch = part.createBatch(scope, 6, 20);
    const tensor = scope.tensor([20, 3]).write(starts);
    for (const [sampling, score] of scores.entries()) {
      const { returns } = part.collect(batch, tensor, { sampling, greedy: true });
      assert.is(score, returns.reduce((sum, value) => sum + value, 0) / 20);
      const { returns: discounted } = part.collect(batch, tensor, { sampling, greedy: true, gamma: 0.5 });
      const first = Array.from({ length: 6 }, (_, t) => 0.5 ** t * batch.reward.view[20 * t]);
      assert.ok(Math.abs(discounted[0] - first.reduce((a, b) => a + b, 0)) < 1e-12);
    }
    assert.is(new Set(scores).size, 5, `${scores}`);
  });
});

test("trajectories end where members disagree by more than the limit, which can be moved", () => {
  withImagination(runtime, 64, {}, (part, scope, starts) => {
    const { model } = part;
    const batch = part.createBatch(scope, 5, 64);
    const tensor = scope.tensor([64, 3]).write(starts);
    assert.is(part.collect(batch, tensor).steps, batch.rows);
    part.setDisagreement(0.04);
    const { steps, diverged } = part.collect(batch, tensor);
    assert.ok(steps < batch.rows && steps > 64, `${steps} of ${batch.rows}`);
    assert.is(diverged, 0);
    const [observation, action] = [batch.observation.read(), batch.action.read()];
    const found = memberDisagreement(model, observation, action);
    for (const [row, valid] of batch.valid.read().entries()) {
      if (valid) assert.is(batch.terminated.view[row], Number(found[row] > Math.fround(0.04)), `row ${row}`);
    }
    // a member that is no number disagrees with all, also where another one goes on
    part.setDisagreement(1e9);
    const { ensemble } = model.network;
    const before = ensemble.params.read();
    const none = scope.tensor([ensemble.params.size]);
    none.view.fill(NaN);
    ensemble.copyMember(ensemble.params, none, 0);
    ensemble.changed();
    const lost = part.collect(batch, tensor, { sampling: model.network.elites.indexOf(4) });
    assert.equal([lost.steps, lost.diverged], [64, 0]);
    ensemble.params.write(before);
    ensemble.changed();
    part.setDisagreement(Infinity);
    assert.is(part.collect(batch, tensor).steps, batch.rows);
    for (const [limit, message] of [
      [0, /imagination.setDisagreement: "disagreement" expected a number above 0, got 0/],
      [NaN, /"disagreement" expected a number above 0, got NaN/],
      ["much", /"disagreement" expected a number, got "much"/],
    ] as const) {
      assert.throws(() => part.setDisagreement(limit as number), message);
    }
  });
});

test("saves and goes on; refuses what does not fit", () => {
  withImagination(runtime, 8, {}, (part, scope, starts) => {
    const batch = part.createBatch(scope, 4, 8);
    const tensor = scope.tensor([8, 3]).write(starts);
    const place = part.save();
    part.collect(batch, tensor);
    const before = words(batch);
    part.collect(batch, tensor);
    assert.not.equal(words(batch), before);
    part.load(place);
    part.collect(batch, tensor);
    assert.equal(words(batch), before);

    const bad: [Partial<ImaginationOptions>, RegExp][] = [
      [{ sampling: "random" as never }, /createImagination: "sampling" expected one of step, episode/],
      [{ sampling: 5 }, /"sampling" expected an integer in \[0, 4\], got 5/],
      [{ range: 0 }, /"range" expected a number above 0, got 0/],
      [{ range: { low: [0], high: [1] } }, /"range.low" expected 3 numbers/],
      [{ range: { low: [0, 1, 0], high: [1, 0, 1] } }, /"range.low\[1\]" expected a number of at most 0, got 1/],
      [{ disagreement: -1 }, /createImagination: "disagreement" expected a number above 0, got -1/],
      [{ reward: undefined }, /"reward" expected a function, got undefined/],
      [{ seed: -1 }, /"seed" expected an integer/],
    ];
    for (const [options, message] of bad) {
      const { model, policy } = part;
      assert.throws(() => createImagination(runtime, model, policy, { reward: effort, seed: 0, ...options }), message);
    }
    const more: [ImagineOptions, RegExp][] = [
      [{ sampling: 7 }, /imagination.collect: "sampling" expected an integer/],
      [{ greed: true } as never, /unknown option "greed"/],
    ];
    for (const [options, message] of more) assert.throws(() => part.collect(batch, tensor, options), message);
    assert.throws(() => part.collect(batch, scope.tensor([7, 3])), /"starts" expected at least 8 rows of 3, got/);
    assert.throws(() => part.validate(new Float32Array(4), 3), /"starts" expected rows of 3 numbers/);
    const policy = scope.hold(
      createPolicy(runtime, { kind: "gaussian", observationSize: 3, actionSpace: box(1), seed: 0 }),
    );
    assert.throws(
      () => createImagination(runtime, part.model, policy, { reward: effort, seed: 0 }),
      /"policy" expected one of \d observations and 2 actions, as the model, got "\d observations and 1 actions"/,
    );
  });
});

test.run();
