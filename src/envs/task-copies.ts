// B copies of a task in linear memory: what one environment (B = 1) and a batch of them have in common. Each copy has a
// random stream of its own for its start states, so that copy i of a batch is bit for bit the single environment of its
// seed. How copies start and move is the business of the task's dynamics.

import { checkInteger, DisposedError, FormatError } from "../check.js";
import { streamNumber } from "../kernels/index.js";
import type { Disposable, DType, NamedArray, SavedState, Space, TypedArrays } from "../types.js";
import type { Runtime, Scope, Tensor } from "../wasm/index.js";
import { spaceSize } from "./spaces.js";
import { DivergedError } from "./diverged-error.js";
import type { Dynamics, Task } from "./task.js";

/** Where a copy stands in its episode. */
export const Phase = { fresh: 0, running: 1, ended: 2 } as const;

/** A start state is what `new RandomStream(runtime, seed, "env-start")` would draw, without a stream object per copy. */
const START_STREAM = "env-start";

/** A fill of random numbers can be entered at multiples of so many elements (assembly/random/philox.ts). */
const FILL_ENTRY = 16;
/** First of the values of `ended` that say at which degree of freedom a copy diverged. */
const DIVERGED = 2;

export class TaskCopies<A extends Space = Space> implements Disposable {
  readonly task: Task<A>;
  readonly B: number;
  readonly observation: Tensor;
  readonly reward: Tensor;
  /** How the last step left each copy: 0 it goes on, 1 terminated, more: diverged. */
  readonly ended: Tensor<"u8">;
  readonly action: Tensor;
  /** Per copy: seed of its stream, start states drawn from it, steps of the episode, phase. */
  readonly seeds: Float64Array;
  readonly draws: Uint32Array;
  readonly elapsed: Int32Array;
  readonly phase: Uint8Array;
  readonly #state: Tensor<"f64">;
  readonly #numbers: Tensor;
  readonly #dynamics: Dynamics;
  readonly #stream = streamNumber(START_STREAM);
  readonly #scope: Scope;
  #closed = false;

  /** Memory for `B` copies, taken from `scope`, none of them started. */
  constructor(scope: Scope, task: Task<A>, B: number, seed: number) {
    const D = task.observationSpace.low.length;
    this.task = task;
    this.B = B;
    this.#scope = scope;
    this.#state = scope.tensor([B, task.stateSize], "f64");
    this.#numbers = scope.tensor([task.startSize + (task.startNormals ?? 0)]);
    this.#dynamics = scope.hold(task.dynamics(scope.runtime, task));
    this.observation = scope.tensor([B, D]);
    this.reward = scope.tensor([B]);
    this.ended = scope.tensor([B], "u8");
    this.action = scope.tensor([B, spaceSize(task.actionSpace)]);
    this.seeds = new Float64Array(B);
    this.draws = new Uint32Array(B);
    this.elapsed = new Int32Array(B);
    this.phase = new Uint8Array(B);
    for (let b = 0; b < B; b++) this.seed(b, seed + b);
  }

  /** Sets the stream of copy `b` to the beginning of `seed`. */
  seed(b: number, seed: number): void {
    this.seeds[b] = seed;
    this.draws[b] = 0;
  }

