// A batch of environments that are objects of their own does what the vector environment of the task does, bit for bit.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type Autoreset,
  batchEnvs,
  cartPole,
  cartPoleContinuous,
  makeEnv,
  makeVectorEnv,
  pendulum,
  type Task,
} from "../../src/envs/index.js";
import type { Env } from "../../src/types.js";
import { runtime } from "../support/runtime.js";
import { spread } from "./support.js";

const test = suite("batches of environments");
const B = 3;
const alike = (task: Task): Env[] => Array.from({ length: B }, (_, i) => makeEnv(runtime, task, { seed: 5 + i }));

for (const autoreset of ["next-step", "same-step", "disabled"] as Autoreset[]) {
  for (const task of [cartPole, cartPoleContinuous] as Task[]) {
    test(`${task.id}, ${autoreset}: as makeVectorEnv, also after a snapshot is restored`, () => {
      const ours = batchEnvs(alike(task), { autoreset });
      const theirs = makeVectorEnv(runtime, task, { batch: B, seed: 5, autoreset });
      assert.equal(ours.reset().observation, theirs.reset().observation);
      assert.equal(ours.actionSpace, theirs.actionSpace);
      assert.equal(ours.observationSpace, theirs.observationSpace);
      let ends = 0;
      for (let t = 0; t < 80; t++) {
        const actions = Array.from(spread(B, -1, 1, 0.37 * t), (a) =>
          task.actionSpace.kind === "box" ? a : Number(a > 0.3),
        );
        const expected = theirs.step(actions);
        assert.equal(ours.step(actions), expected, `step ${t}`);
        const mask = Array.from(expected.terminated, Boolean);
        ends += mask.filter(Boolean).length;
        if (autoreset === "disabled" && mask.some(Boolean)) {
          assert.throws(() => ours.step(actions), /episode of environment \d has ended/);
          assert.equal(ours.reset({ mask }).observation, theirs.reset({ mask }).observation);
        }
        if (t === 40) {
          const before = ours.snapshot();
          const next = ours.step(actions);
          ours.restore(before);
          assert.equal(ours.step(actions), next);
          theirs.step(actions);
          if (autoreset === "disabled") {
            const ended = { mask: Array.from(next.terminated, Boolean) };
            if (ended.mask.some(Boolean)) assert.equal(ours.reset(ended).observation, theirs.reset(ended).observation);
          }
        }
      }
      assert.ok(ends > 2);
      assert.equal(ours.reset({ seed: 9 }).observation, theirs.reset({ seed: 9 }).observation);
      ours.close();
      theirs.close();
    });
  }
}

test("what does not fit is told", () => {
  assert.throws(() => batchEnvs([]), /batchEnvs: "envs" expected an array of environments/);
  const mixed = [makeEnv(runtime, pendulum), makeEnv(runtime, cartPoleContinuous)];
  assert.throws(() => batchEnvs(mixed), /batchEnvs: "envs\[1\]" expected spaces and time limit of Pendulum-v1/);
  const batch = batchEnvs(alike(cartPole), { autoreset: "same-step" });
  assert.throws(() => batch.step([0, 0, 0]), /no episode was started/);
  assert.throws(() => batch.reset({ mask: [true, false, true] }), /environment 1 was never reset/);
  batch.reset();
  assert.throws(() => batch.step([0, 2, 0]), /"action\[1\]" expected an integer from 0 to 1, got 2/);
  assert.throws(() => batch.step([0, 0]), /shape \[3\]/);
  batch.close();
  for (const env of mixed) env.close();
});

test.run();
