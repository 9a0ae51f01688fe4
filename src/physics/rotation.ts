// 3 × 3 matrices by rows and 3-vectors in float64, for what is computed once per model.

export type Vector = readonly [number, number, number];
/** By rows. */
export type Matrix = readonly [number, number, number, number, number, number, number, number, number];

export const IDENTITY: Matrix = [1, 0, 0, 0, 1, 0, 0, 0, 1];
export const ORIGIN: Vector = [0, 0, 0];

/** Element `index` of an array of 3-vectors. */
export function vectorAt(array: ArrayLike<number>, index: number): Vector {
  return [array[3 * index], array[3 * index + 1], array[3 * index + 2]];
}

/** The rotation of unit quaternion `index` (w x y z) of an array. */
export function matrixAt(array: ArrayLike<number>, index: number): Matrix {
  const [w, x, y, z] = [0, 1, 2, 3].map((k) => array[4 * index + k]);
  return [
    w * w + x * x - y * y - z * z,
    2 * (x * y - w * z),
    2 * (x * z + w * y),
    2 * (x * y + w * z),
    w * w - x * x + y * y - z * z,
    2 * (y * z - w * x),
    2 * (x * z - w * y),
    2 * (y * z + w * x),
    w * w - x * x - y * y + z * z,
  ];
}

export function multiply(a: Matrix, b: Matrix): Matrix {
  const entry = (i: number, j: number) => a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j];
  return [
    entry(0, 0),
    entry(0, 1),
    entry(0, 2),
    entry(1, 0),
    entry(1, 1),
    entry(1, 2),
    entry(2, 0),
    entry(2, 1),
    entry(2, 2),
  ];
}

export function transpose(a: Matrix): Matrix {
  return [a[0], a[3], a[6], a[1], a[4], a[7], a[2], a[5], a[8]];
}

export function rotate(a: Matrix, v: Vector): Vector {
  return [
    a[0] * v[0] + a[1] * v[1] + a[2] * v[2],
    a[3] * v[0] + a[4] * v[1] + a[5] * v[2],
    a[6] * v[0] + a[7] * v[1] + a[8] * v[2],
  ];
}

export function sum(a: Vector, b: Vector): Vector {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export function scaled(a: Vector, s: number): Vector {
  return [a[0] * s, a[1] * s, a[2] * s];
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** A rotation whose third column is the unit vector `z`; without rounding where z is an axis. */
export function withThirdColumn(z: Vector): Matrix {
  const sizes = z.map(Math.abs);
  const least = sizes[0] <= sizes[1] && sizes[0] <= sizes[2] ? 0 : sizes[1] <= sizes[2] ? 1 : 2;
  // z × the axis it is farthest from, which for z along an axis is the next or the last one
  const y = cross(z, [least === 0 ? 1 : 0, least === 1 ? 1 : 0, least === 2 ? 1 : 0]);
  const unit = scaled(y, 1 / Math.sqrt(y[0] * y[0] + y[1] * y[1] + y[2] * y[2]));
  const x = cross(unit, z);
  return [x[0], unit[0], z[0], x[1], unit[1], z[1], x[2], unit[2], z[2]];
}

/** R I Rᵀ of a symmetric matrix. */
export function turned(R: Matrix, I: Matrix): Matrix {
  return multiply(multiply(R, I), transpose(R));
}
