// The replay buffer: a ring of transitions that refuses bad ones and saves bit for bit.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createReplayBuffer, type Transition } from "../../src/data/index.js";
import { runtime } from "../support/runtime.js";

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
    { length: 1.5, next: 1.5 },
  ]) {
    assert.throws(() => small.load({ meta, arrays }), /does not fit a capacity of 2/);
  }
  small.dispose();
  wide.dispose();
});

test("sizes are checked", () => {
  assert.throws(() => createReplayBuffer(runtime, { capasity: 3 } as never), /unknown option "capasity"/);
  assert.throws(() => create(0), /createReplayBuffer: "capacity" expected an integer of at least 1, got 0/);
});

test.run();
