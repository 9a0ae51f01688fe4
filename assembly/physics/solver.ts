// The constrained acceleration, by Newton's method on MuJoCo's primal problem ("Computation": algorithms): minimize
// ½ xᵀ M x + Σ ½ D min(0, row)² over x = a − a_smooth, where the rows of a contact are s_n ± s_1, s_n ± s_2 for the residual
// s = s₀ + J x. The cost is piecewise quadratic: once a full step leaves the set of violated rows as it was, it has reached
// the minimum exactly. Otherwise the step goes to the minimum along its line. Environments that are done have a search
// direction of zero from then on, so that nothing of theirs changes while their neighbours go on.

import {
  ACTIVE_LIMITS,
  ACTIVE_SLOTS,
  CHANGE,
  COUPLES,
  ENTRIES,
  ENTRY_COLUMN,
  ENTRY_COUNT,
  ENTRY_DOF,
  ENTRY_ROW,
  ENTRY_SIZE,
  FULL_COLUMN,
  FULL_DIAGONAL,
  FULL_ROW,
  GRADIENT,
  HESSIAN,
  ITERATIONS,
  JACOBIAN,
  LIMIT_AT,
  LIMIT_CHANGE,
  LIMIT_DIAGONAL,
  LIMIT_DOF,
  LIMIT_RESIDUAL,
  LIMIT_SIGN,
  LIMIT_SIZE,
  LIMIT_STRENGTH,
  LIMIT_WORDS,
  MASS_SEARCH,
  MASS_STEP,
  RESIDUAL,
  SEARCH,
  SLOT_AT,
  SLOT_SIZE,
  SLOT_WORDS,
  STEP,
  STRENGTH,
  TANGENTS,
} from "./constraint-model";
import { factor, multiply, solve } from "./factor";
import {
  abs,
  add,
  and,
  andnot,
  any,
  count,
  div,
  eq,
  le,
  load,
  lt,
  madd,
  min,
  mul,
  neg,
  not,
  or,
  select,
  splat,
  store,
  sub,
  xor,
  zero,
} from "./lanes";
import {
  CHAIN,
  DEPTH,
  HESSIAN_PATTERN,
  HESSIAN_SIZE,
  lane,
  MASS,
  MASS_PATTERN,
  MASS_SIZE,
  NV,
  place,
  QACC,
  QACC_SMOOTH,
  QFRC_CONSTRAINT,
  record,
  ROW,
  ROW_SIZE,
  word,
} from "./model";

/** The number of violated sets that a well-behaved problem goes through is below ten. */
const MOST_ITERATIONS: i32 = 30;
const MOST_TRIALS: i32 = 12;
/** A row that a full step leaves this near to its bound, against where it was, has not changed sides but by rounding. */
const ROUNDING: f64 = LANE_BITS == 64 ? 1e-14 : 4e-6;
/** A step that is this small against the whole, in the norm of M, is the last. */
const LAST: f64 = LANE_BITS == 64 ? 1e-28 : 1e-13;
/** Slope that is near enough to the minimum of a line, against that of the start. */
const FLAT: f64 = 0.1;

