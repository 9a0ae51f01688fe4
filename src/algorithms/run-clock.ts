// How long a run has been at work, over all processes that had a share in it: also what went into a trial that was interrupted.
// A run is at work once at a time: its clock tells.

import { BusyError } from "../check.js";

export class RunClock {
  #before = 0;
  #started: number | null = null;

  /** Seconds between `start` and `stop`, or now. */
  get seconds(): number {
    return this.#before + (this.#started === null ? 0 : (performance.now() - this.#started) / 1000);
  }

  /** Throws `BusyError` when it runs already; `name` is what the run is called. */
  start(name: string): void {
    if (this.#started !== null) throw new BusyError(`${name}: this run is being iterated already`);
    this.#started = performance.now();
  }

  stop(): void {
    this.load(this.seconds);
  }

  /** Stops, and stands at what a saved run had. */
  load(seconds: number): void {
    this.#before = seconds;
    this.#started = null;
  }
}
