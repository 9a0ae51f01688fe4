// Counters by which a thread learns that others have done their part. A task waits only for tasks with lower numbers, which
// are already running or done, so the wait ends; on one thread it is over before it begins. It also ends when one of
// those threads is gone: told by its host, or noticed because no task at all has ended for some seconds.

import { DONE, FAILED, MAY_SLEEP, PATIENCE, SPIN } from "./words";

/** Counts one more. */
export function signal(counter: usize): void {
  atomic.add<i32>(counter, 1);
}

/** Waits until the counter has reached `count`. False: a thread has failed, and what was waited for will not come. */
export function wait_for(counter: usize, count: i32): bool {
  if (atomic.load<i32>(counter) >= count) return true;
  return wait_longer(counter, count, load<i32>(PATIENCE), true);
}

/** The same, with fewer microseconds of patience; where `heed` is false, also while a thread has failed. */
export function wait_longer(counter: usize, count: i32, patience: i32, heed: bool): bool {
  for (let rounds = load<i32>(SPIN); rounds > 0; --rounds) {
    if (atomic.load<i32>(counter) >= count) return true;
  }
  let silence = 0;
  let done = atomic.load<i32>(DONE);
  for (let pause = 50; silence < patience; silence += pause) {
    const value = atomic.load<i32>(counter);
    if (value >= count) return true;
    if (heed && atomic.load<i32>(FAILED)) return false;
    sleep_on(counter, value, <i64>pause * 1000, load<i32>(MAY_SLEEP));
    const now = atomic.load<i32>(DONE);
    if (now != done) silence = 0;
    done = now;
    // sleeps that are counted, not a clock: a machine that was suspended makes nobody dead
    if (silence >= 10_000) pause = 1000;
  }
  atomic.cmpxchg<i32>(FAILED, 0, -1);
  return false;
}

/**
 * Sleeps until somebody wakes `word`, while it is `value`, for so many nanoseconds at most; spins where a thread may not
 * sleep. A function of its own: the baseline compiler of V8 11.3 (Node 20) loses locals across the instruction that sleeps,
 * and here none is needed after it.
 */
export function sleep_on(word: usize, value: i32, nanoseconds: i64, allowed: i32): void {
  // never the case: a function that calls itself is not inlined
  if (nanoseconds < 0) sleep_on(word, value, 0, allowed);
  for (let rounds = allowed ? 0 : <i32>nanoseconds; rounds > 0; --rounds) {
    if (atomic.load<i32>(word) != value) return;
  }
  if (allowed) atomic.wait<i32>(word, value, nanoseconds);
}
