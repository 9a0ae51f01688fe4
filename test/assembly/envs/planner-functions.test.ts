// Reward and termination from observations: against mbrl-lib's functions and Gymnasium's reward.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fixture } from "../../support/fixtures.js";
import { runtimes } from "../../support/runtime.js";
import { distance } from "./support.js";

interface CartpoleFunctions {
  readonly functions: {
    readonly actions: number[];
    readonly nextObservations: number[][];
    readonly rewards: number[];
    readonly terminated: boolean[];
  };
}

interface PendulumFunctions {
  readonly functions: { readonly observations: number[][]; readonly actions: number[]; readonly rewards: number[] };
}

for (const [binary, runtime] of runtimes) {
  const { kernels } = runtime;
  const test = suite(`reward and termination from observations, ${binary}`);

  test("cartpole equals mbrl-lib's functions exactly, edges included", () => {
    const { nextObservations, actions, rewards, terminated } = fixture<CartpoleFunctions>("cartpole").functions;
    runtime.scoped((scope) => {
      const B = rewards.length;
      const next = scope.tensor([B, 4]).write(nextObservations.flat());
      const action = scope.tensor([B, 1]).write(actions);
      const reward = scope.tensor([B]);
      const ended = scope.tensor([B], "u8");
      reward.view.fill(Number.NaN);
      ended.view.fill(7);
      kernels.task_reward(1, reward.address, next.address, action.address, next.address, B);
      kernels.task_terminated(1, ended.address, next.address, B);
      assert.equal([...reward.read()], rewards);
      assert.equal(
        [...ended.read()].map((flag) => flag === 1),
        terminated,
      );
      scope.dispose();
    });
  });

  test("cartpole: a NaN observation has terminated and pays nothing, as in mbrl-lib", () => {
    runtime.scoped((scope) => {
      const next = scope.tensor([2, 4]).write([0, 0, Number.NaN, 0, Number.NaN, 0, 0, 0]);
      const reward = scope.tensor([2]);
      const ended = scope.tensor([2], "u8");
      kernels.task_reward(1, reward.address, next.address, next.address, next.address, 2);
      kernels.task_terminated(1, ended.address, next.address, 2);
      assert.equal([...reward.read()], [0, 0]);
      assert.equal([...ended.read()], [1, 1]);
      scope.dispose();
    });
  });

  test("pendulum equals the step's reward within single precision, at any length of (cos, sin)", () => {
    const { observations, actions, rewards } = fixture<PendulumFunctions>("pendulum").functions;
    for (const length of [1, 0.5, 1.7]) {
      runtime.scoped((scope) => {
        const B = rewards.length;
        const scaled = observations.flatMap(([c, s, speed]) => [length * c, length * s, speed]);
        const observation = scope.tensor([B, 3]).write(scaled);
        const action = scope.tensor([B, 1]).write(actions);
        const reward = scope.tensor([B]);
        const ended = scope.tensor([B], "u8");
        reward.view.fill(Number.NaN);
        ended.view.fill(7);
        const { address } = observation;
        kernels.task_reward(2, reward.address, address, action.address, address, B);
        kernels.task_terminated(2, ended.address, address, B);
        assert.ok(distance(reward.read(), rewards) < 1e-6);
        assert.ok([...ended.read()].every((flag) => flag === 0));
        scope.dispose();
      });
    }
  });

  test("empty batches and a NaN row", () => {
    runtime.scoped((scope) => {
      const empty = scope.tensor([0]);
      const { address } = empty;
      kernels.task_reward(2, address, address, address, address, 0);
      kernels.task_terminated(2, address, address, 0);
      kernels.task_reward(1, address, address, address, address, 0);
      kernels.task_terminated(1, address, address, 0);
      const observation = scope.tensor([2, 3]).write([Number.NaN, 0, 0, 1, 0, 2]);
      const action = scope.tensor([2, 1]).write([0, 1]);
      const reward = scope.tensor([2]);
      kernels.task_reward(2, reward.address, observation.address, action.address, observation.address, 2);
      assert.ok(Number.isNaN(reward.read()[0]));
      assert.ok(Math.abs(reward.read()[1] + 0.401) < 1e-6);
      scope.dispose();
    });
  });

  test.run();
}
