// The replay buffer: a ring of transitions that refuses bad ones and saves bit for bit.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createReplayBuffer, createTransitionBatch, sampleTransitions, type Transition } from "../../src/data/index.js";
import { RandomStream } from "../../src/kernels/index.js";
import { runtime, runtimes } from "../support/runtime.js";

const test = suite("replay buffer");

const transition = (i: number): Transition => ({
  observation: [i, i + 0.5],
  action: [-i],
  reward: i / 4,
  nextObservation: [i + 1, i + 1.5],
  terminated: i % 3 === 0,
  truncated: i % 5 === 0,
});

const create = (capacity: number) => createReplayBuffer(runtime, { capacity, observationSize: 2, actionSize: 1 });

test("keeps the newest transitions", () => {
  const buffer = create(4);
  for (let i = 0; i < 6; i++) buffer.add(transition(i));
  assert.is(buffer.length, 4);
  assert.equal([...buffer.observation.read()], [4, 4.5, 5, 5.5, 2, 2.5, 3, 3.5]);
  assert.equal([...buffer.reward.read()], [1, 1.25, 0.5, 0.75]);
  assert.equal([...buffer.terminated.read()], [0, 0, 0, 1]);
  assert.equal([...buffer.truncated.read()], [0, 1, 0, 0]);
  buffer.dispose();
});

test("a saved buffer goes on where it stopped", () => {
  for (const added of [0, 3, 4, 6]) {
    const [buffer, copy] = [create(4), create(4)];
    for (let i = 0; i < added; i++) buffer.add(transition(i));
    copy.load(buffer.save());
    for (const each of [buffer, copy]) each.add(transition(9));
    assert.equal(copy.save(), buffer.save());
    buffer.dispose();
    copy.dispose();
  }
});

test("tells trajectories apart, and keeps their numbers as old ones go", () => {
  const buffer = create(6);
  const add = (i: number, end: Partial<Transition> = {}) =>
    buffer.add({ ...transition(i), terminated: false, truncated: false, ...end });
  add(0);
  assert.equal([...buffer.trajectories()], [0]);
  add(1, { terminated: true });
  add(2, { truncated: true });
  add(3);
  // does not begin where the transition before it led
  add(7);
  add(8);
  assert.equal([...buffer.trajectories()], [0, 0, 1, 2, 3, 3]);
  add(9);
  assert.equal([...buffer.trajectories()], [3, 0, 1, 2, 3, 3]);
  add(10);
  add(11);
  const copy = create(6);
  copy.load(buffer.save());
  for (const each of [buffer, copy]) {
    assert.equal([...each.trajectories()], [3, 3, 3, 2, 3, 3]);
    each.dispose();
  }
});

test("links lead from each row to the next of its trajectory, in lanes of their own, whatever was replaced", () => {
  const [lanes, capacity] = [3, 20];
  const buffer = createReplayBuffer(runtime, { capacity, observationSize: 2, actionSize: 1, lanes });
  // [lane, episode, step], kept beside the buffer; lane 2 is left out now and then, so that rows shift
  const expected: (readonly [number, number, number])[] = Array(capacity);
  const at = [0, 1, 2].map((lane) => ({ lane, episode: 0, step: 0 }));
  let row = 0;
  for (let t = 0; t < 90; t++) {
    for (const place of at) {
      const { lane, episode, step } = place;
      if (lane === 2 && t % 4 === 3) {
        // the lane starts anew, from where it was: only `cut` tells
        buffer.cut(lane);
        Object.assign(place, { episode: episode + 1, step: 0 });
        continue;
      }
      const over = step === 4 + lane;
      const state = (n: number): number[] => [lane === 2 ? 7 : 100 * lane + n, lane === 2 ? 7 : episode];
      buffer.add(
        {
          ...transition(1),
          observation: state(step),
          nextObservation: state(step + 1),
          terminated: false,
          truncated: over,
        },
        lane,
      );
      expected[row] = [lane, episode, step];
      row = (row + 1) % capacity;
      Object.assign(place, over ? { episode: episode + 1, step: 0 } : { step: step + 1 });
    }
    const present = [...expected.entries()].filter(([, value]) => value !== undefined);
    const find = (wanted: readonly number[]): number =>
      present.find(([, value]) => value.every((x, i) => x === wanted[i]))?.[0] ?? -1;
    const links = present.map(([, [lane, episode, step]]) => find([lane, episode, step + 1]));
    assert.equal([...buffer.follower.read()].slice(0, buffer.length), links);
    const numbers = buffer.trajectories();
    const names = present.map(([, [lane, episode]]) => `${lane}.${episode}`);
    assert.is(new Set(names.map((name, i) => `${name} ${numbers[i]}`)).size, new Set(names).size);
    assert.is(new Set(numbers).size, new Set(names).size);
  }
  const copy = createReplayBuffer(runtime, { capacity, observationSize: 2, actionSize: 1, lanes });
  copy.load(buffer.save());
  assert.equal(copy.save(), buffer.save());
  for (const each of [buffer, copy]) {
    const [follower, trajectory, step] = [each.follower, each.trajectory, each.step].map((column) => [
      ...column.read(),
    ]);
    for (const [i, f] of follower.entries()) {
      if (f >= 0) assert.equal([trajectory[f], step[f]], [trajectory[i], step[i] + 1]);
    }
  }
  assert.throws(() => create(capacity).load(buffer.save()), /saved buffer is not one of 1 lanes/);
  // the ring has gone round: row 0 is neither the oldest nor the newest
  const oldest = (buffer.save().meta as { next: number }).next;
  assert.ok(oldest > 3 && oldest < capacity - 1);
  const [older, newer] = [0, oldest];
  const links = buffer.follower.read();
  const first = links.findIndex((_, row) => !links.includes(row));
  const taken = links.findIndex((follower) => follower >= 0);
  for (const [row, follower] of [
    [3, capacity],
    [3, -2],
    [3, 3],
    [first, first],
    [older + 1, older],
    // a circle through the end of the ring
    [older, newer],
    [oldest, links[taken]],
  ]) {
    const broken = buffer.save();
    broken.arrays.follower.data[row] = follower;
    assert.throws(
      () => copy.load(broken),
      new RegExp(`has ${follower} for the follower of row ${row}, no newer row or`),
    );
  }
  buffer.dispose();
  copy.dispose();
});

