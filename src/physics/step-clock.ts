// When the environments of a batch are: the second that the counting of steps began at, and the steps since. The kernels count in
// 32 bits, in the states; what they counted is carried over here from time to time. Seconds are start + steps · timestep: no sum of
// many small numbers.

import type { Lanes, Mask } from "./lanes.js";

/** Steps after which the kernels' count is carried over. With a call of at most 2³⁰ steps it stays below 2³¹. */
const CARRIED_AFTER = 2 ** 16;

export class StepClock {
  readonly #batch: number;
  readonly #timestep: number;
  // where the kernels count, in a state
  readonly #place: number;
  readonly #start: Float64Array;
  readonly #carried: Float64Array;
  // how many the kernels may have counted since
  #counted = 0;

  constructor(batch: number, timestep: number, place: number) {
    this.#batch = batch;
    this.#timestep = timestep;
    this.#place = place;
    this.#start = new Float64Array(batch);
    this.#carried = new Float64Array(batch);
  }

  /** Seconds at which the counting began [B], in a new array. */
  get start(): Float64Array {
    return this.#start.slice();
  }

  /** Steps since then [B]. */
  steps(states: Lanes): Float64Array {
    const counted = states.wholes(this.#place, new Int32Array(this.#batch));
    return this.#carried.map((carried, b) => carried + counted[b]);
  }

  /** Seconds now [B]. */
  now(states: Lanes): Float64Array {
    const steps = this.steps(states);
    return this.#start.map((start, b) => start + steps[b] * this.#timestep);
  }

  /** Seconds now in one environment. */
  nowOf(states: Lanes, b: number): number {
    return this.#start[b] + (this.#carried[b] + states.whole(b, this.#place)) * this.#timestep;
  }

  /** The environments of `mask` are at `times` [B] now. */
  set(states: Lanes, times: Float64Array, mask: Mask): void {
    states.setWholes(this.#place, new Int32Array(this.#batch), mask);
    for (let b = 0; b < this.#batch; b++) {
      if (mask && !mask[b]) continue;
      this.#start[b] = times[b];
      this.#carried[b] = 0;
    }
  }

  /** All are `steps` [B] after `start` [B]. */
  load(states: Lanes, start: Float64Array, steps: Float64Array): void {
    states.setWholes(this.#place, new Int32Array(this.#batch));
    this.#start.set(start);
    this.#carried.set(steps);
    this.#counted = 0;
  }

  /** The kernels have made `repeat` steps more. */
  passed(states: Lanes, repeat: number): void {
    this.#counted += repeat;
    if (this.#counted >= CARRIED_AFTER) this.load(states, this.start, this.steps(states));
  }
}
