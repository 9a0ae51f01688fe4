// Mass and inertia: of a geom of uniform density (or surface density), of several about their common center, and the
// principal axes of an inertia tensor by Jacobi's rotations.
//
// Moments of the shapes are those of any table of mechanics. A capsule is a cylinder and two half balls, each of which has
// its center 3/8 of the radius from its base (1/2 for a hollow one).

import { GeomType } from "../compiled.js";
import { cross, type Frame, matrix, quaternionOf } from "./frames.js";

/** Below this, MuJoCo takes an off-diagonal moment for zero. */
const NEGLIGIBLE = 1e-12;

/** Something with mass: principal moments about its center, in a frame at that center. */
export interface Solid {
  readonly mass: number;
  readonly frame: Frame;
  readonly moments: readonly number[];
}

/** Volume of a shape, or area of its surface. */
export function volume(type: number, [a, b, c]: readonly number[], shell: boolean): number {
  switch (type) {
    case GeomType.sphere:
      return shell ? 4 * Math.PI * a * a : (4 * Math.PI * a * a * a) / 3;
    case GeomType.capsule:
      return shell ? 4 * Math.PI * a * (a + b) : Math.PI * a * a * (2 * b + (4 * a) / 3);
    case GeomType.cylinder:
      return shell ? 2 * Math.PI * a * (a + 2 * b) : 2 * Math.PI * a * a * b;
    case GeomType.ellipsoid:
      return (4 * Math.PI * a * b * c) / 3;
    case GeomType.box:
      return shell ? 8 * (a * b + b * c + c * a) : 8 * a * b * c;
    default:
      return 0;
  }
}

/** Principal moments of a shape of the given mass; a plane has none. */
export function shapeMoments(type: number, mass: number, size: readonly number[], shell: boolean): number[] {
  const [a, b, c] = size;
  switch (type) {
    case GeomType.sphere: {
      const moment = mass * a * a * (shell ? 2 / 3 : 2 / 5);
      return [moment, moment, moment];
    }
    case GeomType.capsule:
      return capsuleMoments(mass, a, b, shell);
    case GeomType.cylinder:
      return shell ? tinMoments(mass, a, b) : round(mass * (a * a * (1 / 4) + (b * b) / 3), mass * a * a * (1 / 2));
    case GeomType.ellipsoid:
      return [b * b + c * c, a * a + c * c, a * a + b * b].map((sum) => (mass * sum) / 5);
    case GeomType.box:
      return shell ? cartonMoments(mass, a, b, c) : boxMoments(mass, a, b, c);
    default:
      return [0, 0, 0];
  }
}

// moments of a body of revolution about z
const round = (across: number, along: number): number[] => [across, across, along];

function boxMoments(mass: number, a: number, b: number, c: number): number[] {
  return [b * b + c * c, a * a + c * c, a * a + b * b].map((sum) => (mass * sum) / 3);
}

function capsuleMoments(mass: number, radius: number, half: number, shell: boolean): number[] {
  const square = radius * radius;
  // the part of the mass that is in the two caps
  const caps = mass * (shell ? radius / (radius + half) : (2 * radius) / (2 * radius + 3 * half));
  const tube = mass - caps;
  const ball = caps * square * (shell ? 2 / 3 : 2 / 5);
  const center = shell ? 1 / 2 : 3 / 8;
  // from the base's center to the cap's own, and out to where the cap is
  const shift = caps * half * (half + 2 * center * radius);
  const across = tube * (square * (shell ? 1 / 2 : 1 / 4) + (half * half) / 3);
  return round(across + ball + shift, tube * square * (shell ? 1 : 1 / 2) + ball);
}

// a hollow cylinder with its two lids
function tinMoments(mass: number, radius: number, half: number): number[] {
  const square = radius * radius;
  const lids = (mass * radius) / (radius + 2 * half);
  const tube = mass - lids;
  const across = tube * (square / 2 + (half * half) / 3) + lids * (square / 4 + half * half);
  return round(across, tube * square + (lids * square) / 2);
}

