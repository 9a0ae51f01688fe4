// States as a caller gives them, made sound: numbers that the lanes can hold, and unit quaternions. One whose length is 1 but for
// the rounding of the lanes stays as it is, so that a state that was read can be set again without a change.

import { checkNumber, wrongValue } from "../check.js";
import { JointType } from "./compiled.js";
import type { Model } from "./model.js";

/** How far from 1 the length of a unit quaternion may be after rounding to the lanes. */
const ROUNDED = { 4: 5e-7, 8: 1e-15 } as const;

/** Beyond it a float32 is infinite, and no state that `restore` takes. */
const MAX_FLOAT32 = 2 ** 128 - 2 ** 104;

/**
 * Normalizes the quaternions of the free joints in row `b` of qpos [B, nq]; throws `RangeError` for one of length zero, and for a
 * number of that row, or of the row of qvel [B, nv], that is not finite in the lanes.
 */
export function normalizeState(op: string, model: Model, qpos: Float64Array, qvel: Float64Array, b: number): void {
  const { nq, nv, compiled, layout } = model;
  const { real } = layout.tables;
  checkRow(op, "qpos", qpos, b, nq);
  for (let joint = 0; joint < compiled.njnt; joint++) {
    if (compiled.jntType[joint] !== JointType.free) continue;
    normalizeQuaternion(op, "qpos", qpos, b * nq + compiled.jntQposAdr[joint] + 3, real);
  }
  checkRow(op, "qpos", qpos, b, nq, largestOf(real));
  checkRow(op, "qvel", qvel, b, nv, largestOf(real));
}

/** The same for the poses of row `b` of poses [B, nmocap, 7]. */
export function normalizePoses(op: string, { compiled, layout }: Model, poses: Float64Array, b: number): void {
  const { nmocap } = compiled;
  const { real } = layout.tables;
  checkRow(op, "poses", poses, b, 7 * nmocap, largestOf(real));
  for (let k = 0; k < nmocap; k++) normalizeQuaternion(op, "poses", poses, 7 * (b * nmocap + k) + 3, real);
}

// the quaternion from element `at` of `values` on
function normalizeQuaternion(op: string, name: string, values: Float64Array, at: number, real: 4 | 8): void {
  const q = values.subarray(at, at + 4);
  // scaled, so that no square leaves the numbers
  const largest = q.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  if (largest === 0) wrongValue(op, `${name}[${at}]`, "a quaternion that is not zero", "0 0 0 0");
  const norm = largest * Math.sqrt(q.reduce((sum, x) => sum + (x / largest) * (x / largest), 0));
  if (Math.abs(norm - 1) <= ROUNDED[real]) return;
  for (let k = 0; k < 4; k++) q[k] /= norm;
}

function largestOf(real: 4 | 8): number {
  return real === 8 ? Infinity : MAX_FLOAT32;
}

// row b of [B, n]: finite, and at most `largest`
function checkRow(op: string, name: string, rows: Float64Array, b: number, n: number, largest = Infinity): void {
  for (let k = b * n; k < (b + 1) * n; k++) checkNumber(op, `${name}[${k}]`, rows[k], -largest, largest);
}
