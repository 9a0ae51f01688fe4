// What is read off an evaluation and enters no later stage: places and orientations of bodies, geoms and sites, centers of
// mass, inertias, velocities. The frames, the origins and the velocities of the links in the workspace are those of the last
// evaluation, and so is all of this; only quaternions are composed anew from qpos, for their signs to be MuJoCo's.
//
// Spatial quantities have MuJoCo's conventions: world axes, rotation before translation, about the center of mass of the
// whole body-tree (of the body below the world). Sums are taken relative to the origin of a tree, so that far from the
// world's origin they lose nothing.

import {
  ACTIVE_SLOTS,
  AT,
  FRICTION,
  NORMAL,
  RESIDUAL,
  SLOT_AT,
  SLOT_REAL_SIZE,
  SLOT_REALS,
  SLOT_SIZE,
  SLOT_WORDS,
  STRENGTH,
  TANGENT,
  TANGENTS,
} from "./constraint-model";
import { add, and, cos, det, dot3, load, lt, madd, min, mul, neg, nmadd, sin, splat, store, sub, zero } from "./lanes";
import { lane, place, real, reals, record, word } from "./model";
import {
  BODY_COUNT,
  BODY_INERTIA,
  BODY_MASS,
  BODY_MASSIVE,
  BODY_ORIGIN,
  BODY_PLACE,
  BODY_POSITION,
  BODY_REALS,
  BODY_REAL_SIZE,
  BODY_ROTATION,
  BODY_SIZE,
  BODY_TURNS,
  BODY_VELOCITY,
  BODY_WORDS,
  CENTER,
  CENTERS,
  CFRC_EXT,
  CINERT,
  CVEL,
  FIRST_TURN,
  FORCES,
  GEOM_COUNT,
  GEOM_REALS,
  GEOM_REAL_SIZE,
  GEOM_SIZE,
  GEOM_WORDS,
  GEOM_XMAT,
  GEOM_XQUAT,
  INERTIAS,
  MATRICES,
  ORIGIN_VELOCITY,
  PARENT,
  PER_SUBTREE_MASS,
  POINTS,
  POINT_COUNT,
  POINT_REALS,
  POINT_SIZE,
  POINT_WORDS,
  QUATERNION,
  QUATERNIONS,
  REFERENCE,
  ROOT,
  SUBTREE_CENTER,
  SUBTREE_COM,
  SUBTREE_LINVEL,
  SUBTREE_MASS,
  TOUCH_SIZE,
  TOUCH_WORDS,
  TURN_REALS,
  TURN_REAL_SIZE,
  TURN_SIZE,
  TURN_WORDS,
  VELOCITIES,
  XPOINT,
  XQUAT,
} from "./observe-model";

/** Computes what the bits of `what` ask for. */
export function observe(m: usize, w: usize, what: i32): void {
  if (what & POINTS) observePoints(m, w, 0, word(m, POINT_COUNT));
  if (what & QUATERNIONS) observeQuaternions(m, w);
  if (what & MATRICES) observeMatrices(m, w);
  if (what & (CENTERS | INERTIAS | VELOCITIES | FORCES)) observeCenters(m, w);
  if (what & INERTIAS) observeInertias(m, w);
  if (what & VELOCITIES) observeVelocities(m, w);
  if (what & FORCES) observeForces(m, w);
}

/** World positions of `count` points from the point `first` on. */
export function observePoints(m: usize, w: usize, first: i32, count: i32): void {
  const out = place(w, m, XPOINT);
  for (let i = first; i < first + count; ++i) {
    const at = record(m, POINT_WORDS, POINT_SIZE, i);
    const constants = reals(m, POINT_REALS, POINT_SIZE, i);
    const R = place(w, at, BODY_ROTATION);
    const position = place(w, at, BODY_POSITION);
    const origin = place(w, at, BODY_ORIGIN);
    const x = real(constants, 0);
    const y = real(constants, 1);
    const z = real(constants, 2);
    for (let k = 0; k < 3; ++k) {
      const row = lane(R, 3 * k);
      const local = add(load(lane(position, k)), dot3(load(row), load(lane(row, 1)), load(lane(row, 2)), x, y, z));
      store(lane(out, 3 * i + k), add(load(lane(origin, k)), local));
    }
  }
}

