// Rows of the constraints: Jacobians, weights and reference accelerations of the active slots and limits (MuJoCo,
// "Computation": constraint model). A row asks for J a ≥ a_ref with the weight D = imp / ((1 − imp) · weight), where
// a_ref = −B J v − K imp r, r is how far the margin is passed and imp(r) the impedance. A contact with friction has four rows,
// normal ± μ·tangent, made of three: only those are kept, the tangents times μ. Where a slot or limit holds no constraint,
// its Jacobian and weight are zero and its residual is 1, so that its rows are never violated.

import { put } from "../memory";
import {
  ABOVE,
  ACTIVE_LIMITS,
  ACTIVE_SLOTS,
  AT,
  BELOW,
  CURVE,
  DAMP,
  DISTANCE,
  ENTRIES,
  ENTRY_AXIS,
  ENTRY_COUNT,
  ENTRY_DOF,
  ENTRY_FIRST,
  ENTRY_FLAGS,
  ENTRY_OTHER,
  ENTRY_SIZE,
  ENTRY_TURNS,
  FRICTION,
  INVERSE_WIDTH,
  JACOBIAN,
  LEAST,
  LIMIT_AT,
  LIMIT_CURVE,
  LIMIT_DOF,
  LIMIT_MARGIN,
  LIMIT_QPOS,
  LIMIT_REAL_SIZE,
  LIMIT_REALS,
  LIMIT_RESIDUAL,
  LIMIT_SIGN,
  LIMIT_SIZE,
  LIMIT_SOFT,
  LIMIT_STRENGTH,
  LIMIT_WORDS,
  LIMITS,
  LOWER,
  MARGIN,
  MIDPOINT,
  NORMAL,
  ORIGIN_1,
  ORIGIN_2,
  POWER,
  RESIDUAL,
  RISE,
  SLOT_AT,
  SLOT_REAL_SIZE,
  SLOT_REALS,
  SLOT_SIZE,
  SLOT_SOFT,
  SLOT_WORDS,
  STIFF,
  STRENGTH,
  TANGENT,
  TANGENTS,
  UPPER,
  WEIGHT,
} from "./constraint-model";
import {
  abs,
  add,
  and,
  any,
  det,
  div,
  dot3,
  le,
  load,
  lt,
  madd,
  min,
  mul,
  neg,
  pow,
  REAL,
  select,
  splat,
  store,
  sub,
  zero,
} from "./lanes";
import { lane, place, QACC_SMOOTH, QVEL, real, reals, record, word } from "./model";

/** The impedance where the margin is passed by |r|; `soft` are the reals of SOFT, `curve` the word. */
// @ts-ignore: decorator
@inline
export function impedance(soft: usize, curve: i32, r: v128): v128 {
  const x = min(mul(abs(r), real(soft, INVERSE_WIDTH)), splat(1));
  let y = x;
  if (curve != 1) {
    const rest = sub(splat(1), x);
    const below = mul(x, real(soft, BELOW));
    const above = mul(rest, real(soft, ABOVE));
    const midpoint = real(soft, MIDPOINT);
    let low: v128;
    let high: v128;
    if (curve == 0) {
      low = mul(x, below);
      high = mul(rest, above);
    } else {
      const power = real(soft, POWER);
      low = mul(midpoint, pow(below, power));
      high = mul(sub(splat(1), midpoint), pow(above, power));
    }
    y = select(low, sub(splat(1), high), le(x, midpoint));
  }
  return madd(y, real(soft, RISE), real(soft, LEAST));
}

/** Rows of the first `count` active slots. */
export function contactRows(m: usize, w: usize, count: i32): void {
  const list = place(w, m, ACTIVE_SLOTS);
  for (let k = 1; k <= count; ++k) {
    const s = word(list, k);
    const slot = record(m, SLOT_WORDS, SLOT_SIZE, s);
    const at = reals(m, SLOT_REALS, SLOT_REAL_SIZE, s);
    const tangents = word(slot, TANGENTS);
    if (tangents == 2) frictional(m, w, slot, at);
    else if (tangents) planar(m, w, slot, at);
    else frictionless(m, w, slot, at);
  }
}

