// Kernels of assembly/models and assembly/data against their float64 twins, over odd sizes, guard words on.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Runtime, Tensor } from "../../src/wasm/index.js";
import * as imagined from "../oracle/imagine.js";
import * as oracle from "../oracle/models.js";
import { runtimes } from "../support/runtime.js";

const sizes = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9);
const seeds = fc.integer({ min: 1, max: 2 ** 30 });

// a small generator of test data: not a kernel, so any will do
function numbers(seed: number, length: number, scale = 1): number[] {
  let state = seed >>> 0 || 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround(scale * (state / 2 ** 31 - 1));
  });
}

function rowsOf(flat: ArrayLike<number>, width: number): number[][] {
  return Array.from({ length: flat.length / width }, (_, r) =>
    Array.from({ length: width }, (_, c) => flat[r * width + c]),
  );
}

function close(got: ArrayLike<number>, expected: readonly number[], tolerance: number, what: string): void {
  assert.is(got.length, expected.length, what);
  expected.forEach((value, i) => {
    const error = Math.abs(got[i] - value);
    assert.ok(error <= tolerance * (1 + Math.abs(value)), `${what}[${i}]: ${got[i]} instead of ${value}`);
  });
}

/** Tensors made for one check and disposed of after it; outputs start as NaN. */
function withTensors(
  runtime: Runtime,
  check: (make: (values: ArrayLike<number>) => Tensor, out: (n: number) => Tensor) => void,
) {
  runtime.scoped((scope) => {
    const make = (values: ArrayLike<number>) => scope.tensor([values.length]).write(values);
    check(make, (n) => scope.tensor([n]).write(new Float32Array(n).fill(NaN)));
    scope.dispose();
    runtime.checkGuards();
  });
}