// rotations of geoms, by rows
function observeMatrices(m: usize, w: usize): void {
  const geoms = word(m, GEOM_COUNT);
  const out = place(w, m, GEOM_XMAT);
  for (let g = 0; g < geoms; ++g) {
    const R = place(w, record(m, GEOM_WORDS, GEOM_SIZE, g), 0);
    const own = reals(m, GEOM_REALS, GEOM_REAL_SIZE, g);
    for (let i = 0; i < 3; ++i) {
      const x = load(lane(R, 3 * i));
      const y = load(lane(R, 3 * i + 1));
      const z = load(lane(R, 3 * i + 2));
      for (let j = 0; j < 3; ++j) {
        store(lane(out, 9 * g + 3 * i + j), dot3(x, y, z, real(own, j), real(own, 3 + j), real(own, 6 + j)));
      }
    }
  }
}

// of bodies, by the joints from the root on, then of geoms
function observeQuaternions(m: usize, w: usize): void {
  const out = place(w, m, XQUAT);
  store(out, splat(1));
  for (let k = 1; k < 4; ++k) store(lane(out, k), zero());
  const bodies = word(m, BODY_COUNT);
  for (let i = 1; i < bodies; ++i) {
    const body = record(m, BODY_WORDS, BODY_SIZE, i);
    const constants = reals(m, BODY_REALS, BODY_REAL_SIZE, i);
    const q = lane(out, 4 * i);
    compose(
      q,
      lane(out, 4 * word(body, PARENT)),
      real(constants, QUATERNION),
      real(constants, QUATERNION + 1),
      real(constants, QUATERNION + 2),
      real(constants, QUATERNION + 3),
    );
    const first = word(body, FIRST_TURN);
    const last = first + word(body, BODY_TURNS);
    for (let t = first; t < last; ++t) {
      const joint = record(m, TURN_WORDS, TURN_SIZE, t);
      const qpos = place(w, joint, 1);
      if (!word(joint, 0)) {
        for (let k = 0; k < 4; ++k) store(lane(q, k), load(lane(qpos, 3 + k)));
        continue;
      }
      const axis = reals(m, TURN_REALS, TURN_REAL_SIZE, t);
      const half = mul(splat(0.5), sub(load(qpos), real(axis, 0)));
      const s = sin(half);
      compose(q, q, cos(half), mul(s, real(axis, 1)), mul(s, real(axis, 2)), mul(s, real(axis, 3)));
    }
  }
  const geoms = word(m, GEOM_COUNT);
  const turned = place(w, m, GEOM_XQUAT);
  for (let g = 0; g < geoms; ++g) {
    const body = word(record(m, GEOM_WORDS, GEOM_SIZE, g), 1);
    const own = reals(m, GEOM_REALS, GEOM_REAL_SIZE, g);
    compose(lane(turned, 4 * g), lane(out, 4 * body), real(own, 9), real(own, 10), real(own, 11), real(own, 12));
  }
}

// out = q · (a, x, y, z); `out` may be q
function compose(out: usize, q: usize, a: v128, x: v128, y: v128, z: v128): void {
  const qa = load(q);
  const qx = load(lane(q, 1));
  const qy = load(lane(q, 2));
  const qz = load(lane(q, 3));
  store(out, nmadd(qx, x, nmadd(qy, y, nmadd(qz, z, mul(qa, a)))));
  store(lane(out, 1), madd(qa, x, madd(qx, a, nmadd(qz, y, mul(qy, z)))));
  store(lane(out, 2), madd(qa, y, madd(qy, a, nmadd(qx, z, mul(qz, x)))));
  store(lane(out, 3), madd(qa, z, madd(qz, a, nmadd(qy, x, mul(qx, y)))));
}

