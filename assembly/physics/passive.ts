// Passive forces: damping −b q̇, springs −k (q − rest), and the medium on every body's equivalent box (MuJoCo's
// inertia-box model): drag linear in the velocity by viscosity, as on a sphere of the box's mean width, and drag quadratic
// in it by density, on the box's faces.

import { abs, add, det, dot3, load, madd, mul, neg, splat, store, sub, zero } from "./lanes";
import { project } from "./bias";
import {
  DAMPING,
  DENSITY,
  DOF_QPOS,
  DOF_REAL_SIZE,
  DOF_REALS,
  DOF_SIZE,
  DOF_WORDS,
  DOF_WRENCH,
  IMMERSED,
  IMMERSED_REAL_SIZE,
  IMMERSED_REALS,
  IMMERSED_SIZE,
  IMMERSED_WORDS,
  lane,
  LINK_SIZE,
  LINK_WORDS,
  LINK_WRENCH,
  LINKS,
  NV,
  OPTION_REALS,
  ORIGIN_VELOCITY,
  PARENT_WRENCH,
  place,
  QFRC_PASSIVE,
  QVEL,
  real,
  reals,
  record,
  SLIDES,
  SPRING,
  STIFFNESS,
  TREE_KIND,
  TREE_QVEL,
  TREE_REALS,
  TREE_SIZE,
  TREE_WORDS,
  TREES,
  VISCOSITY,
  WIND,
  word,
  WRENCH,
} from "./model";

/** qfrc_passive. */
export function passive(m: usize, w: usize): void {
  const nv = word(m, NV);
  const out = place(w, m, QFRC_PASSIVE);
  const immersed = word(m, IMMERSED);
  originVelocities(m, w);
  if (immersed) {
    const wrenches = place(w, m, WRENCH);
    const links = word(m, LINKS);
    for (let k = 0; k < 6 * links; ++k) store(lane(wrenches, k), zero());
    for (let b = 0; b < immersed; ++b) medium(m, w, b);
    for (let l = links - 1; l > 0; --l) {
      const link = record(m, LINK_WORDS, LINK_SIZE, l);
      const from = place(w, link, LINK_WRENCH);
      const to = place(w, link, PARENT_WRENCH);
      for (let k = 0; k < 6; ++k) store(lane(to, k), add(load(lane(to, k)), load(lane(from, k))));
    }
    project(m, w, out, DOF_WRENCH);
  }
  const qvel = place(w, m, QVEL);
  for (let i = 0; i < nv; ++i) {
    const dof = record(m, DOF_WORDS, DOF_SIZE, i);
    const constants = reals(m, DOF_REALS, DOF_REAL_SIZE, i);
    const stretch = sub(real(constants, SPRING), load(place(w, dof, DOF_QPOS)));
    const spring = mul(real(constants, STIFFNESS), stretch);
    const force = sub(spring, mul(real(constants, DAMPING), load(lane(qvel, i))));
    store(lane(out, i), immersed ? add(load(lane(out, i)), force) : force);
  }
}

// how fast the origins move: inertia does not feel it, the medium and whoever looks on do
function originVelocities(m: usize, w: usize): void {
  const trees = word(m, TREES);
  for (let t = 0; t < trees; ++t) {
    const tree = record(m, TREE_WORDS, TREE_SIZE, t);
    const kind = word(tree, TREE_KIND);
    if (!kind) continue;
    const out = place(w, tree, ORIGIN_VELOCITY);
    const rates = place(w, tree, TREE_QVEL);
    const at = place(m, tree, TREE_REALS);
    for (let k = 0; k < 3; ++k) {
      let v = zero();
      if (kind == 2) v = load(lane(rates, k));
      else {
        const slides = word(tree, SLIDES);
        for (let s = 0; s < slides; ++s) v = madd(real(at, 3 * s + 3 + k), load(lane(rates, s)), v);
      }
      store(lane(out, k), v);
    }
  }
}

