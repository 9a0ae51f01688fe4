// The constrained acceleration in plain float64: poses by going down the tree, contacts of planes, spheres and capsules, one
// dense row per constraint, Newton's method with a dense Cholesky factor and a bisected line search. From MuJoCo's
// "Computation" chapter; shares nothing with the kernels but the compiled model.
import { type CompiledModel, type ContactPair, GeomType, JointType } from "../../src/physics/compiled.js";
import {
  cross,
  IDENTITY,
  type Matrix,
  matrixAt,
  multiply,
  rotate,
  scaled,
  sum,
  type Vector,
  vectorAt,
} from "../../src/physics/rotation.js";

export interface OracleContact {
  readonly pair: ContactPair;
  readonly distance: number;
  readonly position: Vector;
  readonly normal: Vector;
  readonly tangent: Vector;
}

/** J a ≥ aref, with the weight D. */
export interface OracleRow {
  readonly J: readonly number[];
  readonly D: number;
  readonly aref: number;
}

type Column = (point: Vector) => Vector;

interface Pose {
  readonly position: Vector;
  readonly rotation: Matrix;
}

const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const minus = (a: Vector, b: Vector) => sum(a, scaled(b, -1));
const unit = (a: Vector, otherwise: Vector): Vector =>
  dot(a, a) < 1e-30 ? otherwise : scaled(a, 1 / Math.sqrt(dot(a, a)));
const clamp = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));

function turn(axis: Vector, angle: number): Matrix {
  const [s, c] = [Math.sin(angle / 2), Math.cos(angle / 2)];
  return matrixAt([c, ...scaled(axis, s)], 0);
}

// poses of the bodies; how fast a point moves for a unit rate of each degree of freedom
function poses(model: CompiledModel, qpos: ArrayLike<number>): { bodies: Pose[]; columns: Column[] } {
  const bodies: Pose[] = [{ position: [0, 0, 0], rotation: IDENTITY }];
  const columns: Column[] = [];
  for (let b = 1; b < model.nbody; b++) {
    const parent = bodies[model.bodyParent[b]!]!;
    let position = sum(parent.position, rotate(parent.rotation, vectorAt(model.bodyPos, b)));
    let rotation = multiply(parent.rotation, matrixAt(model.bodyQuat, b));
    for (let j = model.bodyJntAdr[b]!; j < model.bodyJntAdr[b]! + model.bodyJntNum[b]!; j++) {
      const q = model.jntQposAdr[j]!;
      if (model.jntType[j] === JointType.free) {
        position = [qpos[q]!, qpos[q + 1]!, qpos[q + 2]!];
        rotation = matrixAt(
          [3, 4, 5, 6].map((k) => qpos[q + k]!),
          0,
        );
        for (const k of [0, 1, 2]) columns.push(() => [+(k === 0), +(k === 1), +(k === 2)]);
        const [center, R] = [position, rotation];
        for (const k of [0, 1, 2]) columns.push((p) => cross([R[k]!, R[3 + k]!, R[6 + k]!], minus(p, center)));
        continue;
      }
      const axis = rotate(rotation, vectorAt(model.jntAxis, j));
      const moved = qpos[q]! - model.qpos0[q]!;
      if (model.jntType[j] === JointType.slide) {
        position = sum(position, scaled(axis, moved));
        columns.push(() => axis);
        continue;
      }
      const anchor = sum(position, rotate(rotation, vectorAt(model.jntPos, j)));
      rotation = multiply(turn(axis, moved), rotation);
      position = minus(anchor, rotate(rotation, vectorAt(model.jntPos, j)));
      columns.push((p) => cross(axis, minus(p, anchor)));
    }
    bodies.push({ position, rotation });
  }
  return { bodies, columns };
}

interface Touch {
  readonly distance: number;
  readonly position: Vector;
  readonly normal: Vector;
  readonly along?: Vector | undefined;
}

const onPlane = (plane: Vector, normal: Vector, center: Vector, radius: number, along?: Vector): Touch => {
  const distance = dot(normal, minus(center, plane)) - radius;
  return { distance, position: minus(center, scaled(normal, radius + distance / 2)), normal, along };
};

const balls = (a: Vector, r1: number, b: Vector, r2: number): Touch => {
  const d = minus(b, a);
  const distance = Math.sqrt(dot(d, d)) - r1 - r2;
  const normal = unit(d, [1, 0, 0]);
  return { distance, position: sum(a, scaled(normal, r1 + distance / 2)), normal };
};