// centers of mass of bodies and of subtrees; a subtree without mass has that of its body
function observeCenters(m: usize, w: usize): void {
  const bodies = word(m, BODY_COUNT);
  const center = place(w, m, CENTER);
  const sum = place(w, m, SUBTREE_CENTER);
  const com = place(w, m, SUBTREE_COM);
  for (let k = 0; k < 3; ++k) store(lane(com, k), zero());
  for (let i = 1; i < bodies; ++i) {
    const body = record(m, BODY_WORDS, BODY_SIZE, i);
    const constants = reals(m, BODY_REALS, BODY_REAL_SIZE, i);
    const R = place(w, body, BODY_ROTATION);
    const position = place(w, body, BODY_POSITION);
    const origin = place(w, body, BODY_ORIGIN);
    const reference = place(w, body, REFERENCE);
    const x = real(constants, BODY_PLACE);
    const y = real(constants, BODY_PLACE + 1);
    const z = real(constants, BODY_PLACE + 2);
    const mass = real(constants, BODY_MASS);
    for (let k = 0; k < 3; ++k) {
      const row = lane(R, 3 * k);
      const local = add(load(lane(position, k)), dot3(load(row), load(lane(row, 1)), load(lane(row, 2)), x, y, z));
      const apart = sub(load(lane(origin, k)), load(lane(reference, k)));
      const at = add(apart, local);
      store(lane(center, 3 * i + k), at);
      store(lane(sum, 3 * i + k), mul(mass, at));
    }
  }
  for (let i = bodies - 1; i > 0; --i) {
    const body = record(m, BODY_WORDS, BODY_SIZE, i);
    const constants = reals(m, BODY_REALS, BODY_REAL_SIZE, i);
    const parent = word(body, PARENT);
    const reference = place(w, body, REFERENCE);
    const total = real(constants, SUBTREE_MASS);
    const inverse = real(constants, PER_SUBTREE_MASS);
    const massive = word(body, BODY_MASSIVE);
    for (let k = 0; k < 3; ++k) {
      const moment = load(lane(sum, 3 * i + k));
      if (parent) store(lane(sum, 3 * parent + k), add(load(lane(sum, 3 * parent + k)), moment));
      const at = massive ? mul(inverse, moment) : load(lane(center, 3 * i + k));
      store(lane(sum, 3 * i + k), at);
      const absolute = add(load(lane(reference, k)), at);
      store(lane(com, 3 * i + k), absolute);
      if (!parent) store(lane(com, k), madd(total, absolute, load(lane(com, k))));
    }
  }
  const inverse = real(reals(m, BODY_REALS, BODY_REAL_SIZE, 0), PER_SUBTREE_MASS);
  for (let k = 0; k < 3; ++k) store(lane(com, k), mul(inverse, load(lane(com, k))));
}

// I about the center of the body-tree: R I Rᵀ and the parallel axis; then mass · offset, mass. Zero for the world.
function observeInertias(m: usize, w: usize): void {
  const bodies = word(m, BODY_COUNT);
  const center = place(w, m, CENTER);
  const centers = place(w, m, SUBTREE_CENTER);
  const inertias = place(w, m, CINERT);
  for (let i = 1; i < bodies; ++i) {
    const body = record(m, BODY_WORDS, BODY_SIZE, i);
    const constants = reals(m, BODY_REALS, BODY_REAL_SIZE, i);
    const R = place(w, body, BODY_ROTATION);
    const out = lane(inertias, 10 * i);
    const root = word(body, ROOT);
    const mass = real(constants, BODY_MASS);
    const dx = sub(load(lane(center, 3 * i)), load(lane(centers, 3 * root)));
    const dy = sub(load(lane(center, 3 * i + 1)), load(lane(centers, 3 * root + 1)));
    const dz = sub(load(lane(center, 3 * i + 2)), load(lane(centers, 3 * root + 2)));
    const hx = mul(mass, dx);
    const hy = mul(mass, dy);
    const hz = mul(mass, dz);
    store(out, madd(hy, dy, madd(hz, dz, turned(R, constants, 0, 0))));
    store(lane(out, 1), madd(hx, dx, madd(hz, dz, turned(R, constants, 1, 1))));
    store(lane(out, 2), madd(hx, dx, madd(hy, dy, turned(R, constants, 2, 2))));
    store(lane(out, 3), nmadd(hx, dy, turned(R, constants, 0, 1)));
    store(lane(out, 4), nmadd(hx, dz, turned(R, constants, 0, 2)));
    store(lane(out, 5), nmadd(hy, dz, turned(R, constants, 1, 2)));
    store(lane(out, 6), hx);
    store(lane(out, 7), hy);
    store(lane(out, 8), hz);
    store(lane(out, 9), mass);
  }
}

