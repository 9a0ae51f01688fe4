// The env kernels over batches: every row as if alone, nothing written beside the rows.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { TypedArrays } from "../../../src/types.js";
import { runtimes } from "../../support/runtime.js";
import { copies, spread, taskKernels, type TaskKernels } from "./support.js";

// actions are spread over ± the bound, also of discrete tasks: any number stands for the choice next to it
const tasks: [string, TaskKernels, number][] = [
  ["cartpole", taskKernels.cartpole, 1],
  ["cartpole-v1", taskKernels["cartpole-v1"], 2],
  ["pendulum", taskKernels.pendulum, 3],
  ["acrobot", taskKernels.acrobot, 3],
  ["mountain-car", taskKernels["mountain-car"], 1.5],
];
/** Start states: middle and half width. */
const starts: Record<string, [number[], number[]]> = {
  cartpole: [
    [0, 0, 0, 0],
    [0.05, 0.05, 0.05, 0.05],
  ],
  pendulum: [
    [0, 0],
    [Math.PI, 1],
  ],
  acrobot: [
    [0, 0, 0, 0],
    [0.1, 0.1, 0.1, 0.1],
  ],
  "mountain-car": [
    [-0.5, 0],
    [0.1, 0],
  ],
};
const batches = [0, 1, 2, 3, 4, 5, 7, 8, 17, 33];

const bytes = (array: TypedArrays[keyof TypedArrays]) =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("hex");

for (const [binary, runtime] of runtimes) {
  const test = suite(`env kernels, ${binary}`);

  for (const [task, kernels, bound] of tasks) {
    for (const B of batches) {
      test(`${task}: ${B} copies are bitwise what each is alone`, () => {
        runtime.scoped((scope) => {
          const { S, D, U = S } = kernels;
          const batch = copies(scope, kernels, B);
          const uniforms = spread(B * U, 0, 1);
          batch.reset(uniforms);
          const alone = Array.from({ length: B }, (_, b) => {
            const one = copies(scope, kernels, 1);
            one.reset(uniforms.subarray(b * U, (b + 1) * U));
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
        const { S, D, U = S } = kernels;
        const B = 5;
        const sick = copies(scope, kernels, B);
        const well = copies(scope, kernels, B);
        for (const run of [sick, well]) run.reset(spread(B * U, 0, 1));
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
        const { S, U = S } = kernels;
        const run = copies(scope, kernels, 3);
        const ends = [2 ** -24, 0.5, 1 - 2 ** -24].flatMap((u) => new Array<number>(U).fill(u));
        run.reset(ends);
        const [middle, half] = starts[task.replace("-v1", "")];
        const state = run.state.read();
        for (let i = 0; i < S; i++) {
          assert.ok(Math.abs(state[i] - middle[i] + half[i]) < 1e-6);
          assert.ok(Math.abs(state[S + i] - middle[i]) < 1e-15);
          assert.ok(Math.abs(state[2 * S + i] - middle[i] - half[i]) < 1e-6);
        }
        scope.dispose();
      });
    });
  }

  test("infinite states and angles of 1e300 neither trap nor hang", () => {
    runtime.scoped((scope) => {
      const run = copies(scope, taskKernels.pendulum, 3);
      run.state.write([Number.POSITIVE_INFINITY, 0, 1e300, 1, -1e300, -1]);
      run.step([0, 0, 0]);
      assert.ok(Number.isNaN(run.reward.read()[0]));
      assert.ok(Number.isFinite(run.reward.read()[1]));
      assert.ok(Number.isFinite(run.reward.read()[2]));
      const links = copies(scope, taskKernels.acrobot, 3);
      links.state.write([Number.POSITIVE_INFINITY, 0, 0, 0, 1e300, -1e300, 1, 1, 0, 1e17, 1e300, -1e300]);
      links.step([0, 1, 2]);
      assert.ok(Number.isNaN(links.state.read()[0]));
      assert.ok(
        links.state
          .read()
          .subarray(4, 6)
          .every((angle) => Math.abs(angle) <= Math.PI),
      );
      scope.dispose();
    });
  });

  test("a discrete action stands for the choice next to it", () => {
    runtime.scoped((scope) => {
      for (const [kernels, n] of [
        [taskKernels["cartpole-v1"], 2],
        [taskKernels.acrobot, 3],
      ] as const) {
        const B = 9;
        const [run, twin] = [copies(scope, kernels, B), copies(scope, kernels, B)];
        for (const each of [run, twin]) each.reset(new Array<number>(4 * B).fill(0.3));
        run.step([-1e9, -0.5, 0.49, 0.51, 1, 1.49, 1.51, 2.5, 1e9]);
        twin.step([0, 0, 0, 1, 1, 1, 2, 2, 2].map((action) => Math.min(action, n - 1)));
        assert.equal(run.state.read(), twin.state.read());
        assert.is(new Set(run.state.read().filter((_, i) => i % 4 === 3)).size, n);
      }
      scope.dispose();
    });
  });

  test.run();
}
