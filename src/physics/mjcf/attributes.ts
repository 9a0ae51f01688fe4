// Attributes as values of a type: numbers, words of a set, names. Whatever is not exactly one of what the attribute takes
// is an error with the line. A reader of several numbers writes over the first ones of an array and leaves the rest, which
// is how MJCF's defaults work: size="0.1" changes the radius and keeps the default's length.

import { MAX_NAME, MAX_NUMBER } from "./limits.js";
import { clip, fail, type Node } from "./xml.js";

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INTEGER = /^[+-]?\d+$/;

/** Whether the element has the attribute. */
export function has(node: Node, name: string): boolean {
  return node.attributes[name] !== undefined;
}

/** Reads from `least` to `out.length` numbers into `out`; `least` is all of them unless given. False when absent. */
export function readNumbers(node: Node, name: string, out: number[], least = out.length): boolean {
  const text = node.attributes[name];
  if (text === undefined) return false;
  const words = text.trim().split(/\s+/, out.length + 1);
  if (words.length < least || words.length > out.length) {
    const count = least === out.length ? `${least}` : `${least} to ${out.length}`;
    fail(node, `${name}="${clip(text)}": expected ${count} number${out.length === 1 ? "" : "s"}`);
  }
  words.forEach((word, i) => {
    const value = NUMBER.test(word) ? Number(word) : Number.NaN;
    if (!(Math.abs(value) <= MAX_NUMBER)) {
      fail(node, `${name}="${clip(text)}": "${clip(word)}" is not a number within ±${MAX_NUMBER}`);
    }
    out[i] = value;
  });
  return true;
}

/** One number, or `fallback`. */
export function readNumber(node: Node, name: string, fallback: number): number {
  const out = [fallback];
  readNumbers(node, name, out);
  return out[0];
}

/** One integer of 32 bits, or `fallback`. */
export function readInteger(node: Node, name: string, fallback: number): number {
  const text = node.attributes[name];
  if (text === undefined) return fallback;
  const value = INTEGER.test(text.trim()) ? Number(text) : Number.NaN;
  if (value !== (value | 0)) fail(node, `${name}="${clip(text)}": expected an integer`);
  return value;
}

/** One of the keys of `words`, as its value. */
export function readWord<T>(node: Node, name: string, words: Readonly<Record<string, T>>, fallback: T): T {
  const text = node.attributes[name];
  if (text === undefined) return fallback;
  const found = Object.entries(words).find(([word]) => word === text);
  if (found === undefined) fail(node, `${name}="${clip(text)}": expected one of ${Object.keys(words).join(", ")}`);
  return found[1];
}

export function readBoolean(node: Node, name: string, fallback: boolean): boolean {
  return readWord(node, name, { true: true, false: false }, fallback);
}

/** What `limited` and its like say; "auto" is decided by the range. */
export type Limited = boolean | "auto";

export function readLimited(node: Node, name: string, fallback: Limited): Limited {
  return readWord<Limited>(node, name, { true: true, false: false, auto: "auto" }, fallback);
}

/** A name or reference, or undefined; never empty. */
export function readName(node: Node, name: string): string | undefined {
  const text = node.attributes[name];
  if (text === undefined || text === "") return undefined;
  if (text.length > MAX_NAME) fail(node, `${name}="${clip(text)}": a name has at most ${MAX_NAME} characters`);
  return text;
}

/** Refuses a value other than zeros: it would change the physics in a way that is not supported. */
export function refuseNonzero(node: Node, name: string, values: readonly number[]): void {
  if (values.some((value) => value !== 0)) unsupported(node, name);
}

/** Refuses the element for the value of one attribute, which may also come from a default. */
export function unsupported(node: Node, name: string, reason = "this engine does not have it"): never {
  const text = node.attributes[name];
  const value = text === undefined ? `${name} (from its default class)` : `${name}="${clip(text)}"`;
  fail(node, `with ${value} is not supported: ${reason}`);
}
