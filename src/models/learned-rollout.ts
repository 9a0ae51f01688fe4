// Returns of action sequences imagined through an ensemble: each sequence is followed by P particles, and
//   TSinf        a particle keeps the member it started with,
//   TS1          at every step the particles of a sequence are dealt out anew, the same number to each member,
//   expectation  every member predicts for the one particle of a sequence, which moves to the mean of the means.
// Everything stays in Wasm for the whole horizon, unless particles are dealt out or a function of the user is called between
// steps. Return = mean over particles of Σ_t r_t until termination, + risk · std over members (over groups of particles, under TS1).
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
import { blockCount, MAX_BLOCK_ROWS, Region, type Scope, type Tensor } from "../wasm/index.js";
import type { DynamicsModel } from "./dynamics-model.js";
import { Particles } from "./particles.js";
import { checkScores, type Scores, scoredInside, scoreOutside } from "./scores.js";

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

// floating-point operations of a slice on each thread: some milliseconds, so that threads seldom wait for each other
const SLICE_WORK = 200e6;

export class LearnedRollout implements Rollout<NumericInput>, Disposable {
  readonly actionSpace: Box;
  readonly #model: DynamicsModel;
  readonly #scope: Scope;
  readonly #region: Region;
  readonly #scratch: Tensor;
  readonly #start: Tensor;
  readonly #random: RandomStream;
  readonly #scores: Scores;
  readonly #propagation: Propagation;
  /** Groups of particles, one for each member in use (`expectation` has one in all), and particles of a sequence in each. */
  readonly #groups: number;
  readonly #Q: number;
  readonly #risk: number;
  /** Work of one row in one step. */
  readonly #rowWork: number;
  readonly #particles = new Map<number, Particles>();

  /** Made by `learnedRollout`. */
  constructor(scope: Scope, model: DynamicsModel, options: LearnedRolloutOptions) {
    const { actionSpace, reward, terminated, propagation = "TSinf", risk = 0, seed } = options;
    const { network, featureSize } = model;
    const { eliteCount: E, outputStride, targetSize, ensemble } = network;
    const shared = propagation === "expectation";
    this.#scope = scope;
    this.#model = model;
    this.actionSpace = actionSpace;
    this.#scores = { reward, terminated };
    this.#propagation = propagation;
    this.#groups = shared ? 1 : E;
    this.#Q = shared ? 1 : (options.particles ?? E) / E;
    this.#risk = risk;
    this.#start = scope.tensor([model.observationSize]);
    this.#random = scope.hold(new RandomStream(scope.runtime, seed, "learned-rollout"));
    this.#region = new Region(scope, "rollout", 27);
    // of each thread, for each row: activations, outputs of the members that share it, features, targets, normals; the last
    // with room to begin earlier and to be rounded up
    const outputs = (shared ? E : 1) * outputStride;
    const row = 2 * ensemble.table.widest + outputs + featureSize + 2 * targetSize;
    this.#scratch = scope.tensor([scope.runtime.threads, 16 * Math.ceil((MAX_BLOCK_ROWS * row + 32) / 16)]);
    this.#rowWork = (shared ? E : 1) * forwardWork(ensemble.layers);
  }

  returns(start: NumericInput, actions: Tensor, out: Tensor): void {
    finish(this.returnsSteps(start, actions, out));
  }

