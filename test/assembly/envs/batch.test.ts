// The env kernels over batches: every row as if alone, nothing written beside the rows.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { TypedArrays } from "../../../src/types.js";
import { runtimes } from "../../support/runtime.js";
import { copies, spread, type TaskKernels } from "./support.js";

const tasks: [string, TaskKernels, number][] = [
  ["cartpole", { S: 4, D: 4, step: "cartpole_step", reset: "cartpole_reset" }, 1],
  ["pendulum", { S: 2, D: 3, step: "pendulum_step", reset: "pendulum_reset" }, 3],
];
const batches = [0, 1, 2, 3, 4, 5, 7, 8, 17, 33];

const bytes = (array: TypedArrays[keyof TypedArrays]) =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("hex");

for (const [binary, runtime] of runtimes) {
  const test = suite(`env kernels, ${binary}`);

  for (const [task, kernels, bound] of tasks) {
    for (const B of batches) {
      test(`${task}: ${B} copies are bitwise what each is alone`, () => {
        runtime.scoped((scope) => {
          const { S, D } = kernels;
          const batch = copies(scope, kernels, B);
          const uniforms = spread(B * S, 0, 1);
          batch.reset(uniforms);
          const alone = Array.from({ length: B }, (_, b) => {
            const one = copies(scope, kernels, 1);
            one.reset(uniforms.subarray(b * S, (b + 1) * S));
            return one;
          });
          for (let t = 0; t < 20; t++) {
            const actions = spread(B, -bound, bound, t * 0.13);
            batch.step(actions);
            for (let b = 0; b < B; b++) {
              const one = alone[b];
              one.step([actions[b]]);
              assert.is(bytes(batch.state.read().subarray(b * S, (b + 1) * S)), bytes(one.state.read()));
              assert.is(bytes(batch.observation.read().subarray(b * D, (b + 1) * D)), bytes(one.observation.read()));
              assert.is(batch.reward.read()[b], one.reward.read()[0]);
              assert.is(batch.terminated.read()[b], one.terminated.read()[0]);
            }
          }
          scope.dispose();
        });
      });
    }

    test(`${task}: a copy gone NaN leaves its neighbors bit-identical`, () => {
      runtime.scoped((scope) => {
        const { S, D } = kernels;
        const B = 5;
        const sick = copies(scope, kernels, B);
        const well = copies(scope, kernels, B);
        for (const run of [sick, well]) run.reset(spread(B * S, 0, 1));
        sick.state.view.fill(Number.NaN, 2 * S, 3 * S);
        for (let t = 0; t < 10; t++) {
          const actions = spread(B, -bound, bound, t * 0.29);
          for (const run of [sick, well]) run.step(actions);
          for (const b of [0, 1, 3, 4]) {
            const rows = (run: typeof sick) => bytes(run.observation.read().subarray(b * D, (b + 1) * D));
            assert.is(rows(sick), rows(well));
            assert.is(sick.reward.read()[b], well.reward.read()[b]);
            assert.is(sick.terminated.read()[b], well.terminated.read()[b]);
          }
          assert.ok(Number.isNaN(sick.state.read()[2 * S]));
        }
        scope.dispose();
      });
    });

    test(`${task}: start states span the original's range`, () => {
      runtime.scoped((scope) => {
        const { S } = kernels;
        const run = copies(scope, kernels, 3);
        const ends = [2 ** -24, 0.5, 1 - 2 ** -24].flatMap((u) => new Array<number>(S).fill(u));
        run.reset(ends);
        const high = task === "cartpole" ? [0.05, 0.05, 0.05, 0.05] : [Math.PI, 1];
        const state = run.state.read();
        for (let i = 0; i < S; i++) {
          const limit = high[i];
          assert.ok(Math.abs(state[i] + limit) < 1e-6);
          assert.ok(Math.abs(state[S + i]) < 1e-15);
          assert.ok(Math.abs(state[2 * S + i] - limit) < 1e-6);
        }
        scope.dispose();
      });
    });
  }

  test("infinite states and angles of 1e300 neither trap nor hang", () => {
    runtime.scoped((scope) => {
      const run = copies(scope, tasks[1][1], 3);
      run.state.write([Number.POSITIVE_INFINITY, 0, 1e300, 1, -1e300, -1]);
      run.step([0, 0, 0]);
      assert.ok(Number.isNaN(run.reward.read()[0]));
      assert.ok(Number.isFinite(run.reward.read()[1]));
      assert.ok(Number.isFinite(run.reward.read()[2]));
      scope.dispose();
    });
  });

  test.run();
}
