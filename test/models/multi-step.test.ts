// The loss of several steps: its gradient against the float64 twin of the chain, whose gradient is that of central
// differences; windows that stay within their trajectory; what fits of it may do and what they may not.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TrainingDivergedError } from "../../src/check.js";
import { createReplayBuffer, type ReplayBuffer } from "../../src/data/index.js";
import { RandomStream } from "../../src/kernels/index.js";
import {
  createDynamicsModel,
  createEnsembleRegressor,
  type DynamicsModelOptions,
  openLoopLoss,
} from "../../src/models/index.js";
import { MultiStepFitting } from "../../src/models/multi-step.js";
import { completeFitOptions } from "../../src/models/training.js";
import { drawnRuns, followingRows, NONE, withoutLinks } from "../../src/models/windows.js";
import { finish } from "../../src/steps.js";
import type { Runtime } from "../../src/wasm/index.js";
import { member as memberOf, twin as mlpOf } from "../nn/support.js";
import { gradient as differences } from "../oracle/differences.js";
import { openLoopLoss as twinLoss, type OpenLoopTwin, type Recorded } from "../oracle/multi-step.js";
import { gradient, num } from "../oracle/tape.js";
import { flatten } from "../oracle/value-gradient.js";
import { assertClose, generator, numbers } from "../support/numbers.js";
import { runtimes } from "../support/runtime.js";

const D = 3;
const LENGTH = 7;

function step([x, y, z]: readonly number[], [a]: readonly number[]): number[] {
  return [x + 0.2 * Math.sin(y) + 0.1 * a, y + 0.2 * z, 0.9 * z - 0.3 * x + 0.3 * a];
}

// trajectories of LENGTH steps each
function recorded(runtime: Runtime, trajectories: number, capacity = trajectories * LENGTH): ReplayBuffer {
  const random = generator(3);
  const buffer = createReplayBuffer(runtime, { capacity, observationSize: D, actionSize: 1 });
  for (let i = 0; i < trajectories; i++) {
    let observation = numbers(random, D, 1.5);
    for (let t = 0; t < LENGTH; t++) {
      const action = numbers(random, 1, 2);
      const nextObservation = step(observation, action).map(Math.fround);
      const reward = observation[0] * observation[2];
      buffer.add({ observation, action, reward, nextObservation, terminated: false, truncated: t + 1 === LENGTH });
      observation = nextObservation;
    }
  }
  return buffer;
}

const shape = {
  observationSize: D,
  actionSize: 1,
  angles: [1],
  noDelta: [2],
  members: 2,
  hidden: [6, 5],
  activation: "tanh",
  probabilistic: false,
  seed: 4,
} as const;

