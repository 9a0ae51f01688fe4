// Spatial inertias about the trees' origins and the joint-space mass matrix, by the composite rigid body algorithm
// (Featherstone 2008, ch. 6). An inertia is xx yy zz xy xz yz about the origin, then the first moment h = m · c; masses are
// constants. M[i][j] = axis_j · (I_i axis_i), where I_i is the inertia of all that i moves and j one of its ancestors.

import { add, det, dot3, load, madd, mul, nmadd, store, sub, zero } from "./lanes";
import {
  ARMATURE,
  CDOF,
  CENTER,
  CHAIN,
  COLLECTS,
  DEPTH,
  DOF_INERTIA,
  DOF_KIND,
  DOF_REAL_SIZE,
  DOF_REALS,
  DOF_SIZE,
  DOF_WORDS,
  FLAGS,
  INERTIA,
  lane,
  LINK_REAL_SIZE,
  LINK_REALS,
  LINK_SIZE,
  LINK_WORDS,
  LINKS,
  MASS,
  MASS_PATTERN,
  MASSIVE,
  MOVED_MASS,
  NV,
  OWN_INERTIA,
  OWN_MASS,
  PARENT_INERTIA,
  place,
  POSITION,
  PRINCIPAL,
  real,
  reals,
  record,
  ROTATION,
  ROW,
  ROW_SIZE,
  TURNS,
  word,
} from "./model";

/** Own inertias of all links. */
export function inertias(m: usize, w: usize): void {
  const links = word(m, LINKS);
  for (let l = 1; l < links; ++l) {
    const link = record(m, LINK_WORDS, LINK_SIZE, l);
    const flags = word(link, FLAGS);
    if (flags & MASSIVE) own(w, link, reals(m, LINK_REALS, LINK_REAL_SIZE, l), flags);
    else if (flags & COLLECTS) {
      const at = place(w, link, INERTIA);
      for (let k = 0; k < 9; ++k) store(lane(at, k), zero());
    }
  }
}

// R I Rᵀ = I_zz·1 + Σ B_jk (column j)(column k)ᵀ with B = I − I_zz·1, moved to the origin
function own(w: usize, link: usize, constants: usize, flags: i32): void {
  const R = place(w, link, ROTATION);
  const x0 = load(R);
  const y0 = load(lane(R, 1));
  const z0 = load(lane(R, 2));
  const x1 = load(lane(R, 3));
  const y1 = load(lane(R, 4));
  const z1 = load(lane(R, 5));
  const x2 = load(lane(R, 6));
  const y2 = load(lane(R, 7));
  const z2 = load(lane(R, 8));
  const Izz = real(constants, OWN_INERTIA + 2);
  const a = sub(real(constants, OWN_INERTIA), Izz);
  const c = sub(real(constants, OWN_INERTIA + 1), Izz);
  const b = real(constants, OWN_INERTIA + 3);
  let u0 = madd(b, y0, mul(a, x0));
  let u1 = madd(b, y1, mul(a, x1));
  let u2 = madd(b, y2, mul(a, x2));
  let v0 = madd(b, x0, mul(c, y0));
  let v1 = madd(b, x1, mul(c, y1));
  let v2 = madd(b, x2, mul(c, y2));
  if (!(flags & PRINCIPAL)) {
    const d = real(constants, OWN_INERTIA + 4);
    const e = real(constants, OWN_INERTIA + 5);
    u0 = madd(d, z0, u0);
    u1 = madd(d, z1, u1);
    u2 = madd(d, z2, u2);
    v0 = madd(e, z0, v0);
    v1 = madd(e, z1, v1);
    v2 = madd(e, z2, v2);
  }
  let xx = madd(u0, x0, madd(v0, y0, Izz));
  let yy = madd(u1, x1, madd(v1, y1, Izz));
  let zz = madd(u2, x2, madd(v2, y2, Izz));
  let xy = madd(u0, x1, mul(v0, y1));
  let xz = madd(u0, x2, mul(v0, y2));
  let yz = madd(u1, x2, mul(v1, y2));
  if (!(flags & PRINCIPAL)) {
    const d = real(constants, OWN_INERTIA + 4);
    const e = real(constants, OWN_INERTIA + 5);
    const t0 = madd(e, y0, mul(d, x0));
    const t1 = madd(e, y1, mul(d, x1));
    const t2 = madd(e, y2, mul(d, x2));
    xx = madd(t0, z0, xx);
    yy = madd(t1, z1, yy);
    zz = madd(t2, z2, zz);
    xy = madd(t0, z1, xy);
    xz = madd(t0, z2, xz);
    yz = madd(t1, z2, yz);
  }
  const cx = real(constants, CENTER);
  const cy = real(constants, CENTER + 1);
  const cz = real(constants, CENTER + 2);
  const at = place(w, link, POSITION);
  const px = add(load(at), dot3(x0, y0, z0, cx, cy, cz));
  const py = add(load(lane(at, 1)), dot3(x1, y1, z1, cx, cy, cz));
  const pz = add(load(lane(at, 2)), dot3(x2, y2, z2, cx, cy, cz));
  const mass = real(constants, OWN_MASS);
  const hx = mul(mass, px);
  const hy = mul(mass, py);
  const hz = mul(mass, pz);
  const out = place(w, link, INERTIA);
  store(out, madd(hy, py, madd(hz, pz, xx)));
  store(lane(out, 1), madd(hx, px, madd(hz, pz, yy)));
  store(lane(out, 2), madd(hx, px, madd(hy, py, zz)));
  store(lane(out, 3), nmadd(hx, py, xy));
  store(lane(out, 4), nmadd(hx, pz, xz));
  store(lane(out, 5), nmadd(hy, pz, yz));
  store(lane(out, 6), hx);
  store(lane(out, 7), hy);
  store(lane(out, 8), hz);
}

