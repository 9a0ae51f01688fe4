// Gradients of the rewards for planners: kernels against the float64 twin, the twin's against central differences.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeEnv, pendulum } from "../../src/envs/index.js";
import { tasks } from "../../src/envs/tasks/index.js";
import { spaceSize } from "../../src/envs/spaces.js";
import { rewardFunction } from "../../src/envs/task-functions.js";
import { gradient as differences } from "../oracle/differences.js";
import { rewards } from "../oracle/rewards.js";
import { gradient, num } from "../oracle/tape.js";
import { assertClose, generator, numbers } from "../support/numbers.js";
import { runtimes } from "../support/runtime.js";

const steps = ["CartPoleContinuous", "Acrobot-v1", "CartPole-v1", "InvertedPendulum-v5", "ReacherGoal", "FetchReach"];

for (const [binary, runtime] of runtimes) {
  const test = suite(`gradients of rewards, ${binary}`);

  test("every task has one, or is known to pay by steps only", () => {
    for (const task of tasks) {
      const { gradient: given } = rewardFunction(runtime, task);
      assert.is(given === undefined, steps.includes(task.id), task.id);
      assert.is(task.id in rewards, given !== undefined, task.id);
    }
  });

  for (const task of tasks.filter(({ id }) => id in rewards)) {
    test(`${task.id}: the twin's, which is that of central differences, and the reward is the twin's too`, () => {
      const [D, A] = [task.observationSpace.low.length, spaceSize(task.actionSpace)];
      const random = generator(task.number);
      const reward = rewardFunction(runtime, task);
      for (const B of [1, 3, 6]) {
        // healthy heights among them, and torques beyond the limit
        const [s, n] = [numbers(random, B * D, 1.5), numbers(random, B * D, 1.5)];
        const a = numbers(random, B * A, 2.5);
        const w = numbers(random, B, 3);
        const added = [numbers(random, B * D), numbers(random, B * A), numbers(random, B * D)];
        const [ds, da, dn] = added.map((values) => Float32Array.from(values));
        const inputs = [s, a, n].map((values) => Float32Array.from(values)) as [
          Float32Array,
          Float32Array,
          Float32Array,
        ];
        const out = { observation: ds, action: da, nextObservation: dn };
        reward.gradient?.(...inputs, Float32Array.from(w), out);
        const paid = new Float32Array(B);
        reward(...inputs, paid);
        for (let b = 0; b < B; b++) {
          const [rs, ra, rn] = [s.slice(b * D, (b + 1) * D), a.slice(b * A, (b + 1) * A), n.slice(b * D, (b + 1) * D)];
          const twin = (all: ArrayLike<number>) => {
            const variables = Array.from(all, num);
            const parts = [variables.slice(0, D), variables.slice(D, D + A), variables.slice(D + A)] as const;
            return { variables, output: rewards[task.id](...parts) };
          };
          const { variables, output } = twin([...rs, ...ra, ...rn]);
          assertClose([paid[b]], [output.value], 1e-6, "reward");
          const expected = gradient(output, variables);
          const central = differences((x) => twin(x).output.value, [...rs, ...ra, ...rn]);
          assertClose(expected, central, 1e-6, "twin");
          const got = [
            ...ds.slice(b * D, (b + 1) * D),
            ...da.slice(b * A, (b + 1) * A),
            ...dn.slice(b * D, (b + 1) * D),
          ];
          const before = [
            ...added[0].slice(b * D, (b + 1) * D),
            ...added[1].slice(b * A, (b + 1) * A),
            ...added[2].slice(b * D, (b + 1) * D),
          ];
          assertClose(
            got,
            expected.map((value, i) => before[i] + w[b] * value),
            1e-6,
            "gradient",
          );
        }
      }
    });
  }

  test("where there is none, it is 0: no row spoils another, and no number is lost", () => {
    const { gradient: pendulumGradient } = rewardFunction(runtime, pendulum);
    // at the origin of (cos θ, sin θ), beyond the torque's limit, where the angle jumps
    const observation = Float32Array.from([0, 0, 1, 1, 0, 0, -1, 0, 0]);
    const zeros = () => ({
      observation: new Float32Array(9),
      action: new Float32Array(3),
      nextObservation: new Float32Array(9),
    });
    const out = zeros();
    const action = Float32Array.from([1, 2.5, -2.5]);
    pendulumGradient?.(observation, action, observation, new Float32Array(3).fill(1), out);
    assert.equal([...out.observation.slice(0, 2)], [0, 0]);
    assert.ok(Math.abs(out.observation[2] + 0.2) < 1e-7 && Math.abs(out.action[0] + 0.002) < 1e-9);
    assert.equal([...out.action.slice(1)], [0, 0]);
    assert.ok(out.observation.every(Number.isFinite));
    const reacher = tasks.find(({ id }) => id === "Reacher-v5");
    assert.ok(reacher);
    const rest = {
      observation: new Float32Array(10),
      action: new Float32Array(2),
      nextObservation: new Float32Array(10),
    };
    const zero = new Float32Array(10);
    rewardFunction(runtime, reacher).gradient?.(zero, new Float32Array(2), zero, new Float32Array(1).fill(1), rest);
    assert.ok([...rest.observation, ...rest.action, ...rest.nextObservation].every((value) => value === 0));
  });

  test("sizes are checked", () => {
    const env = makeEnv(runtime, pendulum);
    const rows = (n: number) => new Float32Array(n);
    const call = (weights: number, action: number) =>
      env.reward.gradient?.(rows(6), rows(2), rows(6), rows(weights), {
        observation: rows(6),
        action: rows(action),
        nextObservation: rows(6),
      });
    assert.throws(() => call(2, 3), /reward\.gradient: "out\.action" expected shape \[2, 1\]/);
    assert.throws(() => call(3, 2), /reward\.gradient: "observation" expected shape \[3, 3\]/);
    call(2, 2);
    env.close();
  });

  test.run();
}
