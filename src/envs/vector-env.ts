// A batch of environments of one task, stepped together in Wasm. Batch first; the arrays of a step are the caller's.
// What happens to an environment that has ended is said at construction (Gymnasium's AutoresetMode):
//
//   next-step  the next `step` resets it instead: its action is ignored, its reward is 0, the observation is the start
//   same-step  the step that ends it also resets it: `observation` is the start of the next episode, `finalObservation`
//              the last one of the old
//   disabled   `step` throws until `reset({ mask })` has reset it

import { checkInteger, checkMask, checkOneOf, checkOptions, wrongValue } from "../check.js";
import type {
  Box,
  Disposable,
  EnvSpec,
  GoalSpec,
  Info,
  NumericInput,
  RewardFunction,
  SavedState,
  Space,
  TerminationFunction,
} from "../types.js";
import type { Runtime } from "../wasm/index.js";
import { checkActions } from "./actions.js";
import type { DivergedError } from "./diverged-error.js";
import { EpisodeError } from "./episode-error.js";
import { batchBox } from "./spaces.js";
import { checkSeed, createTaskCopies, Phase, type TaskCopies } from "./task-copies.js";
import { rewardFunction, terminationFunction } from "./task-functions.js";
import type { Task } from "./task.js";

export type Autoreset = "next-step" | "same-step" | "disabled";

export interface VectorEnvOptions {
  /** Number of environments. */
  batch: number;
  /** Environment i has seed `seed + i`. Default 0. */
  seed?: number;
  /** Default `next-step`, as Gymnasium. */
  autoreset?: Autoreset;
}

/** What a step of B environments gives, row-major; made by `createOut()` once and filled by every step. */
export interface VectorStep {
  /** [B, D] */
  readonly observation: Float32Array;
  /** [B] */
  readonly reward: Float32Array;
  /** [B], 1 or 0 */
  readonly terminated: Uint8Array;
  /** [B], 1 or 0 */
  readonly truncated: Uint8Array;
  /** [B, D]: where the step itself led. Differs from `observation` only in rows that `same-step` has reset. */
  readonly finalObservation: Float32Array;
}

/** B environments that are stepped together: of a task (`makeVectorEnv`), or any that are alike (`batchEnvs`). */
export interface VectorEnv<A extends Space = Space> extends Disposable {
  readonly spec: EnvSpec;
  readonly batch: number;
  readonly autoreset: Autoreset;
  /** Spaces of one environment, and of all at once: discrete actions are then the integers of a box [B]. */
  readonly singleObservationSpace: Box;
  readonly singleActionSpace: A;
  readonly observationSpace: Box;
  readonly actionSpace: Box;
  /** What models and planners need, as in `Env`. */
  readonly reward?: RewardFunction | undefined;
  readonly terminated?: TerminationFunction | undefined;
  readonly angles?: readonly number[] | undefined;
  /** Of a task with a goal; `goalSuccess` tells of rows of observations where it is reached. */
  readonly goal?: GoalSpec | undefined;
  /** Arrays for `step`, zeroed. */
  createOut(): VectorStep;
  /**
   * Starts an episode in every environment, or where `mask` [B] is true; a seed starts the stream of environment i anew
   * with seed + i. Returns all observations [B, D].
   */
  reset(options?: { seed?: number; mask?: ArrayLike<boolean | number> }): { observation: Float32Array; info: Info };
  /**
   * Advances by one step. All `actions` ([B, A]; [B] of a discrete task) are checked before any environment moves. Without
   * `out` allocates. When a simulated body diverges, `DivergedError` is thrown after all else is done: `out` holds what the
   * others did, and the episode of the one that diverged has ended without reward.
   */
  step(actions: NumericInput, out?: VectorStep): VectorStep;
  /** The complete state, for `restore` here or in another process. */
  snapshot(): SavedState;
  restore(state: SavedState): void;
  close(): void;
}

/** Environments of a built-in task. */
export interface TaskVectorEnv<A extends Space = Space> extends VectorEnv<A> {
  readonly task: Task<A>;
  readonly reward: RewardFunction;
  readonly terminated: TerminationFunction;
  readonly angles: readonly number[];
}

/** `batch` environments of `task`. Environment i does bit for bit what `makeEnv(runtime, task, { seed: seed + i })` does. */
export function makeVectorEnv<A extends Space>(
  runtime: Runtime,
  task: Task<A>,
  options: VectorEnvOptions,
): TaskVectorEnv<A> {
  const op = "makeVectorEnv";
  const { batch, seed = 0, autoreset = "next-step" } = checkOptions(op, options, ["batch", "seed", "autoreset"]);
  checkInteger(op, "batch", batch, 1);
  checkOneOf(op, "autoreset", autoreset, ["next-step", "same-step", "disabled"]);
  return new TaskCopiesEnv(runtime, createTaskCopies(op, runtime, task, batch, seed), autoreset);
}