// six sides without thickness: each pair is a plate, moved out by the third half length
function cartonMoments(mass: number, a: number, b: number, c: number): number[] {
  const area = a * b + b * c + c * a;
  const moments = [0, 0, 0];
  for (const [x, y, z] of [
    [0, 1, 2],
    [1, 2, 0],
    [2, 0, 1],
  ]) {
    const size = [a, b, c];
    const part = (mass * size[x] * size[y]) / area;
    const [xx, yy, zz] = [size[x] * size[x], size[y] * size[y], size[z] * size[z]];
    moments[x] += part * (yy / 3 + zz);
    moments[y] += part * (xx / 3 + zz);
    moments[z] += (part * (xx + yy)) / 3;
  }
  return moments;
}

/** Moments and products xx yy zz xy xz yz of principal moments, in the frame that `quat` turns them into. */
export function tensor(moments: readonly number[], quat: readonly number[]): number[] {
  const m = matrix(quat);
  const entry = (i: number, j: number): number =>
    m[3 * i] * m[3 * j] * moments[0] +
    m[3 * i + 1] * m[3 * j + 1] * moments[1] +
    m[3 * i + 2] * m[3 * j + 2] * moments[2];
  return [entry(0, 0), entry(1, 1), entry(2, 2), entry(0, 1), entry(0, 2), entry(1, 2)];
}

/** Several solids as one. */
export function merge(solids: readonly Solid[]): { mass: number; center: number[]; tensor: number[] } {
  const mass = solids.reduce((sum, solid) => sum + solid.mass, 0);
  const center = [0, 1, 2].map(
    (i) => solids.reduce((sum, { mass: part, frame }) => sum + part * frame.pos[i], 0) / mass,
  );
  const total = [0, 0, 0, 0, 0, 0];
  for (const { mass: part, frame, moments } of solids) {
    const [x, y, z] = frame.pos.map((p, i) => p - center[i]);
    const moved = [y * y + z * z, x * x + z * z, x * x + y * y, -x * y, -x * z, -y * z];
    tensor(moments, frame.quat).forEach((own, i) => {
      total[i] += own + part * moved[i];
    });
  }
  return { mass, center, tensor: total };
}

/** Principal moments, largest first, and the rotation of their axes, of xx yy zz xy xz yz. */
export function principalAxes([xx, yy, zz, xy, xz, yz]: readonly number[]): { moments: number[]; quat: number[] } {
  const a = [
    [xx, xy, xz],
    [xy, yy, yz],
    [xz, yz, zz],
  ];
  const axes = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  let turned = false;
  for (let turn = 0; turn < 100; turn++) {
    const [p, q] = largestOffDiagonal(a);
    const scale = Math.max(Math.abs(a[0][0]), Math.abs(a[1][1]), Math.abs(a[2][2]));
    if (!(Math.abs(a[p][q]) >= Math.max(NEGLIGIBLE, 1e-16 * scale))) break;
    turn2(a, axes, p, q);
    turned = true;
  }
  // the same order as MuJoCo's, which leaves equal moments where they are
  for (const i of [0, 1, 0]) {
    if (a[i][i] + NEGLIGIBLE < a[i + 1][i + 1]) {
      [a[i][i], a[i + 1][i + 1]] = [a[i + 1][i + 1], a[i][i]];
      [axes[i], axes[i + 1]] = [axes[i + 1], axes[i].map((x) => -x)];
      turned = true;
    }
  }
  const moments = [a[0][0], a[1][1], a[2][2]];
  const quat = turned ? quaternionOf(axes[0], axes[1], cross(axes[0], axes[1])) : [1, 0, 0, 0];
  return { moments, quat };
}

function largestOffDiagonal(a: readonly number[][]): [number, number] {
  const [xy, xz, yz] = [Math.abs(a[0][1]), Math.abs(a[0][2]), Math.abs(a[1][2])];
  if (xy >= xz && xy >= yz) return [0, 1];
  return xz >= yz ? [0, 2] : [1, 2];
}

// one rotation in the plane of p and q, after which a[p][q] is 0
function turn2(a: number[][], axes: number[][], p: number, q: number): void {
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  const r = 3 - p - q;
  const [apr, aqr] = [a[p][r], a[q][r]];
  a[p][p] -= t * a[p][q];
  a[q][q] += t * a[p][q];
  a[p][q] = a[q][p] = 0;
  a[p][r] = a[r][p] = c * apr - s * aqr;
  a[q][r] = a[r][q] = s * apr + c * aqr;
  const [u, v] = [axes[p], axes[q]];
  axes[p] = u.map((x, i) => c * x - s * v[i]);
  axes[q] = v.map((x, i) => s * u[i] + c * x);
}
