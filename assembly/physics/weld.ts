// Welds: two bodies whose frames are to coincide, softly (MuJoCo, "Computation": equality constraints). A weld has six rows that
// are never idle, the difference of two points and the axis of the quaternion between two frames:
//
//   c = (p₁ − p₂, s · axis(q₂* q₁)),   J = (J₁ − J₂, ½ s · axis(q₂* (ω₁ − ω₂) q₁))
//
// with q₁ that of the first body times the relative pose, and ω columns of angular Jacobians. Their reference acceleration is
// −B J v − K imp c − J̇ v: the last is what the bodies do without any acceleration of the joints, which the recursion for the bias
// forces left with the links (with gravity in both, which goes out). All six have the impedance of |c|; the weights are those
// of translation and of rotation. The quaternion comes from the rotation between the frames, whose
// sign may be the other one: then three rows change theirs, and nothing else does.

import {
  BASIS_1,
  BASIS_2,
  CURVE_OF_WELD,
  DAMP,
  ENTRY_AXIS,
  ENTRY_COLUMN,
  ENTRY_DOF,
  ENTRY_FIRST,
  ENTRY_FLAGS,
  ENTRY_ROW,
  ENTRY_SIZE,
  ENTRY_TURNS,
  FRAME_2,
  FULL_COLUMN,
  FULL_ROW,
  GRADIENT,
  HESSIAN,
  POINT_1,
  POINT_2,
  SEARCH,
  STIFF,
  TORQUE_SCALE,
  TURN_WEIGHT,
  WEIGHT,
  WELD_ACCELERATION,
  WELD_AT,
  WELD_CHANGE,
  WELD_ENTRIES,
  WELD_ENTRY_COUNT,
  WELD_JACOBIAN,
  WELD_ORIGIN,
  WELD_POSITION,
  WELD_REAL_SIZE,
  WELD_REALS,
  WELD_RESIDUAL,
  WELD_ROTATION,
  WELD_SIDE,
  WELD_SIZE,
  WELD_SOFT,
  WELD_STRENGTH,
  WELD_VELOCITY,
  WELD_WORDS,
  WELDS,
} from "./constraint-model";
import { add, det, div, dot3, lt, load, madd, mul, neg, REAL, select, splat, sqrt, store, sub, zero } from "./lanes";
import { lane, place, QACC_SMOOTH, QVEL, real, reals, record, word } from "./model";
import { impedance } from "./rows";

/** Rows of all welds; returns their number. */
export function weldRows(m: usize, w: usize): i32 {
  const n = word(m, WELDS);
  for (let k = 0; k < n; ++k) {
    rowsOf(m, w, record(m, WELD_WORDS, WELD_SIZE, k), reals(m, WELD_REALS, WELD_REAL_SIZE, k));
  }
  return n;
}

// element k of a body's point about the origin of its tree
// @ts-ignore: decorator
@inline
function pointOf(w: usize, side: usize, point: usize, k: i32): v128 {
  const row = lane(place(w, side, WELD_ROTATION), 3 * k);
  const local = dot3(load(row), load(lane(row, 1)), load(lane(row, 2)), real(point, 0), real(point, 1), real(point, 2));
  return add(load(lane(place(w, side, WELD_POSITION), k)), local);
}

// element (k, j) of a body's frame: its link's rotation times the constant `basis`
// @ts-ignore: decorator
@inline
function frameOf(w: usize, side: usize, basis: usize, k: i32, j: i32): v128 {
  const row = lane(place(w, side, WELD_ROTATION), 3 * k);
  return dot3(
    load(row),
    load(lane(row, 1)),
    load(lane(row, 2)),
    real(basis, j),
    real(basis, 3 + j),
    real(basis, 6 + j),
  );
}

