// Bias forces: what the joints must supply to keep their velocities (Coriolis, centrifugal, gravity), by the recursive
// Newton-Euler algorithm about the origins (Featherstone 2008, ch. 5). Gravity is an upward acceleration of the world. The
// velocity of an origin enters nowhere: seen from a frame that moves along at constant speed, the forces are the same.

import { add, det, dot3, load, madd, mul, store, zero } from "./lanes";
import {
  ACCELERATION,
  BALL,
  CDOF,
  CENTERED,
  COLLECTS,
  DOF_FORCE,
  DOF_KIND,
  DOF_SIZE,
  DOF_WORDS,
  FLAGS,
  FORCE,
  HINGE,
  INERTIA,
  KIND,
  lane,
  LINK_CDOF,
  LINK_QVEL,
  LINK_REAL_SIZE,
  LINK_REALS,
  LINK_SIZE,
  LINK_WORDS,
  LINKS,
  MASSIVE,
  NV,
  OWN_MASS,
  PARENT_ACCELERATION,
  PARENT_FORCE,
  PARENT_VELOCITY,
  place,
  POSITION,
  QFRC_BIAS,
  real,
  reals,
  record,
  SLIDE,
  STILL,
  STILL_FORCE,
  TURN,
  TURNS,
  VELOCITY,
  word,
} from "./model";

/** Velocities of the links, then qfrc_bias. Wants the links' own inertias. */
export function bias(m: usize, w: usize): void {
  const links = word(m, LINKS);
  for (let l = 1; l < links; ++l) {
    const link = record(m, LINK_WORDS, LINK_SIZE, l);
    const kind = word(link, KIND);
    if (kind == HINGE) hinge(w, link);
    else if (kind == SLIDE) slide(w, link);
    else if (kind == BALL) ball(w, link);
    const flags = word(link, FLAGS);
    if (flags & MASSIVE) force(w, link, real(reals(m, LINK_REALS, LINK_REAL_SIZE, l), OWN_MASS), flags);
    else if (flags & STILL) {
      const at = place(w, link, FORCE);
      const still = place(w, link, STILL_FORCE);
      for (let k = 0; k < 6; ++k) store(lane(at, k), load(lane(still, k)));
    } else if (flags & COLLECTS) {
      const at = place(w, link, FORCE);
      for (let k = 0; k < 6; ++k) store(lane(at, k), zero());
    }
  }
  for (let l = links - 1; l > 0; --l) {
    const link = record(m, LINK_WORDS, LINK_SIZE, l);
    if (!word(link, PARENT_FORCE)) continue;
    const from = place(w, link, FORCE);
    const to = place(w, link, PARENT_FORCE);
    for (let k = 0; k < 6; ++k) store(lane(to, k), add(load(lane(to, k)), load(lane(from, k))));
  }
  project(m, w, place(w, m, QFRC_BIAS), DOF_FORCE);
}

/** out [nv] = each motion axis times the wrench in the place that word `wrench` of the degree of freedom tells. */
export function project(m: usize, w: usize, out: usize, wrench: i32): void {
  const nv = word(m, NV);
  const cdof = place(w, m, CDOF);
  for (let i = 0; i < nv; ++i) {
    const dof = record(m, DOF_WORDS, DOF_SIZE, i);
    const axis = lane(cdof, 6 * i);
    const f = place(w, dof, wrench);
    const linear = lane(axis, 3);
    const push = lane(f, 3);
    let sum = dot3(
      load(linear),
      load(lane(linear, 1)),
      load(lane(linear, 2)),
      load(push),
      load(lane(push, 1)),
      load(lane(push, 2)),
    );
    if (word(dof, DOF_KIND) == TURNS) {
      sum = add(
        sum,
        dot3(load(axis), load(lane(axis, 1)), load(lane(axis, 2)), load(f), load(lane(f, 1)), load(lane(f, 2))),
      );
    }
    store(lane(out, i), sum);
  }
}

