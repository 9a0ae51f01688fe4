// What depends on the mass matrix at qpos0: its diagonal, its mean, and the mean inverse weights of degrees of freedom and of
// bodies, which scale the softness of constraints. Plain float64 linear algebra, once per model:
//   M = Σ_b J_bᵀ diag(m, I) J_b + armature,   M = L Lᵀ,   diagonal of J M⁻¹ Jᵀ = squared lengths of the columns of L⁻¹ Jᵀ
// with J the Jacobian of a body's center of mass. At qpos0 no joint is displaced, so that frames are those of the file.

import { JointType } from "../compiled.js";
import { compose, cross, type Frame, identity, matrix, multiply, rotate } from "./frames.js";
import { tensor } from "./inertia.js";
import type { Body } from "./tree.js";
import { fail } from "./xml.js";

export interface InverseWeights {
  readonly meaninertia: number;
  /** [nv]. */
  readonly dofM0: Float64Array;
  readonly dofInvweight0: Float64Array;
  /** [nbody, 2]: translation, rotation. */
  readonly bodyInvweight0: Float64Array;
}

/** A degree of freedom at qpos0: how it turns, and how it moves the point at the origin of the world. */
interface Motion {
  readonly angular: readonly number[];
  readonly linear: readonly number[];
}

// MuJoCo's least value for a mass in a denominator
const LEAST = 1e-15;

/** Of bodies whose masses are final, with the armature of each degree of freedom. */
export function inverseWeights(bodies: readonly Body[], armature: Float64Array): InverseWeights {
  const nv = armature.length;
  const frames = bodyFrames(bodies);
  const { motions, chains } = motionsOf(bodies, frames);
  // of each body: rows of J for the three translations and the three rotations, over its chain of degrees of freedom
  const rowsOf = (index: number): number[][] => {
    const center = compose(frames[index], bodies[index].inertial).pos;
    const columns = chains[index].map((dof) => {
      const { angular, linear } = motions[dof];
      return [...cross(angular, center).map((x, i) => x + linear[i]), ...angular];
    });
    return [0, 1, 2, 3, 4, 5].map((row) => columns.map((column) => column[row]));
  };
  const mass = massMatrix(bodies, frames, chains, rowsOf, armature);
  const dofM0 = Float64Array.from({ length: nv }, (_, i) => mass[i * nv + i]);
  const factor = cholesky(bodies, mass, nv);
  const inverse = inverseDiagonal(factor, nv);

  const dofInvweight0 = new Float64Array(nv);
  const bodyInvweight0 = new Float64Array(2 * bodies.length);
  let dof = 0;
  bodies.forEach((body, index) => {
    const sliding = slidesOnly(bodies, index);
    for (const { type } of body.joints) {
      const count = type === JointType.free ? 6 : 1;
      for (let i = 0; i < count; i++) {
        const first = dof + (i < 3 ? 0 : 3);
        const mean = (inverse[first] + inverse[first + 1] + inverse[first + 2]) / 3;
        dofInvweight0[dof + i] = count === 6 ? mean : sliding ? 1 / Math.max(LEAST, body.mass) : inverse[dof];
      }
      dof += count;
    }
    if (index === 0 || chains[index].length === 0) return;
    const weights = sliding
      ? [1 / Math.max(LEAST, body.mass), 0]
      : meanWeights(rowsOf(index), chains[index], factor, nv);
    bodyInvweight0.set(weights, 2 * index);
  });
  const meaninertia = nv === 0 ? 1 : dofM0.reduce((sum, x) => sum + x, 0) / nv;
  return { meaninertia, dofM0, dofInvweight0, bodyInvweight0 };
}

/** Frames of the bodies in the world at qpos0. */
export function bodyFrames(bodies: readonly Body[]): Frame[] {
  const frames: Frame[] = [identity()];
  for (const { parent, frame } of bodies.slice(1)) frames.push(compose(frames[parent], frame));
  return frames;
}

// the motion of each degree of freedom, and for each body those that move it, from the root on
function motionsOf(bodies: readonly Body[], frames: readonly Frame[]): { motions: Motion[]; chains: number[][] } {
  const motions: Motion[] = [];
  const chains: number[][] = [];
  const none = [0, 0, 0];
  bodies.forEach(({ parent, joints }, index) => {
    const frame = frames[index];
    const chain = index === 0 ? [] : [...chains[parent]];
    const add = (angular: readonly number[], linear: readonly number[]): void => {
      chain.push(motions.push({ angular, linear }) - 1);
    };
    const turn = (axis: readonly number[], anchor: readonly number[]): void => add(axis, cross(anchor, axis));
    for (const { type, axis, pos } of joints) {
      const direction = rotate(frame.quat, axis);
      if (type === JointType.slide) add(none, direction);
      else if (type === JointType.hinge) turn(direction, compose(frame, { pos: [...pos], quat: [1, 0, 0, 0] }).pos);
      else {
        for (const i of [0, 1, 2])
          add(
            none,
            [0, 1, 2].map((k) => (k === i ? 1 : 0)),
          );
        const axes = matrix(frame.quat);
        for (const i of [0, 1, 2]) turn([axes[i], axes[3 + i], axes[6 + i]], frame.pos);
      }
    }
    chains.push(chain);
  });
  return { motions, chains };
}