function touches(model: CompiledModel, bodies: readonly Pose[], { geom1, geom2, margin, gap }: ContactPair): Touch[] {
  const place = (g: number) => {
    const body = bodies[model.geomBody[g]!]!;
    const R = multiply(body.rotation, matrixAt(model.geomQuat, g));
    const [radius, half] = vectorAt(model.geomSize, g);
    const center = sum(body.position, rotate(body.rotation, vectorAt(model.geomPos, g)));
    return { center, axis: [R[2], R[5], R[8]] as Vector, radius, half };
  };
  const a = place(geom1);
  const b = place(geom2);
  const on = (s: number, t: number) =>
    balls(sum(a.center, scaled(a.axis, s)), a.radius, sum(b.center, scaled(b.axis, t)), b.radius);
  const [first, second] = [model.geomType[geom1], model.geomType[geom2]];
  let found: Touch[];
  if (first === GeomType.plane) {
    const ends = second === GeomType.capsule ? [b.half, -b.half] : [0];
    const along = second === GeomType.capsule ? b.axis : undefined;
    found = ends.map((end) => onPlane(a.center, a.axis, sum(b.center, scaled(b.axis, end)), b.radius, along));
  } else if (second === GeomType.sphere) found = [on(0, 0)];
  else if (first === GeomType.sphere) found = [on(0, clamp(dot(b.axis, minus(a.center, b.center)), -b.half, b.half))];
  else {
    const d = minus(a.center, b.center);
    const [ab, ad, bd] = [dot(a.axis, b.axis), dot(a.axis, d), dot(b.axis, d)];
    const onA = (t: number) => clamp(t * ab - ad, -a.half, a.half);
    const onB = (s: number) => clamp(s * ab + bd, -b.half, b.half);
    if ((1 - ab * ab) * (a.half * b.half) ** 2 < 1e-15) {
      const all = [
        on(a.half, onB(a.half)),
        on(-a.half, onB(-a.half)),
        on(onA(b.half), b.half),
        on(onA(-b.half), -b.half),
      ];
      return all.filter(({ distance }) => distance < margin + gap).slice(0, 2);
    }
    // the distance along both segments is convex: the best of the free minimum clamped one way round
    const t = onB(clamp((ab * bd - ad) / (1 - ab * ab), -a.half, a.half));
    found = [on(onA(t), t)];
  }
  return found.filter(({ distance }) => distance < margin + gap);
}

/** Contacts of a state, in the order of the model's pairs. */
export function contactsOf(model: CompiledModel, qpos: ArrayLike<number>): OracleContact[] {
  const { bodies } = poses(model, qpos);
  return model.pairs.flatMap((pair) =>
    touches(model, bodies, pair).map(({ distance, position, normal, along }) => {
      const start: Vector = along ?? (Math.abs(normal[1]) < 0.5 ? [0, 1, 0] : [0, 0, 1]);
      const tangent = unit(minus(start, scaled(normal, dot(start, normal))), [1, 0, 0]);
      return { pair, distance, position, normal, tangent };
    }),
  );
}

interface Softness {
  readonly solref: ArrayLike<number>;
  readonly solimp: ArrayLike<number>;
}

// weight and reference acceleration of a row at speed v, where the margin is passed by −r
function soften(model: CompiledModel, { solref, solimp }: Softness, r: number, weight: number, v: number) {
  const bounded = (x: number) => clamp(x, 1e-4, 0.9999);
  const [least, most, middle] = [bounded(solimp[0]!), bounded(solimp[1]!), bounded(solimp[3]!)];
  const [width, power] = [solimp[2]!, Math.max(1, solimp[4]!)];
  const x = Math.min(1, Math.abs(r) / width);
  const y = x <= middle ? x ** power / middle ** (power - 1) : 1 - (1 - x) ** power / (1 - middle) ** (power - 1);
  const imp = least + (power === 1 ? x : y) * (most - least);
  let [K, B] = [-solref[0]! / most ** 2, -solref[1]! / most];
  if (solref[0]! > 0) {
    const time = model.option.refsafe ? Math.max(solref[0]!, 2 * model.option.timestep) : solref[0]!;
    [K, B] = [1 / (most * time * solref[1]!) ** 2, 2 / (most * time)];
  }
  return { D: imp / ((1 - imp) * weight), aref: -B * v - K * imp * r };
}

