// The gradient of the imagined return: against the float64 twin of the whole chain, whose gradient is that of central
// differences; what ends an episode, what has no gradient, what is saved; and how the chain's conditioning shows.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createReplayBuffer } from "../../src/data/index.js";
import { box, cartPoleContinuous, discrete, makeEnv, pendulum } from "../../src/envs/index.js";
import { RandomStream } from "../../src/kernels/index.js";
import { type ChainSampling, valueGradient, type ValueGradientOptions } from "../../src/learning/index.js";
import {
  createDynamicsModel,
  createModelPass,
  type DynamicsModel,
  type DynamicsModelOptions,
} from "../../src/models/index.js";
import { createPolicy, type Policy, type PolicyOptions } from "../../src/policies/index.js";
import type { RewardFunction, TerminationFunction } from "../../src/types.js";
import type { Runtime, Tensor } from "../../src/wasm/index.js";
import { member as memberOf, twin as mlpOf } from "../nn/support.js";
import { gradient as differences } from "../oracle/differences.js";
import { rewards } from "../oracle/rewards.js";
import { gradient, mul, type Num, num, scale, square, sub } from "../oracle/tape.js";
import { type ChainTwin, flatten, imaginedReturn } from "../oracle/value-gradient.js";
import { generator, numbers } from "../support/numbers.js";
import { runtimes } from "../support/runtime.js";

const D = 3;
const H = 10;
const B = 6;

// a reward of a user: (a − s₀)² and products, that ends where s₀ is large
const ownReward: RewardFunction = Object.assign(
  ((s, a, next, out) => {
    for (let b = 0; b < out.length; b++) {
      out[b] = -((a[b] - s[D * b]) ** 2) + 0.5 * next[D * b + 1] * next[D * b + 2];
    }
  }) as RewardFunction,
  {
    gradient: ((s, a, next, weight, out) => {
      for (let b = 0; b < weight.length; b++) {
        const difference = 2 * weight[b] * (a[b] - s[D * b]);
        out.action[b] -= difference;
        out.observation[D * b] += difference;
        out.nextObservation[D * b + 1] += 0.5 * weight[b] * next[D * b + 2];
        out.nextObservation[D * b + 2] += 0.5 * weight[b] * next[D * b + 1];
      }
    }) as NonNullable<RewardFunction["gradient"]>,
  },
);
const ownTwin = (s: readonly Num[], a: readonly Num[], next: readonly Num[]): Num =>
  sub(scale(mul(next[1], next[2]), 0.5), square(sub(a[0], s[0])));
const far = (s0: number) => Math.abs(s0) > 0.8;
const ownEnd: TerminationFunction = (next, out) => {
  for (let b = 0; b < out.length; b++) out[b] = far(next[D * b]) ? 1 : 0;
};

interface Case {
  readonly name: string;
  readonly policy?: Partial<PolicyOptions>;
  readonly model?: Partial<DynamicsModelOptions>;
  readonly reward?: "own" | "pendulum" | "learned";
  readonly ends?: boolean;
  readonly sampling?: ChainSampling;
  readonly gamma?: number;
  readonly stochastic?: boolean;
}

const cases: readonly Case[] = [
  { name: "gaussian, pendulum's reward, a member per step" },
  { name: "deterministic, swish", policy: { kind: "deterministic", activation: "swish" }, gamma: 0.95 },
  { name: "squashed, own reward and end", policy: { kind: "squashed" }, reward: "own", ends: true, gamma: 0.9 },
  {
    name: "state-dependent deviation, learned reward, probabilistic model, a member per trajectory",
    policy: { kind: "squashed", std: "state-dependent" },
    model: { probabilistic: true },
    reward: "learned",
    sampling: "episode",
  },
  { name: "the mode acts, the second best member", stochastic: false, sampling: 1 },
];

