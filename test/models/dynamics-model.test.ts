// The learned dynamics model: it learns what it is shown, keeps fits whole, and takes its options at their word.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TrainingDivergedError } from "../../src/check.js";
import { createReplayBuffer, type ReplayBuffer } from "../../src/data/index.js";
import { RandomStream } from "../../src/kernels/index.js";
import { createDynamicsModel, createEnsembleRegressor, memberDisagreement } from "../../src/models/index.js";
import { runtime } from "../support/runtime.js";

const test = suite("dynamics model");
const ROWS = 500;

/** Angle, velocity and a dimension that jumps to 3 + action, whatever it was; reward = −velocity². */
function step([angle, velocity]: readonly number[], action: number): { next: number[]; reward: number } {
  const faster = velocity + 0.1 * Math.sin(angle) + 0.2 * action;
  return { next: [angle + 0.1 * faster, faster, 3 + action], reward: -velocity * velocity };
}

function uniforms(n: number, name: string): Float32Array {
  return runtime.scoped((scope) => {
    const random = scope.hold(new RandomStream(runtime, 5, name));
    const out = scope.tensor([n]);
    random.uniform(out);
    const values = out.read().map((u) => 2 * u - 1);
    scope.dispose();
    return values;
  });
}

function recorded(rows = ROWS): ReplayBuffer {
  const buffer = createReplayBuffer(runtime, { capacity: rows, observationSize: 3, actionSize: 1 });
  const u = uniforms(4 * rows, "rows");
  for (let i = 0; i < rows; i++) {
    const observation = [3 * u[4 * i], 2 * u[4 * i + 1], 50 * u[4 * i + 2]];
    const action = [u[4 * i + 3]];
    const { next, reward } = step(observation, action[0]);
    buffer.add({ observation, action, reward, nextObservation: next, terminated: false, truncated: false });
  }
  return buffer;
}

const shape = { observationSize: 3, actionSize: 1, angles: [0], noDelta: [2], hidden: [32, 32], learningRate: 3e-3 };
const training = { epochs: 120, batchSize: 50, patience: 120 };

for (const probabilistic of [true, false]) {
  test(`learns differences, absolute dimensions, angles and the reward (probabilistic: ${probabilistic})`, () => {
    const buffer = recorded();
    const model = createDynamicsModel(runtime, { ...shape, probabilistic, learnReward: true, seed: 1 });
    // two angles and their functions, two other observations, one action
    assert.is(model.featureSize, 5);
    const report = model.fit(buffer, training);
    assert.is(report.trainRows + report.holdoutRows, ROWS);
    const observation = [0.5, -1, 20, -2, 0.3, -7];
    const action = [0.25, -0.75];
    const { nextObservation, reward, aleatoric, epistemic } = model.predict(observation, action);
    for (const row of [0, 1]) {
      const truth = step(observation.slice(3 * row), action[row]);
      truth.next.forEach((value, i) => {
        const error = Math.abs(nextObservation[3 * row + i] - value);
        assert.ok(error < 0.1, `dimension ${i}: ${nextObservation[3 * row + i]} instead of ${value}`);
      });
      assert.ok(Math.abs((reward as Float32Array)[row] - truth.reward) < 0.2, `reward ${reward} for ${truth.reward}`);
    }
    assert.is(aleatoric.length, 8);
    assert.ok(epistemic.every((value) => value > 0));
    assert.ok(probabilistic ? aleatoric.every((value) => value > 0) : aleatoric.every((value) => value === 0));
    model.dispose();
    buffer.dispose();
  });
}

test("an angle and the same angle a turn later are one state", () => {
  const model = createDynamicsModel(runtime, { ...shape, seed: 1 });
  const turn = 2 * Math.PI;
  const [a, b] = [0.7, 0.7 + turn].map((angle) => model.predict([angle, 1, 2], [0.1]).nextObservation);
  assert.ok(Math.abs(a[1] - b[1]) < 1e-5 && Math.abs(a[0] + turn - b[0]) < 1e-5, `${a} and ${b}`);
  model.dispose();
});

