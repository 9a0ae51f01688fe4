// JSON from and to untrusted bytes. Reading refuses what `JSON.parse` lets pass: duplicate keys, keys that name parts of a
// prototype, nesting beyond a cap; objects come out without a prototype. Writing refuses what `JSON.stringify` changes
// silently: undefined, NaN, infinities, functions, class instances, the sign of −0.

import { FormatError, LimitError, wrongKind, wrongValue } from "../check.js";
import type { Json } from "../types.js";

/** Deepest nesting of arrays and objects that is read or written. */
const MAX_DEPTH = 64;

/** True for keys that could reach a prototype when an object is copied carelessly. */
export function isReservedKey(key: string): boolean {
  return key === "__proto__" || key === "constructor" || key === "prototype";
}

/** Decodes UTF-8 strictly; `what` names the text in errors. */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FormatError(`${what} is not valid UTF-8`);
  }
}

/** Parses JSON; `what` names the text in errors. Throws `FormatError`, or `LimitError` when nested too deep. */
export function parseJson(text: string, what: string): Json {
  const members = countMembers(text, what);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FormatError(`${what} is not valid JSON: ${(error as Error).message}`);
  }
  const kept = { members: 0 };
  const json = withoutPrototypes(value as Json, what, kept);
  if (kept.members !== members) throw new FormatError(`${what} has a duplicate key`);
  return json;
}

// In valid JSON each ":" outside strings belongs to one member, so fewer members after parsing means duplicate keys.
function countMembers(text: string, what: string): number {
  let members = 0;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x3a) members++;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > MAX_DEPTH) throw new LimitError(`nesting of ${what}`, MAX_DEPTH, depth);
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return members;
}

function withoutPrototypes(value: Json, what: string, kept: { members: number }): Json {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((element: Json) => withoutPrototypes(element, what, kept));
  const object = Object.create(null) as Record<string, Json>;
  for (const [key, member] of Object.entries(value)) {
    if (isReservedKey(key)) throw new FormatError(`${what} has the reserved key "${key}"`);
    kept.members++;
    object[key] = withoutPrototypes(member, what, kept);
  }
  return object;
}

/** Writes a value as JSON that `parseJson` reads back equal; `op` and `name` say in errors where the value came from. */
export function stringifyJson(value: unknown, op: string, name: string, depth = 0): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) wrongValue(op, name, "a finite number", value);
    return Object.is(value, -0) ? "-0" : String(value);
  }
  if (typeof value !== "object") wrongKind(op, name, "a JSON value", value);
  if (depth >= MAX_DEPTH) throw new LimitError(`${op}: nesting of "${name.slice(0, 40)}…"`, MAX_DEPTH, depth + 1);
  if (Array.isArray(value)) {
    return `[${Array.from(value, (element, i) => stringifyJson(element, op, `${name}[${i}]`, depth + 1)).join(",")}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) wrongKind(op, name, "a JSON value", value);
  const members = Object.entries(value).map(([key, member]) => {
    if (isReservedKey(key)) wrongValue(op, name, "keys that are not reserved", key);
    return `${JSON.stringify(key)}:${stringifyJson(member, op, `${name}.${key}`, depth + 1)}`;
  });
  return `{${members.join(",")}}`;
}
