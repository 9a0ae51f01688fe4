// The state of a simulation as plain data, and back: in the reals of its lanes, so that nothing is rounded on the way.

import { describe, FormatError } from "../check.js";
import { metaNumber } from "../saved-state.js";
import type { DType, NamedArray, SavedState, TypedArrays } from "../types.js";

/** Rows of every environment. */
export interface SimulationState {
  readonly qpos: Float32Array | Float64Array;
  readonly qvel: Float32Array | Float64Array;
  /** Poses of the bodies that are moved by hand. */
  readonly mocap: Float32Array | Float64Array;
  /** Controls of the last step. */
  readonly ctrl: Float32Array | Float64Array;
  /** Steps since `start`, the time at which they began. */
  readonly steps: Float64Array;
  readonly start: Float64Array;
  /** −1, or the degree of freedom at which the environment diverged. */
  readonly diverged: Int32Array;
}

/** Sizes that a state belongs to. */
export interface StateSizes {
  readonly batch: number;
  readonly nq: number;
  readonly nv: number;
  readonly nu: number;
  readonly nmocap: number;
  readonly dtype: "f32" | "f64";
}

export function saveState(sizes: StateSizes, state: SimulationState): SavedState {
  const { batch, nq, nv, nu, nmocap, dtype } = sizes;
  const rows = (data: TypedArrays["f32" | "f64"], n: number): NamedArray => ({ dtype, shape: [batch, n], data });
  return {
    meta: { batch, nq, nv, nu },
    arrays: {
      qpos: rows(state.qpos, nq),
      qvel: rows(state.qvel, nv),
      ctrl: rows(state.ctrl, nu),
      // a model without such bodies has what it always had
      ...(nmocap > 0 && { mocap: rows(state.mocap, 7 * nmocap) }),
      steps: { dtype: "f64", shape: [batch], data: state.steps },
      start: { dtype: "f64", shape: [batch], data: state.start },
      diverged: { dtype: "i32", shape: [batch], data: state.diverged },
    },
  };
}

/** The parts of a saved state; throws `FormatError` for what is no state of these sizes, or not finite. */
export function loadState(sizes: StateSizes, saved: SavedState): SimulationState {
  const { batch, nq, nv, nu, nmocap, dtype } = sizes;
  if (typeof saved?.arrays !== "object" || saved.arrays === null) {
    throw new FormatError(`saved state expected meta and arrays, got ${describe(saved)}`);
  }
  for (const name of ["batch", "nq", "nv", "nu"] as const) {
    const got = metaNumber(saved, name);
    if (got !== sizes[name]) throw new FormatError(`saved "${name}" expected ${sizes[name]}, got ${got}`);
  }
  const steps = arrayOf(saved, "steps", "f64", batch);
  const diverged = arrayOf(saved, "diverged", "i32", batch);
  if (!steps.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw new FormatError('saved array "steps" has a number that counts no steps');
  }
  if (!diverged.every((dof) => dof >= -1 && dof < nv)) {
    throw new FormatError(`saved array "diverged" has a number outside -1 to ${nv - 1}`);
  }
  return {
    qpos: finite("qpos", arrayOf(saved, "qpos", dtype, batch * nq)),
    qvel: finite("qvel", arrayOf(saved, "qvel", dtype, batch * nv)),
    ctrl: arrayOf(saved, "ctrl", dtype, batch * nu),
    mocap: nmocap > 0 ? finite("mocap", arrayOf(saved, "mocap", dtype, batch * 7 * nmocap)) : new Float32Array(0),
    steps,
    start: finite("start", arrayOf(saved, "start", "f64", batch)),
    diverged,
  };
}

function arrayOf<T extends DType>(saved: SavedState, name: string, dtype: T, length: number): TypedArrays[T] {
  const array = Object.hasOwn(saved.arrays, name) ? saved.arrays[name] : undefined;
  if (array === undefined) throw new FormatError(`saved state lacks array "${name}"`);
  if (array.dtype !== dtype || array.data.length !== length) {
    const got = `${array.dtype}[${array.data.length}]`;
    throw new FormatError(`saved array "${name}" expected ${dtype}[${length}], got ${got}`);
  }
  return array.data as TypedArrays[T];
}

function finite<Values extends Float32Array | Float64Array>(name: string, values: Values): Values {
  if (!values.every(Number.isFinite)) throw new FormatError(`saved array "${name}" has a number that is not finite`);
  return values;
}
