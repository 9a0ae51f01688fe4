// Actions as callers give them, checked and packed before anything moves.

import { toFloat32 } from "../array.js";
import { checkFinite, wrongValue } from "../check.js";
import type { Box, Discrete, NumericInput } from "../types.js";
import type { Task } from "./task.js";

/**
 * `action` as row-major numbers: of one environment (a plain number will do for one element), or of `batch` of them. Throws
 * when it has another kind or shape, is not finite, is no integer where the task is discrete or, unless the task clips, lies
 * outside the action space.
 */
export function checkActions(
  op: string,
  { actionSpace: space, clipsActions }: Task,
  action: NumericInput | number,
  batch?: number,
): Float32Array {
  const one = space.kind === "box" ? space.shape : batch === undefined ? [1] : [];
  const shape = batch === undefined ? one : [batch, ...one];
  const values = toFloat32(op, "action", typeof action === "number" ? [action] : action, shape);
  checkFinite(op, "action", values);
  if (space.kind === "discrete") checkChoices(op, space, values);
  else if (!clipsActions) checkBounds(op, space, values);
  return values;
}

function checkChoices(op: string, { n, start }: Discrete, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    const chosen = Number.isInteger(values[i]) && values[i] >= start && values[i] < start + n;
    if (!chosen) wrongValue(op, `action[${i}]`, `an integer from ${start} to ${start + n - 1}`, values[i]);
  }
}

function checkBounds(op: string, { low, high }: Box, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    const j = i % low.length;
    if (!(values[i] >= low[j] && values[i] <= high[j])) {
      wrongValue(op, `action[${i}]`, `a number in [${low[j]}, ${high[j]}]`, values[i]);
    }
  }
}