for (const [binary, runtime] of runtimes) {
  const test = suite(`multi-step, ${binary}`);

  for (const learnReward of [false, true]) {
    for (const K of [1, 3]) {
      test(`loss and gradient of ${K} steps are those of the twin (learned reward: ${learnReward})`, () => {
        const buffer = recorded(runtime, 3);
        const model = createDynamicsModel(runtime, { ...shape, learnReward });
        model.fit(buffer, { epochs: 5, batchSize: 8 });
        const { ensemble, normalizer, words, targetSize } = model.network;
        const floats = (address: number, n: number): number[] => {
          const copy = runtime.tensor([n]);
          runtime.kernels.rows_repeat(copy.address, address, 1, n);
          const values = [...copy.read()];
          copy.dispose();
          return values;
        };
        const twins: OpenLoopTwin[] = [0, 1].map((e) => ({
          mlp: mlpOf(ensemble, e),
          table: [
            [0, 0],
            [1, 1],
            [2, 1],
            [0, 2],
            [3, 0],
          ],
          mean: normalizer.mean.read(),
          inverseStd: normalizer.inverseStd.read(),
          shift: floats(words.head[2], targetSize),
          scale: floats(words.head[3], targetSize),
          delta: [1, 1, 0],
        }));
        // the last row of a trajectory, one before it, and rows with K steps ahead; each member its own
        const starts = [
          [6, 0, 5, 9],
          [20, 12, 3, 0],
        ];
        const rowOf = (row: number): Recorded => ({
          observation: [...buffer.observation.view.slice(D * row, D * row + D)],
          action: [buffer.action.view[row]],
          next: [...buffer.nextObservation.view.slice(D * row, D * row + D)],
          reward: buffer.reward.view[row],
        });
        const windows = starts.map((rows) =>
          rows.map((row) => Array.from({ length: Math.min(K, LENGTH - (row % LENGTH)) }, (_, k) => rowOf(row + k))),
        );
        // batches of 6: two rows of the batch are not in use
        const fitting = runtime.scoped((scope) => {
          const data = { ...columnsOf(buffer), following: followingRows(buffer) };
          return new MultiStepFitting(scope, model, data, K, 6);
        });
        const score = finish(fitting.scoreSteps(Uint32Array.from(starts[0])));
        fitting.startEpoch(Uint32Array.from(starts.flat()));
        const losses = new Float64Array(2);
        fitting.step(0, 4, losses);
        twins.forEach((twin, e) => {
          const parameters = flatten(twin.mlp);
          const variables = parameters.map(num);
          const loss = twinLoss(twin, variables, windows[e]);
          assertClose([losses[e]], [loss.value], 1e-5, "loss");
          const expected = gradient(loss, variables);
          assertClose(flatten(memberOf(ensemble, fitting.gradients, e)), expected, 2e-5, `gradient of member ${e}`);
          if (e === 0) assertClose([score[0]], [loss.value], 1e-5, "score");
          // and the twin's own is that of differences
          const numeric = differences((x) => twinLoss(twin, [...x].map(num), windows[e]).value, parameters);
          assertClose(expected, numeric, 1e-6, "differences");
        });
        for (const part of [fitting, model, buffer]) part.dispose();
      });
    }
  }

  test("batches as long as the rows, as short as one, and score sets that they do not divide", () => {
    const buffer = recorded(runtime, 3);
    const model = createDynamicsModel(runtime, { ...shape });
    for (const batchSize of [1, 5, 64]) {
      const report = model.fit(buffer, { epochs: 2, batchSize, loss: openLoopLoss(3), holdout: 0.4 });
      assert.is(report.trainRows + report.holdoutRows, 3 * LENGTH);
      assert.is(report.holdoutRows, 8);
      assert.ok(report.score.every((score) => score > 0 && score < 100));
    }
    for (const part of [model, buffer]) part.dispose();
  });

  test("constant dimensions are copied to the last bit, teach nothing and are no features", () => {
    const random = generator(8);
    const buffer = createReplayBuffer(runtime, { capacity: 60, observationSize: 3, actionSize: 1 });
    for (let i = 0; i < 60; i++) {
      const [observation, action] = [numbers(random, 3, 2), numbers(random, 1)];
      // what is said to be constant, and is not, is left alone
      const nextObservation = [observation[0] + action[0], observation[1] + (i % 2), observation[2]];
      buffer.add({ observation, action, reward: 0, nextObservation, terminated: false, truncated: true });
    }
    const options = { ...shape, angles: [], noDelta: [], constant: [1, 2] };
    const model = createDynamicsModel(runtime, options);
    assert.is(model.featureSize, 2);
    for (const loss of [undefined, openLoopLoss(2)]) {
      model.fit(buffer, { epochs: 3, loss });
      const observation = [0.5, 7, 0.1, -0.5, 1e-3, 1e4].map(Math.fround);
      const { nextObservation, epistemic } = model.predict(observation, [1, -1]);
      for (const i of [1, 2, 4, 5]) assert.is(nextObservation[i], observation[i]);
      for (const i of [0, 3]) assert.is.not(nextObservation[i], observation[i]);
      assert.equal(
        [1, 2, 4, 5].map((i) => epistemic[i]),
        [0, 0, 0, 0],
      );
    }
    const copy = createDynamicsModel(runtime, options);
    copy.load(model.save());
    assert.equal(copy.predict([1, 2, 3], [0.5]), model.predict([1, 2, 3], [0.5]));
    const wrong = (more: Partial<DynamicsModelOptions>, message: RegExp) =>
      assert.throws(() => createDynamicsModel(runtime, { ...shape, ...more }), message);
    wrong({ constant: [3] }, /"constant" expected an integer/);
    wrong({ constant: 1 as never }, /"constant" expected an array of dimensions/);
    wrong({ constant: [2] }, /"noDelta" expected dimensions that are not constant, got 2/);
    wrong({ angles: [], noDelta: [], constant: [0, 1, 2], actionSize: 0 }, /"constant" expected less than all/);
    for (const part of [model, copy, buffer]) part.dispose();
  });

  test.run();
}

