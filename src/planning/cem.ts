// The cross-entropy method as PETS plans with it (Chua et al. 2018): fit a normal distribution over action sequences to the
// best of its own samples, a few times over, and return its mean.
//
// Differs from the paper's code: ε is compared with the variance in actions scaled to ±1, so that it means the same in any
// unit (PETS compares raw variances; its tasks have actions in ±1), and at least one iteration is always done.

import { checkInteger, checkNumber, checkOptions, wrongKind, wrongValue } from "../check.js";
import { RandomStream } from "../kernels/index.js";
import { finish } from "../steps.js";
import type { Box, Rollout, SavedState, Steps } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import { Bounds, checkWithin, planInto, type Planner, type PlannerOptions, shift } from "./planner.js";
import { Population } from "./population.js";
import { checkState, savedState } from "./state.js";

const OP = "cem";

/** Options of `cem`. The defaults are those of PETS's code; its populations are 400 to 500 sequences. */
export interface CemOptions extends PlannerOptions {
  /** Most rounds of sampling and refitting per plan; default 5. */
  readonly iterations?: number;
  /** Fraction of the population that the distribution is fitted to, rounded up; default 0.1. */
  readonly eliteRatio?: number;
  /** Weight of the old mean and variance in a refit, in [0, 1); default 0.1. */
  readonly alpha?: number;
  /** Stops when no variance, in actions scaled to ±1, is larger; default 0.001. */
  readonly epsilon?: number;
  /** Returns the mean of the last distribution (default), or else the best sequence sampled. */
  readonly returnMean?: boolean;
}

/** A planner by the cross-entropy method. */
export function cem(runtime: Runtime, options: CemOptions): Planner {
  const own = ["iterations", "eliteRatio", "alpha", "epsilon", "returnMean"] as const;
  checkOptions(OP, options, ["actionSpace", "horizon", "population", "seed", ...own]);
  return runtime.scoped((scope) => new Cem(scope, options));
}

class Cem implements Planner {
  readonly horizon: number;
  readonly actionSpace: Box;
  readonly #scope: Scope;
  readonly #bounds: Bounds;
  readonly #iterations: number;
  readonly #alpha: number;
  readonly #epsilon: number;
  readonly #returnMean: boolean;
  readonly #population: Population;
  // [H, A]: the last plan, moved on; the sampling distribution; the best sequence so far
  readonly #warmStart: Tensor;
  readonly #mean: Tensor;
  readonly #variance: Tensor;
  readonly #best: Tensor;
  readonly #random: RandomStream;

  constructor(scope: Scope, options: CemOptions) {
    const { actionSpace, horizon, population, seed = 0 } = options;
    const { iterations = 5, eliteRatio = 0.1, alpha = 0.1, epsilon = 0.001, returnMean = true } = options;
    checkInteger(OP, "population", population, 1);
    if (checkNumber(OP, "eliteRatio", eliteRatio, 0, 1) === 0) wrongValue(OP, "eliteRatio", "more than 0", eliteRatio);
    if (checkNumber(OP, "alpha", alpha, 0, 1) === 1) wrongValue(OP, "alpha", "less than 1", alpha);
    if (typeof returnMean !== "boolean") wrongKind(OP, "returnMean", "a boolean", returnMean);
    const bounds = new Bounds(OP, scope, actionSpace, horizon);
    const shape = [horizon, bounds.actionSize];
    this.horizon = horizon;
    this.actionSpace = actionSpace;
    this.#scope = scope;
    this.#bounds = bounds;
    this.#iterations = checkInteger(OP, "iterations", iterations, 1);
    this.#alpha = alpha;
    this.#epsilon = checkNumber(OP, "epsilon", epsilon, 0);
    this.#returnMean = returnMean;
    this.#population = new Population(scope, bounds, population, Math.max(1, Math.ceil(population * eliteRatio)));
    this.#warmStart = scope.tensor(shape).write(bounds.middle);
    this.#mean = scope.tensor(shape);
    this.#variance = scope.tensor(shape);
    this.#best = scope.tensor(shape);
    this.#random = scope.hold(new RandomStream(scope.runtime, seed, OP));
  }

  plan<Start>(rollout: Rollout<Start>, start: Start, out?: Float32Array): Float32Array {
    return finish(this.planSteps(rollout, start, out));
  }

  *planSteps<Start>(rollout: Rollout<Start>, start: Start, out?: Float32Array): Steps<Float32Array> {
    const plan = planInto(`${OP}.plan`, out, this.#bounds.length);
    this.#mean.view.set(this.#warmStart.view);
    this.#variance.view.set(this.#bounds.variance);
    let bestReturn = Number.NEGATIVE_INFINITY;
    for (let iteration = 0; iteration < this.#iterations; iteration++) {
      this.#sample();
      const elites = yield* this.#population.select(`${OP}.plan`, rollout, start);
      if (this.#population.bestReturn > bestReturn) {
        bestReturn = this.#population.bestReturn;
        this.#population.gather(this.#best, 1);
      }
      if (this.#refit(elites) <= this.#epsilon) break;
    }
    const solution = this.#returnMean ? this.#mean : this.#best;
    this.#warmStart.view.set(solution.view);
    plan.set(solution.view);
    return plan;
  }

  // a ~ N(mean, variance), truncated so that it stays within the bounds
  #sample(): void {
    const { low, high, length } = this.#bounds;
    const { actions, size } = this.#population;
    this.#random.truncatedNormal(actions);
    this.#scope.runtime.kernels.cem_sample(
      actions.address,
      actions.address,
      this.#mean.address,
      this.#variance.address,
      low.address,
      high.address,
      size,
      length,
    );
  }

  // mean, variance ← α · old + (1 − α) · those of the elites; returns the largest variance
  #refit(elites: number): number {
    const { low, high, length } = this.#bounds;
    return this.#scope.runtime.kernels.cem_refit(
      this.#mean.address,
      this.#variance.address,
      this.#population.actions.address,
      this.#population.elites.address,
      low.address,
      high.address,
      elites,
      length,
      this.#alpha,
    );
  }

  /** The actions that come in at the end are the middle of the bounds, as in PETS (whose bounds are symmetric: 0). */
  advance(steps = 1): void {
    checkInteger(`${OP}.advance`, "steps", steps);
    shift(this.#warmStart.view, steps, this.#bounds.actionSize, this.#bounds.middle);
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
