// Saved states of planners: the planner's name and small facts in `meta`, tensors by name in `arrays`. A state is looked at
// as a whole before anything is taken from it.

import { wrongKind, wrongValue } from "../check.js";
import type { Json, NamedArray, SavedState } from "../types.js";
import type { Tensor } from "../wasm/index.js";

type Facts = { readonly [key: string]: Json };

/** A copy of everything that a planner goes on from. */
export function savedState(planner: string, facts: Facts, tensors: Readonly<Record<string, Tensor>>): SavedState {
  const arrays: Record<string, NamedArray> = {};
  for (const [name, { dtype, shape, view }] of Object.entries(tensors)) {
    arrays[name] = { dtype, shape: [...shape], data: view.slice() };
  }
  return { meta: { planner, ...facts }, arrays };
}

/** Checks that a state is of this planner, with arrays of the shapes of `tensors`; returns its facts. */
export function checkState(
  op: string,
  planner: string,
  state: SavedState,
  tensors: Readonly<Record<string, Tensor>>,
): Facts {
  const facts = checkFacts(op, "state.meta", state?.meta);
  if (facts.planner !== planner) wrongValue(op, "state.meta.planner", JSON.stringify(planner), facts.planner);
  for (const [name, { dtype, shape }] of Object.entries(tensors)) {
    const array = state.arrays[name];
    if (array === undefined) wrongKind(op, `state.arrays.${name}`, "an array", array);
    const got = `${array.dtype} [${array.shape.join(", ")}]`;
    const expected = `${dtype} [${shape.join(", ")}]`;
    if (got !== expected) wrongValue(op, `state.arrays.${name}`, expected, got);
  }
  return facts;
}

/** A JSON object. */
export function checkFacts(op: string, name: string, value: Json | undefined): Facts {
  if (value === null || typeof value !== "object" || Array.isArray(value)) wrongKind(op, name, "an object", value);
  return value as Facts;
}