const test = suite("multi-step");
const [, runtime] = runtimes[0];

function columnsOf(buffer: ReplayBuffer) {
  const { observation, action, nextObservation, reward } = buffer;
  return { observation, action, nextObservation, reward };
}

test("rows follow one another within trajectories, also around the end of a full buffer", () => {
  // 21 rows in room for 17: the first 4 rows hold the end of the third trajectory
  const buffer = recorded(runtime, 3, 17);
  const following = followingRows(buffer);
  const ends = [3, 6, 13];
  following.forEach((next, row) => {
    assert.is(next, ends.includes(row) ? NONE : (row + 1) % 17);
  });
  buffer.dispose();
});

test("held-out runs are runs, as many as asked for, and windows end at them", () => {
  const following = Uint32Array.from({ length: 100 }, (_, i) => (i % 50 === 49 ? NONE : i + 1));
  const random = new RandomStream(runtime, 1, "runs");
  const rows = drawnRuns(following, 0.2, 8, random);
  assert.is(rows.length, 20);
  assert.is(new Set(rows).size, 20);
  let breaks = 0;
  for (let i = 1; i < rows.length; i++) breaks += Number(rows[i] !== rows[i - 1] + 1);
  assert.ok(breaks <= 2, `${rows}`);
  const cut = withoutLinks(following, rows);
  const out = new Set(rows);
  cut.forEach((next, row) => {
    const crosses = following[row] !== NONE && out.has(row) !== out.has(following[row]);
    assert.is(next, crosses ? NONE : following[row]);
  });
  assert.is(drawnRuns(following, 0, 8, random).length, 0);
  assert.is(drawnRuns(Uint32Array.of(1, NONE), 0.9, 8, random).length, 1);
  random.dispose();
});

test("no window of a fit looks over the fence: rows on its other side may hold no numbers at all", () => {
  // every fourth row, and a run across the end of a trajectory
  for (const out of [
    [1, 5, 9, 13, 17],
    [5, 6, 7, 8],
    [0, 1, 2],
  ]) {
    const kept = Array.from({ length: 3 * LENGTH }, (_, row) => row).filter((row) => !out.includes(row));
    const losses = (
      broken: readonly number[],
      rows: readonly number[],
    ): { step: Float64Array; score: Float64Array } => {
      const buffer = recorded(runtime, 3);
      const model = createDynamicsModel(runtime, { ...shape, learnReward: true });
      model.fit(buffer, { epochs: 2 });
      for (const row of broken) {
        for (const column of [buffer.observation, buffer.nextObservation]) {
          column.view.fill(Number.NaN, D * row, D * row + D);
        }
        for (const column of [buffer.action, buffer.reward]) column.view[row] = Number.NaN;
      }
      const options = completeFitOptions({ holdoutRows: Uint32Array.from(out), batchSize: rows.length });
      const random = new RandomStream(runtime, 1, "fence");
      const { trainee } = finish(openLoopLoss(3)(model, buffer)(random, options));
      const score = finish(trainee.scoreSteps(Uint32Array.from(rows)));
      const step = new Float64Array(2);
      trainee.startEpoch(Uint32Array.from([...rows, ...rows]));
      trainee.step(0, rows.length, step);
      for (const part of [trainee, model, buffer, random]) part.dispose();
      return { step, score };
    };
    for (const [mine, others] of [
      [kept, out],
      [out, kept],
    ]) {
      assert.equal(losses(others, mine), losses([], mine));
      assert.ok(losses([], mine).step.every((loss) => loss > 0));
    }
  }
});