export function newton(m: usize, w: usize, slots: i32, limits: i32): void {
  const nv = word(m, NV);
  const full = couples(m, w, slots);
  const pattern = place(m, m, full ? HESSIAN_PATTERN : MASS_PATTERN);
  const massPattern = place(m, m, MASS_PATTERN);
  const M = place(w, m, MASS);
  const H = place(w, m, HESSIAN);
  const x = place(w, m, STEP);
  const Mx = place(w, m, MASS_STEP);
  const g = place(w, m, GRADIENT);
  const d = place(w, m, SEARCH);
  const Md = place(w, m, MASS_SEARCH);
  for (let i = 0; i < nv; ++i) {
    store(lane(x, i), zero());
    store(lane(Mx, i), zero());
  }
  let iterations = zero();
  let moving = not(zero());
  for (let k = 0; k < MOST_ITERATIONS; ++k) {
    iterations = count(iterations, moving);
    for (let i = 0; i < nv; ++i) store(lane(g, i), load(lane(Mx, i)));
    startHessian(m, w, full);
    addLimits(m, w, limits, full);
    addSlots(m, w, slots, full);
    factor(m, pattern, H, nv);
    for (let i = 0; i < nv; ++i) store(lane(d, i), neg(load(lane(g, i))));
    solve(m, pattern, H, d, nv);
    for (let i = 0; i < nv; ++i) store(lane(d, i), and(load(lane(d, i)), moving));
    const changed = and(changes(m, w, slots, limits), moving);
    if (!any(changed)) {
      advance(m, w, slots, limits, splat(1));
      break;
    }
    multiply(m, massPattern, M, Md, d, nv);
    // slope along the line: linear + (quadratic + rows) · α
    let start = zero();
    let linear = zero();
    let quadratic = zero();
    let whole = zero();
    for (let i = 0; i < nv; ++i) {
      const di = load(lane(d, i));
      const Mdi = load(lane(Md, i));
      start = madd(di, load(lane(g, i)), start);
      linear = madd(di, load(lane(Mx, i)), linear);
      quadratic = madd(di, Mdi, quadratic);
      whole = madd(add(load(lane(x, i)), di), add(load(lane(Mx, i)), Mdi), whole);
    }
    const last = le(quadratic, mul(whole, splat(LAST)));
    const searching = andnot(changed, last);
    let alpha = splat(1);
    if (any(searching)) alpha = search(m, w, slots, limits, start, linear, quadratic, searching);
    advance(m, w, slots, limits, alpha);
    for (let i = 0; i < nv; ++i) store(lane(Mx, i), madd(alpha, load(lane(Md, i)), load(lane(Mx, i))));
    moving = searching;
    if (!any(moving)) break;
  }
  store(place(w, m, ITERATIONS), iterations);
  const smooth = place(w, m, QACC_SMOOTH);
  const qacc = place(w, m, QACC);
  for (let i = 0; i < nv; ++i) {
    const xi = load(lane(x, i));
    const ai = load(lane(smooth, i));
    store(lane(qacc, i), select(ai, add(ai, xi), eq(xi, zero())));
  }
  // at the minimum the constraint forces are M x, which suffers less from rounding than they do themselves
  const force = place(w, m, QFRC_CONSTRAINT);
  multiply(m, massPattern, M, force, x, nv);
  for (let i = 0; i < nv; ++i) store(lane(force, i), add(load(lane(force, i)), zero()));
}

// @ts-ignore: decorator
@inline
function slotAt(m: usize, list: usize, k: i32): usize {
  return record(m, SLOT_WORDS, SLOT_SIZE, word(list, k));
}

// @ts-ignore: decorator
@inline
function limitAt(m: usize, list: usize, k: i32): usize {
  return record(m, LIMIT_WORDS, LIMIT_SIZE, word(list, k));
}

function couples(m: usize, w: usize, slots: i32): bool {
  const list = place(w, m, ACTIVE_SLOTS);
  let full = 0;
  for (let k = 1; k <= slots; ++k) full |= word(slotAt(m, list, k), COUPLES);
  return full != 0;
}

// H = M
function startHessian(m: usize, w: usize, full: bool): void {
  const H = place(w, m, HESSIAN);
  const M = place(w, m, MASS);
  if (!full) {
    const size = word(m, MASS_SIZE);
    for (let k = 0; k < size; ++k) store(lane(H, k), load(lane(M, k)));
    return;
  }
  const size = word(m, HESSIAN_SIZE);
  for (let k = 0; k < size; ++k) store(lane(H, k), zero());
  const nv = word(m, NV);
  for (let i = 0; i < nv; ++i) {
    const sparse = record(m, MASS_PATTERN, ROW_SIZE, i);
    const from = place(M, sparse, ROW);
    const to = place(H, record(m, HESSIAN_PATTERN, ROW_SIZE, i), ROW);
    const chain = place(m, sparse, CHAIN);
    const depth = word(sparse, DEPTH);
    for (let t = 0; t <= depth; ++t) store(place(to, chain, 2 * t), load(lane(from, t)));
  }
}

function addLimits(m: usize, w: usize, limits: i32, full: bool): void {
  const list = place(w, m, ACTIVE_LIMITS);
  const H = place(w, m, HESSIAN);
  const g = place(w, m, GRADIENT);
  for (let k = 1; k <= limits; ++k) {
    const limit = limitAt(m, list, k);
    const at = place(w, limit, LIMIT_AT);
    const s = load(lane(at, LIMIT_RESIDUAL));
    const strength = and(load(lane(at, LIMIT_STRENGTH)), lt(s, zero()));
    const diagonal = place(H, limit, full ? FULL_DIAGONAL : LIMIT_DIAGONAL);
    store(diagonal, add(load(diagonal), strength));
    const gradient = place(g, limit, LIMIT_DOF);
    store(gradient, madd(mul(strength, s), load(lane(at, LIMIT_SIGN)), load(gradient)));
  }
}