// entry (i, j) of R I Rᵀ
function turned(R: usize, constants: usize, i: i32, j: i32): v128 {
  const x = load(lane(R, 3 * j));
  const y = load(lane(R, 3 * j + 1));
  const z = load(lane(R, 3 * j + 2));
  const xy = real(constants, BODY_INERTIA + 3);
  const xz = real(constants, BODY_INERTIA + 4);
  const yz = real(constants, BODY_INERTIA + 5);
  const a = dot3(real(constants, BODY_INERTIA), xy, xz, x, y, z);
  const b = dot3(xy, real(constants, BODY_INERTIA + 1), yz, x, y, z);
  const c = dot3(xz, yz, real(constants, BODY_INERTIA + 2), x, y, z);
  return dot3(load(lane(R, 3 * i)), load(lane(R, 3 * i + 1)), load(lane(R, 3 * i + 2)), a, b, c);
}

// a body's velocity at the center of its body-tree, and the mean velocity of the mass of its subtree
function observeVelocities(m: usize, w: usize): void {
  const bodies = word(m, BODY_COUNT);
  const center = place(w, m, CENTER);
  const centers = place(w, m, SUBTREE_CENTER);
  const out = place(w, m, CVEL);
  const linear = place(w, m, SUBTREE_LINVEL);
  for (let k = 0; k < 3; ++k) store(lane(linear, k), zero());
  for (let i = 1; i < bodies; ++i) {
    const body = record(m, BODY_WORDS, BODY_SIZE, i);
    const v = place(w, body, BODY_VELOCITY);
    const moving = place(w, body, ORIGIN_VELOCITY);
    const origin = place(w, body, BODY_ORIGIN);
    const reference = place(w, body, REFERENCE);
    const root = word(body, ROOT);
    const x = load(v);
    const y = load(lane(v, 1));
    const z = load(lane(v, 2));
    // of the body-fixed point that is at the reference
    const rx = sub(load(reference), load(origin));
    const ry = sub(load(lane(reference, 1)), load(lane(origin, 1)));
    const rz = sub(load(lane(reference, 2)), load(lane(origin, 2)));
    const vx = add(add(load(lane(v, 3)), load(moving)), det(y, z, ry, rz));
    const vy = add(add(load(lane(v, 4)), load(lane(moving, 1))), det(z, x, rz, rx));
    const vz = add(add(load(lane(v, 5)), load(lane(moving, 2))), det(x, y, rx, ry));
    const at = lane(out, 6 * i);
    store(at, x);
    store(lane(at, 1), y);
    store(lane(at, 2), z);
    const cx = load(lane(centers, 3 * root));
    const cy = load(lane(centers, 3 * root + 1));
    const cz = load(lane(centers, 3 * root + 2));
    store(lane(at, 3), add(vx, det(y, z, cy, cz)));
    store(lane(at, 4), add(vy, det(z, x, cz, cx)));
    store(lane(at, 5), add(vz, det(x, y, cx, cy)));
    const mass = real(reals(m, BODY_REALS, BODY_REAL_SIZE, i), BODY_MASS);
    const px = load(lane(center, 3 * i));
    const py = load(lane(center, 3 * i + 1));
    const pz = load(lane(center, 3 * i + 2));
    store(lane(linear, 3 * i), mul(mass, add(vx, det(y, z, py, pz))));
    store(lane(linear, 3 * i + 1), mul(mass, add(vy, det(z, x, pz, px))));
    store(lane(linear, 3 * i + 2), mul(mass, add(vz, det(x, y, px, py))));
  }
  for (let i = bodies - 1; i >= 0; --i) {
    const parent = word(record(m, BODY_WORDS, BODY_SIZE, i), PARENT);
    const inverse = real(reals(m, BODY_REALS, BODY_REAL_SIZE, i), PER_SUBTREE_MASS);
    for (let k = 0; k < 3; ++k) {
      const momentum = load(lane(linear, 3 * i + k));
      if (i) store(lane(linear, 3 * parent + k), add(load(lane(linear, 3 * parent + k)), momentum));
      store(lane(linear, 3 * i + k), mul(inverse, momentum));
    }
  }
}