test("fits of several steps repeat bit for bit, can be given up, and tell when they diverge", () => {
  const buffer = recorded(runtime, 30);
  const [one, two] = [1, 2].map(() => createDynamicsModel(runtime, { ...shape, learnReward: true }));
  for (const model of [one, two]) model.fit(buffer, { epochs: 3, loss: openLoopLoss(4) });
  assert.equal(one.save(), two.save());
  const tensors = runtime.memoryUsage().tensors;
  const steps = one.fitSteps(buffer, { epochs: 3, loss: openLoopLoss(4) });
  for (let i = 0; i < 5; i++) steps.next();
  steps.return(undefined as never);
  assert.is(runtime.memoryUsage().tensors, tensors);
  assert.equal(one.save(), two.save());
  one.network.optimizer.learningRate = 1e30;
  const before = one.save();
  assert.throws(
    () => one.fit(buffer, { loss: openLoopLoss(4) }),
    (error: unknown) => error instanceof TrainingDivergedError,
  );
  assert.equal(one.save(), before);
  for (const part of [one, two, buffer]) part.dispose();
});

test("what learned from seven steps is better seven steps ahead, with networks too small to be right one step ahead", () => {
  const buffer = recorded(runtime, 60);
  const [one, seven] = [undefined, openLoopLoss(7)].map((loss) => {
    const model = createDynamicsModel(runtime, { ...shape, hidden: [4], learningRate: 1e-2 });
    model.fit(buffer, { epochs: 60, batchSize: 64, loss, patience: 60, bootstrap: false });
    const data = { ...columnsOf(buffer), following: followingRows(buffer) };
    const fitting = runtime.scoped((scope) => new MultiStepFitting(scope, model, data, LENGTH, 64));
    const scores = finish(fitting.scoreSteps(Uint32Array.from({ length: 60 }, (_, i) => i * LENGTH)));
    for (const part of [fitting, model]) part.dispose();
    return Math.max(...scores);
  });
  assert.ok(seven < 0.8 * one, `${seven} after ${one}`);
  buffer.dispose();
});

test("arguments are checked", () => {
  const buffer = recorded(runtime, 2);
  const probabilistic = createDynamicsModel(runtime, { ...shape, probabilistic: true });
  const wrong = /openLoopLoss: "model" expected a deterministic one, got "a probabilistic one"/;
  assert.throws(() => probabilistic.fit(buffer, { loss: openLoopLoss(5) }), wrong);
  assert.throws(() => openLoopLoss(0), /openLoopLoss: "steps" expected an integer/);
  assert.throws(() => probabilistic.fit(buffer, { loss: 5 as never }), /dynamicsModel.fit: "loss" expected a function/);
  assert.throws(
    () => probabilistic.fit(buffer, { multiStep: 5 } as never),
    /dynamicsModel.fit: unknown option "multiStep"/,
  );
  assert.throws(() => probabilistic.fit(buffer, null as never), /dynamicsModel.fit: "options" expected an object/);
  // rows that do not follow one another have no steps
  const regressor = createEnsembleRegressor(runtime, { inputSize: 1, targetSize: 1, probabilistic: false });
  const loss = openLoopLoss(2);
  assert.throws(() => regressor.fit([1, 2, 3], [1, 2, 3], { loss } as never), /unknown option "loss"/);
  for (const part of [probabilistic, regressor, buffer]) part.dispose();
});

test.run();
