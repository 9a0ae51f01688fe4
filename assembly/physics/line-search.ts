// A step of the primal problem (solver.ts) along a line: how residuals change, whether a full step leaves the set of violated
// rows as it was, the minimum along the line otherwise, and the step itself. Along a line the cost is piecewise quadratic.

import {
  ACTIVE_LIMITS,
  ACTIVE_SLOTS,
  CHANGE,
  ENTRIES,
  ENTRY_COUNT,
  ENTRY_DOF,
  ENTRY_SIZE,
  JACOBIAN,
  LIMIT_AT,
  LIMIT_CHANGE,
  LIMIT_DOF,
  LIMIT_RESIDUAL,
  LIMIT_SIGN,
  LIMIT_STRENGTH,
  RESIDUAL,
  SEARCH,
  SLOT_AT,
  STEP,
  STRENGTH,
  TANGENTS,
  active_slot,
  active_limit,
} from "./constraint-model";
import {
  abs,
  add,
  and,
  andnot,
  any,
  div,
  le,
  load,
  lt,
  madd,
  min,
  mul,
  or,
  select,
  splat,
  store,
  sub,
  xor,
  zero,
} from "./lanes";
import { lane, NV, place, word } from "./model";

const MOST_TRIALS: i32 = 12;
/** A row that a full step leaves this near to its bound, against where it was, has not changed sides but by rounding. */
const ROUNDING: f64 = LANE_BITS == 64 ? 1e-14 : 4e-6;
/** Slope that is near enough to the minimum of a line, against that of the start. */
const FLAT: f64 = 0.1;

// where a row is after a full step: rows that stay on their side but for rounding are not set
// @ts-ignore: decorator
@inline
function crosses(before: v128, change: v128): v128 {
  return xor(lt(before, zero()), lt(add(before, change), mul(before, splat(-ROUNDING))));
}

// changes of all residuals along the search direction; set where a full step changes the set of violated rows
export function line_changes(m: usize, w: usize, slots: i32, limits: i32): v128 {
  const d = place(w, m, SEARCH);
  let changed = zero();
  let list = place(w, m, ACTIVE_LIMITS);
  for (let k = 1; k <= limits; ++k) {
    const limit = active_limit(m, list, k);
    const at = place(w, limit, LIMIT_AT);
    const change = mul(load(lane(at, LIMIT_SIGN)), load(place(d, limit, LIMIT_DOF)));
    store(lane(at, LIMIT_CHANGE), change);
    changed = or(changed, crosses(load(lane(at, LIMIT_RESIDUAL)), change));
  }
  list = place(w, m, ACTIVE_SLOTS);
  for (let k = 1; k <= slots; ++k) {
    const slot = active_slot(m, list, k);
    const at = place(w, slot, SLOT_AT);
    let entry = place(m, slot, ENTRIES);
    let J = lane(at, JACOBIAN);
    const tangents = word(slot, TANGENTS);
    let sn = zero();
    if (!tangents) {
      for (let i = word(slot, ENTRY_COUNT); i > 0; --i) {
        sn = madd(load(J), load(place(d, entry, ENTRY_DOF)), sn);
        J += 16;
        entry += ENTRY_SIZE << 2;
      }
      store(lane(at, CHANGE), sn);
      changed = or(changed, crosses(load(lane(at, RESIDUAL)), sn));
      continue;
    }
    let s1 = zero();
    const rn = load(lane(at, RESIDUAL));
    const r1 = load(lane(at, RESIDUAL + 1));
    if (tangents == 1) {
      for (let i = word(slot, ENTRY_COUNT); i > 0; --i) {
        const di = load(place(d, entry, ENTRY_DOF));
        sn = madd(load(J), di, sn);
        s1 = madd(load(J + 16), di, s1);
        J += 32;
        entry += ENTRY_SIZE << 2;
      }
      store(lane(at, CHANGE), sn);
      store(lane(at, CHANGE + 1), s1);
      const sides = or(crosses(add(rn, r1), add(sn, s1)), crosses(sub(rn, r1), sub(sn, s1)));
      changed = or(changed, or(sides, crosses(rn, sn)));
      continue;
    }
    let s2 = zero();
    for (let i = word(slot, ENTRY_COUNT); i > 0; --i) {
      const di = load(place(d, entry, ENTRY_DOF));
      sn = madd(load(J), di, sn);
      s1 = madd(load(J + 16), di, s1);
      s2 = madd(load(J + 32), di, s2);
      J += 48;
      entry += ENTRY_SIZE << 2;
    }
    store(lane(at, CHANGE), sn);
    store(lane(at, CHANGE + 1), s1);
    store(lane(at, CHANGE + 2), s2);
    const r2 = load(lane(at, RESIDUAL + 2));
    const first = or(crosses(add(rn, r1), add(sn, s1)), crosses(sub(rn, r1), sub(sn, s1)));
    const second = or(crosses(add(rn, r2), add(sn, s2)), crosses(sub(rn, r2), sub(sn, s2)));
    changed = or(changed, or(first, second));
  }
  return changed;
}

