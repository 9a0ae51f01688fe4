// Model-predictive control: plan from where the world is, execute the first action, plan again.

import { checkCallback, checkInteger, checkOptions, wrongValue } from "../check.js";
import { finish } from "../steps.js";
import type { Agent, Box, NumericInput, Rollout, SavedState, Steps } from "../types.js";
import { checkWithin, planInto, type Planner } from "./planner.js";
import { checkFacts } from "./state.js";

const OP = "mpc";

/** Options of `mpc`. */
export interface MpcOptions<Start> {
  /** Actions executed per plan; default 1, which is MPC proper. The whole horizon makes it open-loop control in pieces. */
  readonly replanEvery?: number;
  /** Where a plan starts, from the observation; default: at the observation itself, as rollouts of learned models expect. */
  readonly start?: (observation: NumericInput) => Start;
}

/** An agent that plans. It does not own the planner. */
export interface MpcAgent extends Agent {
  /** `act` in slices, those of the planner. */
  actSteps(observation: NumericInput, out?: Float32Array): Steps<Float32Array>;
  /** The complete state, that of the planner included. */
  save(): SavedState;
  /** Takes the state of an agent made with the same planner and options. */
  load(state: SavedState): void;
}

/**
 * The agent that executes the first `replanEvery` actions of each of the planner's plans through `rollout`. Throws what
 * `planner.plan` throws; the next `act` then plans anew.
 */
export function mpc<Start = NumericInput>(
  planner: Planner,
  rollout: Rollout<Start>,
  options?: MpcOptions<Start>,
): MpcAgent {
  const { replanEvery = 1, start } = checkOptions(OP, options, ["replanEvery", "start"]);
  checkInteger(OP, "replanEvery", replanEvery, 1, planner.horizon);
  checkCallback(OP, "start", start);
  return new Mpc(planner, rollout, replanEvery, start ?? ((observation) => observation as Start));
}

class Mpc<Start> implements MpcAgent {
  readonly #planner: Planner;
  readonly #rollout: Rollout<Start>;
  readonly #replanEvery: number;
  readonly #start: (observation: NumericInput) => Start;
  readonly #actionSpace: Box;
  // the plan under way [H, A], and how many of its actions were executed; none when there is no plan
  readonly #plan: Float32Array;
  #executed: number | null = null;

  constructor(
    planner: Planner,
    rollout: Rollout<Start>,
    replanEvery: number,
    start: (observation: NumericInput) => Start,
  ) {
    this.#planner = planner;
    this.#rollout = rollout;
    this.#replanEvery = replanEvery;
    this.#start = start;
    this.#actionSpace = planner.actionSpace;
    this.#plan = new Float32Array(planner.horizon * planner.actionSpace.low.length);
  }

  act(observation: NumericInput, out?: Float32Array): Float32Array {
    return finish(this.actSteps(observation, out));
  }

  *actSteps(observation: NumericInput, out?: Float32Array): Steps<Float32Array> {
    const A = this.#actionSpace.low.length;
    const action = planInto(`${OP}.act`, out, A);
    if (this.#executed === this.#replanEvery) {
      this.#executed = null;
      this.#planner.advance(this.#replanEvery);
    }
    if (this.#executed === null) {
      yield* this.#planner.planSteps(this.#rollout, this.#start(observation), this.#plan);
      this.#executed = 0;
    }
    for (let a = 0; a < A; a++) action[a] = this.#plan[this.#executed * A + a];
    this.#executed++;
    return action;
  }

  reset(): void {
    this.#executed = null;
    this.#planner.reset();
  }

  save(): SavedState {
    const { meta, arrays } = this.#planner.save();
    const plan = { dtype: "f32", shape: [this.#plan.length], data: this.#plan.slice() } as const;
    return { meta: { executed: this.#executed, planner: meta }, arrays: { ...arrays, plan } };
  }

  load(state: SavedState): void {
    const op = `${OP}.load`;
    const { executed, planner } = checkFacts(op, "state.meta", state?.meta);
    const { plan, ...arrays } = state.arrays;
    if (plan?.data.length !== this.#plan.length) {
      wrongValue(op, "state.arrays.plan", `${this.#plan.length} elements`, plan?.data);
    }
    if (executed !== null) checkInteger(op, "state.meta.executed", executed, 0, this.#replanEvery);
    // before the first plan there is nothing within bounds
    if (executed !== null) checkWithin(op, "state.arrays.plan", this.#actionSpace, plan.data);
    this.#planner.load({ meta: planner, arrays });
    this.#plan.set(plan.data);
    this.#executed = executed as number | null;
  }
}