// the other point of contact: about the first geom's origin
// @ts-ignore: decorator
@inline
function shift(w: usize, slot: usize, k: i32): v128 {
  return sub(load(lane(place(w, slot, ORIGIN_2), k)), load(lane(place(w, slot, ORIGIN_1), k)));
}

function frictionless(m: usize, w: usize, slot: usize, at: usize): void {
  const out = place(w, slot, SLOT_AT);
  const soft = at + <usize>(SLOT_SOFT * REAL);
  const nx = load(lane(out, NORMAL));
  const ny = load(lane(out, NORMAL + 1));
  const nz = load(lane(out, NORMAL + 2));
  let px = load(lane(out, AT));
  let py = load(lane(out, AT + 1));
  let pz = load(lane(out, AT + 2));
  let mx = det(py, pz, ny, nz);
  let my = det(pz, px, nz, nx);
  let mz = det(px, py, nx, ny);
  const distance = load(lane(out, DISTANCE));
  const margin = real(at, MARGIN);
  const touching = lt(distance, margin);
  const qvel = place(w, m, QVEL);
  const smooth = place(w, m, QACC_SMOOTH);
  const damp = real(soft, DAMP);
  let sum = zero();
  let J = lane(out, JACOBIAN);
  let entry = place(m, slot, ENTRIES);
  let other = false;
  for (let n = word(slot, ENTRY_COUNT); n > 0; --n) {
    const axis = place(w, entry, ENTRY_AXIS);
    const dof: usize = place(0, entry, ENTRY_DOF);
    const flags = word(entry, ENTRY_FLAGS);
    if (((flags & ENTRY_OTHER) != 0) != other) {
      // the moment changes by (origin − origin) × n
      other = !other;
      const sign = splat(other ? 1 : -1);
      px = mul(sign, shift(w, slot, 0));
      py = mul(sign, shift(w, slot, 1));
      pz = mul(sign, shift(w, slot, 2));
      mx = add(mx, det(py, pz, ny, nz));
      my = add(my, det(pz, px, nz, nx));
      mz = add(mz, det(px, py, nx, ny));
    }
    let jn = dot3(nx, ny, nz, load(lane(axis, 3)), load(lane(axis, 4)), load(lane(axis, 5)));
    if (flags & ENTRY_TURNS) jn = add(jn, dot3(mx, my, mz, load(axis), load(lane(axis, 1)), load(lane(axis, 2))));
    if (flags & ENTRY_FIRST) jn = neg(jn);
    jn = and(jn, touching);
    store(J, jn);
    sum = madd(jn, madd(damp, load(qvel + dof), load(smooth + dof)), sum);
    J += 16;
    entry += ENTRY_SIZE << 2;
  }
  settle(out, soft, word(slot, CURVE), sub(distance, margin), touching, sum);
}

// weight and normal residual; `sum` is J (a + B v)
// @ts-ignore: decorator
@inline
function settle(out: usize, soft: usize, curve: i32, r: v128, touching: v128, sum: v128): void {
  const imp = impedance(soft, curve, r);
  const strength = div(mul(imp, real(soft, WEIGHT)), sub(splat(1), imp));
  store(lane(out, STRENGTH), and(strength, touching));
  const residual = madd(mul(real(soft, STIFF), imp), r, sum);
  store(lane(out, RESIDUAL), select(residual, splat(1), touching));
}