// v = v_parent + axis q̇, a = a_parent + (v_parent × axis) q̇; at the root v_parent = 0 and a is the parent's own
function hinge(w: usize, link: usize): void {
  const axis = place(w, link, LINK_CDOF);
  const out = place(w, link, VELOCITY);
  const rate = load(place(w, link, LINK_QVEL));
  if (word(link, TURN) == 2) {
    for (let k = 0; k < 6; ++k) store(lane(out, k), mul(load(lane(axis, k)), rate));
    return;
  }
  const ax = mul(load(axis), rate);
  const ay = mul(load(lane(axis, 1)), rate);
  const az = mul(load(lane(axis, 2)), rate);
  const lx = mul(load(lane(axis, 3)), rate);
  const ly = mul(load(lane(axis, 4)), rate);
  const lz = mul(load(lane(axis, 5)), rate);
  const v = place(w, link, PARENT_VELOCITY);
  const wx = load(v);
  const wy = load(lane(v, 1));
  const wz = load(lane(v, 2));
  const vx = load(lane(v, 3));
  const vy = load(lane(v, 4));
  const vz = load(lane(v, 5));
  store(out, add(wx, ax));
  store(lane(out, 1), add(wy, ay));
  store(lane(out, 2), add(wz, az));
  store(lane(out, 3), add(vx, lx));
  store(lane(out, 4), add(vy, ly));
  store(lane(out, 5), add(vz, lz));
  const from = place(w, link, PARENT_ACCELERATION);
  const to = place(w, link, ACCELERATION);
  store(to, add(load(from), det(wy, wz, ay, az)));
  store(lane(to, 1), add(load(lane(from, 1)), det(wz, wx, az, ax)));
  store(lane(to, 2), add(load(lane(from, 2)), det(wx, wy, ax, ay)));
  store(lane(to, 3), add(load(lane(from, 3)), add(det(wy, wz, ly, lz), det(vy, vz, ay, az))));
  store(lane(to, 4), add(load(lane(from, 4)), add(det(wz, wx, lz, lx), det(vz, vx, az, ax))));
  store(lane(to, 5), add(load(lane(from, 5)), add(det(wx, wy, lx, ly), det(vx, vy, ax, ay))));
}

// axis = (0, d): v gains d q̇, a gains ω × d q̇
function slide(w: usize, link: usize): void {
  const axis = place(w, link, LINK_CDOF);
  const rate = load(place(w, link, LINK_QVEL));
  const x = mul(load(lane(axis, 3)), rate);
  const y = mul(load(lane(axis, 4)), rate);
  const z = mul(load(lane(axis, 5)), rate);
  const v = place(w, link, PARENT_VELOCITY);
  const out = place(w, link, VELOCITY);
  const wx = load(v);
  const wy = load(lane(v, 1));
  const wz = load(lane(v, 2));
  store(out, wx);
  store(lane(out, 1), wy);
  store(lane(out, 2), wz);
  store(lane(out, 3), add(load(lane(v, 3)), x));
  store(lane(out, 4), add(load(lane(v, 4)), y));
  store(lane(out, 5), add(load(lane(v, 5)), z));
  const from = place(w, link, PARENT_ACCELERATION);
  const to = place(w, link, ACCELERATION);
  for (let k = 0; k < 3; ++k) store(lane(to, k), load(lane(from, k)));
  store(lane(to, 3), add(load(lane(from, 3)), det(wy, wz, y, z)));
  store(lane(to, 4), add(load(lane(from, 4)), det(wz, wx, z, x)));
  store(lane(to, 5), add(load(lane(from, 5)), det(wx, wy, x, y)));
}

// a free joint turns about the origin itself: v = (Σ axis_k q̇_k, 0), and axes that turn along add no acceleration
function ball(w: usize, link: usize): void {
  const axes = place(w, link, LINK_CDOF);
  const rates = place(w, link, LINK_QVEL);
  const out = place(w, link, VELOCITY);
  for (let k = 0; k < 3; ++k) {
    const x = mul(load(lane(axes, k)), load(rates));
    const xy = madd(load(lane(axes, 6 + k)), load(lane(rates, 1)), x);
    store(lane(out, k), madd(load(lane(axes, 12 + k)), load(lane(rates, 2)), xy));
  }
}

