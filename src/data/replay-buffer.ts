// Transitions (s, a, r, s', terminated, truncated) in fixed columns of linear memory; when full, the oldest is replaced. Several
// environments may add in turn, each to its own lane: every row knows its trajectory and the row that followed it there. Links
// lead from older rows to newer ones, which are replaced later, so that none is ever stale.

import { checkInteger, checkOptions, FormatError, wrongValue } from "../check.js";
import { metaCount, savedArray, saveTensor } from "../saved-state.js";
import type { Disposable, DType, SavedState } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";

export interface ReplayBufferOptions {
  /** Most transitions held. */
  capacity: number;
  /** Length of an observation (D) and of an action (A). */
  observationSize: number;
  actionSize: number;
  /** Environments that add in turn, each to a lane of its own. Default 1. */
  lanes?: number;
}

/** One transition as it is added; only `terminated` ends the value of a state. */
export interface Transition {
  readonly observation: ArrayLike<number>;
  readonly action: ArrayLike<number>;
  readonly reward: number;
  readonly nextObservation: ArrayLike<number>;
  readonly terminated: boolean;
  readonly truncated: boolean;
}

export class ReplayBuffer implements Disposable {
  readonly runtime: Runtime;
  readonly capacity: number;
  readonly observationSize: number;
  readonly actionSize: number;
  /** Columns, row i = transition i: [capacity, D], [capacity, A], [capacity], … */
  readonly observation: Tensor;
  readonly action: Tensor;
  readonly reward: Tensor;
  readonly nextObservation: Tensor;
  readonly terminated: Tensor<"u8">;
  readonly truncated: Tensor<"u8">;
  /** The row of the step that followed in the same trajectory; -1 where there is none yet [capacity]. */
  readonly follower: Tensor<"i32">;
  /** The number of the trajectory of each row, as `trajectories()` [capacity]. */
  readonly trajectory: Tensor<"u32">;
  /** How many steps on in its trajectory a row is than others of it: that of a follower is one more [capacity]. */
  readonly step: Tensor<"u32">;
  /** Environments that add in turn. */
  readonly lanes: number;
  readonly #scope: Scope;
  // number of the next trajectory to begin
  #trajectories = 0;
  // newest row of each lane; -1 before the first
  readonly #newest: Int32Array;
  #length = 0;
  #next = 0;

  /** Made by `createReplayBuffer`. */
  constructor(scope: Scope, { capacity, observationSize, actionSize, lanes = 1 }: ReplayBufferOptions) {
    this.#scope = scope;
    this.runtime = scope.runtime;
    this.capacity = capacity;
    this.observationSize = observationSize;
    this.actionSize = actionSize;
    this.lanes = lanes;
    this.follower = scope.tensor([capacity], "i32");
    this.trajectory = scope.tensor([capacity], "u32");
    this.step = scope.tensor([capacity], "u32");
    this.#newest = new Int32Array(lanes).fill(-1);
    this.observation = scope.tensor([capacity, observationSize]);
    this.action = scope.tensor([capacity, actionSize]);
    this.reward = scope.tensor([capacity]);
    this.nextObservation = scope.tensor([capacity, observationSize]);
    this.terminated = scope.tensor([capacity], "u8");
    this.truncated = scope.tensor([capacity], "u8");
  }

  /** Transitions held. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends a transition to a lane; throws on wrong sizes and on numbers that are not finite, and then nothing is stored. It goes
   * on with the lane's trajectory where that has not ended and led to this `observation`; otherwise it begins another one.
   */
  add(transition: Transition, lane = 0): void {
    const op = "replayBuffer.add";
    const { observation, action, reward, nextObservation, terminated, truncated } = transition;
    checkRow(op, "observation", observation, this.observationSize);
    checkRow(op, "action", action, this.actionSize);
    checkRow(op, "nextObservation", nextObservation, this.observationSize);
    checkFloat(op, "reward", reward);
    checkInteger(op, "lane", lane, 0, this.lanes - 1);
    const row = this.#next;
    this.#link(row, lane, observation);
    this.observation.view.set(observation, row * this.observationSize);
    this.action.view.set(action, row * this.actionSize);
    this.reward.view[row] = reward;
    this.nextObservation.view.set(nextObservation, row * this.observationSize);
    this.terminated.view[row] = terminated ? 1 : 0;
    this.truncated.view[row] = truncated ? 1 : 0;
    this.#next = (row + 1) % this.capacity;
    this.#length = Math.max(this.#length, row + 1);
  }

  /** The next transition of `lane` begins another trajectory, wherever it begins. */
  cut(lane = 0): void {
    checkInteger("replayBuffer.cut", "lane", lane, 0, this.lanes - 1);
    this.#newest[lane] = -1;
  }