// where nothing moves along the second tangent; both geoms' trees have one origin here
function planar(m: usize, w: usize, slot: usize, at: usize): void {
  const out = place(w, slot, SLOT_AT);
  const soft = at + <usize>(SLOT_SOFT * REAL);
  const distance = load(lane(out, DISTANCE));
  const touching = lt(distance, real(at, MARGIN));
  const friction = real(at, FRICTION);
  const nx = load(lane(out, NORMAL));
  const ny = load(lane(out, NORMAL + 1));
  const nz = load(lane(out, NORMAL + 2));
  const tx = mul(friction, load(lane(out, TANGENT)));
  const ty = mul(friction, load(lane(out, TANGENT + 1)));
  const tz = mul(friction, load(lane(out, TANGENT + 2)));
  const px = load(lane(out, AT));
  const py = load(lane(out, AT + 1));
  const pz = load(lane(out, AT + 2));
  const mx = det(py, pz, ny, nz);
  const my = det(pz, px, nz, nx);
  const mz = det(px, py, nx, ny);
  const ux = det(py, pz, ty, tz);
  const uy = det(pz, px, tz, tx);
  const uz = det(px, py, tx, ty);
  const qvel = place(w, m, QVEL);
  const smooth = place(w, m, QACC_SMOOTH);
  const damp = real(soft, DAMP);
  let sn = zero();
  let s1 = zero();
  let J = lane(out, JACOBIAN);
  let entry = place(m, slot, ENTRIES);
  for (let n = word(slot, ENTRY_COUNT); n > 0; --n) {
    const axis = place(w, entry, ENTRY_AXIS);
    const dof: usize = place(0, entry, ENTRY_DOF);
    const vx = load(lane(axis, 3));
    const vy = load(lane(axis, 4));
    const vz = load(lane(axis, 5));
    let jn = dot3(nx, ny, nz, vx, vy, vz);
    let j1 = dot3(tx, ty, tz, vx, vy, vz);
    if (word(entry, ENTRY_FLAGS) & ENTRY_TURNS) {
      const ax = load(axis);
      const ay = load(lane(axis, 1));
      const az = load(lane(axis, 2));
      jn = add(jn, dot3(mx, my, mz, ax, ay, az));
      j1 = add(j1, dot3(ux, uy, uz, ax, ay, az));
    }
    jn = and(jn, touching);
    j1 = and(j1, touching);
    store(J, jn);
    store(J + 16, j1);
    const rate = madd(damp, load(qvel + dof), load(smooth + dof));
    sn = madd(jn, rate, sn);
    s1 = madd(j1, rate, s1);
    J += 32;
    entry += ENTRY_SIZE << 2;
  }
  store(lane(out, RESIDUAL + 1), and(s1, touching));
  // for readers of the four rows
  store(lane(out, RESIDUAL + 2), zero());
  settle(out, soft, word(slot, CURVE), sub(distance, real(at, MARGIN)), touching, sn);
}

