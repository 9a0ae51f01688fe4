// Hessian and gradient of the primal problem (solver.ts) at the present point: the mass matrix, and a term of rank one for each
// violated row, and for those of welds (weld.ts). Rows of a contact are added together: with normal n and tangents they are n ± 1, n ± 2. Where no contact
// couples branches of the tree, the Hessian has the pattern of the mass matrix; otherwise (`full`) that of whole trees.

import {
  ACTIVE_LIMITS,
  ACTIVE_SLOTS,
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
  JACOBIAN,
  LIMIT_AT,
  LIMIT_DIAGONAL,
  LIMIT_DOF,
  LIMIT_RESIDUAL,
  LIMIT_SIGN,
  LIMIT_STRENGTH,
  RESIDUAL,
  SLOT_AT,
  STRENGTH,
  TANGENTS,
  WELDS_COUPLE,
  active_slot,
  active_limit,
} from "./constraint-model";
import { add, and, any, load, lt, madd, mul, or, store, sub, zero } from "./lanes";
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
  record,
  ROW,
  ROW_SIZE,
  word,
} from "./model";

export function couples(m: usize, w: usize, slots: i32): bool {
  const list = place(w, m, ACTIVE_SLOTS);
  let full = word(m, WELDS_COUPLE);
  for (let k = 1; k <= slots; ++k) full |= word(active_slot(m, list, k), COUPLES);
  return full != 0;
}

// H = M
export function hessian_of_mass(m: usize, w: usize, full: bool): void {
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

export function hessian_add_limits(m: usize, w: usize, limits: i32, full: bool): void {
  const list = place(w, m, ACTIVE_LIMITS);
  const H = place(w, m, HESSIAN);
  const g = place(w, m, GRADIENT);
  for (let k = 1; k <= limits; ++k) {
    const limit = active_limit(m, list, k);
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
export function hessian_add_slots(m: usize, w: usize, slots: i32, full: bool): void {
  const list = place(w, m, ACTIVE_SLOTS);
  const H = place(w, m, HESSIAN);
  const g = place(w, m, GRADIENT);
  for (let k = 1; k <= slots; ++k) {
    const slot = active_slot(m, list, k);
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
