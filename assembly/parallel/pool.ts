// A pool of threads on one memory. The caller publishes a region and takes part in it as thread 0; workers 1, 2, … claim
// tasks as long as there are any. Tasks are claimed in the order of their numbers by counting LEFT down: whoever gets a
// positive number has a task of the region that is published, and the region lasts until that task has ended. There are
// no locks, so that a thread that dies leaves nothing locked.
//
// A worker without work spins for a while and then sleeps; waking takes the caller tens of microseconds, so that it is done
// only when somebody sleeps. `pool_work` runs for as long as its thread: engines never optimize a function that does not
// return, so it does nothing itself but wait.

import { sleep_on, wait_for, wait_longer } from "./counter";
import { run_task } from "./tasks";
import { ARGS, DONE, FAILED, KIND, LAST, LEFT, PATIENCE, RUNNING, SLEEPERS, SPIN, STOP, WAKE } from "./words";

/** Nanoseconds that a worker sleeps before it looks around. */
const SLEEP: i64 = 1_000_000_000;

/** Runs tasks first … last − 1 on all threads. 0: done. 1: a thread failed, and part of the tasks were not run. */
export function pool_run(kind: i32, args: usize, first: i32, last: i32): i32 {
  const count = last - first;
  store<i32>(KIND, kind);
  store<i32>(ARGS, <i32>args);
  store<i32>(LAST, last);
  store<i32>(DONE, 0);
  atomic.store<i32>(LEFT, count);
  if (atomic.load<i32>(SLEEPERS)) {
    atomic.add<i32>(WAKE, 1);
    atomic.notify(WAKE, -1);
  }
  claim_tasks(0);
  if (wait_for(DONE, count) && !atomic.load<i32>(FAILED)) return 0;
  // nobody is to begin another task, and those who can are to end theirs before the caller goes on
  atomic.store<i32>(STOP, 1);
  const claimed = count - max(0, atomic.xchg<i32>(LEFT, 0));
  wait_longer(DONE, claimed, load<i32>(PATIENCE) / 4, false);
  return 1;
}

/** What a worker does, from its start until STOP, as thread `thread`. */
export function pool_work(thread: i32): void {
  while (!atomic.load<i32>(STOP)) {
    claim_tasks(thread);
    idle();
  }
}

// looks for work for SPIN rounds, then sleeps until woken
function idle(): void {
  for (let rounds = load<i32>(SPIN); rounds > 0; --rounds) {
    if (atomic.load<i32>(LEFT) > 0) return;
  }
  // a region that is published after the next look at LEFT finds a sleeper to wake; one before it is seen by that look
  atomic.add<i32>(SLEEPERS, 1);
  const wake = atomic.load<i32>(WAKE);
  if (atomic.load<i32>(LEFT) <= 0 && !atomic.load<i32>(STOP)) sleep_on(WAKE, wake, SLEEP, 1);
  atomic.sub<i32>(SLEEPERS, 1);
}

function claim_tasks(thread: i32): void {
  const running = RUNNING + ((<usize>thread) << 6);
  while (atomic.load<i32>(LEFT) > 0 && !atomic.load<i32>(FAILED)) {
    const left = atomic.sub<i32>(LEFT, 1);
    if (left <= 0) return;
    atomic.store<i32>(running, 1);
    run_task(load<i32>(KIND), <usize>load<u32>(ARGS), load<i32>(LAST) - left, thread);
    atomic.store<i32>(running, 0);
    atomic.add<i32>(DONE, 1);
  }
}
