// Which pairs of geoms are near contact, and where: planes, spheres and capsules. A slot is listed when the distance is below
// margin + gap in some environment; in the others of the group its distance says that there is no contact. It is written for
// every slot, everything else only for those listed. The contact is midway between the surfaces, its normal from the first
// geom to the second (MuJoCo, "Computation": collision).

import { put } from "../memory";
import {
  ACTIVE_SLOTS,
  ALONG,
  AT,
  CAPSULE_AXIS,
  DETECT,
  DISTANCE,
  FLOOR_AXIS,
  FLOOR_ORIGIN,
  FLOOR_POSITION,
  FLOOR_ROTATION,
  FLOOR_SIGN,
  FLOORS,
  HALF_1,
  HALF_2,
  LEVEL,
  NORMAL,
  PAIR_AT_1,
  PAIR_AT_2,
  PAIR_KIND,
  PAIR_REAL_SIZE,
  PAIR_REALS,
  PAIR_SIZE,
  PAIR_SLOT,
  PAIR_WORDS,
  PAIRS,
  PLANE_CAPSULE,
  PLANE_SPHERE,
  POINT,
  RADIUS,
  RADIUS_1,
  RADIUS_2,
  REACH,
  SHAPE_1,
  SHAPE_2,
  SHAPE_REAL_SIZE,
  SHAPE_REALS,
  SHAPE_SIZE,
  SHAPE_WORDS,
  SHAPES,
  SHIFT_1,
  SHIFT_2,
  SLOT_AT,
  SLOT_POSITION,
  SLOT_REAL_SIZE,
  SLOT_REALS,
  SLOT_ROTATION,
  SLOT_SIZE,
  SLOT_WORDS,
  SPHERE_CAPSULE,
  SPHERE_SPHERE,
  TANGENT,
  TANGENTS,
} from "./constraint-model";
import {
  abs,
  add,
  and,
  andnot,
  any,
  det,
  div,
  dot3,
  le,
  load,
  lt,
  madd,
  max,
  min,
  mul,
  neg,
  nmadd,
  not,
  or,
  REAL,
  select,
  splat,
  sqrt,
  store,
  sub,
  zero,
} from "./lanes";
import { lane, place, real, reals, record, word } from "./model";

/** Below these a length, and the squared sine between two axes, are zero; in float64 as MuJoCo has it. */
const LENGTH_EPS: f64 = LANE_BITS == 64 ? 1e-15 : 2e-7;
const PARALLEL_EPS: f64 = LANE_BITS == 64 ? 1e-15 : 1e-12;
/** Distance in environments where a slot of a listed pair holds no contact. */
const FAR: f64 = 1e10;

/** Lists the slots near contact in some environment, with their geometry; returns their number. */
export function collide(m: usize, w: usize): i32 {
  const list = place(w, m, ACTIVE_SLOTS);
  let count = floors(m, w, list);
  const pairs = word(m, PAIRS);
  if (pairs) {
    shapes(m, w);
    for (let p = 0; p < pairs; ++p) {
      count = pair(m, w, list, count, record(m, PAIR_WORDS, PAIR_SIZE, p), reals(m, PAIR_REALS, PAIR_REAL_SIZE, p));
    }
  }
  put<i32>(list, count);
  return count;
}

// @ts-ignore: decorator
@inline
function append(list: usize, count: i32, slot: i32): i32 {
  put<i32>(list + ((<usize>(count + 1)) << 2), slot);
  return count + 1;
}

// points above floors: only the height is looked at, until one is near
function floors(m: usize, w: usize, list: usize): i32 {
  const n = word(m, FLOORS);
  let count = 0;
  let slot = place(m, m, SLOT_WORDS);
  let at = place(m, m, SLOT_REALS);
  for (let s = 0; s < n; ++s) {
    const row = place(w, slot, FLOOR_ROTATION);
    const rise = dot3(
      load(row),
      load(lane(row, 1)),
      load(lane(row, 2)),
      real(at, POINT),
      real(at, POINT + 1),
      real(at, POINT + 2),
    );
    const above = add(load(place(w, slot, FLOOR_ORIGIN)), add(load(place(w, slot, FLOOR_POSITION)), rise));
    const distance = sub(mul(real(at, FLOOR_SIGN), above), real(at, LEVEL));
    store(lane(place(w, slot, SLOT_AT), DISTANCE), distance);
    if (any(lt(distance, real(at, DETECT)))) {
      onFloor(w, slot, at, distance);
      count = append(list, count, s);
    }
    slot += SLOT_SIZE << 2;
    at += SLOT_REAL_SIZE * REAL;
  }
  return count;
}

