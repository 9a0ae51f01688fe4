// The loop around a planner: what it executes, when it plans anew, from where, and that it resumes.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cem, icem, mpc, type Planner } from "../../src/planning/index.js";
import type { Rollout } from "../../src/types.js";
import { runtime } from "../support/runtime.js";
import { pair, quadratic, rolloutOf } from "./support.js";

const test = suite("mpc");
const rollout = rolloutOf(pair, quadratic([0.3, -1.2, -0.8, 2.5, 0.6, 0.1])) as unknown as Rollout;

// a planner whose plans count 0, 1, 2, … from 10 · (number of the plan), and that tells what it was told
function counting() {
  const log: string[] = [];
  let plans = 0;
  const planner = {
    horizon: 3,
    actionSpace: pair,
    *planSteps(_: unknown, start: unknown, out: Float32Array) {
      log.push(`plan ${String(start)}`);
      plans++;
      return out.forEach((_, i) => {
        out[i] = plans * 10 + i;
      });
    },
    advance: (steps: number) => log.push(`advance ${steps}`),
    reset: () => log.push("reset"),
  } as unknown as Planner;
  return { log, planner };
}

test("executes the first action of each plan, from the observation it is given", () => {
  const { log, planner } = counting();
  const agent = mpc(planner, rollout);
  assert.equal([...agent.act([7])], [10, 11]);
  assert.equal([...agent.act([8])], [20, 21]);
  const out = new Float32Array(2);
  assert.is(agent.act([9], out), out);
  assert.equal([...out], [30, 31]);
  assert.equal(log, ["plan 7", "advance 1", "plan 8", "advance 1", "plan 9"]);
});

test("executes as many actions per plan as it is told, and moves the planner on by as many", () => {
  const { log, planner } = counting();
  const agent = mpc(planner, rollout, { replanEvery: 2 });
  const actions = [1, 2, 3, 4, 5].map((observation) => agent.act([observation])[0]);
  assert.equal(actions, [10, 12, 20, 22, 30]);
  assert.equal(log, ["plan 1", "advance 2", "plan 3", "advance 2", "plan 5"]);
});

test("plans from where `start` says, and anew after a reset", () => {
  const { log, planner } = counting();
  const agent = mpc(planner, rollout as unknown as Rollout<string>, {
    replanEvery: 3,
    start: (observation) => `snapshot at ${observation}`,
  });
  agent.act([1]);
  agent.reset();
  assert.equal([...agent.act([2])], [20, 21]);
  assert.equal(log, ["plan snapshot at 1", "reset", "plan snapshot at 2"]);
});

test("after a plan that failed it plans again, without moving on twice", () => {
  const { log, planner } = counting();
  const agent = mpc(planner, rollout);
  agent.act([1]);
  const { planSteps } = planner;
  planner.planSteps = () => {
    throw new Error("broken");
  };
  assert.throws(() => agent.act([2]), /broken/);
  planner.planSteps = planSteps;
  assert.equal([...agent.act([3])], [20, 21]);
  assert.equal(log, ["plan 1", "advance 1", "plan 3"]);
});

test("save and load resume with the same bits, within a plan too", () => {
  for (const replanEvery of [1, 3]) {
    const make = (seed: number) => {
      const planner = icem(runtime, { actionSpace: pair, horizon: 3, population: 20, seed });
      return { planner, agent: mpc(planner, rollout, { replanEvery }) };
    };
    const one = make(1);
    for (let i = 0; i < 4; i++) one.agent.act([0]);
    const state = one.agent.save();
    const steps = (agent: typeof one.agent): number[] => [0, 1, 2, 3, 4].flatMap(() => [...agent.act([0])]);
    const expected = steps(one.agent);
    const other = make(2);
    other.agent.load({ meta: JSON.parse(JSON.stringify(state.meta)), arrays: state.arrays });
    assert.equal(steps(other.agent), expected);
    one.planner.dispose();
    other.planner.dispose();
  }
});

test("a state that does not fit is refused and changes nothing", () => {
  const planner = cem(runtime, { actionSpace: pair, horizon: 3, population: 20 });
  const agent = mpc(planner, rollout, { replanEvery: 2 });
  agent.act([0]);
  const state = agent.save();
  const meta = state.meta as Record<string, never>;
  const { plan, ...others } = state.arrays;
  const refused = [
    { ...state, meta: { ...meta, executed: 3 } },
    { ...state, meta: { ...meta, executed: "1" } },
    { ...state, meta: { ...meta, planner: null } },
    { ...state, arrays: others },
    { ...state, arrays: { ...others, plan: { ...plan, data: new Float32Array(5) } } },
    { ...state, arrays: { ...others, plan: { ...plan, data: new Float32Array(6).fill(Number.NaN) } } },
  ];
  for (const wrong of refused) {
    assert.throws(
      () => agent.load(wrong),
      (e: unknown) => e instanceof TypeError || e instanceof RangeError,
    );
    assert.equal(agent.save(), state);
  }
  planner.dispose();
});

test("options and arguments that do not fit are refused", () => {
  const { planner } = counting();
  assert.throws(() => mpc(planner, rollout, { replanEvery: 0 }), /mpc: "replanEvery" expected an integer in \[1, 3\]/);
  assert.throws(() => mpc(planner, rollout, { replanEvery: 4 }), /mpc: "replanEvery" expected an integer in \[1, 3\]/);
  assert.throws(() => mpc(planner, rollout, { start: 3 as never }), /mpc: "start" expected a function/);
  assert.throws(() => mpc(planner, rollout).act([0], new Float32Array(3)), /mpc.act: "out" expected 2 elements/);
});

test.run();