test("a state without a column, or with one of another kind, or without counts is refused and leaves the buffer as it was", () => {
  const [buffer, other] = [create(6), create(6)];
  for (let i = 0; i < 4; i++) buffer.add(transition(i));
  for (let i = 10; i < 14; i++) other.add(transition(i));
  const [before, whole] = [buffer.save(), other.save()];
  const columns = Object.keys(whole.arrays);
  assert.is(columns.length, 8);
  for (const name of columns) {
    const { [name]: column, ...arrays } = whole.arrays;
    const lacks = new RegExp(`saved state lacks array "${name}"`);
    assert.throws(() => buffer.load({ ...whole, arrays }), lacks);
    const wrong = new RegExp(`saved array "${name}" expected`);
    const shorter = { ...column, data: column.data.slice(1) };
    assert.throws(() => buffer.load({ ...whole, arrays: { ...arrays, [name]: shorter } }), wrong);
    const doubles = { ...column, dtype: "f64" as const, data: Float64Array.from(column.data) };
    assert.throws(() => buffer.load({ ...whole, arrays: { ...arrays, [name]: doubles } }), wrong);
    assert.equal(buffer.save(), before);
  }
  const { trajectories: _, ...meta } = whole.meta as { trajectories: number };
  assert.throws(() => buffer.load({ ...whole, meta }), /trajectories/);
  assert.equal(buffer.save(), before);
  buffer.load(whole);
  assert.equal(buffer.save(), whole);
  buffer.dispose();
  other.dispose();
});

test("newest rows of lanes that are none, or one row of two lanes, are refused", () => {
  const buffer = createReplayBuffer(runtime, { capacity: 6, observationSize: 2, actionSize: 1, lanes: 2 });
  const refused = (newest: unknown[]) => {
    const state = buffer.save();
    const meta = { ...(state.meta as object), newest } as never;
    assert.throws(() => buffer.load({ ...state, meta }), /newest rows \[.*\], no rows or shared ones/);
    assert.equal(buffer.save(), state);
  };
  refused([0, -1]);
  for (let i = 0; i < 4; i++) buffer.add(transition(i), i % 2);
  for (const newest of [
    [2, 4],
    [2, 6],
    [1.5, 3],
    [-2, 3],
    ["2", 3],
    [null, 3],
    [0, 0],
  ])
    refused(newest);
  const state = buffer.save();
  for (const newest of [
    [-1, -1],
    [3, 1],
  ])
    buffer.load({ ...state, meta: { ...(state.meta as object), newest } as never });
  buffer.dispose();
});

// steps from one number to another, in a ring of two rows that two lanes share
const ringOfTwo = () => {
  const buffer = createReplayBuffer(runtime, { capacity: 2, observationSize: 1, actionSize: 0, lanes: 2 });
  const add = (from: number, to: number, lane: number) => {
    const [observation, nextObservation] = [[from], [to]];
    buffer.add({ observation, action: [], reward: 0, nextObservation, terminated: false, truncated: false }, lane);
  };
  const links = () => [buffer.follower, buffer.trajectory, buffer.step].map((column) => [...column.read()]);
  return { buffer, add, links };
};