function fitted(runtime: Runtime, options: Partial<DynamicsModelOptions>): DynamicsModel {
  const random = generator(5);
  const buffer = createReplayBuffer(runtime, { capacity: 200, observationSize: D, actionSize: 1 });
  for (let i = 0; i < 200; i++) {
    const observation = numbers(random, D, 1.5);
    const action = numbers(random, 1, 2);
    const [x, y, z] = observation;
    const nextObservation = [x + 0.2 * Math.sin(y) + 0.1 * action[0], y + 0.2 * z, 0.9 * z - 0.3 * x + 0.3 * action[0]];
    buffer.add({ observation, action, reward: x * z, nextObservation, terminated: false, truncated: false });
  }
  const model = createDynamicsModel(runtime, {
    observationSize: D,
    actionSize: 1,
    angles: [1],
    noDelta: [2],
    members: 2,
    hidden: [8, 7],
    activation: "tanh",
    probabilistic: false,
    seed: 4,
    ...options,
  });
  model.fit(buffer, { epochs: 20, batchSize: 32 });
  buffer.dispose();
  return model;
}

function randomPolicy(runtime: Runtime, options: Partial<PolicyOptions>): Policy {
  const shape = { kind: "gaussian", observationSize: D, actionSpace: box([-2], [2]), hidden: [7, 6], seed: 1 } as const;
  const policy = createPolicy(runtime, { ...shape, initialStd: 0.3, ...options });
  const random = generator(11);
  // weights as large as those of a trained one, but where they must stay zero
  policy.network.params.write(policy.network.params.read().map((w) => (w === 0 ? 0 : 1.5 * w + 0.2 * random())));
  policy.network.changed();
  runtime.scoped((scope) => {
    policy.filter.update(scope.tensor([20, D]).write(numbers(random, 20 * D, 2)), 20);
    scope.dispose();
  });
  return policy;
}

/** What the chain drew, as its twin must know it. */
function twinOf(runtime: Runtime, c: Case, model: DynamicsModel, policy: Policy, starts: number[][]): ChainTwin {
  const random = new RandomStream(runtime, 7, "value-gradient");
  const { elites } = model.network;
  const { sampling = "step", stochastic = true } = c;
  const noise: number[][][] = [];
  const members: number[][] = [];
  for (let t = 0; t < H; t++) {
    if (stochastic && policy.kind !== "deterministic") {
      const drawn = runtime.tensor([B, 1]);
      random.normal(drawn);
      noise.push(Array.from(drawn.read(), (value) => [value]));
      drawn.dispose();
    }
    const order = sampling === "step" ? random.permutation(new Uint32Array(elites.length)) : elites.keys();
    const groups = typeof sampling === "number" ? [elites[sampling]] : [...order].map((i) => elites[i]);
    members.push(starts.map((_, b) => groups[Math.floor((b * groups.length) / B)]));
  }
  random.dispose();
  const { ensemble, normalizer, targetSize, words } = model.network;
  const floats = (address: number, n: number): number[] => {
    // the regressor keeps shift and scale to itself
    const copy = runtime.tensor([n]);
    runtime.kernels.rows_repeat(copy.address, address, 1, n);
    const values = [...copy.read()];
    copy.dispose();
    return values;
  };
  const [, , shiftAt, scaleAt] = words.head;
  const space = policy.actionSpace;
  assert.ok(space.kind === "box");
  return {
    policy: {
      kind: policy.kind as "gaussian",
      mlp: mlpOf(policy.network, 0),
      mean: policy.filter.mean.read(),
      inverseStd: policy.filter.inverseStd.read(),
      low: space.low,
      high: space.high,
    },
    model: {
      members: Array.from({ length: ensemble.members }, (_, e) => mlpOf(ensemble, e)),
      table: [
        [0, 0],
        [1, 1],
        [2, 1],
        [0, 2],
        [3, 0],
      ],
      mean: normalizer.mean.read(),
      inverseStd: normalizer.inverseStd.read(),
      shift: floats(shiftAt, targetSize),
      scale: floats(scaleAt, targetSize),
      delta: [1, 1, 0],
    },
    reward: { own: ownTwin, pendulum: rewards["Pendulum-v1"], learned: undefined }[c.reward ?? "pendulum"],
    terminated: c.ends ? ([s0]) => far(s0) : undefined,
    gamma: c.gamma ?? 1,
    member: members,
    noise: noise.length > 0 ? noise : undefined,
    starts,
  };
}

function error(got: ArrayLike<number>, expected: readonly number[]): number {
  const square = (values: readonly number[]) => values.reduce((total, value) => total + value * value, 0);
  return Math.sqrt(square(expected.map((value, i) => got[i] - value)) / square(expected));
}