// H += J₃ᵀ K J₃ and g += J₃ᵀ (D min(0, row)) for the 3 × 3 matrix K of the violated rows
function addSlots(m: usize, w: usize, slots: i32, full: bool): void {
  const list = place(w, m, ACTIVE_SLOTS);
  const H = place(w, m, HESSIAN);
  const g = place(w, m, GRADIENT);
  for (let k = 1; k <= slots; ++k) {
    const slot = slotAt(m, list, k);
    const at = place(w, slot, SLOT_AT);
    const n = word(slot, ENTRY_COUNT);
    const entries = place(m, slot, ENTRIES);
    const D = load(lane(at, STRENGTH));
    const sn = load(lane(at, RESIDUAL));
    const J = lane(at, JACOBIAN);
    const tangents = word(slot, TANGENTS);
    if (!tangents) {
      const violated = lt(sn, zero());
      if (!any(violated)) continue;
      const weight = and(D, violated);
      addRank1(H, g, J, entries, n, full, weight, mul(weight, sn));
      continue;
    }
    const s1 = load(lane(at, RESIDUAL + 1));
    const a = add(sn, s1);
    const b = sub(sn, s1);
    const ma = lt(a, zero());
    const mb = lt(b, zero());
    if (tangents == 1) {
      // the rows of the other tangent are the normal's, twice
      const mn = lt(sn, zero());
      if (!any(or(or(ma, mb), mn))) continue;
      const wa = and(D, ma);
      const wb = and(D, mb);
      const wn = and(add(D, D), mn);
      const fa = mul(wa, a);
      const fb = mul(wb, b);
      const K11 = add(wa, wb);
      const fn = madd(wn, sn, add(fa, fb));
      addRank2(H, g, J, entries, n, full, add(K11, wn), sub(wa, wb), K11, fn, sub(fa, fb));
      continue;
    }
    const s2 = load(lane(at, RESIDUAL + 2));
    const c = add(sn, s2);
    const e = sub(sn, s2);
    const mc = lt(c, zero());
    const me = lt(e, zero());
    if (!any(or(or(ma, mb), or(mc, me)))) continue;
    const wa = and(D, ma);
    const wb = and(D, mb);
    const wc = and(D, mc);
    const we = and(D, me);
    const fa = mul(wa, a);
    const fb = mul(wb, b);
    const fc = mul(wc, c);
    const fe = mul(we, e);
    const f1 = sub(fa, fb);
    const f2 = sub(fc, fe);
    const fn = add(add(fa, fb), add(fc, fe));
    const K11 = add(wa, wb);
    const K22 = add(wc, we);
    const Knn = add(K11, K22);
    const Kn1 = sub(wa, wb);
    const Kn2 = sub(wc, we);
    let entry = entries;
    let Ji = J;
    for (let i = 0; i < n; ++i) {
      const jn = load(Ji);
      const j1 = load(Ji + 16);
      const j2 = load(Ji + 32);
      const gradient = place(g, entry, ENTRY_DOF);
      store(gradient, madd(fn, jn, madd(f1, j1, madd(f2, j2, load(gradient)))));
      const un = madd(Knn, jn, madd(Kn1, j1, mul(Kn2, j2)));
      const u1 = madd(Kn1, jn, mul(K11, j1));
      const u2 = madd(Kn2, jn, mul(K22, j2));
      if (full) {
        const row = place(H, entry, FULL_ROW);
        let column = entries;
        for (let Jj = J; Jj <= Ji; Jj += 48) {
          const h = place(row, column, FULL_COLUMN);
          store(h, madd(un, load(Jj), madd(u1, load(Jj + 16), madd(u2, load(Jj + 32), load(h)))));
          column += ENTRY_SIZE << 2;
        }
      } else {
        let h = firstOf(H, entries, entry);
        for (let Jj = J; Jj <= Ji; Jj += 48) {
          store(h, madd(un, load(Jj), madd(u1, load(Jj + 16), madd(u2, load(Jj + 32), load(h)))));
          h += 16;
        }
      }
      Ji += 48;
      entry += ENTRY_SIZE << 2;
    }
  }
}

// By the pattern of the mass matrix, the columns of a slot in a row of one of its entries follow each other: the first.
// @ts-ignore: decorator
@inline
function firstOf(H: usize, entries: usize, entry: usize): usize {
  return place(place(H, entry, ENTRY_ROW), entries, ENTRY_COLUMN);
}

