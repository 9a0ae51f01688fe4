// What all planners have in common: they find the optimum, within bounds, from finite returns only, reproducibly, and
// without taking more memory.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MbrlError } from "../../src/check.js";
import type { Planner, PlannerOptions } from "../../src/planning/index.js";
import type { Discrete } from "../../src/types.js";
import type { Runtime } from "../../src/wasm/index.js";
import { checkedRuntime, runtime } from "../support/runtime.js";
import { box, pair, planners, quadratic, rolloutOf } from "./support.js";

const TARGET = [0.3, -1.2, -0.8, 2.5, 0.6, 0.1];

for (const [name, make] of planners) {
  const test = suite(name);
  const small: PlannerOptions = { actionSpace: pair, horizon: 3, population: 60 };

  // a planner for the length of a test
  const withPlanner = (options: PlannerOptions, use: (planner: Planner) => void, on: Runtime = runtime): void => {
    const planner = make(on, options);
    try {
      use(planner);
    } finally {
      planner.dispose();
    }
  };

  test("finds the optimum of a quadratic return", () => {
    const [population, tolerance] = name === "randomShooting" ? [20_000, 0.7] : [300, 0.15];
    withPlanner({ ...small, population }, (planner) => {
      const plan = planner.plan(rolloutOf(pair, quadratic(TARGET)), 0);
      plan.forEach((a, i) => {
        assert.ok(Math.abs(a - TARGET[i]) < tolerance, `${plan}`);
      });
    });
  });

  test("finds the higher of two hills", () => {
    const unit = box([-1], [1]);
    // tops at −0.5 (height 1) and at 0.6 (height 1.5)
    const hills = (sequence: Float32Array): number =>
      sequence.reduce((sum, a) => sum + Math.max(1 - 8 * (a + 0.5) ** 2, 1.5 - 12 * (a - 0.6) ** 2), 0);
    withPlanner({ actionSpace: unit, horizon: 2, population: 400 }, (planner) => {
      for (const a of planner.plan(rolloutOf(unit, hills), 0)) assert.ok(Math.abs(a - 0.6) < 0.12, `${a}`);
    });
  });

  test("a return that is not finite never wins", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      // the first action wants to be 1, where the model breaks
      const broken = rolloutOf(pair, (sequence) => (sequence[0] > 0.2 ? bad : sequence[0] - 100));
      withPlanner(small, (planner) => {
        const [first] = planner.plan(broken, 0);
        assert.ok(first > -0.3 && first <= 0.2, `${first}`);
      });
    }
  });

  test("one finite return is enough, and its sequence is what is left to choose", () => {
    let row = 0;
    let only: number[] = [];
    const seventh = (sequence: Float32Array): number => {
      if (++row !== 7) return Number.NaN;
      only = [...sequence];
      return -1e9;
    };
    const rollout = rolloutOf(pair, seventh, () => {
      row = 0;
    });
    withPlanner(small, (planner) => {
      const plan = [...planner.plan(rollout, 0)];
      if (name === "cem") assert.ok(plan.every(Number.isFinite));
      else assert.equal(plan, only);
    });
  });

  test("without any finite return it throws PLANNING_FAILED, and keeps its warm start", () => {
    const good = rolloutOf(pair, quadratic(TARGET));
    const failure = (error: unknown) => error instanceof MbrlError && error.code === "PLANNING_FAILED";
    // fails at once, and (for those that iterate) after a round that went well
    for (const failingRound of name === "randomShooting" ? [1] : [1, 2]) {
      withPlanner(small, (planner) => {
        planner.plan(good, 0);
        const before = planner.save().arrays;
        let round = 0;
        const fails = rolloutOf(
          pair,
          (sequence) => (round === failingRound ? Number.NaN : sequence[0]),
          () => {
            round++;
          },
        );
        assert.throws(() => planner.plan(fails, 0), failure);
        assert.equal(planner.save().arrays, before);
        assert.ok(planner.plan(good, 0).every(Number.isFinite));
      });
    }
  });

  test("returns that a rollout forgets to write do not count", () => {
    const lazy = { actionSpace: pair, returns: () => {} };
    withPlanner(small, (planner) => {
      planner.plan(rolloutOf(pair, quadratic(TARGET)), 0);
      assert.throws(() => planner.plan(lazy, 0), /none of the \d+ returns is finite/);
    });
  });

  test("every sequence it tries and returns lies within the bounds, at a bound too", () => {
    const check = (actions: Float32Array): void => {
      actions.forEach((a, i) => {
        assert.ok(a >= pair.low[i % 2] && a <= pair.high[i % 2], `${a}`);
      });
    };
    const corner = rolloutOf(pair, quadratic([1, 3, -1, -2, 1, -2]), check);
    withPlanner(small, (planner) => {
      for (let i = 0; i < 20; i++) {
        check(planner.plan(corner, 0));
        planner.advance();
      }
    });
  });

  test("the same seed gives the same bits on every binary, another seed other ones", () => {
    const plans = (on: Runtime, seed: number): number[] => {
      const all: number[] = [];
      const options = { ...small, seed };
      withPlanner(
        options,
        (planner) => {
          for (let i = 0; i < 4; i++) {
            all.push(...planner.plan(rolloutOf(pair, quadratic(TARGET)), 0));
            planner.advance();
          }
        },
        on,
      );
      return all;
    };
    assert.equal(plans(runtime, 5), plans(checkedRuntime, 5));
    assert.equal(plans(runtime, 5), plans(runtime, 5));
    assert.not.equal(plans(runtime, 5), plans(runtime, 6));
  });

  test("save and load resume with the same bits", () => {
    const rollout = rolloutOf(pair, quadratic(TARGET));
    const step = (planner: Planner): number[] => {
      const plan = [...planner.plan(rollout, 0)];
      planner.advance(2);
      return plan;
    };
    withPlanner({ ...small, seed: 3 }, (planner) => {
      for (let i = 0; i < 3; i++) step(planner);
      const state = planner.save();
      const expected = [step(planner), step(planner), step(planner)];
      const stored = { meta: JSON.parse(JSON.stringify(state.meta)), arrays: state.arrays };
      withPlanner({ ...small, seed: 99 }, (other) => {
        other.load(stored);
        assert.equal([step(other), step(other), step(other)], expected);
      });
    });
  });

  test("a state that does not fit is refused and changes nothing", () => {
    withPlanner(small, (planner) => {
      planner.plan(rolloutOf(pair, quadratic(TARGET)), 0);
      const state = planner.save();
      const refused: unknown[] = [
        undefined,
        { meta: null, arrays: {} },
        { ...state, meta: { ...(state.meta as object), planner: "other" } },
      ];
      for (const [key, array] of Object.entries(state.arrays)) {
        const { [key]: _, ...others } = state.arrays;
        refused.push({ ...state, arrays: others });
        refused.push({ ...state, arrays: { ...others, [key]: { ...array, shape: [1] } } });
        for (const bad of [Number.NaN, 1e9]) {
          const data = array.data.slice().fill(bad);
          refused.push({ ...state, arrays: { ...others, [key]: { ...array, data } } });
        }
      }
      for (const bad of refused) {
        assert.throws(
          () => planner.load(bad as typeof state),
          (e: unknown) => e instanceof TypeError || e instanceof RangeError,
        );
        assert.equal(planner.save(), state);
      }
    });
  });

  test("reset forgets the last plan, not the random stream", () => {
    const rollout = rolloutOf(pair, quadratic(TARGET));
    withPlanner(small, (planner) => {
      const fresh = planner.save();
      const first = planner.plan(rollout, 0);
      planner.reset();
      assert.not.equal(planner.plan(rollout, 0), first);
      planner.load(fresh);
      assert.equal(planner.plan(rollout, 0), first);
    });
  });

  test("1000 plans take no memory, and dispose gives all of it back", () => {
    const before = runtime.memoryUsage();
    const rollout = {
      actionSpace: pair,
      returns: (_: number, __: unknown, out: { view: Float32Array }) => void out.view.fill(1),
    };
    withPlanner({ ...small, population: 12 }, (planner) => {
      const plan = new Float32Array(6);
      planner.plan(rollout, 0, plan);
      const { used, tensors, total } = runtime.memoryUsage();
      for (let i = 0; i < 1000; i++) {
        assert.is(planner.plan(rollout, 0, plan), plan);
        planner.advance();
      }
      const after = runtime.memoryUsage();
      assert.equal([after.used, after.tensors, after.total], [used, tensors, total]);
      planner.dispose();
    });
    const { used, tensors } = runtime.memoryUsage();
    assert.equal([used, tensors], [before.used, before.tensors]);
  });

  test("spaces and options that it cannot plan with are refused, and nothing is left behind", () => {
    const { tensors } = runtime.memoryUsage();
    const refuse = (options: object, error: RegExp): void => {
      assert.throws(() => make(runtime, { ...small, ...options }), error);
    };
    const discrete: Discrete = { kind: "discrete", n: 3, start: 0 };
    refuse({ actionSpace: discrete }, /"actionSpace" expected a box .*got "discrete"/);
    refuse({ actionSpace: undefined }, /"actionSpace" expected a box/);
    refuse({ actionSpace: box([-1], [Number.POSITIVE_INFINITY]) }, /"actionSpace\[0\]" expected finite bounds/);
    refuse({ actionSpace: box([0, Number.NaN], [1, 1]) }, /"actionSpace\[1\]" expected finite bounds/);
    refuse({ actionSpace: box([1], [-1]) }, /"actionSpace\[0\]" expected finite bounds, low ≤ high/);
    refuse({ actionSpace: box([], []) }, /"actionSpace" expected/);
    refuse({ horizon: 0 }, /"horizon" expected/);
    refuse({ population: 0 }, /"population" expected/);
    refuse({ seed: -1 }, /"seed" expected/);
    refuse({ horizn: 3 }, /unknown option "horizn"/);
    assert.is(runtime.memoryUsage().tensors, tensors);
  });

  test("arguments that do not fit are refused", () => {
    const rollout = rolloutOf(pair, quadratic(TARGET));
    withPlanner(small, (planner) => {
      assert.throws(() => planner.plan(rollout, 0, new Float32Array(5)), /plan: "out" expected 6 elements/);
      assert.throws(
        () =>
          planner.plan(
            rolloutOf(box([0], [1]), () => 0),
            0,
          ),
        /"rollout" expected actions of size 2, got 1/,
      );
    });
  });

  test("a space with an action that has no choice", () => {
    const fixed = box([-1, 0.5], [1, 0.5]);
    withPlanner({ ...small, actionSpace: fixed }, (planner) => {
      const plan = planner.plan(rolloutOf(fixed, quadratic([0, 0, 0, 0, 0, 0])), 0);
      assert.equal([plan[1], plan[3], plan[5]], [0.5, 0.5, 0.5]);
    });
  });

  test.run();
}
