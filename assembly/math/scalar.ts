// exp and log of one f64, to an ulp or two, without the tables of the compiler's own: for scalar code whose numbers are kept
// in f32. Both series are cut off where the next term is below rounding.

const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;
const INVERSE_LN2: f64 = 1.4426950408889634;
// the bits of √½
const ROOT_HALF: i64 = 0x3fe6a09e667f3bcd;

/** e^x: Taylor about the nearest multiple of ln 2; 0 below −708, where results would be denormal. */
export function exp_f64(x: f64): f64 {
  if (x > 709.7) return Infinity;
  if (x < -708) return 0;
  const k = Math.floor(x * INVERSE_LN2 + 0.5);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum: f64 = 1 / 6227020800.0;
  sum = sum * r + 1 / 479001600.0;
  sum = sum * r + 1 / 39916800.0;
  sum = sum * r + 1 / 3628800.0;
  sum = sum * r + 1 / 362880.0;
  sum = sum * r + 1 / 40320.0;
  sum = sum * r + 1 / 5040.0;
  sum = sum * r + 1 / 720.0;
  sum = sum * r + 1 / 120.0;
  sum = sum * r + 1 / 24.0;
  sum = sum * r + 1 / 6.0;
  sum = sum * r + 0.5;
  sum = sum * r + 1;
  sum = sum * r + 1;
  return sum * reinterpret<f64>((<i64>k + 1023) << 52);
}

/** ln x of a positive normal number: x = 2^k · m, m in [√½, √2), ln m = 2 artanh((m − 1) / (m + 1)). */
export function log_f64(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  const exponent = (bits - ROOT_HALF) >> 52;
  const m = reinterpret<f64>(bits - (exponent << 52));
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let sum: f64 = 1 / 23.0;
  sum = sum * z + 1 / 21.0;
  sum = sum * z + 1 / 19.0;
  sum = sum * z + 1 / 17.0;
  sum = sum * z + 1 / 15.0;
  sum = sum * z + 1 / 13.0;
  sum = sum * z + 1 / 11.0;
  sum = sum * z + 1 / 9.0;
  sum = sum * z + 1 / 7.0;
  sum = sum * z + 1 / 5.0;
  sum = sum * z + 1 / 3.0;
  const k = <f64>exponent;
  return k * LN2_HIGH + (2 * s + (2 * s * z * sum + k * LN2_LOW));
}
