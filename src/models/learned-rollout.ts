// Returns of action sequences imagined through an ensemble: each sequence is followed by P particles, and
//   TSinf        a particle keeps the member it started with,
//   TS1          at every step the particles of a sequence are dealt out anew, the same number to each member,
//   expectation  every member predicts for the one particle of a sequence, which moves to the mean of the means.
// Return = mean over particles of Σ_t r_t until termination, + risk · std over members (over groups of particles, under TS1).
// (Chua et al. 2018, section 5; dealing them out evenly is what the authors' code does.)

import { rolloutSizes, toFloat32 } from "../array.js";
import { checkInteger, checkNumber, checkOneOf, checkOptions, wrongKind, wrongValue } from "../check.js";
import { RandomStream } from "../kernels/index.js";
import { metaField } from "../saved-state.js";
import { finish } from "../steps.js";
import type {
  Box,
  Disposable,
  NumericInput,
  RewardFunction,
  Rollout,
  SavedState,
  Steps,
  TerminationFunction,
} from "../types.js";
import type { Scope, Tensor } from "../wasm/index.js";
import type { DynamicsModel } from "./dynamics-model.js";

/** How particles meet the members of the ensemble. */
export type Propagation = "TSinf" | "TS1" | "expectation";

export interface LearnedRolloutOptions {
  actionSpace: Box;
  /** Reward of a transition. Left out when the model has learned it (`learnReward`). */
  reward?: RewardFunction | undefined;
  /** Which next observations end an episode; default: none. */
  terminated?: TerminationFunction | undefined;
  /** Default `TSinf`, as PETS. */
  propagation?: Propagation | undefined;
  /** Particles per sequence, a multiple of the elite members; default one for each. `expectation` has one, always. */
  particles?: number | undefined;
  /** k in mean + k · std over members: negative is pessimistic. Default 0, as PETS. */
  risk?: number | undefined;
  /** Seed of the particles' noise. */
  seed: number;
}

// the tensors for N sequences, kept for each N that a planner uses
interface Buffers {
  readonly state: readonly [Tensor, Tensor];
  readonly total: readonly [Tensor<"f64">, Tensor<"f64">];
  readonly alive: readonly [Tensor<"u8">, Tensor<"u8">];
  readonly action: Tensor;
  readonly features: Tensor;
  readonly output: Tensor;
  readonly target: Tensor;
  readonly noise: Tensor;
  readonly variances: readonly [Tensor, Tensor];
  readonly reward: Tensor;
  readonly ended: Tensor<"u8">;
  readonly bits: Tensor<"u32">;
  readonly index: Tensor<"u32">;
}

export class LearnedRollout implements Rollout<NumericInput>, Disposable {
  readonly actionSpace: Box;
  readonly #model: DynamicsModel;
  readonly #scope: Scope;
  readonly #start: Tensor;
  readonly #random: RandomStream;
  readonly #reward: RewardFunction | undefined;
  readonly #terminated: TerminationFunction | undefined;
  readonly #propagation: Propagation;
  /** Members in use and particles of each. */
  readonly #E: number;
  readonly #Q: number;
  readonly #risk: number;
  readonly #buffers = new Map<number, Buffers>();

  /** Made by `learnedRollout`. */
  constructor(scope: Scope, model: DynamicsModel, options: LearnedRolloutOptions) {
    const { actionSpace, reward, terminated, propagation = "TSinf", risk = 0, seed } = options;
    this.#scope = scope;
    this.#model = model;
    this.actionSpace = actionSpace;
    this.#reward = reward;
    this.#terminated = terminated;
    this.#propagation = propagation;
    this.#E = model.network.eliteCount;
    this.#Q = propagation === "expectation" ? 1 : (options.particles ?? this.#E) / this.#E;
    this.#risk = risk;
    this.#start = scope.tensor([model.observationSize]);
    this.#random = scope.hold(new RandomStream(scope.runtime, seed, "learned-rollout"));
  }

  returns(start: NumericInput, actions: Tensor, out: Tensor): void {
    finish(this.returnsSteps(start, actions, out));
  }

