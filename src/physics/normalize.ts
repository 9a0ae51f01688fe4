// Unit quaternions out of those that a caller gives. One whose length is 1 but for the rounding of the lanes stays as it is,
// so that a state that was read can be set again without a change.

import { wrongValue } from "../check.js";
import { JointType } from "./compiled.js";
import type { Model } from "./model.js";

/** How far from 1 the length of a unit quaternion may be after rounding to the lanes. */
const ROUNDED = { 4: 5e-7, 8: 1e-15 } as const;

/** Normalizes the quaternions of the free joints in row `b` of qpos [B, nq]; throws `RangeError` for one of length zero. */
export function normalizeQuaternions(op: string, model: Model, qpos: Float64Array, b: number): void {
  const { nq, compiled, layout } = model;
  for (let joint = 0; joint < compiled.njnt; joint++) {
    if (compiled.jntType[joint] !== JointType.free) continue;
    normalizeQuaternion(op, "qpos", qpos, b * nq + compiled.jntQposAdr[joint] + 3, layout.tables.real);
  }
}

/** The same for the quaternion from element `at` of `values` on, to lanes of `real` bytes. */
export function normalizeQuaternion(op: string, name: string, values: Float64Array, at: number, real: 4 | 8): void {
  const q = values.subarray(at, at + 4);
  // scaled, so that no square leaves the numbers
  const largest = q.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  if (largest === 0) wrongValue(op, `${name}[${at}]`, "a quaternion that is not zero", "0 0 0 0");
  const norm = largest * Math.sqrt(q.reduce((sum, x) => sum + (x / largest) * (x / largest), 0));
  if (Math.abs(norm - 1) <= ROUNDED[real]) return;
  for (let k = 0; k < 4; k++) q[k] /= norm;
}