for (const [binary, runtime] of runtimes) {
  const test = suite(`value gradient, ${binary}`);
  const env = makeEnv(runtime, pendulum);

  function make(c: Case, more?: Partial<ValueGradientOptions>) {
    const model = fitted(runtime, { ...c.model, learnReward: c.reward === "learned" });
    const policy = randomPolicy(runtime, c.policy ?? {});
    const reward = { own: ownReward, pendulum: env.reward, learned: undefined }[c.reward ?? "pendulum"];
    const { gamma = 1, sampling = "step", stochastic = true } = c;
    const chain = { model, policy, reward, terminated: c.ends ? ownEnd : undefined, gamma, sampling, stochastic };
    const value = valueGradient({ ...chain, horizon: H, batch: B, seed: 7, ...more });
    const dispose = () => {
      for (const part of [value, policy, model]) part.dispose();
    };
    return { model, policy, value, dispose };
  }

  function startsOf(): { rows: number[][]; tensor: Tensor } {
    const flat = numbers(generator(3), B * D);
    const tensor = runtime.tensor([B, D]).write(flat);
    return { tensor, rows: Array.from({ length: B }, (_, b) => flat.slice(b * D, (b + 1) * D)) };
  }

  for (const c of cases) {
    test(`${c.name}: 1e-4 from the twin over ${H} steps`, () => {
      const { model, policy, value, dispose } = make(c);
      const { rows, tensor } = startsOf();
      const chain = twinOf(runtime, c, model, policy, rows);
      const report = value.evaluate(tensor);
      const parameters = flatten(chain.policy.mlp);
      const variables = parameters.map(num);
      const { J, states } = imaginedReturn(chain, variables);
      if (c.ends) assert.ok(states.some(({ length }) => length < H) && states.some(({ length }) => length > H));
      const all = gradient(J, [...variables, ...states.flat(2)]);
      const expected = all.slice(0, variables.length);
      // those that are held at zero have no gradient here
      const masked = (g: readonly number[]) => g.map((x, i) => (policy.constantStd && isMasked(policy, i) ? 0 : x));
      const got = flatten(memberOf(policy.network, value.gradients, 0));
      assert.ok(Math.abs(report.return - J.value) < 1e-4 * Math.abs(J.value), `${report.return}, ${J.value}`);
      assert.ok(error(got, masked(expected)) < 1e-4, `gradient off by ${error(got, masked(expected))}`);
      const length = Math.sqrt(got.reduce((total, g) => total + g * g, 0));
      assert.ok(Math.abs(report.gradientNorm - length) < 1e-6 * length);

      // the diagnostic: the norms of what the twin says of each state
      let at = variables.length;
      const squares = new Array<number>(H + 1).fill(0);
      for (const visited of states) {
        for (const [t, state] of visited.entries()) {
          for (let d = 0; d < state.length; d++) squares[t] += (B * all[at++]) ** 2 / B;
        }
      }
      const norms = squares.map(Math.sqrt);
      assert.ok(error(report.stateGradientNorms, norms) < 1e-4, `${report.stateGradientNorms} ${norms}`);

      // some parameters of each layer
      const some = parameters.map((_, i) => i).filter((i) => i % 5 === 0);
      const central = differences(
        (x) => {
          const moved = [...parameters];
          for (const [k, i] of some.entries()) moved[i] = x[k];
          return imaginedReturn(chain, moved.map(num)).J.value;
        },
        some.map((i) => parameters[i]),
      );
      const off = error(
        [...central],
        some.map((i) => expected[i]),
      );
      assert.ok(off < 1e-6, `twin off by ${off}`);
      tensor.dispose();
      dispose();
    });
  }

  test("a state goes on from where it was saved; what is given up midway is done again", () => {
    const { value, dispose } = make(cases[0]);
    const { tensor } = startsOf();
    const before = value.save();
    const first = value.evaluate(tensor);
    const gradients = value.gradients.read();
    const second = value.evaluate(tensor);
    assert.is.not(second.return, first.return);
    value.load(before);
    const steps = value.evaluateSteps(tensor);
    for (let i = 0; i < H + 3; i++) steps.next();
    value.load(before);
    assert.equal(value.evaluate(tensor), first);
    assert.equal(value.gradients.read(), gradients);
    tensor.dispose();
    dispose();
    assert.is(runtime.checkGuards(), undefined);
  });

  test("a member is named by its place among the elites, the best first", () => {
    const { model, policy, dispose } = make(cases[0]);
    const { tensor } = startsOf();
    const returns = (): number[] =>
      [0, 1].map((sampling) => {
        const value = valueGradient({ model, policy, reward: env.reward, horizon: 3, batch: B, sampling, seed: 7 });
        const report = value.evaluate(tensor);
        value.dispose();
        return report.return;
      });
    const state = structuredClone(model.network.save());
    const { own } = state.meta as unknown as { own: { elites: number[] } };
    own.elites = [0, 1];
    model.network.load(state);
    const [first, second] = returns();
    assert.is.not(first, second);
    own.elites = [1, 0];
    model.network.load(state);
    assert.equal(returns(), [second, first]);
    tensor.dispose();
    dispose();
  });

  test("a compiled end is that of the function", () => {
    const pole = makeEnv(runtime, cartPoleContinuous);
    const model = createDynamicsModel(runtime, {
      observationSize: 4,
      actionSize: 1,
      members: 2,
      hidden: [5],
      activation: "tanh",
      probabilistic: false,
      seed: 1,
    });
    const { actionSpace } = pole;
    const policy = createPolicy(runtime, { kind: "squashed", observationSize: 4, actionSpace, hidden: [5], seed: 2 });
    const reward: RewardFunction = Object.assign(
      ((s, a, _, out) => {
        for (let b = 0; b < out.length; b++) out[b] = 1 - s[4 * b] ** 2 - a[b] ** 2;
      }) as RewardFunction,
      {
        gradient: ((s, a, _, weight, out) => {
          for (let b = 0; b < weight.length; b++) {
            out.observation[4 * b] -= 2 * weight[b] * s[4 * b];
            out.action[b] -= 2 * weight[b] * a[b];
          }
        }) as NonNullable<RewardFunction["gradient"]>,
      },
    );
    // the last of them end at once, some later, the first hardly ever
    const starts = runtime.tensor([B, 4]).write(Array.from({ length: 4 * B }, (_, i) => (i % 4 === 2 ? 0.01 * i : 0)));
    const plain: TerminationFunction = (next, out) => pole.terminated?.(next, out);
    const results = [pole.terminated, plain, undefined].map((terminated) => {
      const value = valueGradient({ model, policy, reward, terminated, horizon: H, batch: B, seed: 7 });
      const result = { report: value.evaluate(starts), gradients: value.gradients.read() };
      value.dispose();
      return result;
    });
    assert.ok(pole.terminated?.compiled);
    assert.equal(results[0], results[1]);
    assert.ok(results[0].report.return < results[2].report.return - 0.1);
    for (const part of [starts, policy, model]) part.dispose();
    pole.close();
  });

  test("a reward that is no number shows in return and norm", () => {
    const broken = Object.assign(((_s, _a, _n, out) => out.fill(NaN)) as RewardFunction, {
      gradient: ((_s, _a, _n, _w, out) => out.action.fill(NaN)) as NonNullable<RewardFunction["gradient"]>,
    });
    const { value, dispose } = make(cases[0], { reward: broken });
    const { tensor } = startsOf();
    const report = value.evaluate(tensor);
    assert.ok(Number.isNaN(report.return) && !Number.isFinite(report.gradientNorm));
    dispose();
    // one that is forgotten is an error
    const forgetful: RewardFunction = Object.assign(((_s, _a, _n, out) => out.fill(0, 1)) as RewardFunction, {
      gradient: () => {},
    });
    const other = make(cases[0], { reward: forgetful });
    assert.throws(() => other.value.evaluate(tensor), /reward: "out\[0\]" expected a number, got Float32Array/);
    tensor.dispose();
    other.dispose();
  });

  test("what has no gradient, and what does not fit, is told", () => {
    const model = fitted(runtime, {});
    const policy = randomPolicy(runtime, {});
    const cartpole = makeEnv(runtime, cartPoleContinuous);
    const good = { model, policy, reward: env.reward, horizon: 2, batch: 2, seed: 0 };
    const call = (more: Partial<ValueGradientOptions>) => () => valueGradient({ ...good, ...more }).dispose();
    call({})();
    assert.throws(call({ reward: cartpole.reward }), /the reward of CartPoleContinuous is constant or only jumps/);
    const plain: RewardFunction = (_s, _a, _n, out) => out.fill(0);
    assert.throws(call({ reward: plain }), /"reward" expected a property "gradient\(observation, action, nextObs/);
    assert.throws(call({ reward: undefined }), /"reward" expected a function with a gradient/);
    assert.throws(call({ batch: 3 }), /"batch" expected a multiple of the 2 elite members, got 3/);
    assert.throws(call({ sampling: 2 }), /"sampling" expected an integer in \[0, 1\]/);
    assert.throws(call({ sampling: "mean" as never }), /"sampling" expected "step", "episode" or the place of an/);
    assert.throws(call({ horizon: 0 }), /"horizon"/);
    const other = createPolicy(runtime, { kind: "categorical", observationSize: D, actionSpace: discrete(3), seed: 0 });
    assert.throws(call({ policy: other }), /"policy" expected one whose actions have a gradient/);
    const small = createPolicy(runtime, { kind: "gaussian", observationSize: 2, actionSpace: box([-2], [2]), seed: 0 });
    assert.throws(
      call({ policy: small }),
      /"policy" expected one of 3 observations and 1 actions, as the model, got "2 observations and 1 actions"/,
    );
    const learned = fitted(runtime, { learnReward: true });
    assert.throws(call({ model: learned }), /nothing, since the model has learned the reward/);
    assert.throws(() => valueGradient(undefined as never), /"options" expected an object/);
    assert.throws(call({ model: {} as never }), /"model" expected a dynamics model/);
    assert.throws(call({ policy: null as never }), /"policy" expected a policy, got null/);
    const elsewhere = runtimes.find(([name]) => name !== binary)?.[1] as Runtime;
    const foreign = randomPolicy(elsewhere, {});
    assert.throws(call({ policy: foreign }), /"policy" expected one of the model's runtime/);
    for (const part of [foreign, learned, small, other, policy]) part.dispose();

    const value = valueGradient({ ...good, policy: randomPolicy(runtime, {}) });
    assert.throws(() => value.evaluate(null as never), /"starts" expected a tensor, got null/);
    assert.throws(() => value.evaluate([0, 0, 0, 0, 0, 0] as never), /"starts" expected a tensor/);
    const flat = runtime.tensor([3, 2]);
    assert.throws(() => value.evaluate(flat), /"starts" expected f32 \[2, 3\], got "f32 \[3, 2\]"/);

    const pass = createModelPass(model, 2, 2);
    const [state, action, next] = [runtime.tensor([2, 3]), runtime.tensor([2, 1]), runtime.tensor([2, 3])];
    const rows = { observation: state, action, nextObservation: next };
    pass.forward(rows, [0, 1]);
    assert.throws(() => pass.forward(rows, [0]), /modelPass.forward: "members" expected 2, one a group, got/);
    assert.throws(
      () => pass.forward({ ...rows, observation: action }, [0, 1]),
      /"observation" expected at least 2 rows/,
    );
    assert.throws(() => pass.vjp({ ...rows, nextObservation: action }, state), /"nextObservation" expected at least 2/);
    assert.throws(() => pass.vjp(rows, action), /modelPass.vjp: "observation" expected at least 2 rows of 3/);
    assert.throws(
      () => createModelPass(model, 3, 2),
      /createModelPass: "rows" expected a multiple of the 2 groups, got 3/,
    );
    const learning = fitted(runtime, { learnReward: true });
    const other2 = createModelPass(learning, 2, 2);
    assert.throws(() => other2.forward(rows, [0, 1]), /"reward" expected a tensor, got undefined/);
    for (const part of [other2, learning, flat, state, action, next, pass, value, model]) part.dispose();
    cartpole.close();
  });

  test.run();
}

// is parameter i of `flatten` a weight that leads to a deviation which does not depend on the observation?
function isMasked(policy: Policy, i: number): boolean {
  const [K, N] = policy.network.layers.slice(-2);
  const last =
    i - policy.network.layers.slice(0, -2).reduce((n, k, l) => n + (k + 1) * policy.network.layers[l + 1], 0);
  return last >= 0 && last < K * N && last % N >= policy.actionSize;
}