function frictional(m: usize, w: usize, slot: usize, at: usize): void {
  const out = place(w, slot, SLOT_AT);
  const soft = at + <usize>(SLOT_SOFT * REAL);
  const nx = load(lane(out, NORMAL));
  const ny = load(lane(out, NORMAL + 1));
  const nz = load(lane(out, NORMAL + 2));
  const friction1 = real(at, FRICTION);
  const friction2 = real(at, FRICTION + 1);
  let tx = load(lane(out, TANGENT));
  let ty = load(lane(out, TANGENT + 1));
  let tz = load(lane(out, TANGENT + 2));
  const ux = mul(friction2, det(ny, nz, ty, tz));
  const uy = mul(friction2, det(nz, nx, tz, tx));
  const uz = mul(friction2, det(nx, ny, tx, ty));
  tx = mul(friction1, tx);
  ty = mul(friction1, ty);
  tz = mul(friction1, tz);
  let px = load(lane(out, AT));
  let py = load(lane(out, AT + 1));
  let pz = load(lane(out, AT + 2));
  const distance = load(lane(out, DISTANCE));
  const margin = real(at, MARGIN);
  const touching = lt(distance, margin);
  const qvel = place(w, m, QVEL);
  const smooth = place(w, m, QACC_SMOOTH);
  const damp = real(soft, DAMP);
  let sn = zero();
  let s1 = zero();
  let s2 = zero();
  let J = lane(out, JACOBIAN);
  let entry = place(m, slot, ENTRIES);
  let other = false;
  for (let n = word(slot, ENTRY_COUNT); n > 0; --n) {
    const axis = place(w, entry, ENTRY_AXIS);
    const dof: usize = place(0, entry, ENTRY_DOF);
    const flags = word(entry, ENTRY_FLAGS);
    if (((flags & ENTRY_OTHER) != 0) != other) {
      other = !other;
      const sign = splat(other ? 1 : -1);
      px = madd(sign, shift(w, slot, 0), px);
      py = madd(sign, shift(w, slot, 1), py);
      pz = madd(sign, shift(w, slot, 2), pz);
    }
    // velocity of the point for a unit rate of the degree of freedom
    let vx = load(lane(axis, 3));
    let vy = load(lane(axis, 4));
    let vz = load(lane(axis, 5));
    if (flags & ENTRY_TURNS) {
      const ax = load(axis);
      const ay = load(lane(axis, 1));
      const az = load(lane(axis, 2));
      vx = add(vx, det(ay, az, py, pz));
      vy = add(vy, det(az, ax, pz, px));
      vz = add(vz, det(ax, ay, px, py));
    }
    vx = and(vx, touching);
    vy = and(vy, touching);
    vz = and(vz, touching);
    if (flags & ENTRY_FIRST) {
      vx = neg(vx);
      vy = neg(vy);
      vz = neg(vz);
    }
    const jn = dot3(nx, ny, nz, vx, vy, vz);
    const j1 = dot3(tx, ty, tz, vx, vy, vz);
    const j2 = dot3(ux, uy, uz, vx, vy, vz);
    store(J, jn);
    store(J + 16, j1);
    store(J + 32, j2);
    const rate = madd(damp, load(qvel + dof), load(smooth + dof));
    sn = madd(jn, rate, sn);
    s1 = madd(j1, rate, s1);
    s2 = madd(j2, rate, s2);
    J += 48;
    entry += ENTRY_SIZE << 2;
  }
  store(lane(out, RESIDUAL + 1), and(s1, touching));
  store(lane(out, RESIDUAL + 2), and(s2, touching));
  settle(out, soft, word(slot, CURVE), sub(distance, margin), touching, sn);
}

/** Lists the limits that some environment has reached, with their rows; returns their number. */
export function limitRows(m: usize, w: usize): i32 {
  const n = word(m, LIMITS);
  const list = place(w, m, ACTIVE_LIMITS);
  const qvel = place(w, m, QVEL);
  const smooth = place(w, m, QACC_SMOOTH);
  let count = 0;
  for (let l = 0; l < n; ++l) {
    const limit = record(m, LIMIT_WORDS, LIMIT_SIZE, l);
    const at = reals(m, LIMIT_REALS, LIMIT_REAL_SIZE, l);
    const q = load(place(w, limit, LIMIT_QPOS));
    const above = sub(q, real(at, LOWER));
    const below = sub(real(at, UPPER), q);
    const distance = min(above, below);
    const margin = real(at, LIMIT_MARGIN);
    const touching = lt(distance, margin);
    if (!any(touching)) continue;
    const soft = at + <usize>(LIMIT_SOFT * REAL);
    const out = place(w, limit, LIMIT_AT);
    const dof: usize = place(0, limit, LIMIT_DOF);
    const sign = and(select(splat(1), splat(-1), lt(above, below)), touching);
    const r = sub(distance, margin);
    const imp = impedance(soft, word(limit, LIMIT_CURVE), r);
    const strength = div(mul(imp, real(soft, WEIGHT)), sub(splat(1), imp));
    const rate = madd(real(soft, DAMP), load(qvel + dof), load(smooth + dof));
    const residual = madd(mul(real(soft, STIFF), imp), r, mul(sign, rate));
    store(lane(out, LIMIT_STRENGTH), and(strength, touching));
    store(lane(out, LIMIT_SIGN), sign);
    store(lane(out, LIMIT_RESIDUAL), select(residual, splat(1), touching));
    count += 1;
    put<i32>(list + ((<usize>count) << 2), l);
  }
  put<i32>(list, count);
  return count;
}