function rowsOf(m: usize, w: usize, weld: usize, at: usize): void {
  const out = place(w, weld, WELD_AT);
  const second = weld + (WELD_SIDE << 2);
  const point1 = at + <usize>(POINT_1 * REAL);
  const point2 = at + <usize>(POINT_2 * REAL);
  const basis1 = at + <usize>(BASIS_1 * REAL);
  const basis2 = at + <usize>(BASIS_2 * REAL);
  const soft = at + <usize>(WELD_SOFT * REAL);
  const px = pointOf(w, weld, point1, 0);
  const py = pointOf(w, weld, point1, 1);
  const pz = pointOf(w, weld, point1, 2);
  const qx = pointOf(w, second, point2, 0);
  const qy = pointOf(w, second, point2, 1);
  const qz = pointOf(w, second, point2, 2);
  const o1 = place(w, weld, WELD_ORIGIN);
  const o2 = place(w, second, WELD_ORIGIN);
  const cx = add(sub(load(o1), load(o2)), sub(px, qx));
  const cy = add(sub(load(lane(o1, 1)), load(lane(o2, 1))), sub(py, qy));
  const cz = add(sub(load(lane(o1, 2)), load(lane(o2, 2))), sub(pz, qz));

  // the rotation between the frames, E = F₂ᵀ F₁
  const F = lane(out, FRAME_2);
  for (let k = 0; k < 3; ++k) {
    for (let j = 0; j < 3; ++j) store(lane(F, 3 * k + j), frameOf(w, second, basis2, k, j));
  }
  let e00 = zero();
  let e01 = zero();
  let e02 = zero();
  let e10 = zero();
  let e11 = zero();
  let e12 = zero();
  let e20 = zero();
  let e21 = zero();
  let e22 = zero();
  for (let k = 0; k < 3; ++k) {
    const a = load(lane(F, 3 * k));
    const b = load(lane(F, 3 * k + 1));
    const c = load(lane(F, 3 * k + 2));
    const x = frameOf(w, weld, basis1, k, 0);
    const y = frameOf(w, weld, basis1, k, 1);
    const z = frameOf(w, weld, basis1, k, 2);
    e00 = madd(a, x, e00);
    e01 = madd(a, y, e01);
    e02 = madd(a, z, e02);
    e10 = madd(b, x, e10);
    e11 = madd(b, y, e11);
    e12 = madd(b, z, e12);
    e20 = madd(c, x, e20);
    e21 = madd(c, y, e21);
    e22 = madd(c, z, e22);
  }
  // its quaternion by the largest of the components, four times the square of which is `most`
  const one = splat(1);
  const tx = add(one, sub(e00, add(e11, e22)));
  const ty = add(one, sub(e11, add(e00, e22)));
  const tz = add(one, sub(e22, add(e00, e11)));
  let most = add(one, add(e00, add(e11, e22)));
  let qw = most;
  let vx = sub(e21, e12);
  let vy = sub(e02, e20);
  let vz = sub(e10, e01);
  const wx = vx;
  const wy = vy;
  const wz = vz;
  const xy = add(e01, e10);
  const xz = add(e02, e20);
  const yz = add(e12, e21);
  let larger = lt(most, tx);
  most = select(tx, most, larger);
  qw = select(wx, qw, larger);
  vx = select(tx, vx, larger);
  vy = select(xy, vy, larger);
  vz = select(xz, vz, larger);
  larger = lt(most, ty);
  most = select(ty, most, larger);
  qw = select(wy, qw, larger);
  vx = select(xy, vx, larger);
  vy = select(ty, vy, larger);
  vz = select(yz, vz, larger);
  larger = lt(most, tz);
  most = select(tz, most, larger);
  qw = select(wz, qw, larger);
  vx = select(xz, vx, larger);
  vy = select(yz, vy, larger);
  vz = select(tz, vz, larger);
  const per = div(splat(0.5), sqrt(most));
  qw = mul(qw, per);
  vx = mul(vx, per);
  vy = mul(vy, per);
  vz = mul(vz, per);

  const scale = real(at, TORQUE_SCALE);
  const rx = mul(scale, vx);
  const ry = mul(scale, vy);
  const rz = mul(scale, vz);
  const distance = sqrt(add(dot3(cx, cy, cz, cx, cy, cz), dot3(rx, ry, rz, rx, ry, rz)));
  const imp = impedance(soft, word(weld, CURVE_OF_WELD), distance);
  const per_rest = div(imp, sub(one, imp));
  store(lane(out, WELD_STRENGTH), mul(per_rest, real(soft, WEIGHT)));
  store(lane(out, WELD_STRENGTH + 1), mul(per_rest, real(at, TURN_WEIGHT)));

  const stiff = mul(real(soft, STIFF), imp);
  const half = mul(splat(0.5), scale);
  const s = lane(out, WELD_RESIDUAL);
  drift(w, weld, s, F, half, px, py, pz, qx, qy, qz, qw, vx, vy, vz);
  let s0 = madd(stiff, cx, load(s));
  let s1 = madd(stiff, cy, load(lane(s, 1)));
  let s2 = madd(stiff, cz, load(lane(s, 2)));
  let s3 = madd(stiff, rx, load(lane(s, 3)));
  let s4 = madd(stiff, ry, load(lane(s, 4)));
  let s5 = madd(stiff, rz, load(lane(s, 5)));
  const qvel = place(w, m, QVEL);
  const smooth = place(w, m, QACC_SMOOTH);
  const damp = real(soft, DAMP);
  let J = lane(out, WELD_JACOBIAN);
  let entry = place(m, weld, WELD_ENTRIES);
  for (let n = word(weld, WELD_ENTRY_COUNT); n > 0; --n) {
    const axis = place(w, entry, ENTRY_AXIS);
    const dof: usize = place(0, entry, ENTRY_DOF);
    const flags = word(entry, ENTRY_FLAGS);
    const first = (flags & ENTRY_FIRST) != 0;
    let jx = load(lane(axis, 3));
    let jy = load(lane(axis, 4));
    let jz = load(lane(axis, 5));
    let ax = zero();
    let ay = zero();
    let az = zero();
    if (flags & ENTRY_TURNS) {
      const ux = load(axis);
      const uy = load(lane(axis, 1));
      const uz = load(lane(axis, 2));
      const x = first ? px : qx;
      const y = first ? py : qy;
      const z = first ? pz : qz;
      jx = add(jx, det(uy, uz, y, z));
      jy = add(jy, det(uz, ux, z, x));
      jz = add(jz, det(ux, uy, x, y));
      // in the second frame
      const bx = mul(half, dot3(load(F), load(lane(F, 3)), load(lane(F, 6)), ux, uy, uz));
      const by = mul(half, dot3(load(lane(F, 1)), load(lane(F, 4)), load(lane(F, 7)), ux, uy, uz));
      const bz = mul(half, dot3(load(lane(F, 2)), load(lane(F, 5)), load(lane(F, 8)), ux, uy, uz));
      ax = madd(qw, bx, det(by, bz, vy, vz));
      ay = madd(qw, by, det(bz, bx, vz, vx));
      az = madd(qw, bz, det(bx, by, vx, vy));
    }
    if (!first) {
      jx = neg(jx);
      jy = neg(jy);
      jz = neg(jz);
      ax = neg(ax);
      ay = neg(ay);
      az = neg(az);
    }
    store(J, jx);
    store(lane(J, 1), jy);
    store(lane(J, 2), jz);
    store(lane(J, 3), ax);
    store(lane(J, 4), ay);
    store(lane(J, 5), az);
    const rate = madd(damp, load(qvel + dof), load(smooth + dof));
    s0 = madd(jx, rate, s0);
    s1 = madd(jy, rate, s1);
    s2 = madd(jz, rate, s2);
    s3 = madd(ax, rate, s3);
    s4 = madd(ay, rate, s4);
    s5 = madd(az, rate, s5);
    J = lane(J, 6);
    entry += ENTRY_SIZE << 2;
  }
  store(s, s0);
  store(lane(s, 1), s1);
  store(lane(s, 2), s2);
  store(lane(s, 3), s3);
  store(lane(s, 4), s4);
  store(lane(s, 5), s5);
}