function onFloor(w: usize, slot: usize, at: usize, distance: v128): void {
  const out = place(w, slot, SLOT_AT);
  const R = place(w, slot, SLOT_ROTATION);
  const P = place(w, slot, SLOT_POSITION);
  const axis = word(slot, FLOOR_AXIS);
  const along = word(slot, TANGENTS) && word(slot, ALONG);
  const sign = real(at, FLOOR_SIGN);
  const x = real(at, POINT);
  const y = real(at, POINT + 1);
  const z = real(at, POINT + 2);
  for (let k = 0; k < 3; ++k) {
    const row = lane(R, 3 * k);
    const rx = load(row);
    const ry = load(lane(row, 1));
    const rz = load(lane(row, 2));
    let p = add(load(lane(P, k)), dot3(rx, ry, rz, x, y, z));
    if (k == axis) p = nmadd(sign, madd(splat(0.5), distance, real(at, RADIUS)), p);
    store(lane(out, AT + k), p);
    store(lane(out, NORMAL + k), k == axis ? sign : zero());
    if (along) {
      const a = dot3(rx, ry, rz, real(at, CAPSULE_AXIS), real(at, CAPSULE_AXIS + 1), real(at, CAPSULE_AXIS + 2));
      store(lane(out, TANGENT + k), a);
    }
  }
  if (word(slot, TANGENTS)) tangent(out, along);
}

// The first tangent: what is stored there (the axis of a capsule), or the world's y (z where the normal is near y), less its
// part along the normal; the world's x where nothing is left.
function tangent(out: usize, along: i32): void {
  const nx = load(lane(out, NORMAL));
  const ny = load(lane(out, NORMAL + 1));
  const nz = load(lane(out, NORMAL + 2));
  let x = zero();
  let y = zero();
  let z = zero();
  if (along) {
    x = load(lane(out, TANGENT));
    y = load(lane(out, TANGENT + 1));
    z = load(lane(out, TANGENT + 2));
  } else {
    const upright = lt(abs(ny), splat(0.5));
    y = and(splat(1), upright);
    z = andnot(splat(1), upright);
  }
  const part = dot3(nx, ny, nz, x, y, z);
  x = nmadd(nx, part, x);
  y = nmadd(ny, part, y);
  z = nmadd(nz, part, z);
  const length = sqrt(dot3(x, y, z, x, y, z));
  const lost = lt(length, splat(LENGTH_EPS));
  const scale = div(splat(1), select(splat(1), length, lost));
  store(lane(out, TANGENT), select(splat(1), mul(x, scale), lost));
  store(lane(out, TANGENT + 1), andnot(mul(y, scale), lost));
  store(lane(out, TANGENT + 2), andnot(mul(z, scale), lost));
}

// centers and axes of the geoms that move
function shapes(m: usize, w: usize): void {
  const n = word(m, SHAPES);
  for (let s = 0; s < n; ++s) {
    const shape = record(m, SHAPE_WORDS, SHAPE_SIZE, s);
    const at = reals(m, SHAPE_REALS, SHAPE_REAL_SIZE, s);
    const R = place(w, shape, 0);
    const P = place(w, shape, 1);
    const out = place(w, shape, 2);
    for (let k = 0; k < 3; ++k) {
      const row = lane(R, 3 * k);
      const rx = load(row);
      const ry = load(lane(row, 1));
      const rz = load(lane(row, 2));
      store(lane(out, k), add(load(lane(P, k)), dot3(rx, ry, rz, real(at, 0), real(at, 1), real(at, 2))));
      store(lane(out, 3 + k), dot3(rx, ry, rz, real(at, 3), real(at, 4), real(at, 5)));
    }
  }
}

