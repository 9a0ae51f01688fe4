// Where everything is: origins of the trees, frames of the links about them, and the motion axes of the degrees of freedom.
// A hinge turns its link about the link's own z, so that a link's rotation is R₀ · Rz(θ) and its axis the third column; the
// motion axis about the origin is (axis, position × axis).

import { add, any, cos, det, dot3, far, load, madd, mul, nearCos, nearSin, nmadd, sin, store, sub } from "./lanes";
import {
  AXIS,
  BALL,
  HINGE,
  KIND,
  lane,
  LINK_ARM,
  LINK_CDOF,
  LINK_QPOS,
  LINK_REAL_SIZE,
  LINK_REALS,
  LINK_SIZE,
  LINK_WORDS,
  LINKS,
  MOCAP,
  OFFSET,
  ORIGIN,
  PARENT_POSITION,
  PARENT_ROTATION,
  place,
  POSITION,
  real,
  reals,
  record,
  REST,
  ROTATION,
  SLIDE,
  SLIDES,
  TREE_KIND,
  TREE_QPOS,
  TREE_REALS,
  TREE_SIZE,
  TREE_WORDS,
  TREES,
  TURN,
  TURNED,
  word,
} from "./model";

export function kinematics(m: usize, w: usize): void {
  const trees = word(m, TREES);
  for (let t = 0; t < trees; ++t) origin(m, w, record(m, TREE_WORDS, TREE_SIZE, t));
  const links = word(m, LINKS);
  for (let l = 1; l < links; ++l) {
    const link = record(m, LINK_WORDS, LINK_SIZE, l);
    const constants = reals(m, LINK_REALS, LINK_REAL_SIZE, l);
    const kind = word(link, KIND);
    if (kind == HINGE) hinge(w, link, constants);
    else if (kind == SLIDE) slide(w, link, constants);
    else if (kind == BALL) ball(w, link);
    else if (kind == MOCAP) turned(w, link);
  }
}

// the origin at rest plus what the slides add, or where the free joint or the hand is
function origin(m: usize, w: usize, tree: usize): void {
  const kind = word(tree, TREE_KIND);
  if (kind == 0) return;
  const q = place(w, tree, TREE_QPOS);
  const out = place(w, tree, ORIGIN);
  if (kind >= 2) {
    for (let k = 0; k < 3; ++k) store(lane(out, k), load(lane(q, k)));
    return;
  }
  const at = place(m, tree, TREE_REALS);
  let x = real(at, 0);
  let y = real(at, 1);
  let z = real(at, 2);
  const slides = word(tree, SLIDES);
  for (let k = 0; k < slides; ++k) {
    const distance = load(lane(q, k));
    x = madd(real(at, 3 * k + 3), distance, x);
    y = madd(real(at, 3 * k + 4), distance, y);
    z = madd(real(at, 3 * k + 5), distance, z);
  }
  store(out, x);
  store(lane(out, 1), y);
  store(lane(out, 2), z);
}

function hinge(w: usize, link: usize, constants: usize): void {
  const turn = word(link, TURN);
  const R = place(w, link, ROTATION);
  const P = place(w, link, PARENT_ROTATION);
  const sign = real(constants, AXIS);
  const angle = mul(sub(load(place(w, link, LINK_QPOS)), real(constants, REST)), sign);
  let s: v128;
  let c: v128;
  if (any(far(angle))) {
    s = sin(angle);
    c = cos(angle);
  } else {
    s = nearSin(angle);
    c = nearCos(angle);
  }
  const rx = real(constants, OFFSET);
  const ry = real(constants, OFFSET + 1);
  const rz = real(constants, OFFSET + 2);
  const at = place(w, link, POSITION);
  const parent = place(w, link, PARENT_POSITION);
  const axis = place(w, link, LINK_CDOF);
  const arm = place(w, link, LINK_ARM);
  // row k of the rotation is (x, y, z) · Rz; of the position p + R r
  for (let k = 0; k < 3; ++k) {
    const row = lane(P, 3 * k);
    let x: v128;
    let y: v128;
    let z: v128;
    let p: v128;
    if (turn == 2) {
      x = real(constants, TURNED + 3 * k);
      y = real(constants, TURNED + 3 * k + 1);
      z = real(constants, TURNED + 3 * k + 2);
      p = real(constants, OFFSET + k);
    } else {
      const px = load(row);
      const py = load(lane(row, 1));
      const pz = load(lane(row, 2));
      const reach = dot3(px, py, pz, rx, ry, rz);
      store(lane(arm, k), reach);
      p = add(load(lane(parent, k)), reach);
      if (turn) {
        x = dot3(px, py, pz, real(constants, TURNED), real(constants, TURNED + 3), real(constants, TURNED + 6));
        y = dot3(px, py, pz, real(constants, TURNED + 1), real(constants, TURNED + 4), real(constants, TURNED + 7));
        z = dot3(px, py, pz, real(constants, TURNED + 2), real(constants, TURNED + 5), real(constants, TURNED + 8));
      } else {
        x = px;
        y = py;
        z = pz;
      }
    }
    const out = lane(R, 3 * k);
    store(out, madd(s, y, mul(c, x)));
    store(lane(out, 1), nmadd(s, x, mul(c, y)));
    store(lane(out, 2), z);
    store(lane(axis, k), mul(z, sign));
    store(lane(at, k), p);
  }
  moment(axis, at);
}

