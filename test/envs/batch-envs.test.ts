// A batch of environments that are objects of their own does what the vector environment of the task does, bit for bit.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type Autoreset,
  batchEnvs,
  cartPole,
  cartPoleContinuous,
  DivergedError,
  halfCheetah,
  makeEnv,
  makeVectorEnv,
  pendulum,
  type Task,
} from "../../src/envs/index.js";
import type { Env } from "../../src/types.js";
import { loadRuntime } from "../../src/wasm/index.js";
import { runtime } from "../support/runtime.js";
import { sick } from "./bodies-support.js";
import { makeWalk, spread } from "./support.js";

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

for (const autoreset of ["next-step", "same-step", "disabled"] as Autoreset[]) {
  test(`all that diverge in a step are told by their numbers, as by makeVectorEnv, ${autoreset}`, () => {
    const envs = alike(halfCheetah);
    const ours = batchEnvs(envs, { autoreset });
    const theirs = makeVectorEnv(runtime, halfCheetah, { batch: B, seed: 5, autoreset });
    const actions = spread(B * 6, -1, 1);
    for (const each of [ours, theirs]) {
      each.reset();
      each.step(actions);
      // so that the two that diverge tell different times
      each.reset({ mask: [0, 1, 0] });
    }
    for (const b of [1, 2]) {
      envs[b].restore(sick(envs[b].snapshot(), 0, 18));
      theirs.restore(sick(theirs.snapshot(), b, 18));
    }
    const [one, two] = [ours, theirs].map((env) => {
      const out = env.createOut();
      try {
        env.step(actions, out);
      } catch (error) {
        assert.instance(error, DivergedError);
        const { message, freedom, time, environments } = error as DivergedError;
        return { message, freedom, time, environments, out };
      }
      throw new Error("nothing was told");
    });
    assert.equal(one.environments, [1, 2]);
    // where those that diverged stood is of no use to anyone, and differs
    const sound = ({ out, ...told }: typeof one) => {
      const size = autoreset === "same-step" ? B * 17 : 17;
      return {
        ...told,
        ...out,
        observation: out.observation.slice(0, size),
        finalObservation: out.finalObservation.slice(0, 17),
      };
    };
    assert.equal(sound(one), sound(two));
    if (autoreset === "disabled") for (const each of [ours, theirs]) each.reset({ mask: [0, 1, 1] });
    assert.equal(ours.step(actions), theirs.step(actions));
    ours.close();
    theirs.close();
  });
}

test("an observation of another length than the space is one clear error, at a step and at a reset", () => {
  for (const length of [0, 2, 4]) {
    const envs = alike(pendulum);
    let wrong = false;
    const cut = (observation: Float32Array): Float32Array => (wrong ? new Float32Array(length) : observation);
    const odd: Env = {
      ...makeWalk(),
      spec: envs[1].spec,
      observationSpace: pendulum.observationSpace,
      actionSpace: pendulum.actionSpace,
      reset: () => ({ observation: cut(envs[1].reset().observation), info: {} }),
      step: (action) => ({ ...envs[1].step(action), observation: cut(new Float32Array(3)) }),
    };
    const batch = batchEnvs([envs[0], odd, envs[2]]);
    batch.reset();
    batch.step([0, 0, 0]);
    wrong = true;
    const got = `"observation\\[1\\]" expected shape \\[3\\], got Float32Array\\(${length}\\)`;
    assert.throws(() => batch.step([0, 0, 0]), new RegExp(`vectorEnv.step: ${got}`));
    assert.throws(() => batch.reset(), new RegExp(`vectorEnv.reset: ${got}`));
    for (const env of envs) env.close();
  }
});

test("a step that makes memory grow does not take the actions of the others away", async () => {
  // memory that threads share stays where it is when it grows
  const on = await loadRuntime({ threads: 1 });
  const action = on.tensor([2, 1]).write([0.25, -0.5]);
  const taken: number[] = [];
  const grows = (): Env => {
    const walk = makeWalk();
    return Object.assign(walk, {
      step: (given: Float32Array) => {
        taken.push(...given);
        on.tensor([2 ** 21]);
        return { observation: Float32Array.of(0), reward: 0, terminated: false, truncated: false, info: {} };
      },
    });
  };
  const batch = batchEnvs([grows(), grows()]);
  batch.reset();
  batch.step(action.view);
  assert.equal(taken, [0.25, -0.5]);
  on.dispose();
});

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