// x += α d, residuals with it
export function line_advance(m: usize, w: usize, slots: i32, limits: i32, alpha: v128): void {
  const nv = word(m, NV);
  const x = place(w, m, STEP);
  const d = place(w, m, SEARCH);
  for (let i = 0; i < nv; ++i) store(lane(x, i), madd(alpha, load(lane(d, i)), load(lane(x, i))));
  let list = place(w, m, ACTIVE_LIMITS);
  for (let k = 1; k <= limits; ++k) {
    const at = place(w, active_limit(m, list, k), LIMIT_AT);
    const s = lane(at, LIMIT_RESIDUAL);
    store(s, madd(alpha, load(lane(at, LIMIT_CHANGE)), load(s)));
  }
  list = place(w, m, ACTIVE_SLOTS);
  for (let k = 1; k <= slots; ++k) {
    const slot = active_slot(m, list, k);
    const at = place(w, slot, SLOT_AT);
    const last = word(slot, TANGENTS);
    for (let c = 0; c <= last; ++c) {
      const s = lane(at, RESIDUAL + c);
      store(s, madd(alpha, load(lane(at, CHANGE + c)), load(s)));
    }
  }
}

// @ts-ignore: decorator
@inline
function violation(row: v128): v128 {
  return min(row, zero());
}

// @ts-ignore: decorator
@inline
function bend(row: v128, change: v128): v128 {
  return and(mul(change, change), lt(row, zero()));
}

// The minimum along the line, by Newton's method on the slope within a bracket; 1 outside `searching`.
export function line_minimum(
  m: usize,
  w: usize,
  slots: i32,
  limits: i32,
  start: v128,
  linear: v128,
  quadratic: v128,
  searching: v128,
): v128 {
  const limitList = place(w, m, ACTIVE_LIMITS);
  const slotList = place(w, m, ACTIVE_SLOTS);
  const flat = mul(abs(start), splat(FLAT));
  let alpha = splat(1);
  let low = zero();
  let high = splat(Infinity);
  let going = searching;
  for (let trial = 0; trial < MOST_TRIALS; ++trial) {
    let slope = madd(alpha, quadratic, linear);
    let curvature = quadratic;
    for (let k = 1; k <= limits; ++k) {
      const at = place(w, active_limit(m, limitList, k), LIMIT_AT);
      const change = load(lane(at, LIMIT_CHANGE));
      const row = madd(alpha, change, load(lane(at, LIMIT_RESIDUAL)));
      const D = load(lane(at, LIMIT_STRENGTH));
      slope = madd(D, mul(violation(row), change), slope);
      curvature = madd(D, bend(row, change), curvature);
    }
    for (let k = 1; k <= slots; ++k) {
      const slot = active_slot(m, slotList, k);
      const at = place(w, slot, SLOT_AT);
      const D = load(lane(at, STRENGTH));
      const cn = load(lane(at, CHANGE));
      const sn = madd(alpha, cn, load(lane(at, RESIDUAL)));
      const tangents = word(slot, TANGENTS);
      if (!tangents) {
        slope = madd(D, mul(violation(sn), cn), slope);
        curvature = madd(D, bend(sn, cn), curvature);
        continue;
      }
      const c1 = load(lane(at, CHANGE + 1));
      const s1 = madd(alpha, c1, load(lane(at, RESIDUAL + 1)));
      const ca = add(cn, c1);
      const cb = sub(cn, c1);
      const a = add(sn, s1);
      const b = sub(sn, s1);
      const first = madd(violation(a), ca, mul(violation(b), cb));
      const bends = add(bend(a, ca), bend(b, cb));
      if (tangents == 1) {
        const twice = add(D, D);
        slope = madd(twice, mul(violation(sn), cn), madd(D, first, slope));
        curvature = madd(twice, bend(sn, cn), madd(D, bends, curvature));
        continue;
      }
      const c2 = load(lane(at, CHANGE + 2));
      const s2 = madd(alpha, c2, load(lane(at, RESIDUAL + 2)));
      const cc = add(cn, c2);
      const ce = sub(cn, c2);
      const c = add(sn, s2);
      const e = sub(sn, s2);
      const second = madd(violation(c), cc, mul(violation(e), ce));
      slope = madd(D, add(first, second), slope);
      curvature = madd(D, add(bends, add(bend(c, cc), bend(e, ce))), curvature);
    }
    going = andnot(going, le(abs(slope), flat));
    if (!any(going)) break;
    const rising = lt(zero(), slope);
    low = select(low, alpha, rising);
    high = select(alpha, high, rising);
    const next = sub(alpha, div(slope, curvature));
    const inside = and(lt(low, next), lt(next, high));
    const bound = select(high, add(low, low), lt(high, splat(Infinity)));
    const middle = mul(add(low, bound), splat(0.5));
    alpha = select(select(next, middle, inside), alpha, going);
  }
  return alpha;
}