  /**
   * The number of the trajectory that each row belongs to [length], counted from the first that was ever added. One ends where
   * a transition terminated, was truncated, or is not followed by the next of its episode.
   */
  trajectories(): Uint32Array {
    return this.trajectory.view.slice(0, this.#length) as Uint32Array;
  }

  save(): SavedState {
    const n = this.#length;
    return {
      meta: { length: n, next: this.#next, trajectories: this.#trajectories, newest: [...this.#newest] },
      arrays: Object.fromEntries(this.#columns().map(([name, column, width]) => [name, saveTensor(column, n * width)])),
    };
  }

  /** Takes over a saved state; throws `FormatError` when it does not fit, and then everything is as before. */
  load(state: SavedState): void {
    const [n, next] = [metaCount(state, "length"), metaCount(state, "next")];
    // filling up, or full
    if (n < this.capacity ? next !== n : n > this.capacity || next >= n) {
      throw new FormatError(
        `saved buffer of ${n} transitions, next ${next}, does not fit a capacity of ${this.capacity}`,
      );
    }
    const trajectories = metaCount(state, "trajectories");
    const columns = this.#columns();
    const saved = columns.map(([name, column, width]) => savedArray(column, state, name, n * width));
    const newest = this.#checkLinks(state, n, next);
    for (const [i, { data }] of saved.entries()) columns[i][1].view.set(data as never);
    this.#next = next;
    this.#length = n;
    this.#newest.set(newest);
    this.#trajectories = trajectories;
    this.#countSteps();
  }

  dispose(): void {
    this.#scope.dispose();
  }

  // what is saved: names, columns, and numbers of a row
  #columns(): (readonly [string, Tensor<DType>, number])[] {
    const { observation, action, reward, nextObservation, terminated, truncated, trajectory, follower } = this;
    const columns = { observation, action, reward, nextObservation, terminated, truncated, trajectory, follower };
    return Object.entries(columns).map(([name, column]) => [name, column, column.size / this.capacity]);
  }

  // makes `row`, which still holds what it replaces, the newest of a lane
  #link(row: number, lane: number, observation: ArrayLike<number>): void {
    const before = this.#newest[lane];
    const goesOn = before >= 0 && this.#leadsTo(before, observation);
    this.trajectory.view[row] = goesOn ? (this.trajectory.view[before] as number) : this.#trajectories++;
    this.step.view[row] = goesOn ? (this.step.view[before] as number) + 1 : 0;
    this.follower.view[row] = -1;
    // a lane whose newest row is the one replaced has no row left to be followed
    const left = this.#newest.indexOf(row);
    if (left >= 0) this.#newest[left] = -1;
    if (goesOn && before !== row) this.follower.view[before] = row;
    this.#newest[lane] = row;
  }

  // does the trajectory of `row` go on at `observation`?
  #leadsTo(row: number, observation: ArrayLike<number>): boolean {
    if (this.terminated.view[row] || this.truncated.view[row]) return false;
    const D = this.observationSize;
    const reached = this.nextObservation.view.subarray(row * D, (row + 1) * D);
    return reached.every((value, d) => value === Math.fround(observation[d]));
  }

  // a row that is none would lead kernels astray, one that is not newer round in circles; what the newest rows of the lanes are
  #checkLinks(state: SavedState, n: number, next: number): number[] {
    const { newest } = state.meta as { newest?: unknown };
    const isRow = (row: unknown): boolean => Number.isInteger(row) && Number(row) >= -1 && Number(row) < n;
    if (!Array.isArray(newest) || newest.length !== this.lanes) {
      throw new FormatError(`saved buffer is not one of ${this.lanes} lanes`);
    }
    // lanes on one row would both go on from it, and lead to two
    const shared = (row: unknown, lane: number): boolean => row !== -1 && newest.indexOf(row) !== lane;
    if (!newest.every(isRow) || newest.some(shared)) {
      throw new FormatError(`saved buffer has newest rows [${newest}], no rows or shared ones`);
    }
    const age = (row: number): number => (n < this.capacity ? row : (row - next + n) % n);
    const led = new Uint8Array(n);
    for (const [row, follower] of Array.from(state.arrays.follower.data).entries()) {
      if (follower === -1) continue;
      if (!isRow(follower) || age(follower) <= age(row) || led[follower]++) {
        throw new FormatError(
          `saved buffer has ${follower} for the follower of row ${row}, no newer row or one of two`,
        );
      }
    }
    return newest as number[];
  }

  // what is not saved, as only differences count; links lead from older rows to newer ones
  #countSteps(): void {
    const n = this.#length;
    const [step, follower] = [this.step.view, this.follower.view];
    step.fill(0);
    for (let i = 0; i < n; i++) {
      const row = (this.#next + i) % n;
      if (follower[row] >= 0) step[follower[row]] = step[row] + 1;
    }
  }

  /** Lets `using buffer = …` dispose of it. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

function checkRow(op: string, name: string, row: ArrayLike<number>, size: number): void {
  if (row.length !== size) wrongValue(op, name, `${size} numbers`, row);
  for (let i = 0; i < size; i++) checkFloat(op, `${name}[${i}]`, row[i]);
}

// finite also once rounded to float32, as it is stored
function checkFloat(op: string, name: string, value: number): void {
  if (!Number.isFinite(Math.fround(value))) wrongValue(op, name, "a finite number (of float32)", value);
}

/** An empty buffer; throws `RangeError` on sizes below 1, `OutOfMemoryError` when the columns do not fit. */
export function createReplayBuffer(runtime: Runtime, options: ReplayBufferOptions): ReplayBuffer {
  const op = "createReplayBuffer";
  checkOptions(op, options, ["capacity", "observationSize", "actionSize", "lanes"]);
  checkInteger(op, "capacity", options.capacity, 1);
  checkInteger(op, "observationSize", options.observationSize, 1);
  checkInteger(op, "actionSize", options.actionSize, 0);
  checkInteger(op, "lanes", options.lanes ?? 1, 1, options.capacity);
  return runtime.scoped((scope) => new ReplayBuffer(scope, options));
}