// center k of a shape, about the origin that the contact is about
// @ts-ignore: decorator
@inline
function center(w: usize, shape: usize, pair: usize, shift: i32, k: i32): v128 {
  const c = load(lane(shape, k));
  if (!word(pair, shift)) return c;
  return add(c, sub(load(lane(place(w, pair, shift), k)), load(lane(place(w, pair, shift + 1), k))));
}

function pair(m: usize, w: usize, list: usize, count: i32, words: usize, at: usize): i32 {
  const kind = word(words, PAIR_KIND);
  const one = place(w, words, SHAPE_1);
  const two = place(w, words, SHAPE_2);
  const x1 = center(w, one, words, SHIFT_1, 0);
  const y1 = center(w, one, words, SHIFT_1, 1);
  const z1 = center(w, one, words, SHIFT_1, 2);
  const x2 = center(w, two, words, SHIFT_2, 0);
  const y2 = center(w, two, words, SHIFT_2, 1);
  const z2 = center(w, two, words, SHIFT_2, 2);
  const x = sub(x2, x1);
  const y = sub(y2, y1);
  const z = sub(z2, z1);
  store(lane(place(w, words, PAIR_AT_1), DISTANCE), splat(FAR));
  store(lane(place(w, words, PAIR_AT_2), DISTANCE), splat(FAR));
  // the first geom's axis, a plane's normal
  const ax = load(lane(one, 3));
  const ay = load(lane(one, 4));
  const az = load(lane(one, 5));
  if (kind <= PLANE_CAPSULE) {
    const height = dot3(ax, ay, az, x, y, z);
    if (!any(lt(height, real(at, REACH)))) return count;
  } else if (!any(lt(dot3(x, y, z, x, y, z), real(at, REACH)))) return count;
  const r1 = real(at, RADIUS_1);
  const r2 = real(at, RADIUS_2);
  const bx = load(lane(two, 3));
  const by = load(lane(two, 4));
  const bz = load(lane(two, 5));
  const first = word(words, PAIR_SLOT);
  const slot = record(m, SLOT_WORDS, SLOT_SIZE, first);
  const out = place(w, slot, SLOT_AT);
  const detect = real(reals(m, SLOT_REALS, SLOT_REAL_SIZE, first), DETECT);
  if (kind == PLANE_SPHERE) {
    return onPlane(list, count, first, slot, out, detect, r2, dot3(ax, ay, az, x, y, z), ax, ay, az, x2, y2, z2);
  }
  if (kind == PLANE_CAPSULE) {
    const h = real(at, HALF_2);
    const height = dot3(ax, ay, az, x, y, z);
    const rise = mul(h, dot3(ax, ay, az, bx, by, bz));
    const next = slot + (SLOT_SIZE << 2);
    const out2 = place(w, next, SLOT_AT);
    for (let k = 0; k < 3; ++k) {
      const b = load(lane(two, 3 + k));
      store(lane(out, TANGENT + k), b);
      store(lane(out2, TANGENT + k), b);
    }
    const ux = madd(h, bx, x2);
    const uy = madd(h, by, y2);
    const uz = madd(h, bz, z2);
    const after = onPlane(list, count, first, slot, out, detect, r2, add(height, rise), ax, ay, az, ux, uy, uz);
    const vx = nmadd(h, bx, x2);
    const vy = nmadd(h, by, y2);
    const vz = nmadd(h, bz, z2);
    return onPlane(list, after, first + 1, next, out2, detect, r2, sub(height, rise), ax, ay, az, vx, vy, vz);
  }
  if (kind == SPHERE_SPHERE) {
    return balls(list, count, first, slot, out, detect, r1, r2, x1, y1, z1, x2, y2, z2, not(zero()));
  }
  if (kind == SPHERE_CAPSULE) {
    const h = real(at, HALF_2);
    const t = min(max(neg(dot3(bx, by, bz, x, y, z)), neg(h)), h);
    const px = madd(t, bx, x2);
    const py = madd(t, by, y2);
    const pz = madd(t, bz, z2);
    return balls(list, count, first, slot, out, detect, r1, r2, x1, y1, z1, px, py, pz, not(zero()));
  }
  return capsules(w, list, count, words, at, slot, detect);
}