test("rows held out by name are not trained on, and tell which epoch was best", () => {
  // the last fifth follows another rule: whoever trains on it cannot score so badly there
  const buffer = recorded();
  const first = (4 * ROWS) / 5;
  const next = buffer.nextObservation.view;
  for (let row = first; row < ROWS; row++) next[3 * row + 1] += 5;
  const model = createDynamicsModel(runtime, { ...shape, probabilistic: false, seed: 1 });
  const holdoutRows = Uint32Array.from({ length: ROWS - first }, (_, i) => first + i);
  const named = model.fit(buffer, { ...training, epochs: 20, holdoutRows });
  assert.is(named.trainRows, first);
  assert.is(named.holdoutRows, ROWS - first);
  assert.ok(Math.min(...named.score) > 1, `${named.score}`);
  const drawn = model.fit(buffer, { ...training, epochs: 20 });
  assert.ok(Math.max(...drawn.score) < 1, `${drawn.score}`);
  for (const [rows, message] of [
    [[ROWS], /"holdoutRows" expected rows below 500, got 500/],
    [[3, 3], /"holdoutRows" expected each row once, got 3/],
    [Array.from({ length: ROWS }, (_, i) => i), /"holdoutRows" expected less than all rows/],
  ] as const) {
    const before = model.save();
    assert.throws(() => model.fit(buffer, { holdoutRows: Uint32Array.from(rows) }), message);
    assert.equal(model.save(), before);
  }
  assert.throws(() => model.fit(buffer, { holdoutRows: [1] as never }), /"holdoutRows" expected a Uint32Array/);
  model.dispose();
  buffer.dispose();
});

test("a model that is initialized anew learns like a new one, at the scale of the data it then sees", () => {
  const buffer = recorded();
  const [old, fresh] = [1, 2].map((seed) => createDynamicsModel(runtime, { ...shape, probabilistic: false, seed }));
  const column = buffer.nextObservation.view;
  const kept = column.slice();
  column.set(kept.map((value, i) => (i % 3 === 1 ? value + 3 * kept[i - 1] : value)));
  old.fit(buffer, { epochs: 3 });
  column.set(kept);
  old.network.initialize(2);
  const copy = createDynamicsModel(runtime, { ...shape, probabilistic: false, seed: 9 });
  copy.load(old.save());
  // the streams of minibatches differ, so all rows at once, in any order: equal but for rounding
  const all = { epochs: 30, batchSize: ROWS, bootstrap: false, holdout: 0 };
  const scores = [old, copy, fresh].map((model) => model.fit(buffer, all).score);
  assert.equal(scores[0], scores[1]);
  for (const [e, score] of scores[0].entries()) assert.ok(Math.abs(score / scores[2][e] - 1) < 1e-3, `${scores}`);
  for (const model of [old, copy, fresh, buffer]) model.dispose();
});

test("a fit that is given up leaves no trace", () => {
  const buffer = recorded();
  const [model, twin] = [1, 2].map(() => createDynamicsModel(runtime, { ...shape, seed: 1 }));
  for (const each of [model, twin]) each.fit(buffer, { epochs: 2 });
  const before = model.save();
  const tensors = runtime.memoryUsage().tensors;
  const steps = model.fitSteps(buffer, { epochs: 3 });
  for (let i = 0; i < 9; i++) steps.next();
  steps.return(undefined as never);
  assert.equal(model.save(), before);
  assert.is(runtime.memoryUsage().tensors, tensors, "the memory of the fit is given back");
  // and the next fit is what it would have been
  for (const each of [model, twin]) each.fit(buffer, { epochs: 2 });
  assert.equal(model.save(), twin.save());
  for (const part of [model, twin, buffer]) part.dispose();
});

test("a diverged fit is reported, the last good state kept", () => {
  const buffer = recorded();
  for (const probabilistic of [true, false]) {
    const model = createDynamicsModel(runtime, { ...shape, probabilistic, learningRate: 1e30, seed: 1 });
    const before = model.save();
    let error: unknown;
    try {
      model.fit(buffer, { epochs: 5 });
    } catch (thrown) {
      error = thrown;
    }
    assert.instance(error, TrainingDivergedError);
    assert.is((error as TrainingDivergedError).code, "TRAINING_DIVERGED");
    assert.equal(model.save(), before);
    model.dispose();
  }
  buffer.dispose();
});

test("each member keeps its best epoch; elites are those with the lowest hold-out error", () => {
  const buffer = recorded();
  const model = createDynamicsModel(runtime, { ...shape, members: 6, elites: 2, seed: 1 });
  const first = model.fit(buffer, { epochs: 20, improvement: 0 });
  assert.equal(model.network.elites, first.ranking.slice(0, 2));
  const [best, second] = first.ranking.map((e) => first.score[e]);
  assert.ok(first.score.every((score) => score >= best) && second === [...first.score].sort((a, b) => a - b)[1]);
  model.dispose();
  buffer.dispose();
});

