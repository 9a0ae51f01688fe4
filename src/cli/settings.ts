// `--set key=value`: values are JSON where they parse as JSON and plain text otherwise, and must be of the setting's type.

import * as v from "valibot";
import type { Algorithm, Settings } from "./algorithm.js";
import { UsageError } from "./errors.js";
import { unknownName } from "./suggest.js";

/** Reads the values given for an algorithm; throws `UsageError`. */
export function parseSettings(name: string, algorithm: Algorithm, given: readonly string[]): Settings {
  const settings: Record<string, unknown> = {};
  const known = Object.keys(algorithm.settings);
  for (const assignment of given) {
    const equals = assignment.indexOf("=");
    if (equals < 1) throw new UsageError(`--set expected key=value, got "${assignment.slice(0, 60)}"`);
    const key = assignment.slice(0, equals);
    if (!known.includes(key)) throw unknownName(`setting of ${name}`, key, known);
    if (Object.hasOwn(settings, key)) throw new UsageError(`--set ${key} was given twice`);
    const text = assignment.slice(equals + 1);
    const parsed = v.safeParse(algorithm.settings[key] as v.GenericSchema, parseValue(text));
    if (!parsed.success) {
      throw new UsageError(`--set ${key} expected ${parsed.issues[0].message}, got "${text.slice(0, 60)}"`);
    }
    settings[key] = parsed.output;
  }
  return settings;
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
