// Float64 numbers that remember how they were made, so that what is written forward has its gradient: reverse accumulation
// over scalars, as in a textbook. Slow and plain; twins of whole chains are written with it.

/** A number, and its derivatives with respect to the numbers that it was made from. */
export interface Num {
  readonly id: number;
  readonly value: number;
  readonly from: readonly (readonly [Num, number])[];
}

let made = 0;

function make(value: number, ...from: (readonly [Num, number])[]): Num {
  return { id: made++, value, from };
}

/** A number made from nothing: a constant, or a variable. */
export const num = (value: number): Num => make(value);
export const add = (a: Num, b: Num): Num => make(a.value + b.value, [a, 1], [b, 1]);
export const sub = (a: Num, b: Num): Num => make(a.value - b.value, [a, 1], [b, -1]);
export const mul = (a: Num, b: Num): Num => make(a.value * b.value, [a, b.value], [b, a.value]);
export const scale = (a: Num, k: number): Num => make(k * a.value, [a, k]);
export const shift = (a: Num, k: number): Num => make(a.value + k, [a, 1]);
export const square = (a: Num): Num => mul(a, a);
export const sin = (a: Num): Num => make(Math.sin(a.value), [a, Math.cos(a.value)]);
export const cos = (a: Num): Num => make(Math.cos(a.value), [a, -Math.sin(a.value)]);
export const exp = (a: Num): Num => make(Math.exp(a.value), [a, Math.exp(a.value)]);
export const tanh = (a: Num): Num => make(Math.tanh(a.value), [a, 1 - Math.tanh(a.value) ** 2]);
export const sqrt = (a: Num): Num => make(Math.sqrt(a.value), [a, 0.5 / Math.sqrt(a.value)]);
/** Any function of one number, with its derivative there. */
export const apply = (a: Num, value: number, slope: number): Num => make(value, [a, slope]);
/** Within [low, high]. */
export const clip = (a: Num, low: number, high: number): Num =>
  make(Math.min(Math.max(a.value, low), high), [a, a.value < low || a.value > high ? 0 : 1]);
export const sum = (terms: readonly Num[]): Num =>
  make(
    terms.reduce((total, { value }) => total + value, 0),
    ...terms.map((term) => [term, 1] as const),
  );

export function atan2(y: Num, x: Num): Num {
  const length = x.value ** 2 + y.value ** 2;
  return make(Math.atan2(y.value, x.value), [y, x.value / length], [x, -y.value / length]);
}

/** ∂ output / ∂ variable for each variable. */
export function gradient(output: Num, variables: readonly Num[]): number[] {
  const seen = new Map<Num, number>([[output, 1]]);
  const reached = [output];
  for (const { from } of reached) {
    for (const [source] of from) {
      if (seen.has(source)) continue;
      seen.set(source, 0);
      reached.push(source);
    }
  }
  // whatever a number was made from is older than itself
  reached.sort((a, b) => b.id - a.id);
  for (const at of reached) {
    for (const [source, slope] of at.from) {
      seen.set(source, (seen.get(source) ?? 0) + slope * (seen.get(at) ?? 0));
    }
  }
  return variables.map((variable) => seen.get(variable) ?? 0);
}