test("training stops when no member improves for `patience` epochs", () => {
  const buffer = recorded();
  const model = createDynamicsModel(runtime, { ...shape, learningRate: 0, seed: 1 });
  const { epochs, score } = model.fit(buffer, { epochs: 50, patience: 3 });
  assert.is(epochs, 3);
  assert.ok(score.every(Number.isFinite));
  model.dispose();
  buffer.dispose();
});

test("a learning rate that falls ends a fit with less error than it has throughout, and is then what it was", () => {
  const buffer = recorded();
  const fast = { ...shape, probabilistic: false, learningRate: 3e-2, seed: 1 };
  const [steady, annealed] = [false, true].map((anneal) => {
    const model = createDynamicsModel(runtime, fast);
    const steps = model.fitSteps(buffer, { epochs: 150, patience: 150, improvement: 0, anneal });
    let bounds: number | undefined;
    const shares = new Map<number, number>();
    let next = steps.next();
    for (; !next.done; next = steps.next()) {
      bounds = model.network.boundsOptimizer.share;
      if (next.value.steps > 0) shares.set(next.value.epoch, model.network.optimizer.share);
    }
    for (const [epoch, share] of shares)
      assert.is(share, anneal ? (1 - epoch / 150) * (1 - epoch / 150) : 1, `${epoch}`);
    assert.is(shares.size, 150);
    assert.is(bounds, shares.get(149), "the bounds of variances have the same");
    assert.is(model.network.optimizer.share, 1);
    // one that is given up leaves the rate alone, too
    const given = model.fitSteps(buffer, { epochs: 3, anneal });
    for (let i = 0; i < 30; i++) given.next();
    given.return(undefined as never);
    assert.is(model.network.optimizer.share, 1);
    model.dispose();
    return next.value.score.reduce((a, b) => a + b, 0);
  });
  assert.ok(annealed < 0.5 * steady, `${annealed} and ${steady}`);
  buffer.dispose();
});

test("disagreement is the deviation of members in that of the targets", () => {
  const buffer = recorded();
  const model = createDynamicsModel(runtime, { ...shape, probabilistic: false, learnReward: true, elites: 3, seed: 1 });
  model.fit(buffer, { epochs: 3 });
  const [observation, action] = [buffer.observation.view.slice(0, 30), buffer.action.view.slice(0, 10)];
  const { epistemic } = model.predict(observation, action);
  const scale = model.network.targetInverseStd.read();
  const T = scale.length;
  for (const [row, value] of memberDisagreement(model, observation, action).entries()) {
    const sum = scale.reduce((s, inverse, t) => s + epistemic[row * T + t] * inverse * inverse, 0);
    assert.ok(Math.abs(value / Math.sqrt(sum / T) - 1) < 1e-4, `${value}, ${Math.sqrt(sum / T)}`);
  }
  assert.throws(() => memberDisagreement(model, [1, 2], [1]), /memberDisagreement: "observation" expected/);
  model.dispose();
  buffer.dispose();
});

test("targets of another scale than at first are learned as if they had been there from the start", () => {
  const x = uniforms(200, "scale");
  const y = x.map((value) => Math.sin(3 * value));
  const fitted = (first: number | undefined) => {
    const regressor = createEnsembleRegressor(runtime, { inputSize: 1, targetSize: 1, learningRate: 5e-3, seed: 1 });
    if (first !== undefined)
      regressor.fit(
        x,
        y.map((value) => value * first),
        { epochs: 5 },
      );
    regressor.fit(x, y, { epochs: 100, patience: 100 });
    const { mean } = regressor.predict(x);
    regressor.dispose();
    return Math.sqrt(mean.reduce((sum, value, i) => sum + (value - y[i]) ** 2, 0) / y.length);
  };
  const fresh = fitted(undefined);
  assert.ok(fresh < 0.1, `${fresh}`);
  for (const first of [1e-3, 1 / 30, 1e-6, 1000, 0]) {
    const error = fitted(first);
    assert.ok(error < 0.15, `after targets ${first} times as large the error is ${error}, fresh ${fresh}`);
  }
});

