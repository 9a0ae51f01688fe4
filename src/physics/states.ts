// The states of a batch in the lanes: positions, velocities, poses that are moved by hand, divergences and counted steps. There are
// two buffers, since a step reads one and writes the other; then they change places. The controls stay with them, as a step is a
// function of (qpos, qvel, mocap, ctrl) alone: no warm start is carried along.

import type { SavedState } from "../types.js";
import type { Scope } from "../wasm/index.js";
import type { CompiledModel } from "./compiled.js";
import { Lanes, type Mask, QUANTITY, type Reals, realsOf } from "./lanes.js";
import { Header } from "./layout.js";
import type { Model } from "./model.js";
import { loadState, saveState, type StateSizes } from "./saved-simulation.js";
import { StepClock } from "./step-clock.js";

/** Where environments are, [B, nq], how they move, [B, nv], and when, [B] in seconds. */
export interface BatchState {
  readonly qpos: Float64Array;
  readonly qvel: Float64Array;
  readonly time: Float64Array;
}

/** An environment whose numbers left what MuJoCo accepts (10¹⁰): at which degree of freedom and when. */
export interface Divergence {
  readonly dof: number;
  readonly time: number;
}

export class States {
  readonly sizes: StateSizes;
  /** Groups of environments that share lanes. */
  readonly groups: number;
  /** Of the last step, [B, nu]. */
  readonly controls: Reals;
  readonly #compiled: CompiledModel;
  readonly #header: Int32Array;
  readonly #clock: StepClock;
  #present: Lanes;
  #next: Lanes;

  /** All zeros: `reset` puts them where the model is. */
  constructor(scope: Scope, { nq, nv, nu, compiled, timestep, layout }: Model, batch: number) {
    const { header, real } = layout.tables;
    const { nmocap } = compiled;
    this.sizes = { batch, nq, nv, nu, nmocap, dtype: real === 8 ? "f64" : "f32" };
    this.#compiled = compiled;
    this.#header = header;
    const bytes = header[Header.stateSize] * QUANTITY;
    this.groups = Math.ceil((batch * real) / QUANTITY);
    this.#present = new Lanes(realsOf(scope, real, this.groups * bytes), batch, bytes);
    this.#next = new Lanes(realsOf(scope, real, this.groups * bytes), batch, bytes);
    this.controls = realsOf(scope, real, batch * nu * real);
    this.#clock = new StepClock(batch, timestep, header[Header.steps]);
  }

  /** States before a step. */
  get present(): Lanes {
    return this.#present;
  }

  /** Where the kernels write those after it. */
  get next(): Lanes {
    return this.#next;
  }

  /** The kernels have made `repeat` steps from `present` to `next`. */
  advanced(repeat: number): void {
    const before = this.#present;
    this.#present = this.#next;
    this.#next = before;
    this.#clock.passed(this.#present, repeat);
  }

  get(): BatchState {
    const { batch, nq, nv } = this.sizes;
    return {
      qpos: this.#present.rows(this.#header[Header.qpos], nq, new Float64Array(batch * nq)),
      qvel: this.#present.rows(this.#header[Header.qvel], nv, new Float64Array(batch * nv)),
      time: this.times(),
    };
  }

  /** Puts the environments of `mask` there; what had diverged goes on. */
  put({ qpos, qvel, time }: BatchState, mask: Mask): void {
    const { batch, nq, nv } = this.sizes;
    this.#present.setRows(this.#header[Header.qpos], nq, qpos, mask);
    this.#present.setRows(this.#header[Header.qvel], nv, qvel, mask);
    this.#present.setRows(this.#header[Header.diverged], 1, new Int32Array(batch).fill(-1), mask);
    this.#clock.set(this.#present, time, mask);
  }

  /** Puts the environments of `mask` where the file has them, at rest, at time 0, with controls 0. */
  reset(mask: Mask): void {
    const { batch, nq, nv, nu } = this.sizes;
    const { qpos0 } = this.#compiled;
    for (let b = 0; b < batch; b++) if (!mask || mask[b]) this.controls.view.fill(0, b * nu, (b + 1) * nu);
    this.putMocap(repeated(mocapPoses(this.#compiled), batch), mask);
    const [qvel, time] = [new Float64Array(batch * nv), new Float64Array(batch)];
    this.put({ qpos: repeated(qpos0.subarray(0, nq), batch), qvel, time }, mask);
  }

  /** Poses of the bodies that are moved by hand, [B, nmocap, 7]. */
  mocap(): Float64Array {
    const { batch, nmocap } = this.sizes;
    return this.#present.rows(this.#header[Header.mocapPoses], 7 * nmocap, new Float64Array(batch * nmocap * 7));
  }

  putMocap(poses: Float64Array, mask: Mask): void {
    this.#present.setRows(this.#header[Header.mocapPoses], 7 * this.sizes.nmocap, poses, mask);
  }

  /** Seconds [B]. */
  times(): Float64Array {
    return this.#clock.now(this.#present);
  }

  /** [B]: −1, or the degree of freedom at which the environment diverged. */
  diverged(): Int32Array {
    return this.#present.rows(this.#header[Header.diverged], 1, new Int32Array(this.sizes.batch));
  }

  /** Where and when environment `b` diverged; undefined where it did not. */
  divergence(b: number): Divergence | undefined {
    const [dof] = this.#present.row(b, this.#header[Header.diverged], 1);
    return dof < 0 ? undefined : { dof, time: this.#clock.nowOf(this.#present, b) };
  }

  /** The complete state, in the numbers of the lanes. */
  save(): SavedState {
    const { batch, nq, nv, nu, nmocap, dtype } = this.sizes;
    const array = (n: number) => (dtype === "f64" ? new Float64Array(batch * n) : new Float32Array(batch * n));
    const ctrl = array(nu);
    ctrl.set(this.controls.view);
    return saveState(this.sizes, {
      qpos: this.#present.rows(this.#header[Header.qpos], nq, array(nq)),
      qvel: this.#present.rows(this.#header[Header.qvel], nv, array(nv)),
      mocap: this.#present.rows(this.#header[Header.mocapPoses], 7 * nmocap, array(7 * nmocap)),
      ctrl,
      steps: this.#clock.steps(this.#present),
      start: this.#clock.start,
      diverged: this.diverged(),
    });
  }

  /** Puts it back. Throws `FormatError` for what is no state of these sizes, and changes nothing then. */
  load(saved: SavedState): void {
    const { qpos, qvel, mocap, ctrl, steps, start, diverged } = loadState(this.sizes, saved);
    const { nq, nv, nmocap } = this.sizes;
    this.#present.setRows(this.#header[Header.qpos], nq, qpos);
    this.#present.setRows(this.#header[Header.qvel], nv, qvel);
    this.#present.setRows(this.#header[Header.mocapPoses], 7 * nmocap, mocap);
    this.#present.setRows(this.#header[Header.diverged], 1, diverged);
    this.#clock.load(this.#present, start, steps);
    this.controls.view.set(ctrl);
  }
}

// where the file puts what is moved by hand
function mocapPoses({ bodyMocap, bodyPos, bodyQuat }: CompiledModel): number[] {
  return Array.from(bodyMocap.keys())
    .filter((body) => bodyMocap[body] >= 0)
    .flatMap((body) => [...bodyPos.subarray(3 * body, 3 * body + 3), ...bodyQuat.subarray(4 * body, 4 * body + 4)]);
}

// the same row for every environment
function repeated(row: ArrayLike<number>, batch: number): Float64Array {
  return Float64Array.from({ length: batch * row.length }, (_, k) => row[k % row.length]);
}