  *returnsSteps(start: NumericInput, actions: Tensor, out: Tensor): Steps<void> {
    const { observationSize: D, actionSize: A } = this.#model;
    const { N, H } = rolloutSizes("learnedRollout.returns", A, actions, out);
    this.#start.view.set(toFloat32("rollout.returns", "start", start, [D]));
    const particles = this.#prepare(N);
    if (scoredInside(this.#scores) && this.#propagation !== "TS1") {
      yield* this.#advance(particles, actions, H, 0, H);
    } else {
      for (let t = 0; t < H; t++) {
        yield* this.#advance(particles, actions, H, t, t + 1);
        if (!scoredInside(this.#scores)) this.#score(particles, t);
        if (this.#propagation === "TS1" && t + 1 < H) particles.deal(this.#random, t + 1);
      }
    }
    const { kernels } = this.#scope.runtime;
    kernels.particle_returns(out.address, particles.total.address, this.#risk, this.#groups, N, this.#Q);
  }

  save(): SavedState {
    return { meta: { random: this.#random.save() }, arrays: {} };
  }

  load(state: SavedState): void {
    this.#random.load(metaField(state, "random"));
  }

  dispose(): void {
    this.#particles.clear();
    this.#scope.dispose();
  }

  /** Lets `using rollout = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  // steps first … last − 1 of all particles, in slices of bounded work: some tasks, some steps
  *#advance(particles: Particles, actions: Tensor, H: number, first: number, last: number): Steps<void> {
    const { runtime } = this.#scope;
    const { rows, action, reward, ended, total, alive } = particles;
    const [even, odd] = particles.states(0);
    const groupRows = rows / this.#groups;
    const blocks = blockCount(this.#groups, groupRows);
    const tasks = this.#groups * blocks;
    const shared = this.#propagation === "expectation";
    const words = [
      ...[this.#model.table.address, blocks, groupRows, this.#Q, H, actions.address, this.#start.address],
      ...[even, odd, action, reward, ended, total, alive].map(({ address }) => address),
      ...[Number(shared), this.#scores.reward?.compiled?.task ?? 0, this.#scores.terminated?.compiled?.task ?? 0],
      ...[Number(scoredInside(this.#scores)), this.#scratch.address, 4 * this.#scratch.shape[1]],
    ];
    const draws = !shared && this.#model.network.probabilistic;
    const { key, fill } = this.#random.reserve(draws ? last - first : 0);
    // all tasks, and as many steps as a slice affords; or else some tasks and one step
    const affordable = (SLICE_WORK * runtime.threads * tasks) / (this.#rowWork * rows);
    const together = Math.min(tasks, Math.max(runtime.threads, Math.floor(affordable)));
    const steps = Math.max(1, Math.floor(affordable / together));
    for (let task = 0; task < tasks; task += together) {
      for (let t = first; t < last; t += steps) {
        const number = fill + t - first;
        const when = [t, Math.min(t + steps, last), ...key, number, Math.floor(number / 2 ** 32)];
        this.#region.run([...words, ...when], Math.min(task + together, tasks), task);
        yield;
      }
    }
  }

  #score(particles: Particles, t: number): void {
    const { action, reward, ended } = particles;
    const [state, next] = particles.states(t).map((tensor) => tensor.read());
    const { rewards, ends } = scoreOutside(this.#scores, state, action.read(), next, reward.size);
    if (rewards) reward.write(rewards);
    if (ends) ended.write(ends);
    particles.collect();
  }

  #prepare(N: number): Particles {
    const kept = this.#particles.get(N);
    if (kept) return kept;
    const { observationSize: D, actionSize: A } = this.#model;
    const sizes = { E: this.#groups, N, Q: this.#Q, D, A };
    const { scope, particles } = this.#scope.runtime.scoped((inner) => ({
      scope: inner,
      particles: new Particles(inner, sizes),
    }));
    this.#scope.hold(scope);
    this.#particles.set(N, particles);
    return particles;
  }
}

/** Floating-point operations of one row through a network. @internal */
export function forwardWork(layers: readonly number[]): number {
  let work = 0;
  for (let l = 1; l < layers.length; l++) work += 2 * layers[l - 1] * layers[l];
  return work;
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
  checkScores(op, { reward, terminated }, model);
  const { eliteCount } = model.network;
  if (propagation === "expectation") {
    if ((particles ?? 1) !== 1) wrongValue(op, "particles", "1 under expectation", particles);
    if (risk !== 0) wrongValue(op, "risk", "0 under expectation", risk);
  } else if (particles !== undefined && checkInteger(op, "particles", particles, 1) % eliteCount !== 0) {
    wrongValue(op, "particles", `a multiple of the ${eliteCount} elite members`, particles);
  }
  return model.runtime.scoped((scope) => new LearnedRollout(scope, model, options));
}
