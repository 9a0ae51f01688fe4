// Numbers that are not finite, put into every part of a run at many moments: the run ends with a typed error or goes on
// unharmed, nothing learned is spoiled, what was good is kept bit for bit, and the run can go on.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TrainingDivergedError } from "../../src/check.js";
import type { VectorEnv, VectorStep } from "../../src/envs/index.js";
import type { SavedState } from "../../src/types.js";
import { begin, type Variant, variants, vectorEnv } from "./policy-support.js";

const test = suite("policies with numbers that are not finite");

/** An environment whose step number `at` is changed by `spoil`. */
function spoiled(env: VectorEnv, at: number, spoil: (out: VectorStep) => void): VectorEnv {
  let steps = 0;
  const step: VectorEnv["step"] = (actions, out) => {
    const result = env.step(actions, out);
    if (++steps === at) spoil(result);
    return result;
  };
  return new Proxy(env, {
    get: (target, name) => {
      if (name === "step") return step;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Whether everything learned is finite. */
function sound(state: SavedState): boolean {
  return Object.entries(state.arrays).every(([, { data }]) => [...data].every(Number.isFinite));
}

const learned = (state: SavedState) =>
  Object.fromEntries(
    Object.entries(state.arrays)
      .filter(([name]) => !name.startsWith("collector."))
      .map(([name, { data }]) => [name, [...data]]),
  );

interface Point {
  readonly name: string;
  readonly variant: Variant;
  /** Event of `onStep` at which `poke` is called, by phase. */
  readonly phase?: "collect" | "update";
  readonly at: number;
  readonly poke?: (run: ReturnType<typeof begin>, value: number) => void;
  readonly spoil?: (out: VectorStep, value: number) => void;
}

const points: Point[] = [];
for (const variant of [variants[0], variants[3]]) {
  const { steps = 0 } = variant.options;
  for (const at of [1, steps, steps + 7]) {
    points.push({ name: `a reward at step ${at}`, variant, at, spoil: (out, value) => out.reward.fill(value, 1, 2) });
    points.push({
      name: `an observation at step ${at}`,
      variant,
      at,
      spoil: (out, value) => out.observation.fill(value, 2, 3),
    });
    points.push({
      name: `a final observation at step ${at}`,
      variant,
      at,
      spoil: (out, value) => out.finalObservation.fill(value, 0, 1),
    });
  }
  for (const phase of ["collect", "update"] as const) {
    for (const at of [1, 9]) {
      points.push({
        name: `the first layer of the policy in ${phase} ${at}`,
        variant,
        phase,
        at,
        poke: ({ policy: { network } }, value) => {
          network.params.view[3] = value;
          network.changed();
        },
      });
      points.push({
        name: `the last bias of the policy in ${phase} ${at}`,
        variant,
        phase,
        at,
        poke: ({ policy: { network } }, value) => {
          network.params.view[network.params.size - network.outputStride] = value;
          network.changed();
        },
      });
      points.push({
        name: `the observation filter in ${phase} ${at}`,
        variant,
        phase,
        at,
        poke: ({ policy }, value) => {
          policy.filter.mean.view[0] = value;
        },
      });
    }
  }
}

for (const value of [Number.NaN, Infinity]) {
  for (const { name, variant, phase, at, poke, spoil } of points) {
    test(`${value}: ${name}, ${variant.name}`, async () => {
      const plain = vectorEnv(variant.task);
      const env = spoil ? spoiled(plain, at, (out) => spoil(out, value)) : plain;
      let good: SavedState | undefined;
      let events = 0;
      const run = begin(variant, env, {
        trials: 3,
        onStep: (event) => {
          if (event.phase === phase && ++events === at) poke?.(run, value);
        },
      });
      good = run.save();
      let failure: unknown;
      let items = 0;
      const attempt = async (): Promise<void> => {
        for await (const _ of run) {
          items++;
          good = run.save();
        }
      };
      await attempt().catch((error) => {
        failure = error;
      });
      const state = run.save();
      assert.ok(sound(state), "what is saved is finite");
      assert.ok([...run.policy.network.params.view].every(Number.isFinite), "so are the parameters");
      if (failure !== undefined) {
        assert.instance(failure, TrainingDivergedError);
        assert.is((failure as TrainingDivergedError).algorithm.length > 0, true);
        if (good) assert.equal(learned(state), learned(good));
        await attempt();
      } else {
        // only what an update had no use for any more may pass unseen, and what the filter clips
        assert.ok(poke && (phase === "update" || name.includes("filter")), "the number was met");
      }
      assert.is(items, 3);
      run.dispose();
    });
  }
}

test("there are at least 30 points", () => assert.ok(2 * points.length >= 30));

test.run();
