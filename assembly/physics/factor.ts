// M = Lᵀ D L for a matrix whose entry (i, j) is zero unless j is an ancestor of i: no fill-in (Featherstone 2008, §6.5). Rows
// are packed by a pattern; in the factor the diagonal holds 1 / D.

import { div, load, madd, mul, nmadd, splat, store } from "./lanes";
import { CHAIN, DEPTH, lane, place, ROW, ROW_SIZE, word } from "./model";

// @ts-ignore: decorator
@inline
function row_of(pattern: usize, i: i32): usize {
  return pattern + ((<usize>(i * ROW_SIZE)) << 2);
}

/** Factors `matrix` in place; `pattern` is the address of its n rows. */
export function factor(m: usize, pattern: usize, matrix: usize, n: i32): void {
  for (let k = n - 1; k >= 0; --k) {
    const record = row_of(pattern, k);
    const row = place(matrix, record, ROW);
    const depth = word(record, DEPTH);
    const inverse = div(splat(1), load(lane(row, depth)));
    store(lane(row, depth), inverse);
    if (!depth) continue;
    const chain = place(m, record, CHAIN);
    for (let t = depth - 1; t >= 0; --t) {
      const other = place(matrix, chain, 2 * t + 1);
      const a = mul(load(lane(row, t)), inverse);
      for (let s = 0; s <= t; ++s) store(lane(other, s), nmadd(a, load(lane(row, s)), load(lane(other, s))));
      store(lane(row, t), a);
    }
  }
}

/** x = M⁻¹ x, from the factor. */
export function solve(m: usize, pattern: usize, factored: usize, x: usize, n: i32): void {
  for (let k = n - 1; k >= 0; --k) {
    const record = row_of(pattern, k);
    const row = place(factored, record, ROW);
    const chain = place(m, record, CHAIN);
    const depth = word(record, DEPTH);
    const value = load(lane(x, k));
    for (let t = 0; t < depth; ++t) {
      const other = place(x, chain, 2 * t);
      store(other, nmadd(load(lane(row, t)), value, load(other)));
    }
  }
  for (let k = 0; k < n; ++k) {
    const record = row_of(pattern, k);
    const row = place(factored, record, ROW);
    const chain = place(m, record, CHAIN);
    const depth = word(record, DEPTH);
    let value = mul(load(lane(x, k)), load(lane(row, depth)));
    for (let t = 0; t < depth; ++t) value = nmadd(load(lane(row, t)), load(place(x, chain, 2 * t)), value);
    store(lane(x, k), value);
  }
}

/** out = M x, of the matrix itself. */
export function multiply(m: usize, pattern: usize, matrix: usize, out: usize, x: usize, n: i32): void {
  for (let k = 0; k < n; ++k) {
    const record = row_of(pattern, k);
    const row = place(matrix, record, ROW);
    const chain = place(m, record, CHAIN);
    const depth = word(record, DEPTH);
    const value = load(lane(x, k));
    let sum = mul(load(lane(row, depth)), value);
    for (let t = 0; t < depth; ++t) {
      const other: usize = place(0, chain, 2 * t);
      const entry = load(lane(row, t));
      sum = madd(entry, load(x + other), sum);
      store(out + other, madd(entry, value, load(out + other)));
    }
    store(lane(out, k), sum);
  }
}
