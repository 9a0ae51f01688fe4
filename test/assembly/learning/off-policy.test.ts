// Kernels of replay and of actor and critic updates against their float64 twins, on the release and the checked binary.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hindsightTwin, noisyTwin, oneStepTwin, restOfEpisode } from "../../oracle/off-policy.js";
import { runtimes } from "../../support/runtime.js";
import { anySize, blank, distance, given, spread } from "../planning/support.js";

const some = fc.constantFrom(1, 2, 3, 4, 5, 9);

for (const [binary, runtime] of runtimes) {
  const { kernels } = runtime;
  const test = suite(`off-policy kernels, ${binary}`);

  test("one_step_target is r + γ min Q within its bounds, and does not read the value of what terminated", () => {
    fc.assert(
      fc.property(anySize, some, fc.nat(1000), fc.boolean(), (n, members, seed, bounded) => {
        runtime.scoped((scope) => {
          const [reward, value] = [spread(n, -2, 2, seed), spread(members * n, -3, 3, seed + 1)];
          const ended = Array.from(spread(n, 0, 3, seed + 2), (x) => Number(x < 1));
          const values = Float32Array.from(value, (v, i) => (ended[i % n] ? Number.NaN : v));
          const out = blank(scope, n);
          const clip = bounded ? ([-2.5, 1] as const) : ([-Infinity, Infinity] as const);
          const terminated = scope.tensor([n], "u8").write(ended);
          const at = [reward, values].map((x) => given(scope, x).address);
          kernels.one_step_target(out.address, at[0], terminated.address, at[1], 0.97, ...clip, members, n);
          const expected = Array.from(reward, (r, i) => {
            const all = Array.from({ length: members }, (_, k) => value[k * n + i]);
            return oneStepTwin(r, ended[i] === 1, all, 0.97, clip);
          });
          assert.ok(distance(out.read(), expected) < 1e-6);
          scope.dispose();
        });
      }),
      { numRuns: 60 },
    );
  });

  test("one_step_target passes on a value that is no number", () => {
    runtime.scoped((scope) => {
      const out = blank(scope, 2);
      const value = given(scope, [Number.NaN, 1, 1, Number.NaN]).address;
      const terminated = scope.tensor([2], "u8").address;
      kernels.one_step_target(out.address, given(scope, [0, 0]).address, terminated, value, 1, -5, 5, 2, 2);
      assert.ok(out.read().every(Number.isNaN));
      scope.dispose();
    });
  });

  test("critic_loss equals its definition, member for member, and does not read rows without weight", () => {
    fc.assert(
      fc.property(some, some, fc.nat(1000), fc.boolean(), (n, members, seed, weighted) => {
        runtime.scoped((scope) => {
          const [stride, slot] = [8, n + 3];
          const output = spread(members * slot * stride, -2, 2, seed);
          const target = spread(n, -2, 2, seed + 1);
          const weight = Array.from(spread(n, 0, 2, seed + 2), (w) => (weighted ? (w < 0.6 ? 0 : w) : 1));
          const given64 = scope.tensor([members], "f64").write(Array(members).fill(0.5));
          const unread = target.map((y, i) => (weight[i] === 0 ? Number.NaN : y));
          const gradient = blank(scope, members * slot * stride);
          const [out, y, w] = [output, unread, weight].map((x) => given(scope, x).address);
          const scale = 0.3;
          const at = weighted ? w : 0;
          kernels.critic_loss(given64.address, gradient.address, out, y, at, scale, members, n, stride, slot);
          for (let k = 0; k < members; k++) {
            let loss = 0.5;
            for (let r = 0; r < n; r++) {
              const row = (k * slot + r) * stride;
              const error = weight[r] === 0 ? 0 : output[row] - target[r];
              loss += scale * weight[r] * error * error;
              const expected = [2 * scale * weight[r] * error, ...Array(stride - 1).fill(0)];
              assert.ok(distance(gradient.read().subarray(row, row + stride), expected) < 1e-6);
            }
            assert.ok(Math.abs(given64.view[k] - loss) < 1e-9 * Math.max(1, loss));
          }
          scope.dispose();
        });
      }),
      { numRuns: 60 },
    );
  });

  test("action_noise adds what is clipped, and stays in the range", () => {
    fc.assert(
      fc.property(anySize, some, fc.nat(1000), fc.constantFrom(0.1, 0.5, Infinity), (n, A, seed, limit) => {
        runtime.scoped((scope) => {
          const [action, noise] = [spread(n * A, -1, 2, seed), spread(n * A, -3, 3, seed + 1)];
          const half = spread(A, 0.5, 2, seed + 2);
          const [low, high] = [half.map(() => -1), half.map((_, a) => (a % 2 ? Infinity : 2))];
          const moved = given(scope, action);
          const at = [noise, half, low, high].map((x) => given(scope, x).address);
          kernels.action_noise(moved.address, at[0], at[1], at[2], at[3], 0.4, limit, n, A);
          const expected = action.map((a, i) =>
            noisyTwin(a, noise[i], half[i % A], low[i % A], high[i % A], 0.4, limit),
          );
          assert.ok(distance(moved.read(), expected) < 1e-6);
          scope.dispose();
        });
      }),
      { numRuns: 60 },
    );
  });

  test("polyak moves by the share, and equal numbers stay", () => {
    fc.assert(
      fc.property(anySize, fc.nat(1000), fc.constantFrom(0, 0.005, 1), (n, seed, tau) => {
        runtime.scoped((scope) => {
          const [target, source] = [spread(n, -2, 2, seed), spread(n, -2, 2, seed + 1)];
          const moved = given(scope, target);
          kernels.polyak(moved.address, given(scope, source).address, tau, n);
          const expected = target.map((t, i) => (1 - tau) * t + tau * source[i]);
          assert.ok(distance(moved.read(), expected) < 1e-6);
          kernels.polyak(moved.address, given(scope, moved.read()).address, 0.37, n);
          assert.ok(distance(moved.read(), expected) < 1e-6);
          scope.dispose();
        });
      }),
      { numRuns: 60 },
    );
  });

  test("action_value_features and the gradient back to the action are what they say", () => {
    fc.assert(
      fc.property(anySize, some, some, fc.nat(1000), (n, D, A, seed) => {
        runtime.scoped((scope) => {
          const [observation, action] = [spread(n * D, -3, 3, seed), spread(n * A, -3, 3, seed + 1)];
          const [mean, inverse] = [spread(D, -1, 1, seed + 2), spread(D, 0.2, 2, seed + 3)];
          const [center, half] = [spread(A, -1, 1, seed + 4), spread(A, 0.5, 3, seed + 5)];
          const out = blank(scope, n * (D + A));
          const at = [observation, action, mean, inverse, center, half].map((x) => given(scope, x).address);
          const [s, a, m, i, c, h] = at;
          kernels.action_value_features(out.address, s, a, m, i, 1.5, c, h, n, D, A);
          const scaled = Array.from(action, (x, j) => (x - center[j % A]) / half[j % A]);
          const expected = Array.from({ length: n }, (_, r) => [
            ...Array.from({ length: D }, (__, d) =>
              Math.min(1.5, Math.max(-1.5, (observation[r * D + d] - mean[d]) * inverse[d])),
            ),
            ...scaled.slice(r * A, (r + 1) * A),
          ]).flat();
          assert.ok(distance(out.read(), expected) < 1e-6);
          const [g, back] = [spread(n * (D + A), -2, 2, seed + 6), blank(scope, n * A)];
          kernels.action_value_gradient(back.address, given(scope, g).address, a, c, h, -0.7, 0.3, n, D, A);
          const gradient = scaled.map((x, j) => {
            const row = Math.floor(j / A);
            return (-0.7 * g[row * (D + A) + D + (j % A)] + 0.6 * x) / half[j % A];
          });
          assert.ok(distance(back.read(), gradient) < 1e-6);
          scope.dispose();
        });
      }),
      { numRuns: 60 },
    );
  });

  test("replay_rows covers all rows evenly; replay_gather copies the rows it is told", () => {
    runtime.scoped((scope) => {
      const n = 30_000;
      const rows = scope.tensor([n], "u32");
      kernels.philox_bits(rows.address, n, 0, 1, 0, 0, 0, 0);
      kernels.replay_rows(rows.address, n, 7);
      const counts = Array(7).fill(0);
      for (const row of rows.read()) counts[row]++;
      // standard deviation of a count: 60
      for (const count of counts) assert.ok(Math.abs(count - n / 7) < 300, counts.join());
      scope.dispose();
    });
    fc.assert(
      fc.property(anySize, some, some, fc.nat(1000), (n, D, A, seed) => {
        runtime.scoped((scope) => {
          const C = 11;
          const columns = [D, A, 1, D].map((width, i) => ({ width, from: spread(C * width, -1, 1, seed + i) }));
          const flags = Array.from({ length: C }, (_, i) => i % 2);
          const rows = Array.from(spread(n, 0, C, seed + 9), Math.floor);
          const out = columns.map(({ width }) => blank(scope, n * width));
          const terminated = scope.tensor([n], "u8");
          const [a, b, c, d] = out.map(({ address }) => address);
          const [s, u, r, t] = columns.map(({ from }) => given(scope, from).address);
          const done = scope.tensor([C], "u8").write(flags).address;
          const chosen = scope.tensor([n], "u32").write(rows).address;
          kernels.replay_gather(a, b, c, d, terminated.address, s, u, r, t, done, chosen, n, D, A);
          columns.forEach(({ width, from }, i) => {
            const expected = rows.flatMap((row) => [...from.subarray(row * width, (row + 1) * width)]);
            assert.equal([...out[i].read()], expected);
          });
          assert.equal(
            [...terminated.read()],
            rows.map((row) => flags[row]),
          );
          scope.dispose();
        });
      }),
      { numRuns: 60 },
    );
  });

  test("hindsight_rows: the share, and each later step of the same episode alike often", () => {
    runtime.scoped((scope) => {
      // two episodes in turn and one row alone
      const follower = [2, 3, 4, 5, 6, -1, -1, -1];
      const n = 24_000;
      const rows = scope.tensor([n], "u32").write(Array.from({ length: n }, (_, i) => i % 8));
      const uniform = scope.tensor([n, 2]);
      kernels.random_uniform(uniform.address, 2 * n, 0, 5, 0, 0, 0, 0);
      const goals = scope.tensor([n], "i32");
      const links = scope.tensor([8], "i32").write(follower).address;
      const whose = scope.tensor([8], "u32").write([0, 1, 0, 1, 0, 1, 0, 2]).address;
      const step = scope.tensor([8], "u32").write([0, 0, 1, 1, 2, 2, 3, 0]).address;
      kernels.hindsight_rows(goals.address, rows.address, links, whose, step, uniform.address, 0.8, n, 8);
      for (let row = 0; row < 8; row++) {
        const drawn = [...goals.read()].filter((_, i) => i % 8 === row);
        const rest = restOfEpisode(row, follower);
        const kept = drawn.filter((goal) => goal === -1).length;
        assert.ok(Math.abs(kept / drawn.length - 0.2) < 0.04);
        for (const goal of rest) {
          const share = drawn.filter((each) => each === goal).length / (drawn.length - kept);
          assert.ok(Math.abs(share - 1 / rest.length) < 0.05, `row ${row}: ${share} beside 1/${rest.length}`);
        }
        assert.ok(drawn.every((goal) => goal === -1 || rest.includes(goal)));
      }
      scope.dispose();
    });
  });

  test("hindsight_rows: the largest uniform number is the last step, the smallest the step itself", () => {
    runtime.scoped((scope) => {
      const n = 1000;
      const follower = Array.from({ length: n }, (_, i) => (i + 1 < n ? i + 1 : -1));
      const rows = scope.tensor([4], "u32").write([0, 0, 998, 999]);
      const largest = Math.fround(1 - 2 ** -24);
      const uniform = scope.tensor([4, 2]).write([0.1, largest, 0.1, 2 ** -24, 0.1, largest, 0.1, largest]);
      const goals = scope.tensor([4], "i32");
      const links = scope.tensor([n], "i32").write(follower).address;
      const whose = scope.tensor([n], "u32").address;
      const step = scope.tensor([n], "u32").write(Array.from(follower.keys())).address;
      kernels.hindsight_rows(goals.address, rows.address, links, whose, step, uniform.address, 0.8, 4, n);
      assert.equal([...goals.read()], [999, 0, 999, 999]);
      scope.dispose();
    });
  });

  test("hindsight_rows: the row that a walk from step to step comes to, in a ring whose lanes are left out now and then", () => {
    const rarely = fc.integer({ min: 0, max: 40 }).map((x) => x === 0);
    const turns = fc.array(fc.tuple(rarely, rarely), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(
        turns,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 20, max: 400 }),
        fc.nat(999),
        (all, B, C, seed) => {
          const [follower, trajectory, step] = [-1, 0, 0].map((x) => Array<number>(C).fill(x));
          const newest = Array<number>(B).fill(-1);
          let [next, begun] = [0, 0];
          all.forEach(([leftOut, cut], t) => {
            const lane = t % B;
            if (cut) newest[lane] = -1;
            if (leftOut) return;
            const row = next % C;
            const before = newest[lane];
            trajectory[row] = before < 0 ? begun++ : trajectory[before];
            step[row] = before < 0 ? 0 : step[before] + 1;
            follower[row] = -1;
            const replaced = newest.indexOf(row);
            if (replaced >= 0) newest[replaced] = -1;
            if (before >= 0 && before !== row) follower[before] = row;
            newest[lane] = row;
            next++;
          });
          const n = Math.min(next, C);
          runtime.scoped((scope) => {
            const rows = Array.from({ length: n }, (_, i) => i);
            const u = spread(n, 0.01, 0.999, seed);
            const uniform = scope.tensor([n, 2]).write(rows.flatMap((i) => [0.5, u[i]]));
            const goals = scope.tensor([n], "i32");
            const [from, whose, steps] = [rows, trajectory, step].map((x) => scope.tensor([x.length], "u32").write(x));
            const links = scope.tensor([C], "i32").write(follower);
            kernels.hindsight_rows(
              goals.address,
              from.address,
              links.address,
              whose.address,
              steps.address,
              uniform.address,
              1,
              n,
              n,
            );
            assert.equal(
              [...goals.read()],
              rows.map((row) => hindsightTwin(row, follower, u[row])),
            );
            scope.dispose();
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  test("hindsight_goals puts what was achieved in the place of what was asked for, and says what a reward depends on", () => {
    fc.assert(
      fc.property(anySize, some, fc.nat(5), fc.nat(1000), (n, G, before, seed) => {
        runtime.scoped((scope) => {
          const [C, D] = [6, before + 2 * G];
          const [observation, next, source] = [n, n, C].map((rows, i) => spread(rows * D, -1, 1, seed + i));
          const goals = Array.from(spread(n, -1, C - 1, seed + 3), Math.ceil);
          const [s, t] = [given(scope, observation), given(scope, next)];
          const [achieved, desired] = [blank(scope, n * G), blank(scope, n * G)];
          const at = scope.tensor([n], "i32").write(goals).address;
          const from = given(scope, source).address;
          kernels.hindsight_goals(
            s.address,
            t.address,
            achieved.address,
            desired.address,
            from,
            at,
            before,
            before + G,
            G,
            n,
            D,
          );
          goals.forEach((goal, r) => {
            const row = (table: Float32Array, i: number): number[] => [...table.subarray(i * D, (i + 1) * D)];
            const relabelled = (table: Float32Array): number[] => {
              const values = row(table, r);
              if (goal < 0) return values;
              return [...values.slice(0, before + G), ...row(source, goal).slice(before, before + G)];
            };
            assert.equal(row(s.read(), r), relabelled(observation));
            assert.equal(row(t.read(), r), relabelled(next));
            assert.equal([...achieved.read()].slice(r * G, (r + 1) * G), row(next, r).slice(before, before + G));
            assert.equal([...desired.read()].slice(r * G, (r + 1) * G), relabelled(next).slice(before + G));
          });
          scope.dispose();
        });
      }),
      { numRuns: 60 },
    );
  });

  test.run();
}
