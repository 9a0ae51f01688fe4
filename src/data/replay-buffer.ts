// Transitions (s, a, r, s', terminated, truncated) in fixed columns of linear memory; when full, the oldest is replaced.

import { checkInteger, checkOptions, FormatError, wrongValue } from "../check.js";
import { loadTensor, metaNumber, saveTensor } from "../saved-state.js";
import type { Disposable, SavedState } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";

export interface ReplayBufferOptions {
  /** Most transitions held. */
  capacity: number;
  /** Length of an observation (D) and of an action (A). */
  observationSize: number;
  actionSize: number;
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
  readonly #scope: Scope;
  #length = 0;
  #next = 0;
  // trajectories of which no row is left
  #gone = 0;

  /** Made by `createReplayBuffer`. */
  constructor(scope: Scope, { capacity, observationSize, actionSize }: ReplayBufferOptions) {
    this.#scope = scope;
    this.capacity = capacity;
    this.observationSize = observationSize;
    this.actionSize = actionSize;
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

  /** Appends a transition; throws on wrong sizes and on numbers that are not finite, and then nothing is stored. */
  add(transition: Transition): void {
    const op = "replayBuffer.add";
    const { observation, action, reward, nextObservation, terminated, truncated } = transition;
    checkRow(op, "observation", observation, this.observationSize);
    checkRow(op, "action", action, this.actionSize);
    checkRow(op, "nextObservation", nextObservation, this.observationSize);
    checkFloat(op, "reward", reward);
    const row = this.#next;
    const replaces = this.#length === this.capacity;
    if (replaces && this.#isLast(row, (row + 1) % this.capacity)) this.#gone++;
    this.observation.view.set(observation, row * this.observationSize);
    this.action.view.set(action, row * this.actionSize);
    this.reward.view[row] = reward;
    this.nextObservation.view.set(nextObservation, row * this.observationSize);
    this.terminated.view[row] = terminated ? 1 : 0;
    this.truncated.view[row] = truncated ? 1 : 0;
    this.#next = (row + 1) % this.capacity;
    this.#length = Math.max(this.#length, row + 1);
  }

  /**
   * The number of the trajectory that each row belongs to [length], counted from the first that was ever added. One ends
   * where a transition terminated, was truncated, or is not followed by the next of its episode (whose `observation` is
   * the `nextObservation` before it).
   */
  trajectories(): Uint32Array {
    const n = this.#length;
    const oldest = n < this.capacity ? 0 : this.#next;
    const numbers = new Uint32Array(n);
    for (let i = 0, number = this.#gone; i < n; i++) {
      const row = (oldest + i) % n;
      numbers[row] = number;
      if (this.#isLast(row, (row + 1) % n)) number++;
    }
    return numbers;
  }

  save(): SavedState {
    const n = this.#length;
    return {
      meta: { length: n, next: this.#next, gone: this.#gone },
      arrays: {
        observation: saveTensor(this.observation, n * this.observationSize),
        action: saveTensor(this.action, n * this.actionSize),
        reward: saveTensor(this.reward, n),
        nextObservation: saveTensor(this.nextObservation, n * this.observationSize),
        terminated: saveTensor(this.terminated, n),
        truncated: saveTensor(this.truncated, n),
      },
    };
  }

  /** Takes over a saved state; throws `FormatError` when it does not fit. */
  load(state: SavedState): void {
    const [n, next] = [metaNumber(state, "length"), metaNumber(state, "next")];
    const filling = n < this.capacity && next === n;
    const full = n === this.capacity && Number.isInteger(next) && next >= 0 && next < n;
    if (!Number.isInteger(n) || n < 0 || !(filling || full)) {
      throw new FormatError(
        `saved buffer of ${n} transitions, next ${next}, does not fit a capacity of ${this.capacity}`,
      );
    }
    loadTensor(this.observation, state, "observation", n * this.observationSize);
    loadTensor(this.action, state, "action", n * this.actionSize);
    loadTensor(this.reward, state, "reward", n);
    loadTensor(this.nextObservation, state, "nextObservation", n * this.observationSize);
    loadTensor(this.terminated, state, "terminated", n);
    loadTensor(this.truncated, state, "truncated", n);
    this.#next = next;
    this.#length = n;
    // states of before trajectories were counted have none
    this.#gone = (state.meta as { gone?: number }).gone ?? 0;
  }

  dispose(): void {
    this.#scope.dispose();
  }

  // does a trajectory end with `row`, before `following`?
  #isLast(row: number, following: number): boolean {
    if (this.terminated.view[row] || this.truncated.view[row]) return true;
    const D = this.observationSize;
    const next = this.nextObservation.view.subarray(row * D, (row + 1) * D);
    const observation = this.observation.view;
    return next.some((value, d) => value !== observation[following * D + d]);
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
  checkOptions(op, options, ["capacity", "observationSize", "actionSize"]);
  checkInteger(op, "capacity", options.capacity, 1);
  checkInteger(op, "observationSize", options.observationSize, 1);
  checkInteger(op, "actionSize", options.actionSize, 0);
  return runtime.scoped((scope) => new ReplayBuffer(scope, options));
}
