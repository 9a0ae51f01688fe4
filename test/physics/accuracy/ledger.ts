// Errors by level and quantity, what they may be, and the lines of the table made of them. The error of a against b is
// max |a − b| / max(1, max |b|). A gate may be raised above what the protocol says, by what rounding to float32 does to MuJoCo
// itself; such a line has both gates, and MuJoCo's own errors when it is rounded.
import type { Numbers } from "./simulated.js";
import { quantile } from "./statistics.js";

/** What a quantity's errors may be at most: their median, 95th percentile, maximum. */
export interface Gate {
  readonly median?: number;
  readonly p95?: number;
  readonly max?: number;
}

/** Of the errors of a quantity. */
export type Figures = Readonly<Required<Gate>>;

/** One line of the table. */
export interface Row extends Figures {
  readonly model: string;
  readonly level: string;
  readonly quantity: string;
  readonly count: number;
  readonly gate: Gate;
  /** What the protocol says, where the gate is raised above it. */
  readonly plain?: Gate;
  /** The same figures of MuJoCo rounded to float32. */
  readonly rounded?: Figures;
  readonly passed: boolean;
}

export const exact = (max: number): Gate => ({ max });

/** Error of a against b; not finite where a is not. */
export function errorOf(a: Numbers, b: Numbers): number {
  if (a.length !== b.length) throw new RangeError(`errorOf: ${a.length} numbers against ${b.length}`);
  let difference = 0;
  let scale = 1;
  for (let i = 0; i < b.length; i++) {
    const error = Math.abs(a[i]! - b[i]!);
    if (!(error <= difference)) difference = Number.isFinite(error) ? error : Number.POSITIVE_INFINITY;
    scale = Math.max(scale, Math.abs(b[i]!));
  }
  return difference / scale;
}

interface Entry {
  readonly level: string;
  readonly quantity: string;
  readonly gate: Gate;
  readonly plain?: Gate;
  readonly errors: number[];
  readonly rounded: number[];
}

const names = ["median", "p95", "max"] as const;

const figuresOf = (errors: readonly number[]): Figures => ({
  median: quantile(errors, 0.5),
  p95: quantile(errors, 0.95),
  max: quantile(errors, 1),
});

/** `plain`, where it sets a limit, or `floor`, whichever is greater. */
function raise(plain: Gate, floor: Gate = {}): Pick<Entry, "gate" | "plain"> {
  const limits = names.flatMap((name) =>
    plain[name] === undefined ? [] : [[name, Math.max(plain[name], floor[name] ?? 0)] as const],
  );
  const gate = Object.fromEntries(limits) as Gate;
  return limits.some(([name, limit]) => limit > plain[name]!) ? { gate, plain } : { gate };
}

function rowOf(model: string, { errors, rounded, ...entry }: Entry): Row {
  const figures = figuresOf(errors);
  const within = (value: number, limit = Number.POSITIVE_INFINITY) => value <= limit && Number.isFinite(value);
  const passed = names.every((name) => within(figures[name], entry.gate[name]));
  const own = rounded.length > 0 ? { rounded: figuresOf(rounded) } : {};
  return { model, ...entry, count: errors.length, ...figures, ...own, passed };
}

export class Ledger {
  readonly #entries = new Map<string, Entry>();

  /** `rounded`: the errors of MuJoCo rounded to float32; `floor`: what they raise the gate to. The first gate of a quantity holds. */
  add(
    level: string,
    quantity: string,
    gate: Gate,
    errors: readonly number[],
    rounded: readonly number[] = [],
    floor?: Gate,
  ) {
    const key = `${level} ${quantity}`;
    const entry = this.#entries.get(key) ?? { level, quantity, ...raise(gate, floor), errors: [], rounded: [] };
    entry.errors.push(...errors);
    entry.rounded.push(...rounded);
    this.#entries.set(key, entry);
  }

  rows(model: string): Row[] {
    return [...this.#entries.values()].filter(({ errors }) => errors.length > 0).map((entry) => rowOf(model, entry));
  }
}

const sentence = ({ median, p95, max }: Figures) => [median, p95, max].map((x) => x.toExponential(1)).join(" / ");

/** A row as a sentence, for messages. */
export function describeRow(row: Row): string {
  const { model, level, quantity, count, gate, rounded } = row;
  const allowed = Object.entries(gate).map(([name, limit]) => `${name} ${limit.toExponential(1)}`);
  const own = rounded ? `; MuJoCo rounded: ${sentence(rounded)}` : "";
  return `${model}, level ${level}, ${quantity}: median / p95 / max ${sentence(row)} of ${count}; allowed: ${allowed.join(", ")}${own}`;
}