// acceleration of a point of a body for q̈ = 0, from the spatial ones: a + α × p + ω × (v + ω × p), element k
// @ts-ignore: decorator
@inline
function accelerationOf(v: usize, a: usize, x: v128, y: v128, z: v128, k: i32): v128 {
  const i = (k + 1) % 3;
  const j = (k + 2) % 3;
  const pi = k == 0 ? y : k == 1 ? z : x;
  const pj = k == 0 ? z : k == 1 ? x : y;
  const pk = k == 0 ? x : k == 1 ? y : z;
  const wi = load(lane(v, i));
  const wj = load(lane(v, j));
  const wk = load(lane(v, k));
  // of the velocity v + ω × p, elements i and j
  const ui = add(load(lane(v, 3 + i)), det(wj, wk, pj, pk));
  const uj = add(load(lane(v, 3 + j)), det(wk, wi, pk, pi));
  const spatial = add(load(lane(a, 3 + k)), det(load(lane(a, i)), load(lane(a, j)), pi, pj));
  return add(spatial, det(wi, wj, ui, uj));
}

// J̇ v into the residuals s; F is the second frame, (qw, v) the quaternion between them
function drift(
  w: usize,
  weld: usize,
  s: usize,
  F: usize,
  half: v128,
  px: v128,
  py: v128,
  pz: v128,
  qx: v128,
  qy: v128,
  qz: v128,
  qw: v128,
  vx: v128,
  vy: v128,
  vz: v128,
): void {
  const second = weld + (WELD_SIDE << 2);
  const v1 = place(w, weld, WELD_VELOCITY);
  const v2 = place(w, second, WELD_VELOCITY);
  const a1 = place(w, weld, WELD_ACCELERATION);
  const a2 = place(w, second, WELD_ACCELERATION);
  for (let k = 0; k < 3; ++k) {
    store(lane(s, k), sub(accelerationOf(v1, a1, px, py, pz, k), accelerationOf(v2, a2, qx, qy, qz, k)));
  }
  const x1 = load(v1);
  const y1 = load(lane(v1, 1));
  const z1 = load(lane(v1, 2));
  const x2 = load(v2);
  const y2 = load(lane(v2, 1));
  const z2 = load(lane(v2, 2));
  const ux = sub(x1, x2);
  const uy = sub(y1, y2);
  const uz = sub(z1, z2);
  // how ω₁ − ω₂ changes in the second frame: α₁ − α₂ − ω₂ × ω₁
  const bx = sub(sub(load(a1), load(a2)), det(y2, z2, y1, z1));
  const by = sub(sub(load(lane(a1, 1)), load(lane(a2, 1))), det(z2, x2, z1, x1));
  const bz = sub(sub(load(lane(a1, 2)), load(lane(a2, 2))), det(x2, y2, x1, y1));
  const cx = dot3(load(F), load(lane(F, 3)), load(lane(F, 6)), bx, by, bz);
  const cy = dot3(load(lane(F, 1)), load(lane(F, 4)), load(lane(F, 7)), bx, by, bz);
  const cz = dot3(load(lane(F, 2)), load(lane(F, 5)), load(lane(F, 8)), bx, by, bz);
  const square = mul(splat(-0.5), dot3(ux, uy, uz, ux, uy, uz));
  store(lane(s, 3), mul(half, madd(square, vx, madd(qw, cx, det(cy, cz, vy, vz)))));
  store(lane(s, 4), mul(half, madd(square, vy, madd(qw, cy, det(cz, cx, vz, vx)))));
  store(lane(s, 5), mul(half, madd(square, vz, madd(qw, cz, det(cx, cy, vx, vy)))));
}