class TaskCopiesEnv<A extends Space> implements TaskVectorEnv<A> {
  readonly task: Task<A>;
  readonly spec: EnvSpec;
  readonly batch: number;
  readonly autoreset: Autoreset;
  readonly singleObservationSpace: Box;
  readonly singleActionSpace: A;
  readonly observationSpace: Box;
  readonly actionSpace: Box;
  readonly reward: RewardFunction;
  readonly terminated: TerminationFunction;
  readonly angles: readonly number[];
  readonly goal: GoalSpec | undefined;
  readonly #copies: TaskCopies<A>;

  constructor(runtime: Runtime, copies: TaskCopies<A>, autoreset: Autoreset) {
    const { task, B } = copies;
    this.task = task;
    this.spec = { id: task.id, maxEpisodeSteps: task.maxEpisodeSteps, timeStep: task.timeStep };
    this.batch = B;
    this.autoreset = autoreset;
    this.singleObservationSpace = task.observationSpace;
    this.singleActionSpace = task.actionSpace;
    this.observationSpace = batchBox(task.observationSpace, B);
    this.actionSpace = batchBox(task.actionSpace, B);
    this.reward = rewardFunction(runtime, task);
    this.terminated = terminationFunction(runtime, task);
    this.angles = task.angles;
    this.goal = task.goal;
    this.#copies = copies;
  }

  createOut(): VectorStep {
    const size = this.observationSpace.low.length;
    return {
      observation: new Float32Array(size),
      reward: new Float32Array(this.batch),
      terminated: new Uint8Array(this.batch),
      truncated: new Uint8Array(this.batch),
      finalObservation: new Float32Array(size),
    };
  }

  reset(options?: { seed?: number; mask?: ArrayLike<boolean | number> }) {
    const op = "vectorEnv.reset";
    const copies = this.#copies;
    copies.checkOpen();
    const { seed, mask } = checkOptions(op, options, ["seed", "mask"]);
    if (seed !== undefined) checkSeed(op, seed, this.batch);
    checkMask(op, mask, this.batch);
    const chosen = (b: number) => mask === undefined || Boolean(mask[b]);
    // a part of a batch can only be started when the rest is under way: its observations are returned too
    for (let b = 0; b < this.batch; b++) {
      if (!chosen(b) && copies.phase[b] === Phase.fresh) {
        throw new EpisodeError(`${op}: environment ${b} was never reset; the first reset takes no mask`);
      }
    }
    for (let b = 0; b < this.batch; b++) {
      if (!chosen(b)) continue;
      if (seed !== undefined) copies.seed(b, seed + b);
      copies.start(b);
    }
    return { observation: copies.observation.read(), info: {} };
  }

  step(actions: NumericInput, out: VectorStep = this.createOut()): VectorStep {
    const op = "vectorEnv.step";
    const copies = this.#copies;
    const { batch, autoreset } = this;
    copies.checkOpen();
    this.#checkPhases(op);
    this.#checkOut(op, out);
    copies.action.write(checkActions(op, this.task, actions, batch));
    copies.step();
    copies.reward.read(out.reward);
    let divergence: DivergedError | undefined;
    for (let b = 0; b < batch; b++) {
      if (copies.phase[b] === Phase.ended) {
        // next-step: what the kernel did to this row is overwritten by its new start
        copies.start(b);
        out.reward[b] = 0;
        out.terminated[b] = 0;
        out.truncated[b] = 0;
      } else {
        const diverged = copies.divergence(op, b);
        divergence ??= diverged;
        out.terminated[b] = copies.ended.view[b] === 1 ? 1 : 0;
        out.truncated[b] = !diverged && copies.count(b, out.terminated[b] === 1) ? 1 : 0;
      }
    }
    copies.observation.read(out.finalObservation);
    if (autoreset === "same-step") {
      for (let b = 0; b < batch; b++) if (copies.phase[b] === Phase.ended) copies.start(b);
    }
    copies.observation.read(out.observation);
    if (divergence) throw divergence;
    return out;
  }

  snapshot(): SavedState {
    this.#copies.checkOpen();
    return this.#copies.save();
  }

  restore(state: SavedState): void {
    this.#copies.checkOpen();
    this.#copies.load(state);
  }

  close(): void {
    this.#copies.dispose();
  }

  dispose(): void {
    this.close();
  }

  #checkPhases(op: string): void {
    const { phase } = this.#copies;
    for (let b = 0; b < this.batch; b++) {
      if (phase[b] === Phase.fresh) throw new EpisodeError(`${op}: no episode was started; call reset() first`);
      if (phase[b] === Phase.ended && this.autoreset === "disabled") {
        throw new EpisodeError(`${op}: the episode of environment ${b} has ended; call reset({ mask }) first`);
      }
    }
  }

  #checkOut(op: string, out: VectorStep): void {
    const size = this.observationSpace.low.length;
    const lengths = {
      observation: size,
      reward: this.batch,
      terminated: this.batch,
      truncated: this.batch,
      finalObservation: size,
    };
    for (const [name, length] of Object.entries(lengths)) {
      const array = out[name as keyof VectorStep];
      if (array?.length !== length) wrongValue(op, `out.${name}`, `${length} elements`, array);
    }
  }
}
