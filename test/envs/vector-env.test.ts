import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cartPoleContinuous, EpisodeError, makeEnv, makeVectorEnv, pendulum, type Task } from "../../src/envs/index.js";
import { runtime, runtimes } from "../support/runtime.js";
import { bits, spread } from "./support.js";

const short: Task = { ...pendulum, maxEpisodeSteps: 4 };
const row = (array: Float32Array, b: number, D: number) => array.subarray(b * D, (b + 1) * D);

for (const [binary, runtime] of runtimes) {
  const test = suite(`vector env, ${binary}`);

  for (const task of [cartPoleContinuous, pendulum]) {
    for (const batch of [1, 2, 3, 5, 17]) {
      test(`${task.id}: environment i of ${batch} is bit for bit the single one of seed + i, over resets too`, () => {
        const D = task.observationSpace.low.length;
        const [bound] = task.actionSpace.high;
        const vector = makeVectorEnv(runtime, task, { batch, seed: 40, autoreset: "same-step" });
        const singles = Array.from({ length: batch }, (_, i) => makeEnv(runtime, task, { seed: 40 + i }));
        const start = vector.reset().observation;
        for (const [i, env] of singles.entries()) assert.is(bits(row(start, i, D)), bits(env.reset().observation));
        const out = vector.createOut();
        for (let t = 0; t < 210; t++) {
          const actions = spread(batch, -bound, bound, t * 0.31);
          assert.is(vector.step(actions, out), out);
          singles.forEach((env, i) => {
            const { observation, reward, terminated, truncated } = env.step([actions[i]]);
            assert.is(bits(row(out.finalObservation, i, D)), bits(observation));
            assert.is(out.reward[i], reward);
            assert.is(out.terminated[i], Number(terminated));
            assert.is(out.truncated[i], Number(truncated));
            const next = terminated || truncated ? env.reset().observation : observation;
            assert.is(bits(row(out.observation, i, D)), bits(next));
          });
        }
        for (const env of [vector, ...singles]) env.close();
      });
    }
  }

  test("next-step: the step after the end resets, ignores the action, pays nothing", () => {
    const vector = makeVectorEnv(runtime, short, { batch: 2, seed: 7 });
    assert.is(vector.autoreset, "next-step");
    const twin = makeEnv(runtime, short, { seed: 8 });
    vector.reset();
    twin.reset();
    for (let t = 0; t < 4; t++) {
      const out = vector.step([1, 1]);
      const { observation } = twin.step([1]);
      assert.equal([...out.truncated], t === 3 ? [1, 1] : [0, 0]);
      assert.is(bits(row(out.observation, 1, 3)), bits(observation));
    }
    const out = vector.step([2, -2]);
    assert.is(bits(row(out.observation, 1, 3)), bits(twin.reset().observation));
    assert.is(bits(out.observation), bits(out.finalObservation));
    assert.equal([...out.reward, ...out.terminated, ...out.truncated], [0, 0, 0, 0, 0, 0]);
    // a whole episode follows
    for (let t = 0; t < 4; t++) assert.is(vector.step([0, 0]).truncated[0], t === 3 ? 1 : 0);
    vector.close();
    twin.close();
  });

  test("same-step: the ending step gives the new start and, apart, the last observation", () => {
    const vector = makeVectorEnv(runtime, short, { batch: 1, seed: 7, autoreset: "same-step" });
    const twin = makeEnv(runtime, short, { seed: 7 });
    vector.reset();
    twin.reset();
    for (let t = 0; t < 4; t++) {
      const out = vector.step([1]);
      const { observation, reward } = twin.step([1]);
      assert.is(bits(out.finalObservation), bits(observation));
      assert.is(out.reward[0], reward);
      if (t < 3) assert.is(bits(out.observation), bits(observation));
      else assert.is(bits(out.observation), bits(twin.reset().observation));
    }
    vector.close();
    twin.close();
  });

  test("disabled: a step with an ended environment throws and moves none; reset({ mask }) frees the way", () => {
    const vector = makeVectorEnv(runtime, cartPoleContinuous, { batch: 3, seed: 1, autoreset: "disabled" });
    vector.reset();
    // only environment 1 is pushed over
    let out = vector.step([0, 1, 0]);
    while (!out.terminated[1]) out = vector.step([0, 1, 0]);
    assert.equal([...out.terminated], [0, 1, 0]);
    const before = JSON.stringify(vector.snapshot());
    assert.throws(
      () => vector.step([0, 0, 0]),
      (error: Error) =>
        error instanceof EpisodeError && /environment 1 has ended; call reset\(\{ mask \}\)/.test(error.message),
    );
    assert.is(JSON.stringify(vector.snapshot()), before);
    const { observation } = vector.reset({ mask: [false, true, false] });
    for (const b of [0, 2]) assert.is(bits(row(observation, b, 4)), bits(row(out.observation, b, 4)));
    assert.is.not(bits(row(observation, 1, 4)), bits(row(out.observation, 1, 4)));
    assert.equal([...vector.step([0, 0, 0]).terminated], [0, 0, 0]);
    vector.close();
  });

  test.run();
}

