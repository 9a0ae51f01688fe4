// Vectors, quaternions (w x y z) and the many ways in which MJCF names an orientation: quat, axisangle, xyaxes, zaxis, euler,
// and the axis of a fromto. Angles go through the float64 trigonometry of the kernels.

import { has, readNumbers } from "./attributes.js";
import { fail, type Node } from "./xml.js";

/** The trigonometry of the binary. */
export interface Trigonometry {
  sin_f64(x: number): number;
  cos_f64(x: number): number;
  atan2_f64(y: number, x: number): number;
}

/** What an angle of the file means. */
export interface AngleRules {
  readonly kernels: Trigonometry;
  /** Radians per unit of angle. */
  readonly angle: number;
  readonly eulerseq: string;
}

/** Where something is: a position and a unit quaternion. */
export interface Frame {
  pos: number[];
  quat: number[];
}

/** An orientation as the file gives it; `how` other than "quat" goes before the quaternion, also one of a default. */
export interface Orientation {
  quat: number[];
  how: "quat" | "axisangle" | "xyaxes" | "zaxis" | "euler";
  values: number[];
}

// squared lengths below this are no direction
const TINY = 1e-14;

// in radians; where the kernels' trigonometry ends
const LARGEST_ANGLE = 1e6;

export const identity = (): Frame => ({ pos: [0, 0, 0], quat: [1, 0, 0, 0] });

export function dot(a: readonly number[], b: readonly number[]): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: readonly number[], b: readonly number[]): number[] {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** The vector at length 1, or undefined when it has no direction. */
export function unit(v: readonly number[]): number[] | undefined {
  const square = v.reduce((sum, x) => sum + x * x, 0);
  if (!(square >= TINY)) return undefined;
  const length = Math.sqrt(square);
  return v.map((x) => x / length);
}

export function multiply(a: readonly number[], b: readonly number[]): number[] {
  return [
    a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
    a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
    a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
    a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
  ];
}

/** Rows of the rotation matrix. */
export function matrix([w, x, y, z]: readonly number[]): number[] {
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

export function rotate(quat: readonly number[], v: readonly number[]): number[] {
  const m = matrix(quat);
  return [dot(m.slice(0, 3), v), dot(m.slice(3, 6), v), dot(m.slice(6, 9), v)];
}

/** A frame given in `outer`'s, in the one that `outer` is given in. */
export function compose(outer: Frame, inner: Frame): Frame {
  const moved = rotate(outer.quat, inner.pos);
  return { pos: moved.map((x, i) => x + outer.pos[i]), quat: multiply(outer.quat, inner.quat) };
}

/** The quaternion of a right-handed frame by its axes: the largest component first, for accuracy. */
export function quaternionOf(x: readonly number[], y: readonly number[], z: readonly number[]): number[] {
  const trace = [
    x[0] + y[1] + z[2], //
    x[0] - y[1] - z[2],
    -x[0] + y[1] - z[2],
    -x[0] - y[1] + z[2],
  ];
  const largest = trace[0] > 0 ? 0 : trace.indexOf(Math.max(trace[1], trace[2], trace[3]), 1);
  const h = 0.5 * Math.sqrt(1 + trace[largest]);
  const s = 0.25 / h;
  const [a, b, c] = [s * (y[2] - z[1]), s * (z[0] - x[2]), s * (x[1] - y[0])];
  const [p, q, r] = [s * (y[0] + x[1]), s * (x[2] + z[0]), s * (z[1] + y[2])];
  const quat = [
    [h, a, b, c],
    [a, h, p, q],
    [b, p, h, r],
    [c, q, r, h],
  ][largest];
  return unit(quat) as number[];
}

/** The shortest rotation of the z axis onto a unit vector; onto its opposite, about x. */
export function rotationOfZ(rules: AngleRules, z: readonly number[]): number[] {
  const across = cross([0, 0, 1], z);
  const axis = unit(across);
  if (axis === undefined) return z[2] > 0 ? [1, 0, 0, 0] : [0, 1, 0, 0];
  return aboutAxis(rules, axis, rules.kernels.atan2_f64(Math.sqrt(dot(across, across)), z[2]));
}

function aboutAxis({ kernels }: AngleRules, axis: readonly number[], radians: number): number[] {
  const s = kernels.sin_f64(radians / 2);
  return [kernels.cos_f64(radians / 2), s * axis[0], s * axis[1], s * axis[2]];
}

const alternatives = { axisangle: 4, xyaxes: 6, zaxis: 3, euler: 3 } as const;

/** Reads the orientation attributes, at most one of which may be there, over those of a default. */
export function readOrientation(node: Node, from: Orientation): Orientation {
  const names = ["quat", ...Object.keys(alternatives)].filter((name) => has(node, name));
  if (names.length > 1) fail(node, `has both ${names[0]} and ${names[1]}`);
  const quat = [...from.quat];
  readNumbers(node, "quat", quat);
  const read = unit(quat);
  if (read === undefined) fail(node, `quat="${node.attributes.quat}": a rotation has no zero quaternion`);
  for (const how of ["axisangle", "xyaxes", "zaxis", "euler"] as const) {
    const values: number[] = Array(alternatives[how]).fill(0);
    if (readNumbers(node, how, values)) return { quat: read, how, values };
  }
  return { ...from, quat: read };
}

/** The unit quaternion of an orientation. */
export function resolveOrientation(node: Node, rules: AngleRules, { quat, how, values }: Orientation): number[] {
  const angles = how === "axisangle" ? [values[3]] : how === "euler" ? values : [];
  if (angles.some((value) => Math.abs(value * rules.angle) > LARGEST_ANGLE)) {
    fail(node, `${how}: an angle is larger than ${LARGEST_ANGLE} rad`);
  }
  const direction = (from: number, what: string): number[] =>
    unit(values.slice(from, from + 3)) ?? fail(node, `${how}: ${what} has no direction`);
  if (how === "axisangle") return aboutAxis(rules, direction(0, "the axis"), values[3] * rules.angle);
  if (how === "zaxis") return rotationOfZ(rules, direction(0, "the z axis"));
  if (how === "euler") return fromEuler(rules, values);
  if (how === "quat") return quat;
  const x = direction(0, "the x axis");
  const across = dot(x, values.slice(3));
  const y =
    unit(x.map((component, i) => values[3 + i] - across * component)) ?? fail(node, "xyaxes: the axes are parallel");
  return quaternionOf(x, y, cross(x, y));
}

// lower case: about axes that move along; upper case: about fixed axes
function fromEuler(rules: AngleRules, values: readonly number[]): number[] {
  let quat = [1, 0, 0, 0];
  values.forEach((value, i) => {
    const letter = rules.eulerseq[i];
    const index = "xyz".indexOf(letter.toLowerCase());
    const axis = [0, 1, 2].map((k) => (k === index ? 1 : 0));
    const turn = aboutAxis(rules, axis, value * rules.angle);
    quat = letter === letter.toLowerCase() ? multiply(quat, turn) : multiply(turn, quat);
  });
  return unit(quat) as number[];
}
