// Computations in slices: run without a pause, and cut into slices. Slices are cut by the numbers that are touched, not by time, so
// that what a computation does at each of them depends on its arguments alone.

import type { Steps } from "./types.js";

/** Numbers that a slice touches, at most: some milliseconds of work. */
const SLICE = 2 ** 19;

/** Runs a computation to its end and returns its result. */
export function finish<Result>(steps: Generator<unknown, Result, undefined>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * Does `work` on parts `from … from + count` of 0 … n − 1, each of which touches `cost` numbers, in order; a pause between slices,
 * none where one slice does it all.
 */
export function* inSlices(n: number, cost: number, work: (from: number, count: number) => void): Steps<void> {
  const most = Math.max(1, Math.floor(SLICE / cost));
  for (let from = 0; from < n; from += most) {
    if (from > 0) yield;
    work(from, Math.min(most, n - from));
  }
}

/** The same, of one number 0 … n − 1 after the other. */
export function eachInSlices(n: number, cost: number, work: (i: number) => void): Steps<void> {
  return inSlices(n, cost, (from, count) => {
    for (let i = from; i < from + count; i++) work(i);
  });
}
