// Filtered and reward-weighted refinement, the MPPI of PDDM (Nagabandi et al. 2019): noise that is correlated along time moves
// the last plan about, and the mean of all sequences, each weighted by exp(γ · its return), is the next plan.
//
// Differs from the paper: the refinement may be repeated (`iterations`; the paper's is 1), and noise is given in actions scaled
// to ±1, so that it means the same in any unit. The authors' code filters the actions instead of the noise, from the last
// action executed on; here the paper's equations hold: n_t = β·u_t + (1 − β)·n_{t−1}, a_t = μ_t + n_t.

import { checkInteger, checkNumber, checkOptions, wrongValue } from "../check.js";
import { RandomStream } from "../kernels/index.js";
import { finish } from "../steps.js";
import type { Box, Rollout, SavedState, Steps } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import { Bounds, checkWithin, planInto, type Planner, type PlannerOptions, shift } from "./planner.js";
import { Population } from "./population.js";
import { checkState, savedState } from "./state.js";

const OP = "mppi";

/**
 * Options of `mppi`. The defaults are those that PDDM's code has for half-cheetah, whose population is 700 sequences of 20
 * steps. Its settings for a hand that turns two balls: `rewardWeight` 20, `freshNoise` 0.6, 700 sequences of 7 steps.
 */
export interface MppiOptions extends PlannerOptions {
  /** Rounds of sampling and refinement per plan; default 1. */
  readonly iterations?: number;
  /**
   * γ: a sequence whose return is lower by d weighs e^(−γ·d). So it goes with the scale of returns: 0 is the plain mean, a
   * large one the best sequence alone. PDDM's code has 0.5, 1, 10 or 20; default 1.
   */
  readonly rewardWeight?: number;
  /** β in (0, 1]: the share of fresh noise in each step's; 1 is white noise. PDDM's code has 0.6 to 0.9; default 0.9. */
  readonly freshNoise?: number;
  /** Standard deviation of the fresh noise, in actions scaled to ±1; default 0.9. */
  readonly noiseScale?: number;
}

/** A planner by filtered and reward-weighted refinement. */
export function mppi(runtime: Runtime, options: MppiOptions): Planner {
  const own = ["iterations", "rewardWeight", "freshNoise", "noiseScale"] as const;
  checkOptions(OP, options, ["actionSpace", "horizon", "population", "seed", ...own]);
  return runtime.scoped((scope) => new Mppi(scope, options));
}

class Mppi implements Planner {
  readonly horizon: number;
  readonly actionSpace: Box;
  readonly #scope: Scope;
  readonly #bounds: Bounds;
  readonly #iterations: number;
  readonly #rewardWeight: number;
  readonly #freshNoise: number;
  readonly #population: Population;
  // [H, A]: the last plan, moved on; the plan under way; the variance of fresh noise
  readonly #warmStart: Tensor;
  readonly #mean: Tensor;
  readonly #variance: Tensor;
  // [N]
  readonly #weights: Tensor;
  readonly #random: RandomStream;

  constructor(scope: Scope, options: MppiOptions) {
    const { actionSpace, horizon, population, seed = 0 } = options;
    const { iterations = 1, rewardWeight = 1, freshNoise = 0.9, noiseScale = 0.9 } = options;
    checkInteger(OP, "population", population, 1);
    if (checkNumber(OP, "freshNoise", freshNoise, 0, 1) === 0) wrongValue(OP, "freshNoise", "more than 0", freshNoise);
    checkNumber(OP, "noiseScale", noiseScale, 0, 1000);
    const bounds = new Bounds(OP, scope, actionSpace, horizon);
    const shape = [horizon, bounds.actionSize];
    this.horizon = horizon;
    this.actionSpace = actionSpace;
    this.#scope = scope;
    this.#bounds = bounds;
    this.#iterations = checkInteger(OP, "iterations", iterations, 1);
    this.#rewardWeight = checkNumber(OP, "rewardWeight", rewardWeight, 0);
    this.#freshNoise = freshNoise;
    this.#population = new Population(scope, bounds, population, 1);
    this.#warmStart = scope.tensor(shape).write(bounds.middle);
    this.#mean = scope.tensor(shape);
    // that of the bounds is of half their half width
    this.#variance = scope.tensor(shape).write(bounds.variance.map((v) => 4 * noiseScale * noiseScale * v));
    this.#weights = scope.tensor([population]);
    this.#random = scope.hold(new RandomStream(scope.runtime, seed, OP));
  }

  plan<Start>(rollout: Rollout<Start>, start: Start, out?: Float32Array): Float32Array {
    return finish(this.planSteps(rollout, start, out));
  }

  *planSteps<Start>(rollout: Rollout<Start>, start: Start, out?: Float32Array): Steps<Float32Array> {
    const plan = planInto(`${OP}.plan`, out, this.#bounds.length);
    this.#mean.view.set(this.#warmStart.view);
    for (let iteration = 0; iteration < this.#iterations; iteration++) {
      this.#sample();
      yield* this.#population.select(`${OP}.plan`, rollout, start);
      this.#refine();
    }
    this.#warmStart.view.set(this.#mean.view);
    plan.set(this.#mean.view);
    return plan;
  }

  // a ~ clip(mean + filtered noise)
  #sample(): void {
    const { low, high, length, horizon, actionSize } = this.#bounds;
    const { kernels } = this.#scope.runtime;
    const { actions, size } = this.#population;
    const { address } = actions;
    const mean = this.#mean.address;
    const variance = this.#variance.address;
    this.#random.normal(actions);
    kernels.filtered_noise(address, address, size, horizon, actionSize, this.#freshNoise);
    kernels.clipped_sample(address, address, mean, variance, low.address, high.address, size, length);
  }

  // mean ← Σ e^(γ·R) a / Σ e^(γ·R)
  #refine(): void {
    const { actions, returns, size } = this.#population;
    this.#scope.runtime.kernels.reward_weighted_mean(
      this.#mean.address,
      this.#weights.address,
      actions.address,
      returns.address,
      size,
      this.#bounds.length,
      this.#rewardWeight,
    );
  }

  /** The action that comes in at the end is the last one again, as in PDDM's code. */
  advance(steps = 1): void {
    checkInteger(`${OP}.advance`, "steps", steps);
    shift(this.#warmStart.view, Math.min(steps, this.horizon - 1), this.#bounds.actionSize);
  }

  reset(): void {
    this.#warmStart.view.set(this.#bounds.middle);
  }

  save(): SavedState {
    return savedState(OP, { random: this.#random.save() }, { warmStart: this.#warmStart });
  }

  load(state: SavedState): void {
    const { random } = checkState(`${OP}.load`, OP, state, { warmStart: this.#warmStart });
    checkWithin(`${OP}.load`, "state.arrays.warmStart", this.actionSpace, state.arrays.warmStart.data);
    this.#random.load(random);
    this.#warmStart.write(state.arrays.warmStart.data);
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
