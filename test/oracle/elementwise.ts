// The elementwise functions in float64, and the distance of a float32 from a float64 in float32 spacings.

/** Name of each function to the function itself; the kernel is `<name>_f32`. */
export const functions = {
  exp: Math.exp,
  log: Math.log,
  tanh: Math.tanh,
  sigmoid: (x: number): number => 1 / (1 + Math.exp(-x)),
  softplus: (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  // the limit where the formula gives 0/0
  swish: (x: number): number => (x === -Infinity ? -0 : x / (1 + Math.exp(-x))),
  sin: Math.sin,
  cos: Math.cos,
} as const;

export type FunctionName = keyof typeof functions;

/** Largest error allowed, in units in the last place of the result. */
export const bounds: Readonly<Record<FunctionName, number>> = {
  exp: 1,
  log: 1,
  tanh: 2,
  sigmoid: 2,
  softplus: 2,
  swish: 2,
  sin: 2,
  cos: 2,
};

const f64 = new Float64Array(1);
const words = new Uint32Array(f64.buffer);

/** Distance between neighbouring float32 at |x|, denormals included. */
export function spacing(x: number): number {
  f64[0] = Math.abs(x);
  // bits of the exponent; float32 ends at 2^127 above and 2^−126 below
  const exponent = Math.min(127, Math.max(-126, ((words[1] as number) >>> 20) - 1023));
  return 2 ** (exponent - 23);
}

/**
 * Error of `got`, a float32, against `exact`, in units in the last place. Infinity counts as 2^128, the number after the
 * largest; NaN against a number, or a zero of the wrong sign, is infinitely far off.
 */
export function ulps(exact: number, got: number): number {
  if (Number.isNaN(exact) || Number.isNaN(got)) return Number.isNaN(exact) && Number.isNaN(got) ? 0 : Infinity;
  if (exact === got) return Object.is(exact, got) ? 0 : Infinity;
  const bounded = Math.abs(exact) > 2 ** 128 ? Math.sign(exact) * 2 ** 128 : exact;
  const value = Number.isFinite(got) ? got : Math.sign(got) * 2 ** 128;
  if (got === 0 && Object.is(got, 0) !== exact > 0) return Infinity;
  return Math.abs(value - bounded) / spacing(bounded);
}
