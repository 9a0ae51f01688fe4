// Actions as callers give them, checked and packed before anything moves.

import { toFloat32 } from "../array.js";
import { checkFinite, wrongValue } from "../check.js";
import type { NumericInput } from "../types.js";
import type { Task } from "./task.js";

/**
 * `action` as row-major numbers of `shape` (a plain number will do for one element). Throws when it has another kind or
 * shape, is not finite or, unless the task clips, lies outside the action space.
 */
export function checkActions(
  op: string,
  task: Task,
  action: NumericInput | number,
  shape: readonly number[],
): Float32Array {
  const values = toFloat32(op, "action", typeof action === "number" ? [action] : action, shape);
  checkFinite(op, "action", values);
  if (task.clipsActions) return values;
  const { low, high } = task.actionSpace;
  for (let i = 0; i < values.length; i++) {
    const j = i % low.length;
    if (!(values[i] >= low[j] && values[i] <= high[j])) {
      wrongValue(op, `action[${i}]`, `a number in [${low[j]}, ${high[j]}]`, values[i]);
    }
  }
  return values;
}