// adds the wrench on an immersed body to that of its link
function medium(m: usize, w: usize, b: i32): void {
  const body = record(m, IMMERSED_WORDS, IMMERSED_SIZE, b);
  const at = reals(m, IMMERSED_REALS, IMMERSED_REAL_SIZE, b);
  const option = place(m, m, OPTION_REALS);
  const R = place(w, body, 0);
  const position = place(w, body, 1);
  const v = place(w, body, 2);
  const wrench = place(w, body, 3);
  const origin = place(w, body, 4);
  const x = real(at, 9);
  const y = real(at, 10);
  const z = real(at, 11);
  const cx = add(load(position), dot3(load(R), load(lane(R, 1)), load(lane(R, 2)), x, y, z));
  const cy = add(load(lane(position, 1)), dot3(load(lane(R, 3)), load(lane(R, 4)), load(lane(R, 5)), x, y, z));
  const cz = add(load(lane(position, 2)), dot3(load(lane(R, 6)), load(lane(R, 7)), load(lane(R, 8)), x, y, z));
  const wx = load(v);
  const wy = load(lane(v, 1));
  const wz = load(lane(v, 2));
  // of the center against the medium
  const vx = add(add(load(lane(v, 3)), load(origin)), sub(det(wy, wz, cy, cz), real(option, WIND)));
  const vy = add(add(load(lane(v, 4)), load(lane(origin, 1))), sub(det(wz, wx, cz, cx), real(option, WIND + 1)));
  const vz = add(add(load(lane(v, 5)), load(lane(origin, 2))), sub(det(wx, wy, cx, cy), real(option, WIND + 2)));

  const box0 = real(at, 12);
  const box1 = real(at, 13);
  const box2 = real(at, 14);
  const width = mul(add(add(box0, box1), box2), splat(1 / 3.0));
  const viscosity = mul(real(option, VISCOSITY), mul(width, splat(Math.PI)));
  const density = real(option, DENSITY);
  let fx = zero();
  let fy = zero();
  let fz = zero();
  let nx = zero();
  let ny = zero();
  let nz = zero();
  for (let k = 0; k < 3; ++k) {
    // axis k of the inertial frame in the world
    const a = real(at, k);
    const b1 = real(at, 3 + k);
    const c = real(at, 6 + k);
    const ex = dot3(load(R), load(lane(R, 1)), load(lane(R, 2)), a, b1, c);
    const ey = dot3(load(lane(R, 3)), load(lane(R, 4)), load(lane(R, 5)), a, b1, c);
    const ez = dot3(load(lane(R, 6)), load(lane(R, 7)), load(lane(R, 8)), a, b1, c);
    const turn = dot3(ex, ey, ez, wx, wy, wz);
    const speed = dot3(ex, ey, ez, vx, vy, vz);
    const own = k == 0 ? box0 : k == 1 ? box1 : box2;
    const one = k == 0 ? box1 : k == 1 ? box2 : box0;
    const two = k == 0 ? box2 : k == 1 ? box0 : box1;
    const one2 = mul(one, one);
    const two2 = mul(two, two);
    const face = mul(mul(mul(one, two), splat(0.5)), density);
    const edge = mul(mul(own, madd(one2, one2, mul(two2, two2))), mul(density, splat(1 / 64.0)));
    const push = neg(mul(speed, madd(face, abs(speed), mul(splat(3), viscosity))));
    const twist = neg(mul(turn, madd(edge, abs(turn), mul(mul(width, width), viscosity))));
    fx = madd(ex, push, fx);
    fy = madd(ey, push, fy);
    fz = madd(ez, push, fz);
    nx = madd(ex, twist, nx);
    ny = madd(ey, twist, ny);
    nz = madd(ez, twist, nz);
  }
  store(wrench, add(load(wrench), add(nx, det(cy, cz, fy, fz))));
  store(lane(wrench, 1), add(load(lane(wrench, 1)), add(ny, det(cz, cx, fz, fx))));
  store(lane(wrench, 2), add(load(lane(wrench, 2)), add(nz, det(cx, cy, fx, fy))));
  store(lane(wrench, 3), add(load(lane(wrench, 3)), fx));
  store(lane(wrench, 4), add(load(lane(wrench, 4)), fy));
  store(lane(wrench, 5), add(load(lane(wrench, 5)), fz));
}