// motion in a plane
function addRank2(
  H: usize,
  g: usize,
  J: usize,
  entries: usize,
  n: i32,
  full: bool,
  Knn: v128,
  Kn1: v128,
  K11: v128,
  fn: v128,
  f1: v128,
): void {
  let entry = entries;
  let Ji = J;
  for (let i = 0; i < n; ++i) {
    const jn = load(Ji);
    const j1 = load(Ji + 16);
    const gradient = place(g, entry, ENTRY_DOF);
    store(gradient, madd(fn, jn, madd(f1, j1, load(gradient))));
    const un = madd(Knn, jn, mul(Kn1, j1));
    const u1 = madd(Kn1, jn, mul(K11, j1));
    if (full) {
      const row = place(H, entry, FULL_ROW);
      let column = entries;
      for (let Jj = J; Jj <= Ji; Jj += 32) {
        const h = place(row, column, FULL_COLUMN);
        store(h, madd(un, load(Jj), madd(u1, load(Jj + 16), load(h))));
        column += ENTRY_SIZE << 2;
      }
    } else {
      let h = firstOf(H, entries, entry);
      for (let Jj = J; Jj <= Ji; Jj += 32) {
        store(h, madd(un, load(Jj), madd(u1, load(Jj + 16), load(h))));
        h += 16;
      }
    }
    Ji += 32;
    entry += ENTRY_SIZE << 2;
  }
}

// no friction
function addRank1(H: usize, g: usize, J: usize, entries: usize, n: i32, full: bool, weight: v128, f: v128): void {
  let entry = entries;
  let Ji = J;
  for (let i = 0; i < n; ++i) {
    const j = load(Ji);
    const gradient = place(g, entry, ENTRY_DOF);
    store(gradient, madd(f, j, load(gradient)));
    const u = mul(weight, j);
    if (full) {
      const row = place(H, entry, FULL_ROW);
      let column = entries;
      for (let Jj = J; Jj <= Ji; Jj += 16) {
        const h = place(row, column, FULL_COLUMN);
        store(h, madd(u, load(Jj), load(h)));
        column += ENTRY_SIZE << 2;
      }
    } else {
      let h = firstOf(H, entries, entry);
      for (let Jj = J; Jj <= Ji; Jj += 16) {
        store(h, madd(u, load(Jj), load(h)));
        h += 16;
      }
    }
    Ji += 16;
    entry += ENTRY_SIZE << 2;
  }
}

// where a row is after a full step: rows that stay on their side but for rounding are not set
// @ts-ignore: decorator
@inline
function crosses(before: v128, change: v128): v128 {
  return xor(lt(before, zero()), lt(add(before, change), mul(before, splat(-ROUNDING))));
}

// changes of all residuals along the search direction; set where a full step changes the set of violated rows
function changes(m: usize, w: usize, slots: i32, limits: i32): v128 {
  const d = place(w, m, SEARCH);
  let changed = zero();
  let list = place(w, m, ACTIVE_LIMITS);
  for (let k = 1; k <= limits; ++k) {
    const limit = limitAt(m, list, k);
    const at = place(w, limit, LIMIT_AT);
    const change = mul(load(lane(at, LIMIT_SIGN)), load(place(d, limit, LIMIT_DOF)));
    store(lane(at, LIMIT_CHANGE), change);
    changed = or(changed, crosses(load(lane(at, LIMIT_RESIDUAL)), change));
  }
  list = place(w, m, ACTIVE_SLOTS);
  for (let k = 1; k <= slots; ++k) {
    const slot = slotAt(m, list, k);
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
function advance(m: usize, w: usize, slots: i32, limits: i32, alpha: v128): void {
  const nv = word(m, NV);
  const x = place(w, m, STEP);
  const d = place(w, m, SEARCH);
  for (let i = 0; i < nv; ++i) store(lane(x, i), madd(alpha, load(lane(d, i)), load(lane(x, i))));
  let list = place(w, m, ACTIVE_LIMITS);
  for (let k = 1; k <= limits; ++k) {
    const at = place(w, limitAt(m, list, k), LIMIT_AT);
    const s = lane(at, LIMIT_RESIDUAL);
    store(s, madd(alpha, load(lane(at, LIMIT_CHANGE)), load(s)));
  }
  list = place(w, m, ACTIVE_SLOTS);
  for (let k = 1; k <= slots; ++k) {
    const slot = slotAt(m, list, k);
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
function search(
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
      const at = place(w, limitAt(m, limitList, k), LIMIT_AT);
      const change = load(lane(at, LIMIT_CHANGE));
      const row = madd(alpha, change, load(lane(at, LIMIT_RESIDUAL)));
      const D = load(lane(at, LIMIT_STRENGTH));
      slope = madd(D, mul(violation(row), change), slope);
      curvature = madd(D, bend(row, change), curvature);
    }
    for (let k = 1; k <= slots; ++k) {
      const slot = slotAt(m, slotList, k);
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
