// Q-functions: values as their twins', gradients of critic and actor updates against twins and central differences, target
// networks, saved states, options.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { box } from "../../src/envs/index.js";
import { createTransitionBatch } from "../../src/data/index.js";
import { RandomStream } from "../../src/kernels/index.js";
import { ActorUpdate, CriticUpdate, oneStepTarget, type TargetRule } from "../../src/learning/index.js";
import {
  createObservationFilter,
  createPolicy,
  createQFunction,
  type Policy,
  type QFunction,
} from "../../src/policies/index.js";
import type { Runtime, Scope, Tensor } from "../../src/wasm/index.js";
import { member, twin } from "../nn/support.js";
import { gradient } from "../oracle/differences.js";
import { forward, type Mlp, vjp } from "../oracle/mlp.js";
import { actorLossTwin, criticLossTwin, oneStepTwin } from "../oracle/off-policy.js";
import { actionOf, filtered, flat, headOf, type PolicyTwin, withParameters } from "../oracle/policies.js";
import { checkedRuntime, runtime, runtimes } from "../support/runtime.js";
import { distance, rowsIn, twinOf } from "./support.js";

const qs = suite("Q-function");

const D = 3;
const ROWS = 67;
const actionSpace = box([-2, 0, -Infinity], [1, 0.5, 4]);
const CENTER = [-0.5, 0.25, 0];
const HALF = [1.5, 0.25, 1];

interface Parts {
  readonly actor: Policy;
  readonly critic: QFunction;
  readonly observation: Tensor;
  readonly action: Tensor;
  readonly random: RandomStream;
}

// networks with a smooth activation, for central differences; behind a filter that clips some observations
function setup(scope: Scope, seed = 1): Parts {
  const on = scope.runtime;
  const random = scope.hold(new RandomStream(on, seed, "test"));
  const observation = scope.tensor([ROWS, D]);
  random.normal(observation);
  observation.write(observation.read().map((x, i) => 2 * x + (i % D)));
  const filter = scope.hold(createObservationFilter(on, D, true, 1.5));
  filter.update(observation, ROWS);
  const shape = { observationSize: D, actionSpace, filter, activation: "tanh", hidden: [17, 9] } as const;
  const actor = scope.hold(createPolicy(on, { ...shape, kind: "deterministic", seed }));
  // actions that depend on the observation
  actor.network.params.write(actor.network.params.read().map((x, i) => x * (i % 2 ? 3 : 5)));
  actor.network.changed();
  const critic = scope.hold(createQFunction(on, { ...shape, members: 3, seed: seed + 1 }));
  const action = scope.tensor([ROWS, 3]);
  random.uniform(action);
  action.write(action.read().map((x, i) => CENTER[i % 3] + HALF[i % 3] * (2 * x - 1)));
  return { actor, critic, observation, action, random };
}

const scaled = (action: readonly number[]): number[] => action.map((a, i) => (a - CENTER[i]) / HALF[i]);

// what a critic's network reads of a row
function features(policy: PolicyTwin, observation: readonly number[], action: readonly number[]): number[] {
  return [...filtered(policy, observation), ...scaled(action)];
}

// the twin of a critic with other parameters, in the order of `flat`
function criticWith(policy: PolicyTwin, mlp: Mlp, values: ArrayLike<number>): Mlp {
  return withParameters({ ...policy, mlp }, values).mlp;
}

const each = (on: Runtime, use: (scope: Scope) => void): void => {
  on.scoped((scope) => {
    use(scope);
    scope.dispose();
  });
};