test("a change of the targets' scale by ten or more makes networks and optimizer start afresh, a lesser one does not", () => {
  const x = uniforms(200, "scale");
  const y = x.map((value) => Math.sin(3 * value));
  // the streams of minibatches differ, so all rows at once, in any order: equal but for rounding
  const all = { epochs: 5, batchSize: x.length, bootstrap: false, holdout: 0 };
  const fitted = (first: number | undefined) => {
    const regressor = createEnsembleRegressor(runtime, { inputSize: 1, targetSize: 1, learningRate: 5e-3, seed: 1 });
    const other = y.map((value) => value * (first ?? 1));
    if (first !== undefined) regressor.fit(x, other, { ...all, epochs: 20 });
    regressor.fit(x, y, all);
    const { mean } = regressor.predict(x);
    regressor.dispose();
    return mean;
  };
  const fresh = fitted(undefined);
  const apart = (first: number) => Math.max(...fitted(first).map((value, i) => Math.abs(value - fresh[i])));
  for (const first of [1e-3, 1 / 11, 11, 1000]) assert.ok(apart(first) < 1e-3, `${first}: ${apart(first)}`);
  for (const first of [1 / 9, 1, 9]) assert.ok(apart(first) > 0.03, `${first}: ${apart(first)}`);
});

test("members differ by their bootstraps and by their start", () => {
  const x = uniforms(64, "x");
  const y = x.map((value) => value * value);
  const differ = (bootstrap: boolean) => {
    const regressor = createEnsembleRegressor(runtime, { inputSize: 1, targetSize: 1, members: 2, seed: 3 });
    // the same start for both members: what then differs comes from the data
    const [weights, biases] = [regressor.ensemble.weights(), 0];
    for (const { data, shape } of Object.values(weights.arrays)) data.copyWithin(data.length / shape[0], biases);
    regressor.ensemble.setWeights(weights);
    // one batch holds all rows, so that their order does not matter beyond rounding
    regressor.fit(x, y, { epochs: 5, bootstrap, batchSize: 64, holdout: 0 });
    const { epistemic } = regressor.predict(x);
    regressor.dispose();
    return Math.max(...epistemic);
  };
  assert.ok(differ(true) > 1e-8);
  assert.ok(differ(false) < 1e-10);
});

test("a saved model predicts the same in another instance", () => {
  const buffer = recorded(50);
  const model = createDynamicsModel(runtime, { ...shape, seed: 1 });
  model.fit(buffer, { epochs: 3 });
  const copy = createDynamicsModel(runtime, { ...shape, seed: 2 });
  copy.load(model.save());
  assert.equal(copy.predict([1, 2, 3], [0.5]), model.predict([1, 2, 3], [0.5]));
  const other = createDynamicsModel(runtime, { ...shape, hidden: [16], seed: 1 });
  assert.throws(() => other.load(model.save()), /saved/);
  for (const part of [model, copy, other, buffer]) part.dispose();
});

test("options and arguments are checked", () => {
  const create = (change: object) => () => createDynamicsModel(runtime, { ...shape, ...change });
  const tensors = runtime.memoryUsage().tensors;
  assert.throws(create({ observationSize: 0 }), /"observationSize" expected an integer of at least 1, got 0/);
  assert.throws(create({ angles: [3] }), /"angles" expected an integer in \[0, 2\], got 3/);
  assert.throws(create({ angles: [0, 0] }), /"angles" expected distinct dimensions/);
  assert.throws(create({ noDelta: [5] }), /"noDelta"/);
  assert.throws(create({ members: 0 }), /"members" expected an integer/);
  assert.throws(create({ elites: 6 }), /"elites" expected an integer in \[1, 5\], got 6/);
  assert.throws(create({ layers: [1] }), /unknown option "layers"/);
  assert.throws(create({ hidden: 64 }), /"hidden" expected an array of layer sizes, got 64/);
  assert.is(runtime.memoryUsage().tensors, tensors);
  const model = createDynamicsModel(runtime, { ...shape, seed: 1 });
  assert.throws(() => model.predict([1, 2], [0]), /"observation" expected rows of 3 numbers/);
  assert.throws(() => model.predict([1, 2, 3], [0, 1]), /"action" expected shape \[1, 1\], got \[2\]/);
  const empty = createReplayBuffer(runtime, { capacity: 4, observationSize: 3, actionSize: 1 });
  assert.throws(() => model.fit(empty), /"buffer" expected at least 2 transitions, got 0/);
  assert.throws(() => model.fit(empty, { epochs: 0 }), /at least/);
  for (const part of [model, empty]) part.dispose();
});

test.run();
