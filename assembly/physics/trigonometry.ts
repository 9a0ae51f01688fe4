// Trigonometry in float64 for what is computed once per model, such as a frame from Euler angles. Engines differ in the last
// bits of `Math.sin`; these are the compiler's own software versions (after FreeBSD's msun, below 1 ulp), so that a model
// compiles to the same bits everywhere. Not for the inner loops: those work on lanes.
//
// Angles beyond 10⁶ rad give NaN: the compiler's reduction of arguments above 2²⁰·π/2 gets signs wrong.

const LARGEST: f64 = 1e6;

export function sin_f64(x: f64): f64 {
  return abs<f64>(x) <= LARGEST ? NativeMath.sin(x) : NaN;
}

export function cos_f64(x: f64): f64 {
  return abs<f64>(x) <= LARGEST ? NativeMath.cos(x) : NaN;
}

/** The angle of the point (x, y), in [−π, π]. */
export function atan2_f64(y: f64, x: f64): f64 {
  return NativeMath.atan2(y, x);
}