for (const [name, on] of runtimes) {
  qs(`predicts what its twins do, each network for itself (${name})`, () => {
    each(on, (scope) => {
      const { actor, critic, observation, action } = setup(scope);
      const policy = twinOf(actor);
      const actions = rowsIn(action, 3, ROWS);
      for (const rows of [1, ROWS, 5]) {
        const out = scope.tensor([3, rows]);
        critic.predict(out, observation, action, rows);
        for (let k = 0; k < 3; k++) {
          const mlp = twin(critic.network, k);
          const expected = rowsIn(observation, D, rows).map((s, r) => forward(mlp, features(policy, s, actions[r]))[0]);
          assert.ok(distance(out.read().subarray(k * rows, (k + 1) * rows), expected) < 1e-5);
        }
      }
    });
  });

  qs(`the gradient of the critics' loss equals its twin's, real and extra rows together (${name})`, () => {
    each(on, (scope) => {
      const { actor, critic, observation, action, random } = setup(scope);
      const batch = createTransitionBatch(scope, 40, D, 3);
      batch.observation.write(observation.read().subarray(0, 40 * D));
      batch.action.write(action.read().subarray(0, 40 * 3));
      const target = scope.tensor([40]);
      random.normal(target);
      const rows = ROWS - 40;
      const extra = {
        rows,
        observation: scope.tensor([rows, D]).write(observation.read().subarray(40 * D)),
        action: scope.tensor([rows, 3]).write(action.read().subarray(40 * 3)),
        target: scope.tensor([rows]),
        weight: scope.tensor([rows]).write(Array.from({ length: rows }, (_, r) => [0, 0.5, 1][r % 3])),
      };
      random.normal(extra.target);
      // what has no weight is not looked at
      extra.target.write(extra.target.read().map((y, r) => (r % 3 === 0 ? Number.NaN : y)));
      const rule: TargetRule = { extra, write: (out) => void out.write(target.read()), dispose: () => {} };
      const update = on.scoped((inner) => new CriticUpdate(inner, critic, rule, 40));
      assert.ok(update.gradient(batch));
      const policy = twinOf(actor);
      const actions = rowsIn(action, 3, ROWS);
      const inputs = rowsIn(observation, D, ROWS).map((s, r) => features(policy, s, actions[r]));
      const weights = [...Array(40).fill(1), ...extra.weight.read()];
      const total = weights.reduce((a, b) => a + b, 0);
      const targets = [...target.read(), ...extra.target.read()];
      let loss = 0;
      for (let k = 0; k < 3; k++) {
        const mlp = twin(critic.network, k);
        const lossOf = (net: Mlp): number =>
          criticLossTwin(
            inputs.map((x) => forward(net, x)[0]),
            targets,
            weights,
          );
        loss += lossOf(mlp) / 3;
        const dys = inputs.map((x, r) => [
          weights[r] === 0 ? 0 : (2 * weights[r] * (forward(mlp, x)[0] - targets[r])) / total,
        ]);
        const expected = flat(vjp(mlp, inputs, dys));
        assert.ok(distance(flat(member(critic.network, update.gradients, k)), expected) < 1e-4);
        if (k > 0) continue;
        const numeric = gradient((values) => lossOf(criticWith(policy, mlp, values)), flat(mlp));
        assert.ok(distance(expected, numeric) < 1e-6);
      }
      assert.ok(Math.abs(update.loss - loss) < 1e-5 * loss);
      update.dispose();
    });
  });

  qs(`the gradient of the actor's loss equals its twin's (${name})`, () => {
    each(on, (scope) => {
      const { actor, critic, observation } = setup(scope);
      const penalty = 0.7;
      const options = { learningRate: 1e-3, penalty };
      const update = on.scoped((inner) => new ActorUpdate(inner, actor, critic, ROWS, options));
      assert.ok(update.gradient(observation, ROWS));
      const policy = twinOf(actor);
      const mlp = twin(critic.network, 0);
      const states = rowsIn(observation, D, ROWS);
      const lossOf = (net: Mlp): number => {
        const actions = states.map((s) => actionOf(policy, headOf({ ...policy, mlp: net }, s)));
        const values = states.map((s, r) => forward(mlp, features(policy, s, actions[r]))[0]);
        return actorLossTwin(values, actions.map(scaled), penalty);
      };
      // by the chain of the twins' vjps
      const heads = states.map((s) => headOf(policy, s));
      const inputs = states.map((s, r) => features(policy, s, actionOf(policy, heads[r])));
      const back = vjp(
        mlp,
        inputs,
        inputs.map(() => [-1 / ROWS]),
      ).inputs;
      const dys = back.map((g, r) =>
        heads[r].map((u, a) => {
          const x = inputs[r][D + a];
          // the third element has a bound on one side, beyond which nothing moves
          const free = a < 2 || Math.tanh(u) <= 4 ? 1 : 0;
          return free * (g[D + a] + (2 * penalty * x) / (ROWS * 3)) * (1 - Math.tanh(u) ** 2);
        }),
      );
      const expected = flat(
        vjp(
          policy.mlp,
          states.map((s) => filtered(policy, s)),
          dys,
        ),
      );
      assert.ok(distance(flat(member(actor.network, update.gradients, 0)), expected) < 1e-4);
      const numeric = gradient((values) => lossOf(withParameters(policy, values).mlp), flat(policy.mlp));
      assert.ok(distance(expected, numeric) < 1e-6);
      // a step goes down
      const before = lossOf(policy.mlp);
      update.apply();
      assert.ok(lossOf(twin(actor.network, 0)) < before);
      update.dispose();
    });
  });

  qs(`one-step targets are those of the target networks (${name})`, () => {
    each(on, (scope) => {
      const { actor, critic, observation, random } = setup(scope);
      const batch = createTransitionBatch(scope, ROWS, D, 3);
      batch.nextObservation.write(observation.read());
      random.normal(batch.reward);
      batch.terminated.write(batch.terminated.read().map((_, r) => Number(r % 4 === 1)));
      const policy = twinOf(actor);
      const clip = [-1, 0.4] as const;
      const rule = oneStepTarget({ actor, critic, rows: ROWS, gamma: 0.9, clip });
      const out = scope.tensor([ROWS]);
      rule.write(out, batch);
      const expected = rowsIn(observation, D, ROWS).map((s, r) => {
        const x = features(policy, s, actionOf(policy, headOf(policy, s)));
        const values = [0, 1, 2].map((k) => forward(twin(critic.network, k), x)[0]);
        return oneStepTwin(batch.reward.view[r], r % 4 === 1, values, 0.9, clip);
      });
      assert.ok(distance(out.read(), expected) < 1e-5);
      rule.dispose();
      // noise moves targets, those of transitions that terminated excepted
      const smoothing = { sigma: 0.2, limit: 0.5, random };
      const noisy = oneStepTarget({ actor, critic, rows: ROWS, gamma: 0.9, clip, smoothing });
      const before = out.read();
      noisy.write(out, batch);
      const moved = [...out.read()].filter((y, r) => y !== before[r]);
      assert.ok(moved.length > ROWS / 4);
      out.read().forEach((y, r) => {
        if (r % 4 === 1) assert.is(y, before[r]);
      });
      noisy.dispose();
    });
  });
}

