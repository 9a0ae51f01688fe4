import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cartPoleContinuous, makeEnv, pendulum, trueDynamics } from "../../src/envs/index.js";
import { runtime, runtimes } from "../support/runtime.js";
import { bits, makeDiscreteWalk, makeWalk, spread } from "./support.js";

for (const [binary, runtime] of runtimes) {
  const test = suite(`trueDynamics, ${binary}`);

  for (const task of [cartPoleContinuous, pendulum]) {
    for (const [N, H] of [
      [0, 3],
      [1, 1],
      [3, 0],
      [5, 40],
      [17, 7],
    ]) {
      test(`${task.id}: ${N} sequences of ${H} earn bit for bit what the environment pays`, () => {
        runtime.scoped((scope) => {
          const [bound] = task.actionSpace.high;
          const env = makeEnv(runtime, task, { seed: 3 });
          env.reset();
          for (const action of spread(6, -0.1, 0.1)) env.step(action);
          const start = env.snapshot();
          const sequences = spread(N * H, -bound / 2, bound);
          const actions = scope.tensor([N, H, 1]).write(sequences);
          const out = scope.tensor([N]);
          out.view.fill(Number.NaN);
          const dynamics = trueDynamics(runtime, env);
          dynamics.returns(start, actions, out);
          assert.is(JSON.stringify(env.snapshot()), JSON.stringify(start));
          const expected = new Float32Array(N);
          for (let n = 0; n < N; n++) {
            env.restore(start);
            let total = 0;
            for (let t = 0; t < H; t++) {
              const result = env.step(sequences[n * H + t]);
              total += result.reward;
              if (result.terminated || result.truncated) break;
            }
            expected[n] = total;
          }
          assert.is(bits(out.read()), bits(expected));
          // pushed more to one side, every pole falls on the way
          if (task === cartPoleContinuous && H === 40) assert.ok(expected.every((value) => value > 1 && value < 40));
          dynamics.dispose();
          env.close();
          scope.dispose();
        });
      });
    }
  }

  test("rewards stop at the time limit", () => {
    runtime.scoped((scope) => {
      const env = makeEnv(runtime, { ...cartPoleContinuous, maxEpisodeSteps: 5 });
      env.reset();
      env.step(0);
      const actions = scope.tensor([2, 20, 1]);
      const out = scope.tensor([2]);
      const dynamics = trueDynamics(runtime, env);
      dynamics.returns(env.snapshot(), actions, out);
      assert.equal([...out.read()], [4, 4]);
      env.close();
      dynamics.dispose();
      scope.dispose();
    });
  });

  test("a NaN action spoils its own sequence only", () => {
    runtime.scoped((scope) => {
      const env = makeEnv(runtime, pendulum);
      env.reset();
      const clean = spread(15, -2, 2);
      const actions = scope.tensor([3, 5, 1]).write(clean);
      const out = scope.tensor([3]);
      const dynamics = trueDynamics(runtime, pendulum);
      dynamics.returns(env.snapshot(), actions, out);
      const expected = out.read();
      actions.view[7] = Number.NaN;
      dynamics.returns(env.snapshot(), actions, out);
      const got = out.read();
      assert.ok(Number.isNaN(got[1]));
      assert.equal([got[0], got[2]], [expected[0], expected[2]]);
      env.close();
      dynamics.dispose();
      scope.dispose();
    });
  });

  test.run();
}

const test = suite("trueDynamics");

test("any environment with a box of actions: run through its own restore and step, and put back", () => {
  const walk = makeWalk();
  walk.reset({ seed: 3 });
  walk.step(Float32Array.of(0.5));
  const start = walk.snapshot();
  walk.step(Float32Array.of(0.25));
  const before = JSON.stringify(walk.snapshot());
  const from = start.arrays.walk.data[0];
  runtime.scoped((scope) => {
    const actions = scope.tensor([2, 3, 1]).write([0.5, 0.5, 0.5, 1, 1, 1]);
    const out = scope.tensor([2]);
    const dynamics = trueDynamics(runtime, walk);
    dynamics.returns(start, actions, out);
    const steps = (action: number) => [1, 2, 3].reduce((sum, t) => sum - Math.abs(from + t * action), 0);
    for (const n of [0, 1]) assert.ok(Math.abs(out.read()[n] - steps([0.5, 1][n])) < 1e-6);
    assert.is(JSON.stringify(walk.snapshot()), before);
    dynamics.dispose();
    scope.dispose();
  });
});

test("the population may change, and the steady state takes no memory", () => {
  const env = makeEnv(runtime, pendulum);
  env.reset();
  const start = env.snapshot();
  runtime.scoped((scope) => {
    const dynamics = trueDynamics(runtime, pendulum);
    const sizes = [20, 8, 20, 3].map((N) => ({
      actions: scope.tensor([N, 4, 1]).write(spread(N * 4, -2, 2)),
      out: scope.tensor([N]),
    }));
    const run = () =>
      sizes.map(({ actions, out }) => {
        dynamics.returns(start, actions, out);
        return bits(out.read());
      });
    const first = run();
    const before = runtime.memoryUsage();
    assert.equal(run(), first);
    assert.equal(runtime.memoryUsage(), before);
    assert.is(first[1], first[0].slice(0, first[1].length));
    dynamics.dispose();
    dynamics.dispose();
    scope.dispose();
  });
  env.close();
});

test("misuse is one sentence", () => {
  assert.throws(() => trueDynamics(runtime, makeDiscreteWalk()), /trueDynamics: "actionSpace" expected a box/);
  const env = makeEnv(runtime, pendulum);
  const fresh = env.snapshot();
  env.reset();
  const start = env.snapshot();
  runtime.scoped((scope) => {
    const dynamics = trueDynamics(runtime, env);
    const good = scope.tensor([2, 3, 1]);
    const out = scope.tensor([2]);
    assert.throws(() => dynamics.returns(start, scope.tensor([2, 3]), out), /"actions" expected shape \[N, H, 1\]/);
    assert.throws(() => dynamics.returns(start, scope.tensor([2, 3, 2]), out), /"actions" expected shape \[N, H, 1\]/);
    assert.throws(() => dynamics.returns(start, good, scope.tensor([3])), /"out" expected shape \[2\]/);
    assert.throws(() => dynamics.returns(fresh, good, out), /the snapshot was not taken during an episode/);
    assert.throws(
      () => dynamics.returns({ meta: null, arrays: {} }, good, out),
      /saved state expected 1 of "Pendulum-v1"/,
    );
    scope.dispose();
  });
  env.close();
});

test.run();
