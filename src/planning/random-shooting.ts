// Random shooting: draw N action sequences uniformly, return the one with the best return. No memory between plans.

import { checkInteger, checkOptions } from "../check.js";
import { RandomStream } from "../kernels/index.js";
import { finish } from "../steps.js";
import type { Box, Rollout, SavedState, Steps } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import { Bounds, planInto, type Planner, type PlannerOptions } from "./planner.js";
import { Population } from "./population.js";
import { checkState, savedState } from "./state.js";

const OP = "randomShooting";

/**
 * A planner that shoots at random. Published populations are large: 1000 for 10 steps (the MB-MPC baseline of MB-MPO), 2000
 * to 2500 (PETS), so `population` has no default.
 */
export function randomShooting(runtime: Runtime, options: PlannerOptions): Planner {
  checkOptions(OP, options, ["actionSpace", "horizon", "population", "seed"]);
  return runtime.scoped((scope) => new RandomShooting(scope, options));
}

class RandomShooting implements Planner {
  readonly horizon: number;
  readonly actionSpace: Box;
  readonly #scope: Scope;
  readonly #bounds: Bounds;
  readonly #population: Population;
  readonly #best: Tensor;
  readonly #random: RandomStream;

  constructor(scope: Scope, { actionSpace, horizon, population, seed = 0 }: PlannerOptions) {
    checkInteger(OP, "population", population, 1);
    const bounds = new Bounds(OP, scope, actionSpace, horizon);
    this.horizon = horizon;
    this.actionSpace = actionSpace;
    this.#scope = scope;
    this.#bounds = bounds;
    this.#population = new Population(scope, bounds, population, 1);
    this.#best = scope.tensor([horizon, bounds.actionSize]);
    this.#random = scope.hold(new RandomStream(scope.runtime, seed, OP));
  }

  plan<Start>(rollout: Rollout<Start>, start: Start, out?: Float32Array): Float32Array {
    return finish(this.planSteps(rollout, start, out));
  }

  *planSteps<Start>(rollout: Rollout<Start>, start: Start, out?: Float32Array): Steps<Float32Array> {
    const { low, high, length } = this.#bounds;
    const { kernels } = this.#scope.runtime;
    const population = this.#population;
    const { address } = population.actions;
    const plan = planInto(`${OP}.plan`, out, length);
    this.#random.uniform(population.actions);
    kernels.shooting_sample(address, address, low.address, high.address, population.size, length);
    yield* population.select(`${OP}.plan`, rollout, start);
    population.gather(this.#best, 1);
    return this.#best.read(plan) as Float32Array;
  }

  advance(): void {}

  reset(): void {}

  save(): SavedState {
    return savedState(OP, { random: this.#random.save() }, {});
  }

  load(state: SavedState): void {
    this.#random.load(checkState(`${OP}.load`, OP, state, {}).random);
  }

  dispose(): void {
    this.#scope.dispose();
  }
}
