// Spatial inertias and the joint-space mass matrix, by the composite rigid body algorithm (Featherstone 2008, ch. 6). An
// inertia is xx yy zz xy xz yz, then the first moment h = m · c, about the link's own position: about the tree's origin the
// small inertia of a distal link would be lost in float32 behind m r². Masses are constants. M[i][j] = axis_j · (I_i axis_i),
// where I_i is the inertia of all that i moves and j one of its ancestors; the momentum I_i axis_i goes down the chain.

import { add, det, dot3, load, madd, mul, nmadd, splat, store, sub, zero } from "./lanes";
import {
  ARMATURE,
  CARRIED_MASS,
  CDOF,
  CENTER,
  CHAIN,
  COLLECTS,
  DEPTH,
  DOF_ARM,
  DOF_INERTIA,
  DOF_KIND,
  DOF_REAL_SIZE,
  DOF_REALS,
  DOF_SIZE,
  DOF_WORDS,
  FLAGS,
  INERTIA,
  lane,
  LINK_ARM,
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
  PRINCIPAL,
  real,
  reals,
  record,
  ROTATION,
  ROW,
  ROW_SIZE,
  TRANSLATES,
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

// R I Rᵀ = I_zz·1 + Σ B_jk (column j)(column k)ᵀ with B = I − I_zz·1, moved to the link's position
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
  const px = dot3(x0, y0, z0, cx, cy, cz);
  const py = dot3(x1, y1, z1, cx, cy, cz);
  const pz = dot3(x2, y2, z2, cx, cy, cz);
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
    carry(w, link, real(reals(m, LINK_REALS, LINK_REAL_SIZE, l), CARRIED_MASS));
  }
}

// adds an inertia to the parent's, an arm r away: with k = 2h + m r it gains (k·r) 1 − (k rᵀ + r kᵀ) / 2, and h gains m r
function carry(w: usize, link: usize, mass: v128): void {
  const I = place(w, link, INERTIA);
  const to = place(w, link, PARENT_INERTIA);
  const arm = place(w, link, LINK_ARM);
  const x = load(arm);
  const y = load(lane(arm, 1));
  const z = load(lane(arm, 2));
  const hx = load(lane(I, 6));
  const hy = load(lane(I, 7));
  const hz = load(lane(I, 8));
  const mx = mul(mass, x);
  const my = mul(mass, y);
  const mz = mul(mass, z);
  const half = splat(0.5);
  const ux = madd(half, mx, hx);
  const uy = madd(half, my, hy);
  const uz = madd(half, mz, hz);
  const twice = splat(2);
  const xx = mul(ux, x);
  const yy = mul(uy, y);
  const zz = mul(uz, z);
  store(to, add(load(to), madd(twice, add(yy, zz), load(I))));
  store(lane(to, 1), add(load(lane(to, 1)), madd(twice, add(xx, zz), load(lane(I, 1)))));
  store(lane(to, 2), add(load(lane(to, 2)), madd(twice, add(xx, yy), load(lane(I, 2)))));
  store(lane(to, 3), add(load(lane(to, 3)), nmadd(ux, y, nmadd(uy, x, load(lane(I, 3))))));
  store(lane(to, 4), add(load(lane(to, 4)), nmadd(ux, z, nmadd(uz, x, load(lane(I, 4))))));
  store(lane(to, 5), add(load(lane(to, 5)), nmadd(uy, z, nmadd(uz, y, load(lane(I, 5))))));
  store(lane(to, 6), add(load(lane(to, 6)), add(hx, mx)));
  store(lane(to, 7), add(load(lane(to, 7)), add(hy, my)));
  store(lane(to, 8), add(load(lane(to, 8)), add(hz, mz)));
}

/** The mass matrix, packed by its pattern. */
export function mass(m: usize, w: usize): void {
  const nv = word(m, NV);
  const cdof = place(w, m, CDOF);
  const M = place(w, m, MASS);
  for (let i = 0; i < nv; ++i) {
    const dof = record(m, DOF_WORDS, DOF_SIZE, i);
    const constants = reals(m, DOF_REALS, DOF_REAL_SIZE, i);
    const axis = lane(cdof, 6 * i);
    const row = record(m, MASS_PATTERN, ROW_SIZE, i);
    const out = place(M, row, ROW);
    const chain = place(m, row, CHAIN);
    const depth = word(row, DEPTH);
    // momentum (n, f) of a unit velocity, about the link's position
    let fx: v128;
    let fy: v128;
    let fz: v128;
    let nx = zero();
    let ny = zero();
    let nz = zero();
    let own: v128;
    const kind = word(dof, DOF_KIND);
    const I = place(w, dof, DOF_INERTIA);
    if (kind == TURNS) {
      const ax = load(axis);
      const ay = load(lane(axis, 1));
      const az = load(lane(axis, 2));
      const hx = load(lane(I, 6));
      const hy = load(lane(I, 7));
      const hz = load(lane(I, 8));
      fx = det(ay, az, hy, hz);
      fy = det(az, ax, hz, hx);
      fz = det(ax, ay, hx, hy);
      const xy = load(lane(I, 3));
      const xz = load(lane(I, 4));
      const yz = load(lane(I, 5));
      nx = dot3(load(I), xy, xz, ax, ay, az);
      ny = dot3(xy, load(lane(I, 1)), yz, ax, ay, az);
      nz = dot3(xz, yz, load(lane(I, 2)), ax, ay, az);
      own = dot3(ax, ay, az, nx, ny, nz);
    } else {
      const moved = real(constants, MOVED_MASS);
      const lx = load(lane(axis, 3));
      const ly = load(lane(axis, 4));
      const lz = load(lane(axis, 5));
      fx = mul(moved, lx);
      fy = mul(moved, ly);
      fz = mul(moved, lz);
      own = dot3(lx, ly, lz, fx, fy, fz);
      if (kind != TRANSLATES) {
        const hx = load(lane(I, 6));
        const hy = load(lane(I, 7));
        const hz = load(lane(I, 8));
        nx = det(hy, hz, ly, lz);
        ny = det(hz, hx, lz, lx);
        nz = det(hx, hy, lx, ly);
      }
    }
    store(lane(out, depth), add(own, real(constants, ARMATURE)));
    let below = dof;
    for (let t = depth - 1; t >= 0; --t) {
      const other = place(0, chain, 2 * t);
      const b = cdof + 6 * other;
      const above = m + <usize>word(m, DOF_WORDS) + (other >> 4) * (DOF_SIZE << 2);
      const turns = word(above, DOF_KIND) == TURNS;
      if (word(below, DOF_ARM) && word(above, DOF_KIND) != TRANSLATES) {
        const arm = place(w, below, DOF_ARM);
        const x = load(arm);
        const y = load(lane(arm, 1));
        const z = load(lane(arm, 2));
        nx = add(nx, det(y, z, fy, fz));
        ny = add(ny, det(z, x, fz, fx));
        nz = add(nz, det(x, y, fx, fy));
      }
      const entry = turns
        ? dot3(load(b), load(lane(b, 1)), load(lane(b, 2)), nx, ny, nz)
        : dot3(load(lane(b, 3)), load(lane(b, 4)), load(lane(b, 5)), fx, fy, fz);
      store(lane(out, t), entry);
      below = above;
    }
  }
}
