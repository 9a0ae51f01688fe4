// Planning on the environment itself: the return that each of N sequences of H actions would really earn from a snapshot.
// Rewards count until the episode ends, be it by termination or by the time limit, as they would in the environment.

import { rolloutSizes } from "../array.js";
import { wrongKind } from "../check.js";
import { finish } from "../steps.js";
import type { Box, Disposable, Env, Rollout, SavedState, Steps } from "../types.js";
import type { Runtime, Tensor } from "../wasm/index.js";
import { taskOf } from "./env.js";
import { EpisodeError } from "./episode-error.js";
import { spaceSize } from "./spaces.js";
import { Phase, readTaskState } from "./task-copies.js";
import type { Dynamics, Task } from "./task.js";

/** A `Rollout` that starts from `env.snapshot()`. */
export interface TrueDynamics extends Rollout<SavedState>, Disposable {}

/**
 * The true dynamics of a task or of any environment with a box of actions (`continuousActions` makes one of a discrete task;
 * others are a TypeError). A task, or an environment of `makeEnv`, is stepped in batches in Wasm on all threads, and the
 * environment is not touched: a sequence whose body diverges earns nothing from that step on. Any other environment is run
 * sequence by sequence through `restore` and `step`, and put back to where it was. Actions must lie in the action space.
 */
export function trueDynamics(runtime: Runtime, source: Task<Box> | Env): TrueDynamics {
  const task = "step" in source ? taskOf(source) : source;
  const { actionSpace } = source;
  if (actionSpace.kind !== "box") {
    const hint = task ? " (continuousActions makes one of a discrete task)" : "";
    wrongKind("trueDynamics", "actionSpace", `a box${hint}`, `a ${actionSpace.kind} space`);
  }
  return task ? new TaskDynamics(runtime, task, actionSpace) : new EnvDynamics(source as Env, actionSpace);
}

class TaskDynamics implements TrueDynamics {
  readonly actionSpace: Box;
  readonly #task: Task;
  readonly #dynamics: Dynamics;

  constructor(runtime: Runtime, task: Task, actionSpace: Box) {
    this.#task = task;
    this.#dynamics = task.dynamics(runtime, task);
    this.actionSpace = actionSpace;
  }

  returns(start: SavedState, actions: Tensor, out: Tensor): void {
    finish(this.returnsSteps(start, actions, out));
  }

  *returnsSteps(start: SavedState, actions: Tensor, out: Tensor): Steps<void> {
    const { H } = rolloutSizes("trueDynamics.returns", spaceSize(this.actionSpace), actions, out);
    const saved = readTaskState(start, this.#task, 1);
    if (saved.phase[0] !== Phase.running) throw notRunning();
    const steps = Math.min(H, this.#task.maxEpisodeSteps - saved.elapsed[0]);
    yield* this.#dynamics.returns(out, saved.state, actions, steps);
  }

  dispose(): void {
    this.#dynamics.dispose();
  }
}

class EnvDynamics implements TrueDynamics {
  readonly actionSpace: Box;
  readonly #env: Env;

  constructor(env: Env, actionSpace: Box) {
    this.#env = env;
    this.actionSpace = actionSpace;
  }

  returns(start: SavedState, actions: Tensor, out: Tensor): void {
    const { N, H, A } = rolloutSizes("trueDynamics.returns", spaceSize(this.actionSpace), actions, out);
    const env = this.#env;
    const sequences = actions.read();
    const before = env.snapshot();
    try {
      for (let n = 0; n < N; n++) {
        env.restore(start);
        let total = 0;
        for (let t = 0; t < H; t++) {
          const at = (n * H + t) * A;
          const { reward, terminated, truncated } = env.step(sequences.slice(at, at + A));
          total += reward;
          if (terminated || truncated) break;
        }
        out.view[n] = total;
      }
    } finally {
      env.restore(before);
    }
  }

  dispose(): void {
    // owns nothing
  }
}

function notRunning(): EpisodeError {
  return new EpisodeError("trueDynamics.returns: the snapshot was not taken during an episode; call reset() first");
}
