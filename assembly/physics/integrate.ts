// From accelerations to the next state. Semi-implicit Euler: velocities first, with damping taken at their new values when
// there is any, (M + h·B) a = τ; then positions by the new velocities. Runge-Kutta of fourth order: four evaluations.
// Quaternions move by the exponential map of the angular velocity in the body's own axes.

import { add, cos, div, eq, load, madd, mul, nmadd, select, sin, splat, sqrt, store, zero } from "./lanes";
import {
  DAMPING,
  DEPTH,
  DOF_REAL_SIZE,
  DOF_REALS,
  JOINT_SIZE,
  JOINT_WORDS,
  JOINTS,
  lane,
  MASS,
  MASS_PATTERN,
  MASS_SIZE,
  MATRIX,
  NV,
  OPTION_REALS,
  place,
  QACC,
  QFRC_CONSTRAINT,
  QFRC_SMOOTH,
  real,
  reals,
  record,
  ROW,
  ROW_SIZE,
  TIMESTEP,
  VECTOR,
  word,
} from "./model";
import { factor, solve } from "./factor";

/** The acceleration of a step with implicit damping, in VECTOR: that of the joints, less what damping takes away. */
export function dampedAcceleration(m: usize, w: usize): usize {
  const nv = word(m, NV);
  const h = real(place(m, m, OPTION_REALS), TIMESTEP);
  const matrix = place(w, m, MATRIX);
  const M = place(w, m, MASS);
  const size = word(m, MASS_SIZE);
  for (let k = 0; k < size; ++k) store(lane(matrix, k), load(lane(M, k)));
  const x = place(w, m, VECTOR);
  const smooth = place(w, m, QFRC_SMOOTH);
  const constraint = place(w, m, QFRC_CONSTRAINT);
  for (let i = 0; i < nv; ++i) {
    const row = record(m, MASS_PATTERN, ROW_SIZE, i);
    const diagonal = lane(place(matrix, row, ROW), word(row, DEPTH));
    const damping = real(reals(m, DOF_REALS, DOF_REAL_SIZE, i), DAMPING);
    store(diagonal, madd(h, damping, load(diagonal)));
    store(lane(x, i), add(load(lane(smooth, i)), load(lane(constraint, i))));
  }
  const pattern = place(m, m, MASS_PATTERN);
  factor(m, pattern, matrix, nv);
  solve(m, pattern, matrix, x, nv);
  return x;
}

/** out = a + h · b for vectors of velocities; `out` may be `a`. */
export function advanceVelocity(m: usize, out: usize, a: usize, b: usize, h: v128): void {
  const nv = word(m, NV);
  for (let i = 0; i < nv; ++i) store(lane(out, i), madd(h, load(lane(b, i)), load(lane(a, i))));
}

/** Positions: `out` = `from` moved by the velocities `v` for the time h. */
export function advancePosition(m: usize, out: usize, from: usize, v: usize, h: v128): void {
  const joints = word(m, JOINTS);
  for (let j = 0; j < joints; ++j) {
    const joint = record(m, JOINT_WORDS, JOINT_SIZE, j);
    const q = place(from, joint, 1);
    const to = place(out, joint, 1);
    const rate = place(v, joint, 2);
    if (word(joint, 0)) {
      store(to, madd(h, load(rate), load(q)));
      continue;
    }
    for (let k = 0; k < 3; ++k) store(lane(to, k), madd(h, load(lane(rate, k)), load(lane(q, k))));
    turn(lane(to, 3), lane(q, 3), lane(rate, 3), h);
  }
}

// out = q · exp(½ h ω), normalized
function turn(out: usize, q: usize, omega: usize, h: v128): void {
  const x = load(omega);
  const y = load(lane(omega, 1));
  const z = load(lane(omega, 2));
  const speed = sqrt(madd(x, x, madd(y, y, mul(z, z))));
  const half = mul(mul(h, speed), splat(0.5));
  // sin(half) / speed, where nothing turns the half of h
  const still = eq(speed, zero());
  const scale = select(mul(h, splat(0.5)), div(sin(half), select(splat(1), speed, still)), still);
  const a = cos(half);
  const bx = mul(x, scale);
  const by = mul(y, scale);
  const bz = mul(z, scale);
  const qa = load(q);
  const qx = load(lane(q, 1));
  const qy = load(lane(q, 2));
  const qz = load(lane(q, 3));
  const ra = nmadd(qx, bx, nmadd(qy, by, nmadd(qz, bz, mul(qa, a))));
  const rx = madd(qa, bx, madd(qx, a, nmadd(qz, by, mul(qy, bz))));
  const ry = madd(qa, by, madd(qy, a, nmadd(qx, bz, mul(qz, bx))));
  const rz = madd(qa, bz, madd(qz, a, nmadd(qy, bx, mul(qx, by))));
  const norm = div(splat(1), sqrt(madd(ra, ra, madd(rx, rx, madd(ry, ry, mul(rz, rz))))));
  store(out, mul(ra, norm));
  store(lane(out, 1), mul(rx, norm));
  store(lane(out, 2), mul(ry, norm));
  store(lane(out, 3), mul(rz, norm));
}
