// The dynamics of tasks on rigid bodies: MJCF, stepped in batches by the engine. The model, the workspaces of the threads and
// the table of the task are made once for a runtime and shared by all that use the task there; the last one to go takes them
// with it.

import { firstPoints, groupsOfTask, loadMjcf, type Model } from "../physics/index.js";
import type { Steps } from "../types.js";
import { Region, type Runtime, type Scope, type Tensor } from "../wasm/index.js";
import { spaceSize } from "./spaces.js";
import type { Dynamics, DynamicsMaker, Task } from "./task.js";

/** A point that a task looks at: the origin of a body, or a site. @internal */
export type BodyPoint = { readonly body: string } | { readonly site: string };

/** What a task on rigid bodies is beyond the record of the task. @internal */
export interface BodyDefinition {
  /** The model's MJCF. */
  readonly xml: string;
  /** Steps of the model in a step of the task. */
  readonly frameSkip: number;
  /** The state [nq + nv] of a start, from the numbers drawn for it: `startSize` uniforms, then `startNormals` normals. */
  start(model: Model, numbers: Float32Array): Float64Array;
  /** Leading elements of qpos along which the world looks the same everywhere (default 0). */
  readonly drifts?: number;
  /** Numbers that a copy keeps from step to step besides qpos and qvel, at most 4 (default 0). */
  readonly kept?: number;
  /** Numbers of an action, where the task itself makes controls of them; default 0: actions are the controls. */
  readonly acts?: number;
  /** Points that it looks at, in the order in which its kernel numbers them. */
  readonly points?: readonly BodyPoint[];
}

/** Groups of a task of the region whose copies are sequences, which take many steps. */
const SEQUENCE_GROUPS = 1;
/** Steps of the engine in a slice on each thread: some milliseconds for the largest bodies. */
const SLICE_STEPS = 2000;
/** Quantities besides the observation in a block of what is observed: assembly/envs/body.ts, then 3 for sums and ends. */
const OBSERVED = 15;
const QUANTITY = 16;

/** What the copies of one task in one runtime share. */
interface Shared {
  readonly scope: Scope;
  readonly model: Model;
  readonly region: Region;
  /** Arguments of the region that never change. */
  readonly words: readonly number[];
  /** Copies of a group. */
  readonly lanes: number;
  users: number;
}

class BodyDynamics implements Dynamics {
  readonly #task: Task;
  readonly #definition: BodyDefinition;
  readonly #shared: Shared;
  readonly #starts: Tensor<"f64">;
  readonly #stride: number;
  #open = true;

  readonly #release: () => void;
  constructor(runtime: Runtime, task: Task, definition: BodyDefinition, shared: Shared, release: () => void) {
    this.#task = task;
    this.#definition = definition;
    this.#shared = shared;
    this.#release = release;
    this.#stride = 8 * task.stateSize;
    this.#starts = runtime.tensor([task.stateSize], "f64");
  }

  start(state: Tensor<"f64">, b: number, observation: number, numbers: Tensor): void {
    const { stateSize } = this.#task;
    const row = new Float64Array(stateSize);
    row.set(this.#definition.start(this.#shared.model, numbers.view));
    state.view.set(row, b * stateSize);
    this.#run(1, 1, [state.address + 8 * b * stateSize, this.#stride, 0, 1, 0, observation, 0, 0]);
  }

  step(state: number, observation: number, reward: number, ended: number, action: number, B: number): void {
    const { model, lanes } = this.#shared;
    this.#run(B, groupsOfTask(model, Math.ceil(B / lanes)), [
      state,
      this.#stride,
      action,
      1,
      1,
      observation,
      reward,
      ended,
    ]);
  }

  *returns(out: Tensor, start: Float64Array, actions: Tensor, steps: number): Steps<void> {
    const [N, H] = actions.shape;
    if (N === 0) return;
    if (steps === 0) {
      out.view.fill(0);
      return;
    }
    const { lanes, model } = this.#shared;
    const { threads } = model.runtime;
    this.#starts.write(start);
    const words = [this.#starts.address, 0, actions.address, H, steps, 0, out.address, 0];
    const tasks = Math.ceil(N / lanes / SEQUENCE_GROUPS);
    const together = threads * Math.max(1, Math.floor(SLICE_STEPS / (steps * this.#definition.frameSkip)));
    for (let task = 0; task < tasks; task += together) {
      if (task > 0) yield;
      this.#run(N, SEQUENCE_GROUPS, words, task, Math.min(tasks, task + together));
    }
  }

  freedom(index: number): string {
    const { compiled } = this.#shared.model;
    const name = compiled.jntName[compiled.dofJnt[index]];
    return name ? `${index} ("${name}")` : String(index);
  }

  dispose(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#starts.dispose();
    this.#release();
  }

  #run(B: number, groups: number, words: readonly number[], first = 0, last?: number): void {
    const { region, words: fixed, lanes } = this.#shared;
    region.run([...fixed, B, groups, ...words], last ?? Math.ceil(B / lanes / groups), first);
  }
}

function share(scope: Scope, task: Task, definition: BodyDefinition): Shared {
  const { runtime } = scope;
  const { xml, frameSkip, drifts = 0, kept = 0, acts = 0, points = [] } = definition;
  const model = scope.hold(loadMjcf(runtime, xml, { name: task.id }));
  const { workspace, tables } = model.layout;
  const observed = QUANTITY * (OBSERVED + spaceSize(task.observationSpace));
  const bytes = Math.ceil((workspace.bytes + observed) / 64) * 64;
  const size = [runtime.threads, bytes / tables.real];
  const workspaces = tables.real === 8 ? scope.tensor(size, "f64") : scope.tensor(size);
  for (let t = 0; t < runtime.threads; t++) workspace.initialize(workspaces.view, t * size[1]);
  const first = firstPoints(model.compiled);
  const seen = points.map((point) =>
    "site" in point ? first.site + model.site(point.site) : first.body + model.body(point.body),
  );
  // assembly/envs/body.ts
  const rows = [drifts, spaceSize(task.observationSpace), kept, acts, ...seen];
  const table = scope.tensor([rows.length], "u32").write(rows);
  const words = [model.tables.address, workspaces.address, bytes, workspace.bytes];
  return {
    scope,
    model,
    region: new Region(scope, "bodies", 17),
    words: [...words, task.number, table.address, frameSkip],
    lanes: runtime.kernels.physics_lanes(),
    users: 0,
  };
}

/** The dynamics of a task on rigid bodies. @internal */
export function bodies(definition: BodyDefinition): DynamicsMaker {
  const parts = new WeakMap<Runtime, Shared>();
  const make: DynamicsMaker = (runtime, task) => {
    const shared = parts.get(runtime) ?? runtime.scoped((scope) => share(scope, task, definition));
    parts.set(runtime, shared);
    shared.users++;
    return new BodyDynamics(runtime, task, definition, shared, () => {
      if (--shared.users > 0) return;
      parts.delete(runtime);
      shared.scope.dispose();
    });
  };
  return Object.assign(make, { xml: definition.xml });
}
