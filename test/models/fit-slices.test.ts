// What a fit makes ready for its first step comes in slices: the more rows, the more of them, none the longer; given up in any of
// them, the model is as before. Slices change no bits.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createReplayBuffer, type ReplayBuffer } from "../../src/data/index.js";
import { createDynamicsModel, openLoopLoss } from "../../src/models/index.js";
import { createNormalizer } from "../../src/nn/index.js";
import { finish, inSlices } from "../../src/steps.js";
import { generator, numbers } from "../support/numbers.js";
import { runtime } from "../support/runtime.js";

const test = suite("slices of a fit");

const D = 3;
const sum = (values: readonly number[]): number => values.reduce((total, x) => total + x, 0);

function filled(rows: number): ReplayBuffer {
  const random = generator(1);
  const buffer = createReplayBuffer(runtime, { capacity: rows, observationSize: D, actionSize: 1 });
  let observation = numbers(random, D);
  for (let row = 0; row < rows; row++) {
    const [action, nextObservation] = [numbers(random, 1), numbers(random, D)];
    const step = { observation, action, nextObservation, reward: random(), terminated: false };
    buffer.add({ ...step, truncated: row % 200 === 199 });
    observation = nextObservation;
  }
  return buffer;
}

const model = (hidden = [4]) =>
  createDynamicsModel(runtime, {
    observationSize: D,
    actionSize: 1,
    members: 3,
    hidden,
    probabilistic: false,
    learnReward: true,
    constant: [2],
    seed: 1,
  });

test("parts are all that there is, in order, and as long as their cost allows", () => {
  for (const [n, cost] of [
    [0, 1],
    [1, 1],
    [1, 1e9],
    [7, 2 ** 18],
    [1000, 2 ** 12],
    [3_000_000, 1],
  ]) {
    const parts: number[] = [];
    const steps = inSlices(n, cost, (from, count) => {
      assert.is(from, sum(parts));
      assert.ok(count === 1 || count * cost <= 2 ** 19, `${count} of ${cost}`);
      parts.push(count);
    });
    let pauses = 0;
    while (!steps.next().done) pauses++;
    assert.is(sum(parts), n);
    assert.is(pauses, Math.max(0, parts.length - 1));
    // nor are they shorter than they need to be
    assert.ok(parts.length <= Math.ceil(n / Math.max(1, Math.floor(2 ** 19 / cost))));
  }
});

// of 240,000 rows, with 3 features, 4 targets, 3 members: features and targets, statistics of features by columns, features
// standardized, the same of targets, bootstrap samples, orders of the first epoch; runs of rows and windows
const PAUSES = { features: 3, statistics: 2, standardized: 1, targets: 3 + 1, samples: 3 * 7, orders: 2 };
const ALL = sum(Object.values(PAUSES));

const many = filled(240_000);
const few = filled(500);

for (const [name, loss, expected] of [
  ["one step", undefined, ALL],
  ["several steps", openLoopLoss(3), ALL + 2],
] as const) {
  test(`much is made ready in slices, little in one; given up in any, all is as before: ${name}`, () => {
    const own = model();
    const before = own.save();
    const { tensors } = runtime.memoryUsage();
    for (const [buffer, pauses] of [
      [few, 0],
      [many, expected],
    ] as const) {
      const begin = () => own.fitSteps(buffer, { epochs: 1, batchSize: 8192, loss });
      const steps = begin();
      let count = 0;
      for (let next = steps.next(); !next.done && next.value.steps === 0; next = steps.next()) count++;
      assert.is(count, pauses);
      steps.return(undefined as never);
      for (const share of [0.1, 0.5, 0.9]) {
        const half = begin();
        for (let i = 0; i < share * count; i++) half.next();
        half.return(undefined as never);
        assert.equal(own.save(), before);
        assert.is(runtime.memoryUsage().tensors, tensors);
      }
    }
    own.dispose();
  });
}

test("between epochs members are shuffled in slices, too", () => {
  const own = model();
  const steps = own.fitSteps(many, { epochs: 2, batchSize: 2 ** 16 });
  const epochs: number[] = [];
  let last = 0;
  for (let next = steps.next(); !next.done; next = steps.next()) {
    if (next.value.steps > 0) last = next.value.epoch + 1;
    else epochs[last] = (epochs[last] ?? 0) + 1;
  }
  // of three members the first one comes with the step before
  assert.is(epochs[1], PAUSES.orders);
  own.dispose();
});

test("members of large networks are scored one at a slice", () => {
  const own = model([100, 100]);
  // 5,000 of those held out are scored
  const holdoutRows = Uint32Array.from({ length: 230_000 }, (_, row) => row);
  const steps = own.fitSteps(many, { epochs: 1, batchSize: 10_000, holdoutRows });
  let stepped = false;
  let pauses = 0;
  for (let next = steps.next(); !next.done; next = steps.next()) {
    if (next.value.steps > 0) stepped = true;
    else if (stepped) pauses++;
  }
  assert.is(pauses, 2);
  own.dispose();
});

test("statistics and standardized rows have the bits of one go", () => {
  const [rows, columns] = [150_000, 5];
  const random = generator(2);
  const x = runtime.tensor([rows, columns]).write(numbers(random, rows * columns, 3));
  const [whole, sliced] = [createNormalizer(runtime, columns), createNormalizer(runtime, columns)];
  whole.update(x, rows);
  const steps = sliced.fitSteps(x, rows);
  let pauses = 0;
  while (!steps.next().done) pauses++;
  assert.is(pauses, columns - 1);
  assert.equal(sliced.save(), whole.save());
  const out = runtime.tensor([rows, columns]);
  finish(sliced.standardizeSteps(out, x, rows));
  const first = runtime.tensor([rows, columns]);
  const { mean, inverseStd } = whole;
  runtime.kernels.standardize(first.address, x.address, mean.address, inverseStd.address, rows, columns);
  assert.equal(out.read(), first.read());
  for (const part of [whole, sliced, x, out, first]) part.dispose();
});

test.run();