  *returnsSteps(start: NumericInput, actions: Tensor, out: Tensor): Steps<void> {
    const { observationSize: D, actionSize: A } = this.#model;
    const { kernels } = this.#scope.runtime;
    const { N, H } = rolloutSizes("learnedRollout.returns", A, actions, out);
    // particles live in groups of N·Q rows, one group per member; `expectation` has a single group
    const groups = this.#propagation === "expectation" ? 1 : this.#E;
    const Q = this.#Q;
    const rows = groups * N * Q;
    const buffers = this.#prepare(N, rows);
    const { action, target, reward, ended, bits, index } = buffers;
    let [state, nextState] = buffers.state;
    let [total, nextTotal] = buffers.total;
    let [alive, nextAlive] = buffers.alive;

    this.#start.view.set(toFloat32("rollout.returns", "start", start, [D]));
    kernels.rows_repeat(state.address, this.#start.address, rows, D);
    total.view.fill(0);
    alive.view.fill(1);
    ended.view.fill(0);
    for (let t = 0; t < H; t++) {
      kernels.particle_actions(action.address, actions.address, t, groups, N, Q, H, A);
      this.#predict(buffers, state, rows);
      this.#model.applyTarget(nextState, reward, state, target, rows);
      this.#score(buffers, state, nextState, rows);
      kernels.particle_rewards(total.address, alive.address, reward.address, ended.address, rows);
      [state, nextState] = [nextState, state];
      if (this.#propagation === "TS1" && t + 1 < H) {
        this.#random.bits(bits);
        kernels.particle_shuffle(index.address, bits.address, groups, N, Q);
        kernels.rows_gather(nextState.address, state.address, index.address, rows, D);
        const { address } = index;
        kernels.particle_reorder(nextTotal.address, nextAlive.address, total.address, alive.address, address, rows);
        [state, nextState] = [nextState, state];
        [total, nextTotal] = [nextTotal, total];
        [alive, nextAlive] = [nextAlive, alive];
      }
      yield;
    }
    kernels.particle_returns(out.address, total.address, this.#risk, groups, N, Q);
  }

  save(): SavedState {
    return { meta: { random: this.#random.save() }, arrays: {} };
  }

  load(state: SavedState): void {
    this.#random.load(metaField(state, "random"));
  }

  dispose(): void {
    this.#buffers.clear();
    this.#scope.dispose();
  }

  /** Lets `using rollout = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  // target of every particle: a sample of its member's output, or the mean over members
  #predict({ action, features, output, target, noise, variances }: Buffers, state: Tensor, rows: number): void {
    const model = this.#model;
    const { network } = model;
    model.encode(features.address, state.address, action.address, rows);
    if (this.#propagation === "expectation") {
      network.forwardElites(output, features, rows);
      network.combine(target, variances[0], variances[1], output, rows);
    } else {
      network.forwardElites(output, features, rows / this.#E);
      if (network.probabilistic) this.#random.normal(noise);
      network.sample(target, output, noise, rows);
    }
  }

  #score({ action, reward, ended }: Buffers, state: Tensor, next: Tensor, rows: number): void {
    const given = this.#reward;
    if (given?.kernel) given.kernel(reward.address, state.address, action.address, next.address, rows);
    else if (given) {
      // what a reward forgets to write must not look like one
      reward.view.fill(Number.NaN);
      given(state.view, action.view, next.view, reward.view);
    }
    const terminated = this.#terminated;
    if (terminated?.kernel) terminated.kernel(ended.address, next.address, rows);
    else terminated?.(next.view, ended.view);
  }

  #prepare(N: number, rows: number): Buffers {
    const kept = this.#buffers.get(N);
    if (kept) return kept;
    const { observationSize: D, actionSize: A, featureSize: F, network } = this.#model;
    const expectation = this.#propagation === "expectation";
    const buffers = this.#scope.runtime.scoped((scope) => ({
      scope,
      state: [scope.tensor([rows, D]), scope.tensor([rows, D])] as const,
      total: [scope.tensor([rows], "f64"), scope.tensor([rows], "f64")] as const,
      alive: [scope.tensor([rows], "u8"), scope.tensor([rows], "u8")] as const,
      action: scope.tensor([rows, A]),
      // one block of rows for each member, or the same rows for all
      features: scope.tensor(expectation ? [rows, F] : [this.#E, rows / this.#E, F]),
      output: scope.tensor([expectation ? this.#E * rows : rows, network.outputStride]),
      target: scope.tensor([rows, network.targetSize]),
      noise: scope.tensor([rows, network.targetSize]),
      variances: [scope.tensor([rows, network.targetSize]), scope.tensor([rows, network.targetSize])] as const,
      reward: scope.tensor([rows]),
      ended: scope.tensor([rows], "u8"),
      bits: scope.tensor([rows], "u32"),
      index: scope.tensor([rows], "u32"),
    }));
    this.#scope.hold(buffers.scope);
    this.#buffers.set(N, buffers);
    return buffers;
  }
}

const known = ["actionSpace", "reward", "terminated", "propagation", "particles", "risk", "seed"] as const;

/**
 * A rollout through a learned model, for planners.
 * Throws `RangeError` when the particles are no multiple of the model's elites, `TypeError` without a reward.
 */
export function learnedRollout(model: DynamicsModel, options: LearnedRolloutOptions): LearnedRollout {
  const op = "learnedRollout";
  checkOptions(op, options, known);
  const { actionSpace, reward, terminated, propagation = "TSinf", particles, risk = 0, seed } = options;
  if (actionSpace?.kind !== "box") wrongKind(op, "actionSpace", "a box", actionSpace);
  const size = actionSpace.low.length;
  if (size !== model.actionSize) wrongValue(op, "actionSpace", `${model.actionSize} dimensions`, size);
  checkOneOf(op, "propagation", propagation, ["TSinf", "TS1", "expectation"]);
  checkNumber(op, "risk", risk);
  checkInteger(op, "seed", seed, 0, Number.MAX_SAFE_INTEGER);
  if (model.learnsReward) {
    if (reward !== undefined) wrongKind(op, "reward", "nothing, since the model has learned the reward", reward);
  } else if (typeof reward !== "function") wrongKind(op, "reward", "a function", reward);
  if (terminated !== undefined && typeof terminated !== "function")
    wrongKind(op, "terminated", "a function", terminated);
  const { eliteCount } = model.network;
  if (propagation === "expectation") {
    if (particles !== undefined && particles !== 1) wrongValue(op, "particles", "1 under expectation", particles);
    if (risk !== 0) wrongValue(op, "risk", "0 under expectation, which has no spread over members", risk);
  } else if (particles !== undefined && checkInteger(op, "particles", particles, 1) % eliteCount !== 0) {
    wrongValue(op, "particles", `a multiple of the ${eliteCount} elite members`, particles);
  }
  return model.runtime.scoped((scope) => new LearnedRollout(scope, model, options));
}
