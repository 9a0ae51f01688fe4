// The improved cross-entropy method (Pinneri et al. 2020): CEM that gets by with few samples because they are correlated
// along time, fewer in each round, and joined by the best ones of the round before and of the step before.
//
// Differs from the paper: kept elites count as members of the population and are rolled out again, because a return
// through a learned model may be a matter of luck; so N returns are computed in the first round, N/γ in the second, …
// The mean that is tried in the last round wins ties.

import { checkInteger, checkNumber, checkOptions, wrongKind, wrongValue } from "../check.js";
import { RandomStream } from "../kernels/index.js";
import { finish } from "../steps.js";
import type { Box, Rollout, SavedState, Steps } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import { Bounds, checkWithin, planInto, type Planner, type PlannerOptions, shift } from "./planner.js";
import { Population } from "./population.js";
import { checkState, savedState } from "./state.js";

const OP = "icem";

/**
 * Options of `icem`. The defaults are those of the low-budget settings published with the paper, whose population is 40
 * sequences of 30 steps.
 */
export interface IcemOptions extends PlannerOptions {
  /** Rounds of sampling and refitting per plan; default 3. */
  readonly iterations?: number;
  /** Fraction of the population that the distribution is fitted to, rounded up; in (0, 0.5], default 0.25 (10 of 40). */
  readonly eliteRatio?: number;
  /** Weight of the old mean and variance in a refit, in [0, 1]; default 0.1. */
  readonly alpha?: number;
  /** β: the noise has power spectrum 1/f^β along time. 0 is white noise; default 3; the authors' settings go from 0.25 to 3.5. */
  readonly noiseExponent?: number;
  /** γ: each round has γ times fewer sequences than the one before, at least twice the elites; default 1.25. */
  readonly decay?: number;
  /** Fraction of the elites, rounded up, that takes part in the next round, and moved on in time in the next plan; default 0.3. */
  readonly keepFraction?: number;
  /** Returns the mean of the last distribution, or else (default) the best sequence of the last round. */
  readonly returnMean?: boolean;
}

/** A planner by the improved cross-entropy method. */
export function icem(runtime: Runtime, options: IcemOptions): Planner {
  const own = ["iterations", "eliteRatio", "alpha", "noiseExponent", "decay", "keepFraction", "returnMean"] as const;
  checkOptions(OP, options, ["actionSpace", "horizon", "population", "seed", ...own]);
  return runtime.scoped((scope) => new Icem(scope, options));
}

class Icem implements Planner {
  readonly horizon: number;
  readonly actionSpace: Box;
  readonly #scope: Scope;
  readonly #bounds: Bounds;
  readonly #alpha: number;
  readonly #returnMean: boolean;
  // one population per round, shared by rounds of the same size
  readonly #rounds: readonly Population[];
  // normals [N, A, H], and the table that colors them
  readonly #noise: Tensor;
  readonly #colors: Tensor;
  // [H, A]: the last mean, moved on; the sampling distribution
  readonly #warmStart: Tensor;
  readonly #mean: Tensor;
  readonly #variance: Tensor;
  // elites of the round before and of the last plan [K, H, A], best first
  readonly #elites: Tensor;
  readonly #oldElites: Tensor;
  // how many elites join the next round; how many old ones there are, and how many steps ago they were planned
  readonly #keep: number;
  #oldCount = 0;
  #age = 0;
  readonly #random: RandomStream;

