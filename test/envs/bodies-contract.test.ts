// What every task on rigid bodies keeps: the contract of environments, the same bits in a batch, on more threads, from a
// snapshot and in the true dynamics; start states as Gymnasium draws them; divergence that is told; memory that comes back.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type Autoreset,
  checkEnv,
  DivergedError,
  fetchReach,
  halfCheetah,
  halfCheetahPets,
  hopper,
  makeEnv,
  makeVectorEnv,
  reacher,
  reacherGoal,
  trueDynamics,
} from "../../src/envs/index.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { checkedRuntime, runtime } from "../support/runtime.js";
import { recorded, recording, sick } from "./bodies-support.js";
import { bits, spread } from "./support.js";

const tasks = [...recorded.map(([task]) => task), halfCheetahPets, reacherGoal, fetchReach];

for (const task of tasks) {
  const test = suite(`${task.id}, contract`);
  const D = task.observationSpace.low.length;
  const A = task.actionSpace.low.length;
  const [bound] = task.actionSpace.high;

  test("keeps the contract of Env", () => {
    // the whole episode that checkEnv plays would be long
    const env = makeEnv(runtime, { ...task, maxEpisodeSteps: 40 });
    checkEnv(env);
    env.close();
  });

  test("environment i of a batch is bit for bit the single one of seed + i, over resets, in both binaries", () => {
    for (const on of [runtime, checkedRuntime]) {
      const [batch, steps] = on === runtime ? [7, 120] : [3, 4];
      const vector = makeVectorEnv(on, task, { batch, seed: 40, autoreset: "same-step" });
      const singles = Array.from({ length: batch }, (_, i) => makeEnv(on, task, { seed: 40 + i }));
      const start = vector.reset().observation;
      const row = (array: Float32Array, b: number) => array.subarray(b * D, (b + 1) * D);
      for (const [i, env] of singles.entries()) assert.is(bits(row(start, i)), bits(env.reset().observation));
      const out = vector.createOut();
      for (let t = 0; t < steps; t++) {
        const actions = spread(batch * A, -bound, bound, t * 0.31);
        vector.step(actions, out);
        singles.forEach((env, i) => {
          const { observation, reward, terminated, truncated } = env.step(actions.slice(i * A, (i + 1) * A));
          assert.is(bits(row(out.finalObservation, i)), bits(observation));
          assert.equal([out.reward[i], out.terminated[i], out.truncated[i]], [reward, +terminated, +truncated]);
          const next = terminated || truncated ? env.reset().observation : observation;
          assert.is(bits(row(out.observation, i)), bits(next));
        });
      }
      for (const env of [vector, ...singles]) env.close();
    }
  });

  test("a snapshot in the middle of an episode continues bit for bit in another environment", () => {
    const [one, two] = [makeEnv(runtime, task, { seed: 3 }), makeEnv(runtime, task, { seed: 9 })];
    const play = (env: typeof one) => {
      const log: string[] = [];
      for (let t = 0; t < 25; t++) {
        const { observation, reward, terminated, truncated } = env.step(spread(A, -bound, bound, 0.17 * t));
        log.push(bits(observation), String(reward));
        if (terminated || truncated) log.push(bits(env.reset().observation));
      }
      return log;
    };
    one.reset();
    for (const t of [0, 1]) one.step(spread(A, -bound / 4, bound / 4, 0.2 * t));
    const snapshot = one.snapshot();
    const expected = play(one);
    two.restore(snapshot);
    assert.equal(play(two), expected);
    one.restore(snapshot);
    assert.equal(play(one), expected);
    one.close();
    two.close();
  });

  test("true dynamics earn bit for bit what the environment pays, and leave no memory", () => {
    const before = runtime.memoryUsage().used;
    const env = makeEnv(runtime, { ...task, maxEpisodeSteps: 12 }, { seed: 5 });
    env.reset();
    env.step(spread(A, -bound / 4, bound / 4));
    const start = env.snapshot();
    const dynamics = trueDynamics(runtime, env);
    for (const [N, H] of [
      [1, 1],
      [6, 15],
      [3, 0],
      [0, 2],
    ]) {
      const sequences = spread(N * H * A, -bound, bound);
      const actions = runtime.tensor([N, H, A]).write(sequences);
      const out = runtime.tensor([N]);
      out.view.fill(Number.NaN);
      dynamics.returns(start, actions, out);
      assert.is(JSON.stringify(env.snapshot()), JSON.stringify(start));
      const expected = Float32Array.from({ length: N }, (_, n) => {
        env.restore(start);
        let total = 0;
        for (let t = 0; t < H; t++) {
          const at = (n * H + t) * A;
          const { reward, terminated, truncated } = env.step(sequences.slice(at, at + A));
          total += reward;
          if (terminated || truncated) break;
        }
        return total;
      });
      env.restore(start);
      assert.is(bits(out.read()), bits(expected));
      actions.dispose();
      out.dispose();
    }
    dynamics.dispose();
    dynamics.dispose();
    env.close();
    assert.is(runtime.memoryUsage().used, before);
  });

  test.run();
}

