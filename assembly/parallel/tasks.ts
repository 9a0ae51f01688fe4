// Regions: work cut into numbered tasks by sizes alone, never by the number of threads, and run in any order by any thread.
// A task finds all it needs at one address of arguments, written by the host before the region begins. src/wasm/tasks.ts
// lists the kinds in the same order.

import { bodies_task } from "../envs/bodies";
import { expand_task } from "../learning/expansion";
import { imagine_task } from "../models/imagine";
import { rollout_task } from "../models/rollout";
import { backward_task, forward_task, tangent_task } from "../nn/passes";
import { predict_task } from "../nn/predict";
import { train_task } from "../nn/train";
import { weights_task } from "../nn/weights";
import { physics_task } from "../physics/batch";

/** Runs one task; `thread` chooses the scratch memory. */
export function run_task(kind: i32, args: usize, task: i32, thread: i32): void {
  switch (kind) {
    case 0:
      return predict_task(args, task, thread);
    case 1:
      return forward_task(args, task);
    case 2:
      return backward_task(args, task, thread);
    case 3:
      return tangent_task(args, task);
    case 4:
      return weights_task(args, task, thread);
    case 5:
      return train_task(args, task, thread);
    case 6:
      return rollout_task(args, task, thread);
    case 7:
      return physics_task(args, task, thread);
    case 8:
      return bodies_task(args, task, thread);
    case 9:
      return imagine_task(args, task, thread);
    case 10:
      return expand_task(args, task, thread);
    default:
      unreachable();
  }
}

/** Runs tasks first … last − 1 in order on the calling thread, as its number `thread`. */
export function tasks_run(kind: i32, args: usize, first: i32, last: i32, thread: i32): void {
  for (let task = first; task < last; ++task) run_task(kind, args, task, thread);
}