/** The rows of a state: limits, then contacts. */
export function rowsOf(model: CompiledModel, qpos: ArrayLike<number>, qvel: ArrayLike<number>): OracleRow[] {
  const { nv } = model;
  const rows: OracleRow[] = [];
  const add = (J: number[], softness: Softness, r: number, weight: number) => {
    const v = J.reduce((total, entry, i) => total + entry * qvel[i]!, 0);
    rows.push({ J, ...soften(model, softness, r, weight, v) });
  };
  for (let j = 0; j < model.njnt; j++) {
    if (!model.jntLimited[j] || model.jntType[j] === JointType.free) continue;
    const dof = model.jntDofAdr[j]!;
    const q = qpos[model.jntQposAdr[j]!]!;
    const margin = model.jntMargin[j]!;
    const softness = {
      solref: model.jntSolref.subarray(2 * j, 2 * j + 2),
      solimp: model.jntSolimp.subarray(5 * j, 5 * j + 5),
    };
    for (const [sign, distance] of [
      [1, q - model.jntRange[2 * j]!] as const,
      [-1, model.jntRange[2 * j + 1]! - q] as const,
    ]) {
      const J = Array.from({ length: nv }, (_, i) => (i === dof ? sign : 0));
      if (distance < margin) add(J, softness, distance - margin, model.dofInvweight0[dof]!);
    }
  }
  const { columns } = poses(model, qpos);
  const moves = (body: number, dof: number): boolean => {
    if (body === 0) return false;
    return model.dofBody[dof] === body || moves(model.bodyParent[body]!, dof);
  };
  for (const { pair, distance, position, normal, tangent } of contactsOf(model, qpos)) {
    const r = distance - pair.margin;
    if (r >= 0) continue;
    const [one, two] = [model.geomBody[pair.geom1]!, model.geomBody[pair.geom2]!];
    const along = (direction: Vector) =>
      columns.map((column, dof) => (+moves(two, dof) - +moves(one, dof)) * dot(direction, column(position)));
    const Jn = along(normal);
    const translation = model.bodyInvweight0[2 * one]! + model.bodyInvweight0[2 * two]!;
    if (pair.condim === 1) {
      add(Jn, pair, r, translation);
      continue;
    }
    const square = pair.friction[0] ** 2;
    const weight = ((2 * square) / model.option.impratio) * translation * (1 + square);
    [tangent, cross(normal, tangent)].forEach((direction, k) => {
      const Jt = along(direction);
      for (const mu of [pair.friction[k]!, -pair.friction[k]!]) {
        add(
          Jn.map((entry, i) => entry + mu * Jt[i]!),
          pair,
          r,
          weight,
        );
      }
    });
  }
  return rows;
}

function solveDense(A: number[][], b: number[]): number[] {
  const n = b.length;
  const L = A.map((row) => [...row]);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let s = A[i]![j]!;
      for (let k = 0; k < j; k++) s -= L[i]![k]! * L[j]![k]!;
      L[i]![j] = i === j ? Math.sqrt(s) : s / L[j]![j]!;
    }
  }
  const x = [...b];
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= L[i]![k]! * x[k]!;
    x[i]! /= L[i]![i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= L[k]![i]! * x[k]!;
    x[i]! /= L[i]![i]!;
  }
  return x;
}

/** The minimum of ½ (a − smooth)ᵀ M (a − smooth) + Σ ½ D min(0, J a − aref)², and the number of iterations. */
export function accelerate(
  M: readonly (readonly number[])[],
  smooth: ArrayLike<number>,
  rows: readonly OracleRow[],
): { qacc: number[]; iterations: number } {
  const n = M.length;
  let a = Array.from(smooth);
  const gradient = (at: readonly number[]) => {
    const g = M.map((row) => row.reduce((total, entry, k) => total + entry * (at[k]! - smooth[k]!), 0));
    for (const { J, D, aref } of rows) {
      const s = Math.min(
        0,
        J.reduce((total, entry, k) => total + entry * at[k]!, -aref),
      );
      J.forEach((entry, i) => {
        g[i]! += D * s * entry;
      });
    }
    return g;
  };
  for (let iterations = 0; ; iterations++) {
    const g = gradient(a);
    const violated = rows.filter(({ J, aref }) => J.reduce((total, entry, k) => total + entry * a[k]!, -aref) < 0);
    const H = M.map((row, i) => row.map((entry, j) => violated.reduce((h, { J, D }) => h + D * J[i]! * J[j]!, entry)));
    const d = solveDense(
      H,
      g.map((x) => -x),
    );
    const size = Math.max(...d.map((x, i) => Math.abs(x) / (1 + Math.abs(a[i]!))));
    if (!(size > 1e-13) || iterations === 100) return { qacc: a, iterations };
    const at = (alpha: number) => a.map((x, i) => x + alpha * d[i]!);
    const slope = (alpha: number) => gradient(at(alpha)).reduce((total, x, i) => total + x * d[i]!, 0);
    let [low, high] = [0, 2];
    if (Math.abs(slope(1)) <= 1e-12 * Math.abs(slope(0))) low = high = 1;
    for (let k = 0; k < 60 && low < high; k++) {
      const middle = (low + high) / 2;
      if (slope(middle) > 0) high = middle;
      else low = middle;
      if (high - low < 1e-15) break;
    }
    a = at((low + high) / 2);
    if (n === 0) return { qacc: a, iterations };
  }
}