// @ts-ignore: decorator
@inline
function strengthOf(at: usize, k: i32): v128 {
  return load(lane(at, WELD_STRENGTH + (k < 3 ? 0 : 1)));
}

/** H += Jᵀ D J and g += Jᵀ D s of all welds. */
export function hessian_add_welds(m: usize, w: usize, full: bool): void {
  const H = place(w, m, HESSIAN);
  const g = place(w, m, GRADIENT);
  const welds = word(m, WELDS);
  for (let k = 0; k < welds; ++k) {
    const weld = record(m, WELD_WORDS, WELD_SIZE, k);
    const at = place(w, weld, WELD_AT);
    const n = word(weld, WELD_ENTRY_COUNT);
    const entries = place(m, weld, WELD_ENTRIES);
    const J = lane(at, WELD_JACOBIAN);
    for (let i = 0; i < n; ++i) {
      const entry = entries + ((<usize>(i * ENTRY_SIZE)) << 2);
      const Ji = lane(J, 6 * i);
      const row = place(H, entry, full ? FULL_ROW : ENTRY_ROW);
      const gradient = place(g, entry, ENTRY_DOF);
      let force = load(gradient);
      for (let r = 0; r < 6; ++r) {
        force = madd(mul(strengthOf(at, r), load(lane(Ji, r))), load(lane(at, WELD_RESIDUAL + r)), force);
      }
      store(gradient, force);
      for (let j = 0; j <= i; ++j) {
        // by the pattern of the mass matrix, columns follow each other from the first on
        const index = full ? j : 0;
        const other = entries + ((<usize>(index * ENTRY_SIZE)) << 2);
        const h = full ? place(row, other, FULL_COLUMN) : lane(place(row, other, ENTRY_COLUMN), j);
        const Jj = lane(J, 6 * j);
        let sum = load(h);
        for (let r = 0; r < 6; ++r) sum = madd(mul(strengthOf(at, r), load(lane(Ji, r))), load(lane(Jj, r)), sum);
        store(h, sum);
      }
    }
  }
}

