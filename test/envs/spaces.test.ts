import { suite } from "uvu";
import * as assert from "uvu/assert";
import { batchBox, box, contains, createSampler, discrete, spaceSize } from "../../src/envs/index.js";
import { runtime } from "../support/runtime.js";
import { bits } from "./support.js";

const test = suite("spaces");

test("box takes numbers or arrays as bounds", () => {
  const space = box(-1, [1, 2, Number.POSITIVE_INFINITY]);
  assert.equal(space.shape, [3]);
  assert.equal([...space.low], [-1, -1, -1]);
  assert.equal([...space.high], [1, 2, Number.POSITIVE_INFINITY]);
  assert.equal(box(0, 1).shape, [1]);
  assert.equal(box(0, 1, [2, 3]).low.length, 6);
  assert.is(spaceSize(box(0, 1, [2, 3])), 6);
  assert.is(spaceSize(discrete(4)), 1);
});

test("wrong bounds are one sentence", () => {
  assert.throws(() => box([2], [1]), /^box: "high\[0\]" expected at least 2, got 1$/);
  assert.throws(() => box([0, 0], [1]), /"high" expected 2 numbers/);
  assert.throws(() => box(Number.NaN, 1), /"low\[0\]" expected a number, got NaN/);
  assert.throws(() => box("0" as never, 1), /"low" expected a number or an array of numbers, got "0"/);
  assert.throws(() => discrete(0), /discrete: "n" expected an integer of at least 1, got 0/);
  assert.throws(() => discrete(1.5), RangeError);
});

test("contains", () => {
  const space = box([-1, 0], [1, Number.POSITIVE_INFINITY]);
  assert.ok(contains(space, [1, 1e30]));
  assert.ok(contains(space, Float32Array.of(-1, 0)));
  assert.not(contains(space, [1.01, 0]));
  assert.not(contains(space, [0, -0.01]));
  assert.not(contains(space, [0]));
  assert.not(contains(space, 0));
  assert.not(contains(space, [Number.NaN, 0]));
  const choice = discrete(3, 10);
  assert.ok(contains(choice, 10) && contains(choice, 12));
  assert.not(contains(choice, 9) || contains(choice, 13) || contains(choice, 10.5) || contains(choice, [10]));
});

test("batchBox repeats the bounds", () => {
  const space = batchBox(box([-1, -2], [1, 2]), 3);
  assert.equal(space.shape, [3, 2]);
  assert.equal([...space.high], [1, 2, 1, 2, 1, 2]);
});

test("samples lie in the space, fill it, and depend on the seed alone", () => {
  const space = box(
    [-1, 5, Number.NEGATIVE_INFINITY, 2, Number.NEGATIVE_INFINITY],
    [1, 6, -3, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  );
  const sampler = createSampler(runtime, space, { seed: 3 });
  const twin = createSampler(runtime, space, { seed: 3 });
  const other = createSampler(runtime, space, { seed: 4 });
  let low = 1;
  let high = -1;
  let different = false;
  for (let i = 0; i < 500; i++) {
    const point = sampler.sample();
    assert.ok(contains(space, point));
    assert.is(bits(point), bits(twin.sample()));
    if (bits(point) !== bits(other.sample())) different = true;
    low = Math.min(low, point[0]);
    high = Math.max(high, point[0]);
  }
  assert.ok(different);
  assert.ok(low < -0.95 && high > 0.95);
  for (const part of [sampler, twin, other]) part.dispose();
});

test("samples of a discrete space take every value, and save and load continue the stream", () => {
  const sampler = createSampler(runtime, discrete(4, -1), { seed: 1 });
  const seen = new Set(Array.from({ length: 200 }, () => sampler.sample()));
  assert.equal(
    [...seen].sort((a, b) => a - b),
    [-1, 0, 1, 2],
  );
  const saved = JSON.parse(JSON.stringify(sampler.save()));
  const first = Array.from({ length: 20 }, () => sampler.sample());
  sampler.load(saved);
  assert.equal(
    Array.from({ length: 20 }, () => sampler.sample()),
    first,
  );
  sampler.dispose();
});

test.run();