qs("target networks, smoothing and bounds are checked", () => {
  each(runtime, (scope) => {
    const { actor, critic, random } = setup(scope);
    const good = { actor, critic, rows: 4, gamma: 0.9, smoothing: { sigma: 0.1, limit: Infinity, random } };
    const make = (more: object) => () => oneStepTarget({ ...good, ...more }).dispose();
    make({})();
    for (const [more, message] of [
      [{ actor: undefined }, /oneStepTarget: "actor" expected a policy, got undefined/],
      [{ critic: {} }, /"critic" expected a Q-function, got an object/],
      [{ smoothing: 0.2 }, /"smoothing" expected an object, got 0.2/],
      [{ smoothing: { ...good.smoothing, sigma: Number.NaN } }, /"smoothing.sigma" expected a finite number/],
      [{ smoothing: { ...good.smoothing, limit: Number.NaN } }, /"smoothing.limit" expected a number of at least 0/],
      [{ smoothing: { sigma: 0.1, limit: 1 } }, /"smoothing.random" expected a stream of random numbers/],
      [{ clip: [1, 0] }, /"clip" expected bounds, the lower one first, got "1, 0"/],
      [{ clip: [1] }, /"clip" expected two bounds/],
      [{ gamma: 2 }, /"gamma" expected/],
    ] as const) {
      assert.throws(make(more), message);
    }
    const wider = { observationSize: D + 1, actionSpace, seed: 0 };
    const other = scope.hold(createQFunction(runtime, wider));
    assert.throws(make({ critic: other }), /"critic" expected one of 3 observations and 3 actions, as the actor/);
    each(checkedRuntime, (elsewhere) => {
      const foreign = setup(elsewhere).critic;
      assert.throws(make({ critic: foreign }), /"critic" expected one of the actor's runtime, got "one of another"/);
    });
  });
});

qs("a step that would not stay finite is told from one that does", () => {
  each(runtime, (scope) => {
    const { critic, observation, action } = setup(scope);
    const batch = createTransitionBatch(scope, ROWS, D, 3);
    batch.observation.write(observation.read());
    batch.action.write(action.read());
    for (const [target, good] of [
      [1e6, true],
      [1e20, false],
      [Infinity, false],
      [Number.NaN, false],
    ] as const) {
      const rule: TargetRule = { write: (out) => void out.view.fill(target, 0, 1), dispose: () => {} };
      const update = runtime.scoped((inner) => new CriticUpdate(inner, critic, rule, ROWS));
      assert.is(update.gradient(batch), good, `target ${target}`);
      if (good) update.apply();
      assert.ok(critic.network.params.read().every(Number.isFinite));
      assert.ok(critic.optimizer.v.read().every(Number.isFinite));
      update.dispose();
    }
  });
});

qs("target networks start alike and follow", () => {
  each(runtime, (scope) => {
    const { actor, critic } = setup(scope);
    const shape = { observationSize: D, actionSpace, activation: "tanh", hidden: [17, 9] } as const;
    const other = scope.hold(createQFunction(runtime, { ...shape, members: 3, seed: 40 }));
    const before = other.network.params.read();
    other.follow(critic, 0.25);
    const expected = before.map((x, i) => x + 0.25 * (critic.network.params.view[i] - x));
    assert.ok(distance(other.network.params.read(), expected) < 1e-6);
    other.copyFrom(critic);
    assert.equal(other.network.params.read(), critic.network.params.read());
    const follower = scope.hold(createPolicy(runtime, { ...shape, kind: "deterministic", seed: 5 }));
    follower.copyFrom(actor);
    assert.equal(follower.network.params.read(), actor.network.params.read());
    follower.initialize(6);
    const start = follower.network.params.read();
    // x + 1 · (y − x) is not always y
    const { view } = actor.network.params;
    assert.ok(start.some((x, i) => Math.fround(x + Math.fround(view[i] - x)) !== view[i]));
    follower.follow(actor, 1);
    assert.equal(follower.network.params.read(), actor.network.params.read());
    other.network.params.write(before);
    other.follow(critic, 1);
    assert.equal(other.network.params.read(), critic.network.params.read());
    follower.follow(actor, 0);
    assert.not.equal(follower.network.params.read(), start);
    const narrow = scope.hold(createQFunction(runtime, { ...shape, members: 2, seed: 1 }));
    assert.throws(() => narrow.follow(critic, 0.1), /"other" expected networks alike: 2 of layers 6-17-9-1/);
    const elsewhere = createQFunction(checkedRuntime, { ...shape, members: 3, seed: 1 });
    assert.throws(() => elsewhere.follow(critic, 0.1), /qFunction.follow: "other" expected one of the same runtime/);
    elsewhere.copyFrom(critic);
    assert.equal(elsewhere.network.params.read(), critic.network.params.read());
    elsewhere.dispose();
    assert.throws(() => critic.follow(other, 2), /qFunction.follow: "tau" expected a finite number in \[0, 1\], got 2/);
  });
});

qs("a saved Q-function goes on bit for bit; what does not fit changes nothing", () => {
  each(runtime, (scope) => {
    const { critic, observation, action } = setup(scope);
    const rule: TargetRule = { write: (out) => void out.view.fill(2), dispose: () => {} };
    const batch = createTransitionBatch(scope, ROWS, D, 3);
    batch.observation.write(observation.read());
    batch.action.write(action.read());
    const step = (q: QFunction): void => {
      const update = runtime.scoped((inner) => new CriticUpdate(inner, q, rule, ROWS));
      assert.ok(update.gradient(batch));
      update.apply();
      update.dispose();
    };
    step(critic);
    const { filter } = critic;
    const shape = { observationSize: D, actionSpace, filter, activation: "tanh", hidden: [17, 9] } as const;
    const copy = scope.hold(createQFunction(runtime, { ...shape, members: 3, seed: 9 }));
    copy.load(critic.save());
    for (const q of [critic, copy]) step(q);
    assert.equal(copy.save(), critic.save());
    const narrow = scope.hold(createQFunction(runtime, { ...shape, members: 2, seed: 9 }));
    const before = narrow.save();
    assert.throws(() => narrow.load(critic.save()));
    assert.equal(narrow.save(), before);
  });
});

qs("options are checked", () => {
  const make = (more: object) => () => createQFunction(runtime, { observationSize: 2, actionSpace, seed: 1, ...more });
  assert.throws(make({ members: 0 }), /createQFunction: "members" expected an integer of at least 1, got 0/);
  assert.throws(make({ hidden: 3 }), /"hidden" expected an array of sizes/);
  assert.throws(make({ filter: {} }), /"filter" expected an observation filter/);
  assert.throws(make({ actionSpace: { kind: "discrete", n: 2, start: 0 } }), /"actionSpace" expected a box/);
  assert.throws(make({ hiden: [3] }), /unknown option "hiden"/);
});

qs.run();