// f = I a + v ×* I v with I v = (Iω + h × v, m v + ω × h): about the link's position, as its inertia is, then about the origin
function force(w: usize, link: usize, mass: v128, flags: i32): void {
  const I = place(w, link, INERTIA);
  const xx = load(I);
  const yy = load(lane(I, 1));
  const zz = load(lane(I, 2));
  const xy = load(lane(I, 3));
  const xz = load(lane(I, 4));
  const yz = load(lane(I, 5));
  const hx = load(lane(I, 6));
  const hy = load(lane(I, 7));
  const hz = load(lane(I, 8));
  const v = place(w, link, VELOCITY);
  const wx = load(v);
  const wy = load(lane(v, 1));
  const wz = load(lane(v, 2));
  let vx = load(lane(v, 3));
  let vy = load(lane(v, 4));
  let vz = load(lane(v, 5));
  const a = place(w, link, ACCELERATION);
  const ax = load(a);
  const ay = load(lane(a, 1));
  const az = load(lane(a, 2));
  let bx = load(lane(a, 3));
  let by = load(lane(a, 4));
  let bz = load(lane(a, 5));
  const at = place(w, link, POSITION);
  if (!(flags & CENTERED)) {
    const x = load(at);
    const y = load(lane(at, 1));
    const z = load(lane(at, 2));
    vx = add(vx, det(wy, wz, y, z));
    vy = add(vy, det(wz, wx, z, x));
    vz = add(vz, det(wx, wy, x, y));
    bx = add(bx, det(ay, az, y, z));
    by = add(by, det(az, ax, z, x));
    bz = add(bz, det(ax, ay, x, y));
  }
  const px = madd(mass, vx, det(wy, wz, hy, hz));
  const py = madd(mass, vy, det(wz, wx, hz, hx));
  const pz = madd(mass, vz, det(wx, wy, hx, hy));
  const lx = add(dot3(xx, xy, xz, wx, wy, wz), det(hy, hz, vy, vz));
  const ly = add(dot3(xy, yy, yz, wx, wy, wz), det(hz, hx, vz, vx));
  const lz = add(dot3(xz, yz, zz, wx, wy, wz), det(hx, hy, vx, vy));
  const out = place(w, link, FORCE);
  let nx = add(dot3(xx, xy, xz, ax, ay, az), det(hy, hz, by, bz));
  let ny = add(dot3(xy, yy, yz, ax, ay, az), det(hz, hx, bz, bx));
  let nz = add(dot3(xz, yz, zz, ax, ay, az), det(hx, hy, bx, by));
  nx = add(nx, add(det(wy, wz, ly, lz), det(vy, vz, py, pz)));
  ny = add(ny, add(det(wz, wx, lz, lx), det(vz, vx, pz, px)));
  nz = add(nz, add(det(wx, wy, lx, ly), det(vx, vy, px, py)));
  const fx = add(madd(mass, bx, det(ay, az, hy, hz)), det(wy, wz, py, pz));
  const fy = add(madd(mass, by, det(az, ax, hz, hx)), det(wz, wx, pz, px));
  const fz = add(madd(mass, bz, det(ax, ay, hx, hy)), det(wx, wy, px, py));
  if (!(flags & CENTERED)) {
    const x = load(at);
    const y = load(lane(at, 1));
    const z = load(lane(at, 2));
    nx = add(nx, det(y, z, fy, fz));
    ny = add(ny, det(z, x, fz, fx));
    nz = add(nz, det(x, y, fx, fy));
  }
  store(out, nx);
  store(lane(out, 1), ny);
  store(lane(out, 2), nz);
  store(lane(out, 3), fx);
  store(lane(out, 4), fy);
  store(lane(out, 5), fz);
}
