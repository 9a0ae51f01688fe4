// Central differences of a float64 function.

/** ∂f/∂x[i] for each i, by central differences of relative step 6e-6. */
export function gradient(f: (x: Float64Array) => number, x: ArrayLike<number>): Float64Array {
  const point = Float64Array.from(x);
  return Float64Array.from(point, (value, i) => {
    const h = 6e-6 * Math.max(1, Math.abs(value));
    point[i] = value + h;
    const above = f(point);
    point[i] = value - h;
    const below = f(point);
    point[i] = value;
    return (above - below) / (2 * h);
  });
}