  /** Starts an episode of copy `b` from its stream. */
  start(b: number): void {
    const { kernels } = this.#scope.runtime;
    const { startSize: U, startNormals: Z = 0, observationSpace } = this.task;
    const seed = this.seeds[b];
    const [low, high] = [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
    const numbers = this.#numbers;
    const draw = this.draws[b]++;
    kernels.random_uniform(numbers.address, U, 0, low, high, this.#stream, draw, 0);
    // the normals come from beyond the uniforms of the fill, from where it can be entered
    const entry = FILL_ENTRY * Math.ceil(U / FILL_ENTRY);
    if (Z > 0) kernels.random_normal(numbers.address + 4 * U, Z, entry, low, high, this.#stream, draw, 0);
    const observation = this.observation.address + b * observationSpace.low.length * 4;
    this.#dynamics.start(this.#state, b, observation, numbers);
    this.elapsed[b] = 0;
    this.phase[b] = Phase.running;
  }

  /** Steps every copy with `action`; phases and times are the caller's business. */
  step(): void {
    const { observation, reward, ended, action, B } = this;
    this.#dynamics.step(this.#state.address, observation.address, reward.address, ended.address, action.address, B);
  }

  /**
   * What became of copy `b` in the last step, other than that it goes on or has terminated: the error of its divergence,
   * whose episode has then ended.
   */
  divergence(op: string, b: number): DivergedError | undefined {
    const freedom = this.ended.view[b] - DIVERGED;
    if (freedom < 0) return undefined;
    const time = this.elapsed[b] * this.task.timeStep;
    this.phase[b] = Phase.ended;
    const { id } = this.task;
    return new DivergedError(
      op,
      this.B > 1 ? `${id}, environment ${b}` : id,
      freedom,
      this.#dynamics.freedom(freedom),
      time,
      Array.from(this.ended.view, (_, i) => i).filter((i) => this.ended.view[i] >= DIVERGED),
    );
  }

  /** Counts the step of copy `b`, and ends its episode if it terminated or its time is up. Returns `truncated`. */
  count(b: number, terminated: boolean): boolean {
    const truncated = ++this.elapsed[b] >= this.task.maxEpisodeSteps;
    if (terminated || truncated) this.phase[b] = Phase.ended;
    return truncated;
  }

  save(): SavedState {
    const { B, task, observation, seeds, draws, elapsed, phase } = this;
    const perCopy = <T extends DType>(dtype: T, data: TypedArrays[T]): NamedArray => ({ dtype, shape: [B], data });
    return {
      meta: { env: task.id, batch: B },
      arrays: {
        state: { dtype: "f64", shape: this.#state.shape, data: this.#state.read() },
        observation: { dtype: "f32", shape: observation.shape, data: observation.read() },
        seed: perCopy("f64", seeds.slice()),
        draws: perCopy("u32", draws.slice()),
        elapsed: perCopy("i32", elapsed.slice()),
        phase: perCopy("u8", phase.slice()),
      },
    };
  }

  /** Takes over what `save` gave; throws `FormatError` when it is of another task or number, or not sound. */
  load(state: SavedState): void {
    const { task, B } = this;
    const saved = readTaskState(state, task, B);
    this.#state.write(saved.state);
    this.observation.write(saved.observation);
    this.seeds.set(saved.seed);
    this.draws.set(saved.draws);
    this.elapsed.set(saved.elapsed);
    this.phase.set(saved.phase);
  }

  /** Throws `DisposedError` after `dispose()`. */
  checkOpen(): void {
    if (this.#closed) throw new DisposedError(`env ${this.task.id}`);
  }

  dispose(): void {
    this.#closed = true;
    this.#scope.dispose();
  }
}

/** `B` copies of `task`, seeded `seed`, `seed + 1`, …; checks the seed. */
export function createTaskCopies<A extends Space>(
  op: string,
  runtime: Runtime,
  task: Task<A>,
  B: number,
  seed: number,
): TaskCopies<A> {
  checkSeed(op, seed, B);
  return runtime.scoped((scope) => new TaskCopies(scope, task, B, seed));
}

/** A seed such that the seeds of `B` copies are safe integers. */
export function checkSeed(op: string, seed: number, B = 1): void {
  checkInteger(op, "seed", seed, 0, Number.MAX_SAFE_INTEGER - B + 1);
}

/** The arrays of a saved state of `B` copies of `task`, checked; throws `FormatError`. */
export function readTaskState(saved: SavedState, task: Task, B: number) {
  const meta = saved?.meta as { env?: unknown; batch?: unknown } | null | undefined;
  if (meta?.env !== task.id || meta.batch !== B) {
    const got = meta?.env === undefined ? "something else" : `${meta.batch} of "${meta.env}"`;
    throw new FormatError(`saved state expected ${B} of "${task.id}", got ${got}`);
  }
  const arrays = {
    state: readArray(saved, "state", "f64", B * task.stateSize),
    observation: readArray(saved, "observation", "f32", B * task.observationSpace.low.length),
    seed: readArray(saved, "seed", "f64", B),
    draws: readArray(saved, "draws", "u32", B),
    elapsed: readArray(saved, "elapsed", "i32", B),
    phase: readArray(saved, "phase", "u8", B),
  };
  const refuse = (name: string): never => {
    throw new FormatError(`saved state of "${task.id}": "${name}" holds a value that no environment can have`);
  };
  if (!arrays.state.every(Number.isFinite)) refuse("state");
  if (!arrays.observation.every(Number.isFinite)) refuse("observation");
  if (!arrays.seed.every((seed) => Number.isSafeInteger(seed) && seed >= 0)) refuse("seed");
  if (!arrays.elapsed.every((steps) => steps >= 0 && steps <= task.maxEpisodeSteps)) refuse("elapsed");
  if (!arrays.phase.every((phase) => phase <= Phase.ended)) refuse("phase");
  return arrays;
}

function readArray<T extends DType>(saved: SavedState, name: string, dtype: T, size: number): TypedArrays[T] {
  const array = Object.hasOwn(saved.arrays, name) ? saved.arrays[name] : undefined;
  if (array?.dtype !== dtype || array.data.length !== size) {
    const got = array ? `${array.dtype}[${array.data.length}]` : "none";
    throw new FormatError(`saved array "${name}" expected ${dtype}[${size}], got ${got}`);
  }
  return array.data as TypedArrays[T];
}