// a sphere with its center at p, `height` above a plane with the normal n
// @ts-ignore: decorator
@inline
function onPlane(
  list: usize,
  count: i32,
  index: i32,
  slot: usize,
  out: usize,
  detect: v128,
  radius: v128,
  height: v128,
  nx: v128,
  ny: v128,
  nz: v128,
  px: v128,
  py: v128,
  pz: v128,
): i32 {
  const distance = sub(height, radius);
  if (!any(lt(distance, detect))) return count;
  const reach = madd(splat(0.5), distance, radius);
  store(lane(out, DISTANCE), distance);
  store(lane(out, AT), nmadd(nx, reach, px));
  store(lane(out, AT + 1), nmadd(ny, reach, py));
  store(lane(out, AT + 2), nmadd(nz, reach, pz));
  store(lane(out, NORMAL), nx);
  store(lane(out, NORMAL + 1), ny);
  store(lane(out, NORMAL + 2), nz);
  if (word(slot, TANGENTS)) tangent(out, word(slot, ALONG));
  return append(list, count, index);
}

// two spheres, in the environments of `here`
function balls(
  list: usize,
  count: i32,
  index: i32,
  slot: usize,
  out: usize,
  detect: v128,
  r1: v128,
  r2: v128,
  x1: v128,
  y1: v128,
  z1: v128,
  x2: v128,
  y2: v128,
  z2: v128,
  here: v128,
): i32 {
  const x = sub(x2, x1);
  const y = sub(y2, y1);
  const z = sub(z2, z1);
  const length = sqrt(dot3(x, y, z, x, y, z));
  const distance = select(sub(sub(length, r1), r2), splat(FAR), here);
  if (!any(lt(distance, detect))) return count;
  const lost = lt(length, splat(LENGTH_EPS));
  const scale = div(splat(1), select(splat(1), length, lost));
  const nx = select(splat(1), mul(x, scale), lost);
  const ny = andnot(mul(y, scale), lost);
  const nz = andnot(mul(z, scale), lost);
  const reach = madd(splat(0.5), distance, r1);
  store(lane(out, DISTANCE), distance);
  store(lane(out, AT), madd(nx, reach, x1));
  store(lane(out, AT + 1), madd(ny, reach, y1));
  store(lane(out, AT + 2), madd(nz, reach, z1));
  store(lane(out, NORMAL), nx);
  store(lane(out, NORMAL + 1), ny);
  store(lane(out, NORMAL + 2), nz);
  if (word(slot, TANGENTS)) tangent(out, 0);
  return append(list, count, index);
}

// @ts-ignore: decorator
@inline
function clamp1(x: v128): v128 {
  return min(max(x, splat(-1)), splat(1));
}