  constructor(scope: Scope, options: IcemOptions) {
    const { actionSpace, horizon, population, seed = 0 } = options;
    const { iterations = 3, eliteRatio = 0.25, alpha = 0.1 } = options;
    const { noiseExponent = 3, decay = 1.25, keepFraction = 0.3, returnMean = false } = options;
    checkInteger(OP, "population", population, 2);
    checkInteger(OP, "iterations", iterations, 1);
    if (checkNumber(OP, "eliteRatio", eliteRatio, 0, 0.5) === 0)
      wrongValue(OP, "eliteRatio", "more than 0", eliteRatio);
    checkNumber(OP, "noiseExponent", noiseExponent, 0, 10);
    checkNumber(OP, "decay", decay, 1);
    checkNumber(OP, "keepFraction", keepFraction, 0, 1);
    if (typeof returnMean !== "boolean") wrongKind(OP, "returnMean", "a boolean", returnMean);
    const bounds = new Bounds(OP, scope, actionSpace, horizon);
    const A = bounds.actionSize;
    this.horizon = horizon;
    this.actionSpace = actionSpace;
    this.#scope = scope;
    this.#bounds = bounds;
    if (checkNumber(OP, "alpha", alpha, 0, 1) === 1) wrongValue(OP, "alpha", "less than 1", alpha);
    this.#alpha = alpha;
    this.#returnMean = returnMean;
    const elites = Math.max(1, Math.min(Math.ceil(population * eliteRatio), Math.floor(population / 2)));
    const sizes = Array.from({ length: iterations }, (_, i) => roundSize(population, decay, i, elites));
    const populations = new Map(sizes.map((size) => [size, new Population(scope, bounds, size, elites)]));
    this.#rounds = sizes.map((size) => populations.get(size) as Population);
    this.#noise = scope.tensor([population, A, horizon]);
    this.#colors = scope.tensor([horizon, Math.ceil(horizon / 4) * 4]);
    scope.runtime.kernels.colored_table(this.#colors.address, horizon, noiseExponent);
    this.#warmStart = scope.tensor([horizon, A]).write(bounds.middle);
    this.#mean = scope.tensor([horizon, A]);
    this.#variance = scope.tensor([horizon, A]);
    this.#elites = scope.tensor([elites, horizon, A]);
    this.#oldElites = scope.tensor([elites, horizon, A]);
    this.#keep = Math.ceil(keepFraction * elites);
    this.#random = scope.hold(new RandomStream(scope.runtime, seed, OP));
  }

  plan<Start>(rollout: Rollout<Start>, start: Start, out?: Float32Array): Float32Array {
    return finish(this.planSteps(rollout, start, out));
  }

  *planSteps<Start>(rollout: Rollout<Start>, start: Start, out?: Float32Array): Steps<Float32Array> {
    const plan = planInto(`${OP}.plan`, out, this.#bounds.length);
    this.#mean.view.set(this.#warmStart.view);
    this.#variance.view.set(this.#bounds.variance);
    let found = 0;
    for (const [round, population] of this.#rounds.entries()) {
      const last = round === this.#rounds.length - 1;
      this.#sample(population);
      // the mean goes first, so that it wins a tie: where many sequences are as good, it is the safest of them
      if (last) population.actions.view.set(this.#mean.view);
      if (round === 0) this.#keepElites(population, last, this.#oldElites, this.#oldCount, this.#age);
      else this.#keepElites(population, last, this.#elites, found, 0);
      found = yield* population.select(`${OP}.plan`, rollout, start);
      population.gather(this.#elites, found);
      this.#refit(population, found);
    }
    this.#warmStart.view.set(this.#mean.view);
    this.#oldElites.view.set(this.#elites.view);
    this.#oldCount = found;
    this.#age = 0;
    const solution = (this.#returnMean ? this.#mean : this.#elites).view;
    for (let i = 0; i < plan.length; i++) plan[i] = solution[i];
    return plan;
  }

  // a ~ clip(mean + √variance · colored noise)
  #sample(population: Population): void {
    const { low, high, length, horizon, actionSize } = this.#bounds;
    const { kernels } = this.#scope.runtime;
    const { address } = population.actions;
    const { size } = population;
    const mean = this.#mean.address;
    const variance = this.#variance.address;
    this.#random.normal(this.#noise);
    kernels.colored_noise(address, this.#noise.address, this.#colors.address, size, horizon, actionSize);
    kernels.clipped_sample(address, address, mean, variance, low.address, high.address, size, length);
  }

  // rows from 0 (or 1, after the mean) become the best elites as they look `age` steps later, ending in what was sampled
  #keepElites(population: Population, afterMean: boolean, elites: Tensor, count: number, age: number): void {
    const { horizon, actionSize, length } = this.#bounds;
    const { kernels } = this.#scope.runtime;
    const rows = population.actions.address + (afterMean ? 4 * length : 0);
    kernels.elites_keep(rows, elites.address, age, Math.min(this.#keep, count), horizon, actionSize);
  }

  // mean, variance ← α · old + (1 − α) · those of the elites
  #refit({ actions, elites }: Population, found: number): void {
    const { low, high, length } = this.#bounds;
    this.#scope.runtime.kernels.cem_refit(
      this.#mean.address,
      this.#variance.address,
      actions.address,
      elites.address,
      low.address,
      high.address,
      found,
      length,
      this.#alpha,
    );
  }

  /** The mean ends in its last action repeated, the elites in newly sampled ones, as in the paper. */
  advance(steps = 1): void {
    checkInteger(`${OP}.advance`, "steps", steps);
    shift(this.#warmStart.view, Math.min(steps, this.horizon - 1), this.#bounds.actionSize);
    this.#age = Math.min(this.#age + steps, this.horizon);
  }

  reset(): void {
    this.#warmStart.view.set(this.#bounds.middle);
    this.#oldCount = 0;
    this.#age = 0;
  }

  save(): SavedState {
    const facts = { random: this.#random.save(), elites: this.#oldCount, age: this.#age };
    return savedState(OP, facts, { warmStart: this.#warmStart, elites: this.#oldElites });
  }

  load(state: SavedState): void {
    const op = `${OP}.load`;
    const tensors = { warmStart: this.#warmStart, elites: this.#oldElites };
    const { random, elites, age } = checkState(op, OP, state, tensors);
    const count = checkInteger(op, "state.meta.elites", elites, 0, this.#oldElites.shape[0]);
    const steps = checkInteger(op, "state.meta.age", age, 0, this.horizon);
    const { arrays } = state;
    checkWithin(op, "state.arrays.warmStart", this.actionSpace, arrays.warmStart.data);
    const current = arrays.elites.data.subarray(0, count * this.#bounds.length);
    checkWithin(op, "state.arrays.elites", this.actionSpace, current);
    this.#random.load(random);
    this.#warmStart.write(arrays.warmStart.data);
    this.#oldElites.write(arrays.elites.data);
    this.#oldCount = count;
    this.#age = steps;
  }

  dispose(): void {
    this.#scope.dispose();
  }
}

function roundSize(population: number, decay: number, round: number, elites: number): number {
  let size = population;
  for (let i = 0; i < round; i++) size /= decay;
  return Math.max(Math.ceil(size), 2 * elites);
}
