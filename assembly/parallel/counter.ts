// Counters by which a task learns that others of its region are done. The tasks it waits for have lower numbers, so they are
// already running or done: the wait ends. On one thread it is over before it begins.

/** Counts one more. */
export function signal(counter: usize): void {
  atomic.add<i32>(counter, 1);
}

/** Returns when the counter has reached `count`. */
export function wait_for(counter: usize, count: i32): void {
  while (atomic.load<i32>(counter) < count) {}
}