for (const [task, file] of recorded) {
  const test = suite(`${task.id}, start states`);

  test("are distributed as Gymnasium's", () => {
    const { nq, nv, initQpos, resetNoise } = recording(file);
    const env = makeEnv(runtime, task, { seed: 1 });
    const N = 2000;
    const columns: number[][] = Array.from({ length: nq + nv }, () => []);
    for (let k = 0; k < N; k++) {
      env.reset();
      const state = env.snapshot().arrays.state.data;
      for (let i = 0; i < nq + nv; i++) columns[i].push(state[i] - (initQpos[i] ?? 0));
    }
    const goal = task === reacher;
    columns.forEach((column, i) => {
      // the target of the reacher stands still; its place is judged below
      if (goal && i >= 6) assert.ok(column.every((x) => x === 0));
      if (goal && (i >= 6 || i === 2 || i === 3)) return;
      const { qpos, qvel } = resetNoise;
      const mean = column.reduce((sum, x) => sum + x, 0) / N;
      const squares = column.reduce((sum, x) => sum + x * x, 0) / N;
      const normal = i >= nq && qvel.distribution === "normal";
      const range = i < nq ? qpos.high : (qvel.high ?? 0);
      const deviation = normal ? (qvel.std as number) : range / Math.sqrt(3);
      assert.ok(Math.abs(mean) < (4.5 * deviation) / Math.sqrt(N), `mean ${mean} of ${i}`);
      // the variance of a square is 2 σ⁴ for normals, 0.8 σ⁴ for uniforms
      const tolerance = 4.5 * Math.sqrt((normal ? 2 : 0.8) / N);
      assert.ok(Math.abs(squares / deviation ** 2 - 1) < tolerance, `variance ${squares} of ${i}`);
      const largest = Math.max(...column.map(Math.abs));
      assert.ok(normal ? largest > 2.5 * deviation : largest <= range && largest > 0.99 * range);
    });
    if (goal) {
      // in a disk of 0.2 m the square of the radius is uniform
      const [x, y] = [columns[2].map((d) => d + 0.1), columns[3].map((d) => d - 0.1)];
      const parts = x.map((a, k) => (a * a + y[k] * y[k]) / 0.04).sort((a, b) => a - b);
      assert.ok(parts[N - 1] < 1);
      const distance = parts.reduce((most, u, k) => Math.max(most, Math.abs(u - (k + 0.5) / N)), 0);
      assert.ok(distance < 1.95 / Math.sqrt(N), `${distance}`);
    }
    env.close();
  });

  test.run();
}

const test = suite("bodies");

test("two threads give the bits of one", async () => {
  const results: string[] = [];
  for (const threads of [1, 2]) {
    const on = await loadRuntime({ threads });
    const env = makeEnv(on, halfCheetah, { seed: 2 });
    env.reset();
    const [N, H, A] = [90, 12, 6];
    const actions = on.tensor([N, H, A]).write(spread(N * H * A, -1, 1));
    const out = on.tensor([N]);
    trueDynamics(on, halfCheetah).returns(env.snapshot(), actions, out);
    const vector = makeVectorEnv(on, halfCheetah, { batch: 90, seed: 3 });
    vector.reset();
    const step = vector.step(spread(N * A, -1, 1));
    results.push(bits(out.read()) + bits(step.observation) + bits(step.reward));
    on.dispose();
  }
  assert.is(results[0], results[1]);
});

test("every way of autoreset starts what has ended", () => {
  for (const autoreset of ["next-step", "same-step", "disabled"] as Autoreset[]) {
    const env = makeVectorEnv(runtime, { ...hopper, maxEpisodeSteps: 3 }, { batch: 2, seed: 1, autoreset });
    env.reset();
    for (let t = 0; t < 3; t++) env.step(new Float32Array(6));
    if (autoreset === "disabled") {
      assert.throws(() => env.step(new Float32Array(6)), /has ended/);
      env.reset({ mask: [true, true] });
    }
    const { truncated, reward } = env.step(new Float32Array(6));
    assert.equal([...truncated], [0, 0]);
    assert.is(reward[0] === 0, autoreset === "next-step");
    env.close();
  }
});

