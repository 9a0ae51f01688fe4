// Imagined returns against returns computed by hand: one-layer networks whose members each add a constant of their own to a
// one-dimensional state make every propagation a sum that can be written down.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  createDynamicsModel,
  type DynamicsModel,
  type LearnedRolloutOptions,
  learnedRollout,
} from "../../src/models/index.js";
import type { Box, RewardFunction } from "../../src/types.js";
import { runtimes } from "../support/runtime.js";

const actionSpace: Box = { kind: "box", low: Float32Array.of(-1), high: Float32Array.of(1), shape: [1] };
/** The reward is the new state. */
const reward: RewardFunction = (_observation, _action, next, out) => out.set(next);
const H = 4;

for (const [name, runtime] of runtimes) {
  const test = suite(`learned rollout on ${name}`);

  /** next = state + action + drift[e], with noise of log-variance `logvar` when given. */
  function drifting(drift: readonly number[], logvar?: number): DynamicsModel {
    const probabilistic = logvar !== undefined;
    const members = drift.length;
    const shape = { observationSize: 1, actionSize: 1, hidden: [], normalizeTargets: false };
    const model = createDynamicsModel(runtime, { ...shape, members, probabilistic, seed: 0 });
    const weights = model.network.ensemble.weights();
    const columns = probabilistic ? 2 : 1;
    // features are (state, action), outputs (mean, raw log-variance)
    const { "layer0.weight": weight, "layer0.bias": bias } = weights.arrays;
    weight.data.fill(0);
    for (let e = 0; e < members; e++) {
      weight.data[(2 * e + 1) * columns] = 1;
      bias.data[e * columns] = drift[e];
      if (logvar !== undefined) bias.data[e * columns + 1] = logvar;
    }
    model.network.ensemble.setWeights(weights);
    return model;
  }

  /** Returns of the sequences from state 1. */
  function returns(model: DynamicsModel, sequences: readonly number[][], options: Partial<LearnedRolloutOptions>) {
    const rollout = learnedRollout(model, { actionSpace, reward, seed: 3, ...options });
    const actions = runtime.tensor([sequences.length, H, 1]).write(sequences.flat());
    const out = runtime.tensor([sequences.length]);
    rollout.returns([1], actions, out);
    const values = [...out.read()];
    for (const part of [rollout, actions, out]) part.dispose();
    runtime.checkGuards();
    return values;
  }

  /** Σ of the states after 1 … H steps from state 1 with a drift per step. */
  function byHand(actions: readonly number[], drift: number, steps = H): number {
    let [state, sum] = [1, 0];
    for (let t = 0; t < steps; t++) {
      state += actions[t] + drift;
      sum += state;
    }
    return sum;
  }

  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const std = (values: readonly number[]) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
  function close(got: readonly number[], expected: readonly number[], tolerance = 1e-5): void {
    const near = got.every((value, i) => Math.abs(value - expected[i]) < tolerance);
    assert.ok(near && got.length === expected.length, `${got} instead of ${expected}`);
  }

  const drift = [0.1, -0.2, 0.5];
  const sequences = [
    [0.5, -0.25, 0.125, 0],
    [-1, 1, -1, 1],
    [0, 0, 0, 0],
    [0.3, 0.3, 0.3, 0.3],
    [1, 0.5, -0.5, -1],
  ];

  test("TSinf: a particle keeps its member; risk weighs the spread over members", () => {
    const model = drifting(drift);
    for (const particles of [3, 6]) {
      for (const risk of [0, 0.5, -1]) {
        const expected = sequences.map((actions) => {
          const members = drift.map((each) => byHand(actions, each));
          return mean(members) + risk * std(members);
        });
        close(returns(model, sequences, { propagation: "TSinf", particles, risk }), expected);
      }
    }
    model.dispose();
  });

  test("TS1: every member moves the same number of particles at every step", () => {
    const model = drifting(drift);
    // dealt out evenly, the members' drifts add up to the same sum at every step, whatever the deal
    const expected = sequences.map((actions) => byHand(actions, mean(drift)));
    for (const seed of [1, 2, 3, 4, 5])
      close(returns(model, sequences, { propagation: "TS1", particles: 6, seed }), expected);
    // but not the spread: particles that change members differ less than those that keep theirs, and by chance
    const spread = (propagation: "TS1" | "TSinf", seed: number) =>
      returns(model, [sequences[2]], { propagation, particles: 3, risk: 1, seed })[0] - expected[2];
    const kept = spread("TSinf", 0);
    const changed = [1, 2, 3, 4, 5, 6].map((seed) => spread("TS1", seed));
    assert.ok(mean(changed) < 0.8 * kept, `${changed} against ${kept}`);
    assert.ok(std(changed) > 0.01 * kept);
    model.dispose();
  });

  test("expectation: the mean of the members at every step", () => {
    const model = drifting(drift);
    const expected = sequences.map((actions) => byHand(actions, mean(drift)));
    close(returns(model, sequences, { propagation: "expectation" }), expected);
    model.dispose();
  });

  test("only elites predict", () => {
    const shape = { observationSize: 1, actionSize: 1, hidden: [], normalizeTargets: false, probabilistic: false };
    const model = createDynamicsModel(runtime, { ...shape, members: 3, elites: 1, seed: 0 });
    const weights = model.network.ensemble.weights();
    weights.arrays["layer0.weight"].data.fill(0);
    weights.arrays["layer0.bias"].data.set([0.25, 7, 9]);
    model.network.ensemble.setWeights(weights);
    close(returns(model, [sequences[2]], {}), [byHand([0, 0, 0, 0], 0.25)]);
    model.dispose();
  });

  test("a terminated particle collects nothing more", () => {
    const model = drifting([1, 0.01]);
    // the first member passes 2.5 at its second step: that reward still counts
    const terminated = (next: Float32Array, out: Uint8Array) =>
      out.set(Array.from(next, (state) => Number(state > 2.5)));
    const expected = (byHand(sequences[2], 1, 2) + byHand(sequences[2], 0.01)) / 2;
    for (const propagation of ["TSinf"] as const) {
      close(returns(model, [sequences[2]], { propagation, terminated }), [expected]);
    }
    model.dispose();
  });

  test("probabilistic members add noise of their variance, from a stream that goes on", () => {
    const model = drifting([0, 0], -2);
    const rollout = learnedRollout(model, { actionSpace, reward, particles: 2, seed: 3 });
    const N = 2000;
    const actions = runtime.tensor([N, 1, 1]);
    const out = runtime.tensor([N]);
    rollout.returns([1], actions, out);
    const first = [...out.read()];
    // of two particles the mean has half the variance; the bounds move −2 to −2.08
    const sigma = std(first) * Math.sqrt(2);
    assert.ok(Math.abs(mean(first) - 1) < 4 * (sigma / Math.sqrt(2 * N)), `mean ${mean(first)}`);
    assert.ok(Math.abs(sigma / Math.exp(-1.04) - 1) < 0.06, `σ ${sigma} instead of ${Math.exp(-1.04)}`);
    // other noise the next time, and the same again from a saved place
    const place = rollout.save();
    rollout.returns([1], actions, out);
    const second = [...out.read()];
    assert.not.equal(second, first);
    rollout.load(place);
    rollout.returns([1], actions, out);
    assert.equal([...out.read()], second);
    for (const part of [rollout, actions, out, model]) part.dispose();
  });

  test("a state that is not finite makes its own return not finite, and no other", () => {
    const model = drifting(drift);
    const broken: RewardFunction = (_observation, action, next, out) =>
      out.set(next.map((state, i) => (action[i] === 0.5 ? Number.NaN : state)));
    const got = returns(model, [sequences[2], sequences[0], sequences[3]], { reward: broken });
    assert.ok(Number.isNaN(got[1]));
    close(
      [got[0], got[2]],
      [sequences[2], sequences[3]].map((actions) => mean(drift.map((each) => byHand(actions, each)))),
    );
    model.dispose();
  });

  test("rewards and ends that are not written are told from those that are no numbers", () => {
    const model = drifting(drift);
    const rows = sequences.length * drift.length;
    const call = (more: object) => () => returns(model, sequences, more);
    for (const [wrong, message] of [
      [() => {}, `reward: "out[0]" expected a number, got NaN`],
      [() => new Float32Array(2), `reward: "out[0]" expected a number, got Float32Array(2)`],
      [
        (_s: unknown, _a: unknown, _next: unknown, out: Float32Array) => out.fill(1, 0, 3).length,
        `reward: "out[3]" expected a number, got ${rows}`,
      ],
    ] as const) {
      const reward = wrong as unknown as RewardFunction;
      assert.throws(call({ reward }), (error: Error) => error instanceof RangeError && error.message === message);
    }
    for (const [wrong, message] of [
      [(next: Float32Array) => next.map(() => 0), /terminated: "out\[0\]" expected 0 or 1.*got Float32Array/],
      [(_: unknown, out: Uint8Array) => void out.fill(0).fill(7, 2), /terminated: "out\[2\]" expected 0 or 1.*got 7/],
      [(_: unknown, out: Uint8Array) => void out.fill(0, 1), /terminated: "out\[0\]" expected 0 or 1/],
    ] as const) {
      assert.throws(call({ terminated: wrong }), message);
    }
    model.dispose();
  });

  test("a reward may make memory grow in the middle of a step", () => {
    const model = drifting(drift);
    const expected = returns(model, sequences, {});
    const { total } = runtime.memoryUsage();
    const growing: RewardFunction = (observation, action, next, out) => {
      runtime.tensor([runtime.memoryUsage().total / 4]).dispose();
      reward(observation, action, next, out);
    };
    assert.equal(returns(model, sequences, { reward: growing }), expected);
    assert.ok(runtime.memoryUsage().total > total);
    model.dispose();
  });

  test("tensors of other shapes are refused before anything is written", () => {
    const model = drifting(drift);
    const rollout = learnedRollout(model, { actionSpace, reward, seed: 3 });
    const [actions, wide, out] = [runtime.tensor([5, H, 1]), runtime.tensor([5, H, 2]), runtime.tensor([1])];
    assert.throws(() => rollout.returns([0], actions, out), /learnedRollout.returns: "out" expected shape \[5\]/);
    assert.throws(() => rollout.returns([0], wide, out), /"actions" expected shape \[N, H, 1\]/);
    assert.throws(() => rollout.returns([0, 1], runtime.tensor([1, H, 1]), out), /"start" expected shape \[1\]/);
    for (const part of [rollout, actions, wide, out, model]) part.dispose();
  });

  test("options are checked", () => {
    const model = drifting(drift);
    const tensors = runtime.memoryUsage().tensors;
    const create = (change: object) => () => learnedRollout(model, { actionSpace, reward, seed: 0, ...change });
    assert.throws(create({ particles: 4 }), /"particles" expected a multiple of the 3 elite members, got 4/);
    assert.throws(create({ propagation: "DS" }), /"propagation" expected one of TSinf, TS1, expectation, got "DS"/);
    assert.throws(create({ propagation: "expectation", risk: 1 }), /"risk" expected 0 under expectation/);
    assert.throws(create({ propagation: "expectation", particles: 3 }), /"particles" expected 1 under expectation/);
    assert.throws(create({ reward: undefined }), /"reward" expected a function, got undefined/);
    assert.throws(create({ terminated: true }), /"terminated" expected a function, got true/);
    assert.throws(
      create({ actionSpace: { ...actionSpace, low: new Float32Array(2) } }),
      /"actionSpace" expected 1 dim/,
    );
    assert.throws(create({ propogation: "TS1" }), /unknown option "propogation"/);
    assert.is(runtime.memoryUsage().tensors, tensors);
    model.dispose();
  });

  test.run();
}