function massMatrix(
  bodies: readonly Body[],
  frames: readonly Frame[],
  chains: readonly number[][],
  rowsOf: (index: number) => number[][],
  armature: Float64Array,
): Float64Array {
  const nv = armature.length;
  const total = new Float64Array(nv * nv);
  bodies.forEach(({ mass, moments, inertial }, index) => {
    const chain = chains[index];
    if (chain.length === 0) return;
    const rows = rowsOf(index);
    const [xx, yy, zz, xy, xz, yz] = tensor(moments, multiply(frames[index].quat, inertial.quat));
    const inertia = [
      [xx, xy, xz],
      [xy, yy, yz],
      [xz, yz, zz],
    ];
    // momentum of unit speed in each degree of freedom
    const momentum = rows.map((row, i) =>
      i < 3
        ? row.map((x) => mass * x)
        : row.map((_, j) => inertia[i - 3].reduce((sum, entry, k) => sum + entry * rows[3 + k][j], 0)),
    );
    for (let p = 0; p < chain.length; p++) {
      for (let q = 0; q <= p; q++) {
        let entry = 0;
        for (let row = 0; row < 6; row++) entry += rows[row][p] * momentum[row][q];
        total[chain[p] * nv + chain[q]] += entry;
      }
    }
  });
  for (let i = 0; i < nv; i++) total[i * nv + i] += armature[i];
  return total;
}

// L of the lower triangle, row by row; degrees of freedom with no common body leave zeros that are skipped
function cholesky(bodies: readonly Body[], mass: Float64Array, nv: number): Float64Array {
  const factor = Float64Array.from(mass);
  for (let i = 0; i < nv; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = factor[i * nv + j];
      for (let k = 0; k < j; k++) sum -= factor[i * nv + k] * factor[j * nv + k];
      if (j < i) factor[i * nv + j] = sum / factor[j * nv + j];
      else if (sum > 1e-14 * mass[i * nv + i]) factor[i * nv + i] = Math.sqrt(sum);
      else
        fail(
          ownerOf(bodies, i).node,
          "has a joint that moves no mass which the joints before it do not move alike: the mass matrix is singular; armature on the joint mends it",
        );
    }
  }
  return factor;
}

function ownerOf(bodies: readonly Body[], dof: number): Body {
  let first = 0;
  for (const body of bodies) {
    for (const { type } of body.joints) first += type === JointType.free ? 6 : 1;
    if (dof < first) return body;
  }
  return bodies[0];
}

// y of L y = x, in place, from the first nonzero on
function solveLower(factor: Float64Array, nv: number, x: Float64Array, first: number): void {
  for (let i = first; i < nv; i++) {
    let sum = x[i];
    for (let k = first; k < i; k++) sum -= factor[i * nv + k] * x[k];
    x[i] = sum / factor[i * nv + i];
  }
}

function square(x: Float64Array): number {
  return x.reduce((sum, value) => sum + value * value, 0);
}

function inverseDiagonal(factor: Float64Array, nv: number): Float64Array {
  return Float64Array.from({ length: nv }, (_, i) => {
    const column = new Float64Array(nv);
    column[i] = 1;
    solveLower(factor, nv, column, i);
    return square(column);
  });
}

function meanWeights(rows: readonly number[][], chain: readonly number[], factor: Float64Array, nv: number): number[] {
  const weights = rows.map((row) => {
    const force = new Float64Array(nv);
    row.forEach((x, i) => {
      force[chain[i]] = x;
    });
    solveLower(factor, nv, force, chain[0]);
    return square(force);
  });
  return [0, 3].map((first) => (weights[first] + weights[first + 1] + weights[first + 2]) / 3);
}

// MuJoCo's "simple" bodies whose joints all slide along axes of the body, of which it takes only the mass
function slidesOnly(bodies: readonly Body[], index: number): boolean {
  const { joints, parent, inertial, mayBeSimple } = bodies[index];
  const near = (a: readonly number[], b: readonly number[]): boolean => a.every((x, i) => Math.abs(x - b[i]) < 1e-14);
  const origin = [0, 0, 0];
  const top = parent === 0 || (bodies[parent].parent === 0 && bodies[parent].joints.length === 0);
  return (
    mayBeSimple &&
    joints.length > 0 &&
    top &&
    near(inertial.pos, origin) &&
    near(inertial.quat, [1, 0, 0, 0]) &&
    !bodies.some((body, i) => i > index && body.parent === index) &&
    joints.every(
      ({ type, axis, pos }) =>
        type === JointType.slide && near(pos, origin) && axis.filter((x) => Math.abs(x) > 1e-14).length === 1,
    )
  );
}