// The points next to each other of two segments c + s·a, s in [−1, 1]. Where they are parallel there are up to two contacts:
// the first two within reach of the ends of the first segment against the second one, then of the second against the first.
function capsules(w: usize, list: usize, count: i32, words: usize, at: usize, slot: usize, detect: v128): i32 {
  const one = place(w, words, SHAPE_1);
  const two = place(w, words, SHAPE_2);
  const h1 = real(at, HALF_1);
  const h2 = real(at, HALF_2);
  const x1 = center(w, one, words, SHIFT_1, 0);
  const y1 = center(w, one, words, SHIFT_1, 1);
  const z1 = center(w, one, words, SHIFT_1, 2);
  const x2 = center(w, two, words, SHIFT_2, 0);
  const y2 = center(w, two, words, SHIFT_2, 1);
  const z2 = center(w, two, words, SHIFT_2, 2);
  const ax = mul(h1, load(lane(one, 3)));
  const ay = mul(h1, load(lane(one, 4)));
  const az = mul(h1, load(lane(one, 5)));
  const bx = mul(h2, load(lane(two, 3)));
  const by = mul(h2, load(lane(two, 4)));
  const bz = mul(h2, load(lane(two, 5)));
  const dx = sub(x1, x2);
  const dy = sub(y1, y2);
  const dz = sub(z1, z2);
  const aa = dot3(ax, ay, az, ax, ay, az);
  const bb = dot3(bx, by, bz, bx, by, bz);
  const ab = dot3(ax, ay, az, bx, by, bz);
  const ad = dot3(ax, ay, az, dx, dy, dz);
  const bd = dot3(bx, by, bz, dx, dy, dz);
  const inverseA = div(splat(1), aa);
  const inverseB = div(splat(1), bb);
  // by cross products: aa·bb − ab² would lose the angle between axes that are nearly parallel
  const cx = det(ay, az, by, bz);
  const cy = det(az, ax, bz, bx);
  const cz = det(ax, ay, bx, by);
  const square = dot3(cx, cy, cz, cx, cy, cz);
  const bound = LANE_BITS == 64 ? splat(PARALLEL_EPS) : mul(splat(PARALLEL_EPS), mul(aa, bb));
  const parallel = lt(square, bound);
  const inverse = div(splat(1), select(splat(1), square, parallel));
  let s = mul(inverse, dot3(cx, cy, cz, det(by, bz, dy, dz), det(bz, bx, dz, dx), det(bx, by, dx, dy)));
  let t = mul(inverse, dot3(cx, cy, cz, det(ay, az, dy, dz), det(az, ax, dz, dx), det(ax, ay, dx, dy)));
  // clamped on the first segment, then on the second, which moves the point on the first again
  const s1 = clamp1(s);
  t = select(t, mul(madd(s1, ab, bd), inverseB), le(abs(s), splat(1)));
  const t1 = clamp1(t);
  s = select(s1, clamp1(mul(sub(mul(t1, ab), ad), inverseA)), le(abs(t), splat(1)));
  t = t1;

  const index = word(words, PAIR_SLOT);
  let secondS = zero();
  let secondT = zero();
  let doubled = zero();
  if (any(parallel)) {
    // candidates in order, the first found to (s, t), the next to the second slot
    const r = add(add(real(at, RADIUS_1), real(at, RADIUS_2)), detect);
    const within = mul(r, r);
    let found = zero();
    for (let k = 0; k < 4; ++k) {
      const end = splat(k & 1 ? -1 : 1);
      const s0 = k < 2 ? end : clamp1(mul(sub(mul(end, ab), ad), inverseA));
      const t0 = k < 2 ? clamp1(mul(madd(end, ab, bd), inverseB)) : end;
      const ex = add(dx, sub(mul(s0, ax), mul(t0, bx)));
      const ey = add(dy, sub(mul(s0, ay), mul(t0, by)));
      const ez = add(dz, sub(mul(s0, az), mul(t0, bz)));
      const near = and(parallel, le(dot3(ex, ey, ez, ex, ey, ez), within));
      const asFirst = andnot(near, found);
      const asSecond = andnot(and(near, found), doubled);
      s = select(s0, s, asFirst);
      t = select(t0, t, asFirst);
      secondS = select(s0, secondS, asSecond);
      secondT = select(t0, secondT, asSecond);
      found = or(found, near);
      doubled = or(doubled, asSecond);
    }
  }
  const r1 = real(at, RADIUS_1);
  const r2 = real(at, RADIUS_2);
  const out = place(w, slot, SLOT_AT);
  let px = madd(s, ax, x1);
  let py = madd(s, ay, y1);
  let pz = madd(s, az, z1);
  let qx = madd(t, bx, x2);
  let qy = madd(t, by, y2);
  let qz = madd(t, bz, z2);
  const after = balls(list, count, index, slot, out, detect, r1, r2, px, py, pz, qx, qy, qz, not(zero()));
  if (!any(doubled)) return after;
  px = madd(secondS, ax, x1);
  py = madd(secondS, ay, y1);
  pz = madd(secondS, az, z1);
  qx = madd(secondT, bx, x2);
  qy = madd(secondT, by, y2);
  qz = madd(secondT, bz, z2);
  const next = slot + (SLOT_SIZE << 2);
  const out2 = place(w, next, SLOT_AT);
  return balls(list, after, index + 1, next, out2, detect, r1, r2, px, py, pz, qx, qy, qz, doubled);
}
