// One environment of a task: Gymnasium's words and meanings, with the time limit built in.

import { checkOptions } from "../check.js";
import type {
  Box,
  Env,
  EnvSpec,
  GoalSpec,
  Info,
  NumericInput,
  RewardFunction,
  SavedState,
  Space,
  StepResult,
  TerminationFunction,
} from "../types.js";
import type { Runtime } from "../wasm/index.js";
import { checkActions } from "./actions.js";
import { EpisodeError } from "./episode-error.js";
import { checkSeed, createTaskCopies, Phase, type TaskCopies } from "./task-copies.js";
import { rewardFunction, terminationFunction } from "./task-functions.js";
import type { Task } from "./task.js";

/** An environment of a built-in task, with all that planners need. */
export interface TaskEnv<A extends Space = Space> extends Env {
  readonly task: Task<A>;
  readonly observationSpace: Box;
  readonly actionSpace: A;
  readonly reward: RewardFunction;
  readonly terminated: TerminationFunction;
  readonly angles: readonly number[];
}

/**
 * An environment of `task`. The first `reset()` is that of `seed` (default 0), and the ones after it go on along its
 * stream; `reset({ seed })` starts a stream anew. A discrete task takes an integer. An action of another shape, not finite, or
 * outside the action space (unless the task clips) throws before anything moves; `step` before a reset or after the end throws `EpisodeError`.
 */
export function makeEnv<A extends Space>(runtime: Runtime, task: Task<A>, options?: { seed?: number }): TaskEnv<A> {
  const { seed = 0 } = checkOptions("makeEnv", options, ["seed"]);
  return new SingleEnv(runtime, createTaskCopies("makeEnv", runtime, task, 1, seed));
}

/** The task of an environment that `makeEnv` made, else undefined. */
export function taskOf(env: Env): Task | undefined {
  return env instanceof SingleEnv ? env.task : undefined;
}

class SingleEnv<A extends Space> implements TaskEnv<A> {
  readonly task: Task<A>;
  readonly spec: EnvSpec;
  readonly observationSpace: Box;
  readonly actionSpace: A;
  readonly reward: RewardFunction;
  readonly terminated: TerminationFunction;
  readonly angles: readonly number[];
  readonly goal?: GoalSpec;
  readonly #copy: TaskCopies<A>;

  constructor(runtime: Runtime, copy: TaskCopies<A>) {
    const { task } = copy;
    this.task = task;
    this.spec = { id: task.id, maxEpisodeSteps: task.maxEpisodeSteps, timeStep: task.timeStep };
    this.observationSpace = task.observationSpace;
    this.actionSpace = task.actionSpace;
    this.reward = rewardFunction(runtime, task);
    this.terminated = terminationFunction(runtime, task);
    this.angles = task.angles;
    if (task.goal) this.goal = task.goal;
    this.#copy = copy;
  }

  reset(options?: { seed?: number }): { observation: Float32Array; info: Record<string, never> } {
    this.#copy.checkOpen();
    const { seed } = checkOptions("env.reset", options, ["seed"]);
    if (seed !== undefined) {
      checkSeed("env.reset", seed);
      this.#copy.seed(0, seed);
    }
    this.#copy.start(0);
    return { observation: this.#copy.observation.read(), info: {} };
  }

  step(action: NumericInput | number): StepResult {
    const copy = this.#copy;
    copy.checkOpen();
    if (copy.phase[0] !== Phase.running) {
      const why = copy.phase[0] === Phase.fresh ? "no episode was started" : "the episode has ended";
      throw new EpisodeError(`env.step: ${why}; call reset() first`);
    }
    copy.action.write(checkActions("env.step", this.task, action));
    copy.step();
    const divergence = copy.divergence("env.step", 0);
    if (divergence) throw divergence;
    const terminated = copy.ended.view[0] === 1;
    const truncated = copy.count(0, terminated);
    const observation = copy.observation.read();
    return { observation, reward: copy.reward.view[0], terminated, truncated, info: this.#info(observation) };
  }

  snapshot(): SavedState {
    this.#copy.checkOpen();
    return this.#copy.save();
  }

  restore(state: SavedState): void {
    this.#copy.checkOpen();
    this.#copy.load(state);
  }

  close(): void {
    this.#copy.dispose();
  }

  #info(observation: Float32Array): Info {
    const { goal } = this;
    if (!goal) return {};
    const reached = new Uint8Array(1);
    // the goals are the last columns
    const goals = observation.subarray(goal.observationSize);
    goal.success(goals.subarray(0, goal.goalSize), goals.subarray(goal.goalSize), reached);
    return { isSuccess: reached[0] === 1 };
  }
}
