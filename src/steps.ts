// Computations in slices, run without a pause.

/** Runs a computation to its end and returns its result. */
export function finish<Result>(steps: Generator<unknown, Result, undefined>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
