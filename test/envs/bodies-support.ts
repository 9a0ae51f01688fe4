// Gymnasium's recordings of the tasks on rigid bodies (test/fixtures/generate-mujoco-tasks.py), and environments put into their states.

import {
  ant,
  halfCheetah,
  hopper,
  invertedDoublePendulum,
  invertedPendulum,
  makeEnv,
  reacher,
  swimmer,
  type Task,
  type TaskEnv,
  walker2d,
} from "../../src/envs/index.js";
import type { Box, SavedState } from "../../src/types.js";
import type { Runtime } from "../../src/wasm/index.js";
import { fixture } from "../support/fixtures.js";

interface Space {
  readonly shape: number[];
  readonly low: (number | null)[];
  readonly high: (number | null)[];
}

export interface Recording {
  readonly id: string;
  readonly xml: string;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly dt: number;
  readonly maxEpisodeSteps: number;
  readonly nq: number;
  readonly nv: number;
  readonly initQpos: number[];
  readonly resetNoise: {
    readonly qpos: { readonly high: number };
    readonly qvel: { readonly distribution: "uniform" | "normal"; readonly high?: number; readonly std?: number };
  };
  readonly trajectories: readonly {
    readonly qpos: number[][];
    readonly qvel: number[][];
    readonly observations: number[][];
    readonly actions: number[][];
    readonly rewards: number[];
    readonly terminated: boolean[];
    readonly torso?: number[][];
  }[];
  readonly cases: readonly {
    readonly name: string;
    readonly qpos: number[];
    readonly qvel: number[];
    readonly startObservation: number[];
    readonly action: number[];
    readonly observation: number[];
    readonly reward: number;
    readonly terminated: boolean;
  }[];
}

/** Every task with a recording, and the name of its file. */
export const recorded: readonly (readonly [Task<Box>, string])[] = [
  [invertedPendulum, "inverted-pendulum"],
  [invertedDoublePendulum, "inverted-double-pendulum"],
  [reacher, "reacher"],
  [swimmer, "swimmer"],
  [hopper, "hopper"],
  [halfCheetah, "half-cheetah"],
  [walker2d, "walker2d"],
  [ant, "ant"],
];

export function recording(file: string): Recording {
  return fixture<Recording>(`gymnasium/${file}`);
}

/** An environment that can be put into any state: qpos, qvel and what the task keeps. */
export class Placed {
  readonly env: TaskEnv<Box>;
  readonly #running: ReturnType<TaskEnv["snapshot"]>;

  constructor(runtime: Runtime, task: Task<Box>) {
    this.env = makeEnv(runtime, task);
    this.env.reset();
    this.#running = this.env.snapshot();
  }

  put(qpos: readonly number[], qvel: readonly number[], kept: readonly number[] = []): void {
    const { arrays } = this.#running;
    const data = new Float64Array(arrays.state.data.length);
    data.set([...qpos, ...qvel, ...kept]);
    this.env.restore({ ...this.#running, arrays: { ...arrays, state: { ...arrays.state, data } } });
  }

  /** Goes on where an episode has ended, as the recordings do. */
  goOn(): void {
    const state = this.env.snapshot();
    state.arrays.phase.data[0] = 1;
    state.arrays.elapsed.data[0] = 0;
    this.env.restore(state);
  }
}

/** What a copy of Ant keeps: how far its torso's new place is from the one of the last evaluation. */
export function keptOf(trajectory: Recording["trajectories"][number], t: number): number[] {
  const { torso, qpos } = trajectory;
  return torso ? [qpos[t][0] - torso[t][0], qpos[t][1] - torso[t][1]] : [];
}

/** Largest |a − b| / max(1, |b|). */
export function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i]));
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

/** The snapshot of half-cheetahs with a velocity that no body survives in copy `b`. */
export function sick(snapshot: SavedState, b: number, stateSize: number): SavedState {
  const data = snapshot.arrays.state.data.slice() as Float64Array;
  data[b * stateSize + 9 + 4] = 1e9;
  return { ...snapshot, arrays: { ...snapshot.arrays, state: { ...snapshot.arrays.state, data } } };
}
