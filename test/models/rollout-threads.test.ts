// Rollouts on 1, 2, 3, 4 and 8 threads: the same bits, whatever lies between the steps.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createDynamicsModel, type LearnedRolloutOptions, learnedRollout } from "../../src/models/index.js";
import type { Box } from "../../src/types.js";
import { loadRuntime, type Runtime } from "../../src/wasm/index.js";

const counts = [1, 2, 3, 4, 8];
const runtimes = await Promise.all(counts.map((threads) => loadRuntime({ threads })));
const test = suite("rollouts on threads");
const actionSpace: Box = { kind: "box", low: Float32Array.of(-1), high: Float32Array.of(1), shape: [1] };
const [N, H] = [150, 12];

function returns(runtime: Runtime, options: Partial<LearnedRolloutOptions>): number[] {
  const learnReward = options.reward === undefined;
  const sizes = { observationSize: 4, actionSize: 1, hidden: [120, 120], members: 5 };
  const model = createDynamicsModel(runtime, { ...sizes, learnReward, seed: 1 });
  const rollout = learnedRollout(model, { actionSpace, seed: 2, ...options });
  const actions = runtime.tensor([N, H, 1]);
  const out = runtime.tensor([N]);
  runtime.kernels.random_truncated_normal(actions.address, actions.size, 0, 3, 0, 0, 0, 0);
  const results: number[] = [];
  for (let call = 0; call < 3; call++) {
    rollout.returns([0, 0.1, 0.2, 0.3], actions, out);
    results.push(...out.view);
  }
  for (const part of [rollout, actions, out, model]) part.dispose();
  return results;
}

for (const propagation of ["TSinf", "TS1", "expectation"] as const) {
  test(propagation, () => {
    const reward = (_observation: Float32Array, _action: Float32Array, next: Float32Array, out: Float32Array): void => {
      for (let b = 0; b < out.length; b++) out[b] = next[4 * b]! - next[4 * b + 1]!;
    };
    for (const options of [{ propagation }, { propagation, reward }]) {
      const [expected, ...others] = runtimes.map((runtime) => returns(runtime, options));
      assert.ok(expected!.every(Number.isFinite));
      for (const [i, got] of others.entries()) assert.equal(got, expected, `${counts[i + 1]} threads`);
    }
    for (const [i, runtime] of runtimes.entries()) assert.is(runtime.info().threads, counts[i]);
  });
}

test.after(() => {
  for (const runtime of runtimes) runtime.dispose();
});
test.run();