const test = suite("vector env");

test("reset({ seed }) seeds environment i with seed + i, with a mask only the chosen ones", () => {
  const vector = makeVectorEnv(runtime, pendulum, { batch: 3, seed: 100 });
  const first = vector.reset({ seed: 5 }).observation;
  const single = makeEnv(runtime, pendulum);
  for (let i = 0; i < 3; i++) assert.is(bits(row(first, i, 3)), bits(single.reset({ seed: 5 + i }).observation));
  const second = vector.reset({ seed: 9, mask: Uint8Array.of(0, 0, 1) }).observation;
  assert.is(bits(second.subarray(0, 6)), bits(first.subarray(0, 6)));
  assert.is(bits(row(second, 2, 3)), bits(single.reset({ seed: 11 }).observation));
  vector.close();
  single.close();
});

test("a snapshot continues bit for bit in another batch, over autoresets", () => {
  for (const autoreset of ["next-step", "same-step"] as const) {
    const options = { batch: 3, seed: 2, autoreset };
    const [one, two] = [
      makeVectorEnv(runtime, cartPoleContinuous, options),
      makeVectorEnv(runtime, cartPoleContinuous, options),
    ];
    one.reset();
    for (let t = 0; t < 13; t++) one.step(spread(3, -1, 1, t * 0.3));
    two.restore(one.snapshot());
    for (let t = 0; t < 120; t++) {
      const actions = spread(3, -1, 1, t * 0.17);
      const [a, b] = [one.step(actions), two.step(actions)];
      for (const name of ["observation", "finalObservation", "reward", "terminated", "truncated"] as const) {
        assert.is(bits(a[name]), bits(b[name]));
      }
    }
    one.close();
    two.close();
  }
});

test("actions are [B, A] in any form; a bad one moves no environment", () => {
  const vector = makeVectorEnv(runtime, cartPoleContinuous, { batch: 3 });
  vector.reset();
  const before = vector.snapshot();
  const bad: [unknown, RegExp][] = [
    [[0, 0], /vectorEnv\.step: "action" expected shape \[3, 1\]/],
    [[0, 0, Number.NaN], /vectorEnv\.step: "action\[2\]" expected a finite number, got NaN/],
    [[0, -1.01, 0], /vectorEnv\.step: "action\[1\]" expected a number in \[-1, 1\]/],
    [{ data: [0, 0, 0], shape: [3] }, /expected shape \[3, 1\], got \[3\]/],
  ];
  for (const [actions, message] of bad) assert.throws(() => vector.step(actions as never), message);
  assert.is(JSON.stringify(vector.snapshot()), JSON.stringify(before));
  const plain = vector.step([0.1, 0.2, 0.3]);
  vector.restore(before);
  const strided = vector.step({ data: [0.3, 0, 0.2, 0, 0.1], shape: [3, 1], stride: [-2, 1], offset: 4 });
  assert.is(bits(strided.observation), bits(plain.observation));
  vector.close();
});

test("misuse is one sentence", () => {
  assert.throws(
    () => makeVectorEnv(runtime, pendulum, { batch: 0 }),
    /makeVectorEnv: "batch" expected an integer of at least 1/,
  );
  assert.throws(
    () => makeVectorEnv(runtime, pendulum, { batch: 2, autoreset: "always" as never }),
    /"autoreset" expected one of/,
  );
  const vector = makeVectorEnv(runtime, pendulum, { batch: 2 });
  assert.throws(() => vector.step([0, 0]), /vectorEnv\.step: no episode was started/);
  assert.throws(() => vector.reset({ mask: [true, false] }), /environment 1 was never reset/);
  assert.throws(() => vector.reset({ mask: [true] }), /"mask" expected 2 booleans/);
  vector.reset();
  const out = { ...vector.createOut(), reward: new Float32Array(3) };
  assert.throws(() => vector.step([0, 0], out), /"out\.reward" expected 2 elements/);
  assert.throws(
    () => vector.restore(makeVectorEnv(runtime, pendulum, { batch: 3 }).snapshot()),
    /expected 2 of "Pendulum-v1", got 3/,
  );
  vector.dispose();
  assert.throws(() => vector.reset(), /disposed of/);
});

test("with out, a step takes no Wasm memory", () => {
  const vector = makeVectorEnv(runtime, cartPoleContinuous, { batch: 5 });
  vector.reset();
  const out = vector.createOut();
  const before = runtime.memoryUsage();
  for (let t = 0; t < 300; t++) vector.step(spread(5, -1, 1, t * 0.3), out);
  assert.equal(runtime.memoryUsage(), before);
  vector.close();
});

test.run();