// the linear part of a rotation axis about the origin: position × axis
function moment(axis: usize, at: usize): void {
  const x = load(axis);
  const y = load(lane(axis, 1));
  const z = load(lane(axis, 2));
  const px = load(at);
  const py = load(lane(at, 1));
  const pz = load(lane(at, 2));
  store(lane(axis, 3), det(py, pz, y, z));
  store(lane(axis, 4), det(pz, px, z, x));
  store(lane(axis, 5), det(px, py, x, y));
}

// the frame is parallel to the parent's; the rotation is the same place
function slide(w: usize, link: usize, constants: usize): void {
  const P = place(w, link, PARENT_ROTATION);
  const distance = sub(load(place(w, link, LINK_QPOS)), real(constants, REST));
  const at = place(w, link, POSITION);
  const parent = place(w, link, PARENT_POSITION);
  const axis = place(w, link, LINK_CDOF);
  const arm = place(w, link, LINK_ARM);
  for (let k = 0; k < 3; ++k) {
    const x = load(lane(P, 3 * k));
    const y = load(lane(P, 3 * k + 1));
    const z = load(lane(P, 3 * k + 2));
    const direction = dot3(x, y, z, real(constants, AXIS), real(constants, AXIS + 1), real(constants, AXIS + 2));
    const rest = dot3(x, y, z, real(constants, OFFSET), real(constants, OFFSET + 1), real(constants, OFFSET + 2));
    const reach = madd(direction, distance, rest);
    store(lane(arm, k), reach);
    store(lane(at, k), add(load(lane(parent, k)), reach));
    store(lane(axis, k + 3), direction);
  }
}

// the unit quaternion behind a position as a matrix
function turned(w: usize, link: usize): void {
  const q = lane(place(w, link, LINK_QPOS), 3);
  const a = load(q);
  const x = load(lane(q, 1));
  const y = load(lane(q, 2));
  const z = load(lane(q, 3));
  const x2 = add(x, x);
  const y2 = add(y, y);
  const z2 = add(z, z);
  const xx = mul(x, x2);
  const yy = mul(y, y2);
  const zz = mul(z, z2);
  const aa = mul(a, a);
  // a² + x² − y² − z² and alike, as a² = 1 − x² − y² − z² holds only nearly
  const half = madd(x, x, nmadd(y, y, nmadd(z, z, aa)));
  const R = place(w, link, ROTATION);
  store(R, half);
  store(lane(R, 1), nmadd(a, z2, mul(x, y2)));
  store(lane(R, 2), madd(a, y2, mul(x, z2)));
  store(lane(R, 3), madd(a, z2, mul(x, y2)));
  store(lane(R, 4), add(half, sub(yy, xx)));
  store(lane(R, 5), nmadd(a, x2, mul(y, z2)));
  store(lane(R, 6), nmadd(a, y2, mul(x, z2)));
  store(lane(R, 7), madd(a, x2, mul(y, z2)));
  store(lane(R, 8), add(half, sub(zz, xx)));
}

// a free joint's rotation, whose columns are the axes of the angular velocity
function ball(w: usize, link: usize): void {
  turned(w, link);
  const R = place(w, link, ROTATION);
  const axis = place(w, link, LINK_CDOF);
  for (let k = 0; k < 3; ++k) {
    for (let j = 0; j < 3; ++j) store(lane(axis, 6 * j + k), load(lane(R, 3 * k + j)));
  }
}