/** How the residuals of all welds change along the search direction. */
export function weldChanges(m: usize, w: usize): void {
  const d = place(w, m, SEARCH);
  const welds = word(m, WELDS);
  for (let k = 0; k < welds; ++k) {
    const weld = record(m, WELD_WORDS, WELD_SIZE, k);
    const at = place(w, weld, WELD_AT);
    const n = word(weld, WELD_ENTRY_COUNT);
    for (let r = 0; r < 6; ++r) {
      let entry = place(m, weld, WELD_ENTRIES);
      let sum = zero();
      for (let i = 0; i < n; ++i) {
        sum = madd(load(lane(at, WELD_JACOBIAN + 6 * i + r)), load(place(d, entry, ENTRY_DOF)), sum);
        entry += ENTRY_SIZE << 2;
      }
      store(lane(at, WELD_CHANGE + r), sum);
    }
  }
}

/** Residuals after a step α along it. */
export function weldAdvance(m: usize, w: usize, alpha: v128): void {
  const welds = word(m, WELDS);
  for (let k = 0; k < welds; ++k) {
    const at = place(w, record(m, WELD_WORDS, WELD_SIZE, k), WELD_AT);
    for (let r = 0; r < 6; ++r) {
      const s = lane(at, WELD_RESIDUAL + r);
      store(s, madd(alpha, load(lane(at, WELD_CHANGE + r)), load(s)));
    }
  }
}

/** What the rows of welds add to the slope along a line at 0. */
export function weldSlope(m: usize, w: usize): v128 {
  const welds = word(m, WELDS);
  let slope = zero();
  for (let k = 0; k < welds; ++k) {
    const at = place(w, record(m, WELD_WORDS, WELD_SIZE, k), WELD_AT);
    for (let r = 0; r < 6; ++r) {
      slope = madd(mul(strengthOf(at, r), load(lane(at, WELD_RESIDUAL + r))), load(lane(at, WELD_CHANGE + r)), slope);
    }
  }
  return slope;
}

/** What they add to its curvature, everywhere. */
export function weldCurvature(m: usize, w: usize): v128 {
  const welds = word(m, WELDS);
  let curvature = zero();
  for (let k = 0; k < welds; ++k) {
    const at = place(w, record(m, WELD_WORDS, WELD_SIZE, k), WELD_AT);
    for (let r = 0; r < 6; ++r) {
      const change = load(lane(at, WELD_CHANGE + r));
      curvature = madd(mul(strengthOf(at, r), change), change, curvature);
    }
  }
  return curvature;
}