for (const [name, runtime] of runtimes) {
  const test = suite(`assembly/models on ${name}`);
  const { kernels } = runtime;

  test("members together: median, spread and disagreement", () => {
    fc.assert(
      fc.property(sizes, fc.nat(9), sizes, seeds, (E, rows, T, seed) => {
        withTensors(runtime, (make, out) => {
          const stride = Math.ceil(T / 8) * 8;
          // few values, so that members often agree
          const output = numbers(seed, E * rows * stride, 3).map((value) => Math.round(value) / 2);
          const noise = numbers(seed + 1, rows * T, 2);
          const [shift, scale] = [numbers(seed + 2, T), numbers(seed + 3, T, 2)];
          const [median, spread] = [out(rows * T), out(rows * T)];
          const [outputs, normals, shifts, scales] = [output, noise, shift, scale].map((v) => make(v).address);
          kernels.head_median(median.address, outputs, shifts, scales, E, rows, T, stride);
          kernels.head_spread(spread.address, outputs, normals, shifts, scales, E, rows, T, stride);
          const members = rowsOf(output, stride);
          const ofRow = (r: number) => Array.from({ length: E }, (_, e) => members[e * rows + r]);
          const all = Array.from({ length: rows }, (_, r) => r);
          const middle = all.flatMap((r) => imagined.headMedian(ofRow(r), shift, scale));
          close(median.view, middle, 1e-6, "median");
          const drawn = all.flatMap((r) =>
            imagined.headSpread(ofRow(r), noise.slice(r * T, (r + 1) * T), shift, scale),
          );
          close(spread.view, drawn, 1e-5, "spread");
          const disagreement = out(rows);
          kernels.head_disagreement(disagreement.address, outputs, E, rows, T, stride);
          const apart = all.map((r) => imagined.headDisagreement(ofRow(r), T));
          close(disagreement.view, apart, 1e-7, "disagreement");
        });
      }),
      { numRuns: 60 },
    );
  });

  test("imagined steps: where they lead, what they earn, and what ends them", () => {
    const special = [NaN, Infinity, -Infinity];
    fc.assert(
      fc.property(fc.nat(9), sizes, seeds, fc.boolean(), fc.boolean(), (rows, D, seed, isFirst, isLast) => {
        withTensors(runtime, (make) => {
          const spoiled = (values: number[], every: number) =>
            values.map((value, i) => ((i + seed) % every === 0 ? special[i % 3] : value));
          const next = spoiled(numbers(seed, rows * D, 3), 11);
          const observation = numbers(seed + 1, rows * D);
          const reward = spoiled(numbers(seed + 2, rows), 5);
          const flags = (shift: number) => numbers(seed + shift, rows).map((value) => Number(value > 0.3));
          const [before, terminated] = [flags(3), flags(4)];
          const [low, high] = [
            numbers(seed + 5, D).map((v) => Math.fround(v - 1)),
            numbers(seed + 6, D).map((v) => Math.fround(v + 1)),
          ];
          const bytes = (values: number[]) => runtime.tensor([values.length], "u8").write(values);
          const [nexts, valid, rewards] = [make(next), make(before), make(reward)];
          const [ended, ends, after] = [bytes(before), bytes(terminated), bytes(before)];
          const time = runtime.tensor([rows], "i32");
          kernels.imagine_settle(
            nexts.address,
            valid.address,
            ends.address,
            make(observation).address,
            isFirst ? 0 : ended.address,
            make(low).address,
            make(high).address,
            rows,
            D,
          );
          const settled = rowsOf(next, D).map((row, r) =>
            imagined.settle(row, rowsOf(observation, D)[r], isFirst || before[r] === 0, low, high),
          );
          assert.equal(
            [...nexts.view],
            settled.flatMap((row) => row.next),
          );
          assert.equal(
            [...valid.view],
            settled.map((row) => row.valid),
          );
          assert.ok(ends.view.every((flag) => flag === 0));
          ends.write(terminated);
          const [t, T] = isLast ? [4, 5] : [4, 6];
          const step = [rewards, ends, after, valid, time].map(({ address }) => address) as [
            number,
            number,
            number,
            number,
            number,
          ];
          kernels.imagine_record(...step, t, T, rows);
          const records = settled.map((row, r) => imagined.record(reward[r], terminated[r], row.valid, isLast));
          assert.equal(
            [...rewards.view],
            records.map((row) => row.reward),
          );
          assert.equal(
            [...valid.view],
            records.map((row) => row.valid),
          );
          assert.equal(
            [...ends.view],
            records.map((row) => row.terminated),
          );
          assert.equal(
            [...after.view],
            records.map((row) => row.ended),
          );
          assert.ok(time.view.every((value) => value === t));
          for (const tensor of [ended, ends, after, time]) tensor.dispose();
        });
      }),
      { numRuns: 60 },
    );
  });

  test("features: copy, sine, cosine, action, standardized", () => {
    fc.assert(
      fc.property(fc.nat(9), sizes, sizes, seeds, (rows, D, A, seed) => {
        withTensors(runtime, (make, out) => {
          const table: [number, number][] = [];
          for (let i = 0; i < D; i++) table.push([i % 3, i]);
          for (let i = 0; i < A; i++) table.push([3, i]);
          const F = table.length;
          const [observation, action] = [numbers(seed, rows * D, 4), numbers(seed + 1, rows * A)];
          const [mean, inverseStd] = [numbers(seed + 2, F), numbers(seed + 3, F, 3)];
          const codes = runtime.tensor([F, 2], "i32").write(table.flat());
          const result = out(rows * F);
          kernels.model_features(
            result.address,
            make(observation).address,
            make(action).address,
            codes.address,
            make(mean).address,
            make(inverseStd).address,
            rows,
            D,
            A,
            F,
          );
          const expected = oracle.features(rowsOf(observation, D), rowsOf(action, A), table, mean, inverseStd);
          close(result.view, expected.flat(), 2e-6, "features");
          codes.dispose();
        });
      }),
      { numRuns: 60 },
    );
  });

  test("head: samples and moments", () => {
    fc.assert(
      fc.property(sizes, sizes, sizes, seeds, fc.boolean(), (E, rows, T, seed, probabilistic) => {
        withTensors(runtime, (make, out) => {
          const stride = Math.ceil((2 * T) / 8) * 8;
          const output = numbers(seed, E * rows * stride, 6);
          const noise = numbers(seed + 1, E * rows * T, 2);
          const bounds = { max: numbers(seed + 2, T), min: numbers(seed + 3, T).map((v) => v - 8) };
          const [shift, scale] = [numbers(seed + 4, T), numbers(seed + 5, T, 2)];
          const tensors = [bounds.max, bounds.min, shift, scale].map(make);
          const [max, min, shiftT, scaleT] = tensors.map((t) => t.address);
          const outputs = make(output).address;
          const sample = out(E * rows * T);
          const normals = make(noise).address;
          kernels.head_sample(sample.address, outputs, normals, max, min, shiftT, scaleT, E * rows, T, stride);
          const outputRows = rowsOf(output, stride);
          const noiseRows = rowsOf(noise, T);
          const expected = outputRows.flatMap((row, r) => oracle.headSample(row, noiseRows[r], bounds, shift, scale));
          close(sample.view, expected, 1e-5, "sample");

          const [mean, aleatoric, epistemic] = [out(rows * T), out(rows * T), out(rows * T)];
          kernels.head_moments(
            mean.address,
            aleatoric.address,
            epistemic.address,
            outputs,
            max,
            min,
            shiftT,
            scaleT,
            E,
            rows,
            T,
            stride,
            probabilistic ? 1 : 0,
          );
          const alone = out(rows * T);
          kernels.head_mean(alone.address, outputs, shiftT, scaleT, E, rows, T, stride);
          assert.equal(alone.read(), mean.read(), "mean alone");
          for (let r = 0; r < rows; r++) {
            const members = Array.from({ length: E }, (_, e) => outputRows[e * rows + r]);
            const moments = oracle.headMoments(members, bounds, shift, scale, probabilistic);
            close(mean.read().subarray(r * T, (r + 1) * T), moments.mean, 1e-5, "mean");
            close(aleatoric.read().subarray(r * T, (r + 1) * T), moments.aleatoric, 1e-5, "aleatoric");
            close(epistemic.read().subarray(r * T, (r + 1) * T), moments.epistemic, 1e-5, "epistemic");
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  test("targets: what is learned and what is made of it are inverse to each other", () => {
    fc.assert(
      fc.property(fc.nat(9), sizes, seeds, fc.boolean(), (rows, D, seed, learned) => {
        withTensors(runtime, (make, out) => {
          const T = D + (learned ? 1 : 0);
          const [observation, next, reward] = [1, 2, 3].map((k) => numbers(seed + k, rows * D, 5));
          const delta = Array.from({ length: D }, (_, i) => i % 2);
          const [o, n, r, d] = [observation, next, reward.slice(0, rows), delta].map((v) => make(v).address);
          const [target, nextOut, rewardOut] = [out(rows * T), out(rows * D), out(rows)];
          kernels.model_target(target.address, o, n, r, d, rows, D, T);
          kernels.apply_target(nextOut.address, learned ? rewardOut.address : 0, o, target.address, d, rows, D, T);
          close(nextOut.view, next, 1e-6, "next");
          if (learned) close(rewardOut.view, reward.slice(0, rows), 0, "reward");
          else assert.ok(rewardOut.read().every(Number.isNaN), "an unlearned reward is not written");
        });
      }),
      { numRuns: 60 },
    );
  });

  test("the way back: gradients of features and of what is made of targets, added to what is there", () => {
    fc.assert(
      fc.property(fc.nat(9), sizes, sizes, seeds, fc.boolean(), (rows, D, A, seed, learned) => {
        withTensors(runtime, (make) => {
          const table: [number, number][] = [];
          for (let i = 0; i < D; i++)
            table.push(
              ...(i % 3 === 1
                ? ([
                    [1, i],
                    [2, i],
                  ] as const)
                : ([[0, i]] as const)
              ).map(([op, c]): [number, number] => [op, c]),
            );
          for (let i = 0; i < A; i++) table.push([3, i]);
          const F = table.length;
          const [observation, g] = [numbers(seed, rows * D, 4), numbers(seed + 1, rows * F)];
          const inverseStd = numbers(seed + 2, F, 3);
          const [ds, da] = [numbers(seed + 3, rows * D), numbers(seed + 4, rows * A)];
          const codes = runtime.tensor([F, 2], "i32").write(table.flat());
          const [dObservation, dAction] = [make(ds), make(da)];
          kernels.model_features_vjp(
            dObservation.address,
            dAction.address,
            make(g).address,
            make(observation).address,
            codes.address,
            make(inverseStd).address,
            rows,
            D,
            A,
            F,
          );
          const expected = { s: [...ds], a: [...da] };
          for (let r = 0; r < rows; r++) {
            table.forEach(([op, column], j) => {
              const x = observation[r * D + column];
              const slope = op === 1 ? Math.cos(x) : op === 2 ? -Math.sin(x) : 1;
              if (op === 3) expected.a[r * A + column] += g[r * F + j] * inverseStd[j];
              else expected.s[r * D + column] += g[r * F + j] * inverseStd[j] * slope;
            });
          }
          close(dObservation.view, expected.s, 3e-6, "observation");
          close(dAction.view, expected.a, 3e-6, "action");
          codes.dispose();

          const T = D + (learned ? 1 : 0);
          const stride = Math.ceil((2 * T) / 8) * 8;
          const [dNext, dReward, factor] = [
            numbers(seed + 5, rows * D),
            numbers(seed + 6, rows),
            numbers(seed + 7, T, 2),
          ];
          const delta = Array.from({ length: D }, (_, i) => i % 2);
          const [dOutput, through] = [make(new Float32Array(rows * stride).fill(NaN)), make(ds)];
          const rewards = learned ? make(dReward).address : 0;
          const [scale, share] = [make(factor).address, make(delta).address];
          kernels.apply_target_vjp(
            dOutput.address,
            through.address,
            make(dNext).address,
            rewards,
            scale,
            share,
            rows,
            D,
            stride,
          );
          const outputs = rowsOf(new Float32Array(rows * stride), stride);
          outputs.forEach((row, r) => {
            for (let d = 0; d < D; d++) row[d] = factor[d] * dNext[r * D + d];
            if (learned) row[D] = factor[D] * dReward[r];
          });
          close(dOutput.view, outputs.flat(), 1e-6, "output");
          close(
            through.view,
            ds.map((value, i) => value + delta[i % D] * dNext[i]),
            1e-6,
            "through",
          );
        });
      }),
      { numRuns: 60 },
    );
  });

  test("particles: actions go to all particles of their sequence", () => {
    fc.assert(
      fc.property(sizes, sizes, sizes, sizes, fc.nat(20), seeds, (N, Q, H, A, skipped, seed) => {
        withTensors(runtime, (make, out) => {
          const first = skipped % (N * Q);
          const [rows, t] = [N * Q - first, H - 1];
          const actions = numbers(seed, N * H * A);
          const result = out(rows * A);
          kernels.particle_actions(result.address, make(actions).address, t, first, rows, Q, H, A);
          const expected = Array.from({ length: rows }, (_, r) => {
            const from = (Math.floor((first + r) / Q) * H + t) * A;
            return actions.slice(from, from + A);
          });
          close(result.view, expected.flat(), 0, "action");
        });
      }),
      { numRuns: 60 },
    );
  });

  test("particles: a shuffle keeps to the sequence and is a uniform permutation", () => {
    const [E, N, Q] = [3, 7, 2];
    const rows = E * N * Q;
    const bits = runtime.tensor([rows], "u32");
    const index = runtime.tensor([rows], "u32");
    const landed = new Map<number, number>();
    const trials = 3000;
    for (let trial = 0; trial < trials; trial++) {
      kernels.philox_bits(bits.address, rows, 0, 11, 0, 0, trial, 0);
      kernels.particle_shuffle(index.address, bits.address, E, N, Q);
      const got = index.read();
      assert.equal(
        [...got].sort((a, b) => a - b),
        Array.from({ length: rows }, (_, i) => i),
      );
      for (const [row, source] of got.entries()) assert.is(Math.floor(source / Q) % N, Math.floor(row / Q) % N);
      landed.set(got[0], (landed.get(got[0]) ?? 0) + 1);
    }
    // row 0 gets each of the 6 particles of sequence 0 equally often
    assert.is(landed.size, E * Q);
    for (const count of landed.values()) assert.ok(Math.abs(count - trials / 6) < 5 * Math.sqrt(trials / 6));
    bits.dispose();
    index.dispose();
  });

  test("particles: rewards stop at termination, returns are mean + risk · std over members", () => {
    const [E, N, Q] = [4, 3, 2];
    const rows = E * N * Q;
    runtime.scoped((scope) => {
      const total = scope.tensor([rows], "f64");
      const alive = scope.tensor([rows], "u8").write(new Uint8Array(rows).fill(1));
      const reward = scope.tensor([rows]);
      const ended = scope.tensor([rows], "u8");
      const expected = new Float64Array(rows);
      for (let t = 0; t < 3; t++) {
        reward.write(numbers(t + 1, rows));
        ended.write(Array.from({ length: rows }, (_, r) => (r % 4 === t ? 1 : 0)));
        kernels.particle_rewards(total.address, alive.address, reward.address, ended.address, rows);
        // a particle that ended at step s has the rewards of steps 0 … s
        for (let r = 0; r < rows; r++) if (r % 4 >= t) expected[r] += reward.view[r];
      }
      assert.equal(total.read(), expected);
      const out = scope.tensor([N]);
      for (const risk of [0, 1.5, -2]) {
        kernels.particle_returns(out.address, total.address, risk, E, N, Q);
        close(out.view, oracle.particleReturns(expected, risk, E, N, Q), 1e-6, "returns");
      }
      scope.dispose();
    });
  });

  test("rows: gathered and repeated", () => {
    fc.assert(
      fc.property(fc.nat(9), sizes, sizes, seeds, (rows, width, tableRows, seed) => {
        withTensors(runtime, (make, out) => {
          const table = numbers(seed, tableRows * width);
          const picks = numbers(seed, rows).map((v) => Math.floor(((v + 1) / 2) * tableRows));
          const indices = runtime.tensor([rows], "u32").write(picks);
          const result = out(rows * width);
          kernels.rows_gather(result.address, make(table).address, indices.address, rows, width);
          close(
            result.view,
            picks.flatMap((p) => table.slice(p * width, (p + 1) * width)),
            0,
            "gathered",
          );
          kernels.rows_repeat(result.address, make(table.slice(0, width)).address, rows, width);
          close(
            result.view,
            picks.flatMap(() => table.slice(0, width)),
            0,
            "repeated",
          );
          indices.dispose();
        });
      }),
      { numRuns: 40 },
    );
  });

  test.run();
}
