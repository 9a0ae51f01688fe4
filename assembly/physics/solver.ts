// The constrained acceleration, by Newton's method on MuJoCo's primal problem ("Computation": algorithms): minimize
// ½ xᵀ M x + Σ ½ D min(0, row)² over x = a − a_smooth, where the rows of a contact are s_n ± s_1, s_n ± s_2 for the residual
// s = s₀ + J x. The cost is piecewise quadratic: once a full step leaves the set of violated rows as it was, it has reached
// the minimum exactly. Otherwise the step goes to the minimum along its line. Environments that are done have a search
// direction of zero from then on, so that nothing of theirs changes while their neighbours go on.

import { GRADIENT, HESSIAN, ITERATIONS, MASS_SEARCH, MASS_STEP, SEARCH, STEP } from "./constraint-model";
import { factor, multiply, solve } from "./factor";
import { couples, hessian_add_limits, hessian_add_slots, hessian_of_mass } from "./hessian";
import { add, and, andnot, any, count, eq, le, load, madd, mul, neg, not, select, splat, store, zero } from "./lanes";
import { line_advance, line_changes, line_minimum } from "./line-search";
import {
  HESSIAN_PATTERN,
  lane,
  MASS,
  MASS_PATTERN,
  NV,
  place,
  QACC,
  QACC_SMOOTH,
  QFRC_CONSTRAINT,
  word,
} from "./model";
import { hessian_add_welds, weldAdvance, weldChanges, weldCurvature, weldSlope } from "./weld";

/** The number of violated sets that a well-behaved problem goes through is below ten. */
const MOST_ITERATIONS: i32 = 30;
/** A step that is this small against the whole, in the norm of M, is the last. */
const LAST: f64 = LANE_BITS == 64 ? 1e-28 : 1e-13;

export function newton(m: usize, w: usize, slots: i32, limits: i32, welds: i32): void {
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
    hessian_of_mass(m, w, full);
    hessian_add_limits(m, w, limits, full);
    hessian_add_slots(m, w, slots, full);
    if (welds) hessian_add_welds(m, w, full);
    factor(m, pattern, H, nv);
    for (let i = 0; i < nv; ++i) store(lane(d, i), neg(load(lane(g, i))));
    solve(m, pattern, H, d, nv);
    for (let i = 0; i < nv; ++i) store(lane(d, i), and(load(lane(d, i)), moving));
    const changed = and(line_changes(m, w, slots, limits), moving);
    if (welds) weldChanges(m, w);
    if (!any(changed)) {
      line_advance(m, w, slots, limits, splat(1));
      if (welds) weldAdvance(m, w, splat(1));
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
    if (welds) {
      // never idle, they are part of what is quadratic
      linear = add(linear, weldSlope(m, w));
      quadratic = add(quadratic, weldCurvature(m, w));
    }
    const searching = andnot(changed, last);
    let alpha = splat(1);
    if (any(searching)) alpha = line_minimum(m, w, slots, limits, start, linear, quadratic, searching);
    line_advance(m, w, slots, limits, alpha);
    if (welds) weldAdvance(m, w, alpha);
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
