// Planning on the environment itself: the return that each of N sequences of H actions would really earn from a snapshot.
// Rewards count until the episode ends, be it by termination or by the time limit, as they would in the environment.

import { rolloutSizes } from "../array.js";
import { wrongKind } from "../check.js";
import type { Box, Disposable, Env, Rollout, SavedState } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import { taskOf } from "./env.js";
import { EpisodeError } from "./episode-error.js";
import { spaceSize } from "./spaces.js";
import { Phase, readTaskState } from "./task-copies.js";
import type { Task } from "./task.js";

/** A `Rollout` that starts from `env.snapshot()`. */
export interface TrueDynamics extends Rollout<SavedState>, Disposable {}

/**
 * The true dynamics of a task or of any environment with a box of actions (`continuousActions` makes one of a discrete task;
 * others are a TypeError). A task, or an environment of `makeEnv`, is
 * stepped in batches in Wasm and the environment is not touched. Any other environment is run sequence by sequence through
 * `restore` and `step`, and put back to where it was. Actions must lie in the action space.
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

/** The tensors for up to N sequences. */
interface Buffers {
  readonly scope: Scope;
  readonly N: number;
  readonly state: Tensor<"f64">;
  readonly observation: Tensor;
  readonly action: Tensor;
  readonly reward: Tensor;
  readonly terminated: Tensor<"u8">;
  readonly alive: Tensor<"u8">;
  readonly total: Tensor<"f64">;
}

class TaskDynamics implements TrueDynamics {
  readonly actionSpace: Box;
  readonly #runtime: Runtime;
  readonly #task: Task;
  #buffers: Buffers | undefined;

  constructor(runtime: Runtime, task: Task, actionSpace: Box) {
    this.#runtime = runtime;
    this.#task = task;
    this.actionSpace = actionSpace;
  }

  returns(start: SavedState, actions: Tensor, out: Tensor): void {
    const { N, H, A } = rolloutSizes("trueDynamics.returns", spaceSize(this.actionSpace), actions, out);
    const task = this.#task;
    const saved = readTaskState(start, task, 1);
    if (saved.phase[0] !== Phase.running) throw notRunning();
    const { state, observation, action, reward, terminated, alive, total } = this.#prepare(N);
    const { kernels } = this.#runtime;
    const step = task.kernels.step(kernels);
    for (let n = 0; n < N; n++) state.view.set(saved.state, n * task.stateSize);
    alive.view.fill(1);
    total.view.fill(0);
    const steps = Math.min(H, task.maxEpisodeSteps - saved.elapsed[0]);
    for (let t = 0; t < steps; t++) {
      kernels.particle_actions(action.address, actions.address, t, 0, N, 1, H, A);
      step(state.address, observation.address, reward.address, terminated.address, action.address, N);
      kernels.particle_rewards(total.address, alive.address, reward.address, terminated.address, N);
    }
    out.view.set(total.view.subarray(0, N));
  }

  dispose(): void {
    this.#buffers?.scope.dispose();
    this.#buffers = undefined;
  }

  // made anew only when more sequences come than ever before
  #prepare(N: number): Buffers {
    if (this.#buffers && this.#buffers.N >= N) return this.#buffers;
    this.dispose();
    const task = this.#task;
    this.#buffers = this.#runtime.scoped((scope) => ({
      scope,
      N,
      state: scope.tensor([N, task.stateSize], "f64"),
      observation: scope.tensor([N, spaceSize(task.observationSpace)]),
      action: scope.tensor([N, spaceSize(this.actionSpace)]),
      reward: scope.tensor([N]),
      terminated: scope.tensor([N], "u8"),
      alive: scope.tensor([N], "u8"),
      total: scope.tensor([N], "f64"),
    }));
    return this.#buffers;
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
