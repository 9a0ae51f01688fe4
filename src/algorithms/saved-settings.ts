// The settings of a run as its checkpoint keeps them, and how options given beside a saved run are held against them.

import { FormatError } from "../check.js";
import { metaField } from "../saved-state.js";
import type { Json, SavedState } from "../types.js";

/** Settings as JSON. */
export function settingsJson(settings: object): Json {
  return JSON.parse(JSON.stringify(settings)) as Json;
}

/**
 * The settings in a saved run. Throws `FormatError` where one of `names` is missing, `RangeError` where `given` has another
 * value than the run.
 */
export function resumedSettings<S extends object>(
  op: string,
  state: SavedState,
  names: readonly (keyof S & string)[],
  given: Readonly<Record<string, unknown>>,
): S {
  const saved = metaField(state, "options");
  if (saved === null || typeof saved !== "object" || Array.isArray(saved)) {
    throw new FormatError('saved "options" is not an object');
  }
  for (const name of names) {
    if (!Object.hasOwn(saved, name)) throw new FormatError(`saved options lack "${name}"`);
  }
  for (const [name, value] of Object.entries(given)) {
    const before = JSON.stringify((saved as Record<string, Json>)[name]);
    const now = JSON.stringify(value);
    // as JSON both, lists with what is in them
    if (now !== before) throw new RangeError(`${op}: "${name}" expected ${before}, as in the saved run, got ${now}`);
  }
  return saved as unknown as S;
}