/** Inertias of links with all that they carry; the bias forces want the own ones and come before. */
export function composites(m: usize, w: usize): void {
  for (let l = word(m, LINKS) - 1; l > 0; --l) {
    const link = record(m, LINK_WORDS, LINK_SIZE, l);
    if (!word(link, PARENT_INERTIA)) continue;
    const from = place(w, link, INERTIA);
    const to = place(w, link, PARENT_INERTIA);
    for (let k = 0; k < 9; ++k) store(lane(to, k), add(load(lane(to, k)), load(lane(from, k))));
  }
}

/** The mass matrix, packed by its pattern. */
export function mass(m: usize, w: usize): void {
  const nv = word(m, NV);
  const cdof = place(w, m, CDOF);
  const M = place(w, m, MASS);
  for (let i = 0; i < nv; ++i) {
    const dof = record(m, DOF_WORDS, DOF_SIZE, i);
    const constants = reals(m, DOF_REALS, DOF_REAL_SIZE, i);
    const I = place(w, dof, DOF_INERTIA);
    const axis = lane(cdof, 6 * i);
    const moved = real(constants, MOVED_MASS);
    const lx = load(lane(axis, 3));
    const ly = load(lane(axis, 4));
    const lz = load(lane(axis, 5));
    const hx = load(lane(I, 6));
    const hy = load(lane(I, 7));
    const hz = load(lane(I, 8));
    // momentum (n, f) of a unit velocity: f = m l + a × h, n = I a + h × l
    let fx = mul(moved, lx);
    let fy = mul(moved, ly);
    let fz = mul(moved, lz);
    let nx = det(hy, hz, ly, lz);
    let ny = det(hz, hx, lz, lx);
    let nz = det(hx, hy, lx, ly);
    if (word(dof, DOF_KIND) == TURNS) {
      const ax = load(axis);
      const ay = load(lane(axis, 1));
      const az = load(lane(axis, 2));
      fx = add(fx, det(ay, az, hy, hz));
      fy = add(fy, det(az, ax, hz, hx));
      fz = add(fz, det(ax, ay, hx, hy));
      const xy = load(lane(I, 3));
      const xz = load(lane(I, 4));
      const yz = load(lane(I, 5));
      nx = add(nx, dot3(load(I), xy, xz, ax, ay, az));
      ny = add(ny, dot3(xy, load(lane(I, 1)), yz, ax, ay, az));
      nz = add(nz, dot3(xz, yz, load(lane(I, 2)), ax, ay, az));
    }
    const row = record(m, MASS_PATTERN, ROW_SIZE, i);
    const out = place(M, row, ROW);
    const chain = place(m, row, CHAIN);
    const depth = word(row, DEPTH);
    for (let t = 0; t <= depth; ++t) {
      const other = place(0, chain, 2 * t);
      const b = cdof + 6 * other;
      let entry = dot3(load(lane(b, 3)), load(lane(b, 4)), load(lane(b, 5)), fx, fy, fz);
      if (word(m + <usize>word(m, DOF_WORDS) + (other >> 4) * (DOF_SIZE << 2), DOF_KIND) == TURNS) {
        entry = add(entry, dot3(load(b), load(lane(b, 1)), load(lane(b, 2)), nx, ny, nz));
      }
      if (t == depth) entry = add(entry, real(constants, ARMATURE));
      store(lane(out, t), entry);
    }
  }
}