// contact forces on every body, as moment and force at the center of its body-tree
function observeForces(m: usize, w: usize): void {
  const out = place(w, m, CFRC_EXT);
  const size = 6 * word(m, BODY_COUNT);
  for (let k = 0; k < size; ++k) store(lane(out, k), zero());
  const list = place(w, m, ACTIVE_SLOTS);
  const count = word(list, 0);
  for (let k = 1; k <= count; ++k) {
    const s = word(list, k);
    const slot = record(m, SLOT_WORDS, SLOT_SIZE, s);
    const touch = record(m, TOUCH_WORDS, TOUCH_SIZE, s);
    const at = place(w, slot, SLOT_AT);
    const strength = load(lane(at, STRENGTH));
    const sn = load(lane(at, RESIDUAL));
    const nx = load(lane(at, NORMAL));
    const ny = load(lane(at, NORMAL + 1));
    const nz = load(lane(at, NORMAL + 2));
    let fn = min(sn, zero());
    let fx = mul(fn, nx);
    let fy = mul(fn, ny);
    let fz = mul(fn, nz);
    if (word(slot, TANGENTS)) {
      // rows of the pyramid: normal ± tangents times friction
      const constants = reals(m, SLOT_REALS, SLOT_REAL_SIZE, s);
      const s1 = load(lane(at, RESIDUAL + 1));
      const s2 = load(lane(at, RESIDUAL + 2));
      const a = min(add(sn, s1), zero());
      const b = min(sub(sn, s1), zero());
      const c = min(add(sn, s2), zero());
      const d = min(sub(sn, s2), zero());
      const f1 = mul(real(constants, FRICTION), sub(a, b));
      const f2 = mul(real(constants, FRICTION + 1), sub(c, d));
      fn = add(add(a, b), add(c, d));
      const tx = load(lane(at, TANGENT));
      const ty = load(lane(at, TANGENT + 1));
      const tz = load(lane(at, TANGENT + 2));
      fx = madd(f2, det(ny, nz, ty, tz), madd(f1, tx, mul(fn, nx)));
      fy = madd(f2, det(nz, nx, tz, tx), madd(f1, ty, mul(fn, ny)));
      fz = madd(f2, det(nx, ny, tx, ty), madd(f1, tz, mul(fn, nz)));
    }
    // where there is no contact the geometry means nothing
    const touching = lt(zero(), strength);
    const push = neg(strength);
    fx = and(mul(push, fx), touching);
    fy = and(mul(push, fy), touching);
    fz = and(mul(push, fz), touching);
    const origin = place(w, touch, 2);
    apply(m, w, word(touch, 0), lane(at, AT), origin, touching, neg(fx), neg(fy), neg(fz));
    apply(m, w, word(touch, 1), lane(at, AT), origin, touching, fx, fy, fz);
  }
}

// adds the force at the point `at` about `origin` to the wrench on a body; the world feels none
function apply(
  m: usize,
  w: usize,
  index: i32,
  at: usize,
  origin: usize,
  touching: v128,
  fx: v128,
  fy: v128,
  fz: v128,
): void {
  if (!index) return;
  const body = record(m, BODY_WORDS, BODY_SIZE, index);
  const reference = place(w, body, REFERENCE);
  const center = lane(place(w, m, SUBTREE_CENTER), 3 * word(body, ROOT));
  const x = and(sub(add(sub(load(origin), load(reference)), load(at)), load(center)), touching);
  const y = and(
    sub(add(sub(load(lane(origin, 1)), load(lane(reference, 1))), load(lane(at, 1))), load(lane(center, 1))),
    touching,
  );
  const z = and(
    sub(add(sub(load(lane(origin, 2)), load(lane(reference, 2))), load(lane(at, 2))), load(lane(center, 2))),
    touching,
  );
  const out = lane(place(w, m, CFRC_EXT), 6 * index);
  store(out, add(load(out), det(y, z, fy, fz)));
  store(lane(out, 1), add(load(lane(out, 1)), det(z, x, fz, fx)));
  store(lane(out, 2), add(load(lane(out, 2)), det(x, y, fx, fy)));
  store(lane(out, 3), add(load(lane(out, 3)), fx));
  store(lane(out, 4), add(load(lane(out, 4)), fy));
  store(lane(out, 5), add(load(lane(out, 5)), fz));
}