test("a body that diverges is told of, with its degree of freedom and time, and its episode has ended", () => {
  const env = makeEnv(runtime, halfCheetah);
  env.reset();
  env.step(new Float32Array(6));
  env.restore(sick(env.snapshot(), 0, 18));
  const caught = (call: () => unknown): DivergedError => {
    try {
      call();
    } catch (error) {
      assert.instance(error, DivergedError);
      return error as DivergedError;
    }
    throw new Error("nothing was told");
  };
  const error = caught(() => env.step(new Float32Array(6)));
  assert.is(error.code, "DIVERGED");
  assert.is(error.time, 0.05);
  assert.match(error.message, /^env\.step: HalfCheetah-v5 diverged at degree of freedom \d+ \("\w+"\) after 0\.05 s; /);
  assert.throws(() => env.step(new Float32Array(6)), /the episode has ended/);
  // what is left can be saved, and another episode begun
  env.restore(env.snapshot());
  env.reset();
  env.step(new Float32Array(6));
  env.close();

  for (const autoreset of ["next-step", "same-step", "disabled"] as Autoreset[]) {
    const vector = makeVectorEnv(runtime, halfCheetah, { batch: 3, seed: 1, autoreset });
    const twin = makeVectorEnv(runtime, halfCheetah, { batch: 3, seed: 1 });
    vector.reset();
    twin.reset();
    vector.restore(sick(vector.snapshot(), 1, 18));
    const out = vector.createOut();
    const { message } = caught(() => vector.step(new Float32Array(18), out));
    assert.match(message, /^vectorEnv\.step: HalfCheetah-v5, environment 1 diverged /);
    const expected = twin.step(new Float32Array(18));
    for (const b of [0, 2]) {
      assert.is(out.reward[b], expected.reward[b]);
      const row = (rows: Float32Array) => bits(rows.slice(17 * b, 17 * b + 17));
      assert.is(row(out.observation), row(expected.observation));
    }
    assert.equal([out.reward[1], out.terminated[1], out.truncated[1]], [0, 0, 0]);
    assert.ok(out.observation.every(Number.isFinite));
    if (autoreset === "disabled") vector.reset({ mask: [false, true, false] });
    assert.ok(vector.step(new Float32Array(18)).observation.every(Number.isFinite));
    vector.close();
    twin.close();
  }
});

test("a sequence that diverges earns nothing from then on, and its neighbors what they would", () => {
  const env = makeEnv(runtime, halfCheetah);
  env.reset();
  const [N, H, A] = [5, 4, 6];
  const sequences = spread(N * H * A, -1, 1);
  const actions = runtime.tensor([N, H, A]).write(sequences);
  const out = runtime.tensor([N]);
  const dynamics = trueDynamics(runtime, env);
  dynamics.returns(env.snapshot(), actions, out);
  const clean = out.read();
  actions.view[(2 * H + 2) * A + 1] = Number.NaN;
  dynamics.returns(env.snapshot(), actions, out);
  const got = out.read();
  let two = 0;
  for (let t = 0; t < 2; t++) two += env.step(sequences.slice((2 * H + t) * A, (2 * H + t + 1) * A)).reward;
  assert.is(got[2], Math.fround(two));
  for (const n of [0, 1, 3, 4]) assert.is(got[n], clean[n]);
  for (const part of [dynamics, actions, out]) part.dispose();
  env.close();
});

test("how far a body has gone changes nothing but where it is", () => {
  const env = makeEnv(runtime, halfCheetah, { seed: 4 });
  env.reset();
  const here = env.snapshot();
  const data = here.arrays.state.data.slice() as Float64Array;
  data[0] = 5000;
  const away = { ...here, arrays: { ...here.arrays, state: { ...here.arrays.state, data } } };
  const play = () =>
    Array.from({ length: 30 }, (_, t) => {
      const { observation, reward } = env.step(spread(6, -1, 1, 0.3 * t));
      return `${bits(observation)} ${reward}`;
    });
  env.restore(here);
  const expected = play();
  env.restore(away);
  assert.equal(play(), expected);
  assert.ok(Math.abs(env.snapshot().arrays.state.data[0] - 5000) < 20);
  env.close();
});

test("environments of a task share its model, and the last one to go takes it along", () => {
  const before = runtime.memoryUsage().used;
  const one = makeEnv(runtime, reacher);
  const alone = runtime.memoryUsage().used - before;
  const two = makeEnv(runtime, reacher);
  assert.ok(runtime.memoryUsage().used - before < 1.2 * alone);
  one.close();
  one.close();
  two.reset();
  two.close();
  assert.is(runtime.memoryUsage().used, before);
});

test.run();