test("a lane whose newest row was replaced by another lane begins anew, wherever that one led", () => {
  const { buffer, add, links } = ringOfTwo();
  add(1, 2, 0);
  add(11, 12, 1);
  // row 0 is of lane 1 now, and leads to 13
  add(12, 13, 1);
  add(13, 14, 0);
  assert.equal(links(), [
    [-1, -1],
    [1, 2],
    [1, 0],
  ]);
  assert.equal((buffer.save().meta as { newest: number[] }).newest, [1, 0]);
  buffer.dispose();
});

test("a row that replaces the one before it in its trajectory is not its own follower", () => {
  const { buffer, add, links } = ringOfTwo();
  add(1, 2, 0);
  add(11, 12, 1);
  add(2, 3, 0);
  assert.equal(links(), [
    [-1, -1],
    [0, 1],
    [1, 0],
  ]);
  buffer.load(buffer.save());
  buffer.dispose();
});

for (const [name, on] of runtimes) {
  test(`a minibatch has whole transitions, evenly drawn, the same of the same stream (${name})`, () => {
    on.scoped((scope) => {
      const buffer = scope.hold(createReplayBuffer(on, { capacity: 5, observationSize: 2, actionSize: 1 }));
      const batch = createTransitionBatch(scope, 4000, 2, 1);
      const random = scope.hold(new RandomStream(on, 1, "test"));
      assert.throws(() => sampleTransitions(buffer, batch, random), /"buffer" expected one with transitions in it/);
      for (let i = 0; i < 7; i++) buffer.add(transition(i));
      const before = random.save();
      sampleTransitions(buffer, batch, random);
      const counts = Array(7).fill(0);
      for (let r = 0; r < batch.rows; r++) {
        const i = batch.observation.view[2 * r];
        const { observation, action, reward, nextObservation, terminated } = transition(i);
        assert.equal([...batch.observation.view.subarray(2 * r, 2 * r + 2)], observation);
        assert.equal([...batch.nextObservation.view.subarray(2 * r, 2 * r + 2)], nextObservation);
        assert.equal([batch.action.view[r], batch.reward.view[r]], [(action as number[])[0], reward]);
        assert.is(batch.terminated.view[r], Number(terminated));
        assert.is(batch.row.view[r], i % 5);
        counts[i]++;
      }
      // the first two were replaced; the standard deviation of a count is 25
      assert.equal(counts.slice(0, 2), [0, 0]);
      for (const count of counts.slice(2)) assert.ok(Math.abs(count - 800) < 130, counts.join());
      const drawn = batch.observation.read();
      random.load(before);
      sampleTransitions(buffer, batch, random);
      assert.equal(batch.observation.read(), drawn);
      const other = createTransitionBatch(scope, 4, 3, 1);
      assert.throws(
        () => sampleTransitions(buffer, other, random),
        /"batch" expected observations of 2 numbers, got 3/,
      );
      scope.dispose();
    });
  });
}

test("refuses bad transitions whole", () => {
  const buffer = create(4);
  const before = buffer.save();
  const bad: [Partial<Transition>, RegExp][] = [
    [{ observation: [1] }, /"observation" expected 2 numbers/],
    [{ observation: [1, NaN] }, /"observation\[1\]" expected a finite number \(of float32\), got NaN/],
    [{ action: [] }, /"action" expected 1 numbers/],
    [{ reward: Infinity }, /"reward" expected a finite number/],
    [{ reward: 1e300 }, /"reward" expected a finite number \(of float32\), got 1e\+300/],
    [{ nextObservation: [1, 2, 3] }, /"nextObservation" expected 2 numbers/],
  ];
  for (const [change, message] of bad) {
    assert.throws(
      () => buffer.add({ ...transition(1), ...change }),
      (error: Error) => error instanceof RangeError && message.test(error.message),
    );
  }
  assert.equal(buffer.save(), before);
  buffer.dispose();
});

test("a saved state of another shape is refused", () => {
  const small = create(2);
  const wide = createReplayBuffer(runtime, { capacity: 2, observationSize: 3, actionSize: 1 });
  small.add(transition(1));
  assert.throws(() => wide.load(small.save()), /saved array "observation" expected f32\[3\], got f32\[2\]/);
  assert.throws(() => create(4).load({ meta: {}, arrays: {} }), /saved state lacks "length"/);
  const { arrays } = small.save();
  for (const meta of [
    { length: 1, next: 0 },
    { length: 3, next: 0 },
    { length: 2, next: 2 },
  ]) {
    assert.throws(() => small.load({ meta, arrays }), /does not fit a capacity of 2/);
  }
  for (const length of [1.5, -1]) {
    assert.throws(() => small.load({ meta: { length, next: 1 }, arrays }), /saved "length" is not a count/);
  }
  small.dispose();
  wide.dispose();
});

test("sizes are checked", () => {
  assert.throws(() => createReplayBuffer(runtime, { capasity: 3 } as never), /unknown option "capasity"/);
  assert.throws(() => create(0), /createReplayBuffer: "capacity" expected an integer of at least 1, got 0/);
});

test.run();
