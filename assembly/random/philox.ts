// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011). Key (seedLo, seedHi), counter (i >> 2, sample, step, stream); element i
// is word i & 3 of its block, so it depends on nothing but i and those numbers. A kernel writes elements `first` …
// first + n − 1, first a multiple of 16: parts of a fill, each made by a call of its own, together have the bits of the whole.
//
// Two blocks fill a pair of vectors: words 0 and 2, the `factors` of the next round, and words 1 and 3. Only word 0 of the
// counters differs from block to block, so of the first round but one product is left, which grows by a constant, and but
// one of the second. The rounds and what is made of their bits share one loop, because a kernel keeps no state and a function
// returns one vector: `fill` takes the distribution as a constant that the compiler folds.

import { getsplat, getv, putpart, putv } from "../memory";
import { angle, angle_quadrant, cosine, cosine_sign, exchanged, radius, sine, sine_sign } from "./normal";
import { truncated_normal } from "./truncated";
import { uniform } from "./uniform";

const BITS = 0;
const UNIFORM = 1;
const NORMAL = 2;
const TRUNCATED_NORMAL = 3;

const MULTIPLIER_0: u32 = 0xd2511f53;
const MULTIPLIER_1: u32 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;

// constants of inner loops stand in memory, here and elsewhere: V8 builds a constant vector anew wherever it is used
const TABLE = memory.data<u32>(
  [MULTIPLIER_0, MULTIPLIER_1, MULTIPLIER_0, MULTIPLIER_1, WEYL_0, WEYL_1, WEYL_0, WEYL_1],
  16,
);

// words 0 and 2 after a round with this key; V8 makes the two products once for this function and the next
// @ts-ignore: decorator
@inline
function next_factors(factors: v128, others: v128, multipliers: v128, key: v128): v128 {
  const first = i64x2.extmul_low_i32x4_u(factors, multipliers);
  const second = i64x2.extmul_high_i32x4_u(factors, multipliers);
  return v128.xor(v128.xor(v128.shuffle<i32>(first, second, 3, 1, 7, 5), others), key);
}

// words 1 and 3 after a round
// @ts-ignore: decorator
@inline
function next_others(factors: v128, multipliers: v128): v128 {
  const first = i64x2.extmul_low_i32x4_u(factors, multipliers);
  const second = i64x2.extmul_high_i32x4_u(factors, multipliers);
  return v128.shuffle<i32>(first, second, 2, 0, 6, 4);
}

// words 2 after the first round, from the products of two pairs of blocks
// @ts-ignore: decorator
@inline
function first_words2(product: v128, next: v128, key: v128): v128 {
  return v128.xor(v128.shuffle<i32>(product, next, 1, 3, 5, 7), key);
}

// words 0 and 2 after the second round, from the products of the first round and of the second
// @ts-ignore: decorator
@inline
function second_factors(first: v128, second: v128, key: v128): v128 {
  return v128.xor(v128.or(i64x2.shr_u(second, 32), i64x2.shl(first, 32)), key);
}

// words 1 and 3 after the second round; word 3 is `constant`
// @ts-ignore: decorator
@inline
function second_others(second: v128, constant: v128): v128 {
  return v128.shuffle<i32>(second, constant, 0, 5, 2, 7);
}

// the same 64 bits twice
// @ts-ignore: decorator
@inline
function pair(low: u32, high: u32): v128 {
  return i64x2.splat(((<u64>high) << 32) | (<u64>low));
}

// the first `count` elements, four at most
// @ts-ignore: decorator
@inline
function put_row(out: usize, row: v128, count: i32): void {
  if (count >= 4) putv(out, row);
  else if (count > 0) putpart(out, row, count);
}

// what the distribution makes of two blocks, in the order of their words; the first `count` elements, eight at most
// @ts-ignore: decorator
@inline
function put_blocks(distribution: i32, out: usize, factors: v128, others: v128, count: i32): void {
  let even = factors;
  let odd = others;
  if (distribution == UNIFORM) {
    even = uniform(factors);
    odd = uniform(others);
  } else if (distribution == NORMAL) {
    const r = radius(factors);
    const x = angle(others);
    const quadrant = angle_quadrant(others);
    const s = sine(r, x);
    const c = cosine(r, x);
    const change = exchanged(s, c, quadrant);
    even = v128.xor(v128.xor(c, change), cosine_sign(quadrant));
    odd = v128.xor(v128.xor(s, change), sine_sign(quadrant));
  } else if (distribution == TRUNCATED_NORMAL) {
    even = truncated_normal(factors);
    odd = truncated_normal(others);
  }
  put_row(out, v128.shuffle<i32>(even, odd, 0, 4, 1, 5), count);
  put_row(out + 16, v128.shuffle<i32>(even, odd, 2, 6, 3, 7), count - 4);
}

// @ts-ignore: decorator
@inline
function fill(
  distribution: i32,
  out: usize,
  n: i32,
  first: i32,
  seedLo: u32,
  seedHi: u32,
  stream: u32,
  step: u32,
  sample: u32,
): void {
  const multipliers = getv(TABLE);
  const multiplier1 = getsplat(TABLE + 4);
  const weyl = getv(TABLE + 16);
  const seed = pair(seedLo, seedHi);
  const thirdKey = i32x4.add(seed, i32x4.add(weyl, weyl));

  // first round: word 0 times its multiplier, in 64 bits; words 0 and 1 come out the same for all blocks
  const twoBlocks = i64x2.splat(2 * <u64>MULTIPLIER_0);
  const block = <u64>((<u32>first) >> 2) * <u64>MULTIPLIER_0;
  let product = i64x2(block, block + <u64>MULTIPLIER_0);
  const word2 = <u64>step * <u64>MULTIPLIER_1;
  const word0 = <u64>((<u32>(word2 >> 32)) ^ sample ^ seedLo) * <u64>MULTIPLIER_0;
  const firstKey = i32x4.splat(stream ^ seedHi);
  // second round: of words 2 and 3, what does not come from the first
  const secondKey = pair((<u32>word2) ^ (seedLo + WEYL_0), (<u32>(word0 >> 32)) ^ (seedHi + WEYL_1));
  const constant = pair(0, <u32>word0);

  // four pairs at a time, so that the units are kept busy while products are under way
  for (; n >= 32; n -= 32) {
    const p1 = i64x2.add(product, twoBlocks);
    const p2 = i64x2.add(p1, twoBlocks);
    const p3 = i64x2.add(p2, twoBlocks);
    const w0 = first_words2(product, p1, firstKey);
    const w1 = first_words2(p2, p3, firstKey);
    const q0 = i64x2.extmul_low_i32x4_u(w0, multiplier1);
    const q1 = i64x2.extmul_high_i32x4_u(w0, multiplier1);
    const q2 = i64x2.extmul_low_i32x4_u(w1, multiplier1);
    const q3 = i64x2.extmul_high_i32x4_u(w1, multiplier1);
    let f0 = second_factors(product, q0, secondKey);
    let f1 = second_factors(p1, q1, secondKey);
    let f2 = second_factors(p2, q2, secondKey);
    let f3 = second_factors(p3, q3, secondKey);
    let o0 = second_others(q0, constant);
    let o1 = second_others(q1, constant);
    let o2 = second_others(q2, constant);
    let o3 = second_others(q3, constant);
    product = i64x2.add(p3, twoBlocks);
    let key = thirdKey;
    for (let round = 2; round < 10; ++round) {
      const n0 = next_others(f0, multipliers);
      f0 = next_factors(f0, o0, multipliers, key);
      o0 = n0;
      const n1 = next_others(f1, multipliers);
      f1 = next_factors(f1, o1, multipliers, key);
      o1 = n1;
      const n2 = next_others(f2, multipliers);
      f2 = next_factors(f2, o2, multipliers, key);
      o2 = n2;
      const n3 = next_others(f3, multipliers);
      f3 = next_factors(f3, o3, multipliers, key);
      o3 = n3;
      key = i32x4.add(key, weyl);
    }
    put_blocks(distribution, out, f0, o0, 8);
    put_blocks(distribution, out + 32, f1, o1, 8);
    put_blocks(distribution, out + 64, f2, o2, 8);
    put_blocks(distribution, out + 96, f3, o3, 8);
    out += 128;
  }
  for (; n > 0; n -= 8) {
    const q = i64x2.extmul_low_i32x4_u(first_words2(product, product, firstKey), multiplier1);
    let factors = second_factors(product, q, secondKey);
    let others = second_others(q, constant);
    product = i64x2.add(product, twoBlocks);
    let key = thirdKey;
    for (let round = 2; round < 10; ++round) {
      const next = next_others(factors, multipliers);
      factors = next_factors(factors, others, multipliers, key);
      others = next;
      key = i32x4.add(key, weyl);
    }
    put_blocks(distribution, out, factors, others, n);
    out += 32;
  }
}

/** Random 32-bit words, out[n]. */
export function philox_bits(
  out: usize,
  n: i32,
  first: i32,
  seedLo: i32,
  seedHi: i32,
  stream: i32,
  step: i32,
  sample: i32,
): void {
  fill(BITS, out, n, first, seedLo, seedHi, stream, step, sample);
}

/** Uniform f32 in (0, 1), out[n]: the odd multiples of 2^−24. */
export function random_uniform(
  out: usize,
  n: i32,
  first: i32,
  seedLo: i32,
  seedHi: i32,
  stream: i32,
  step: i32,
  sample: i32,
): void {
  fill(UNIFORM, out, n, first, seedLo, seedHi, stream, step, sample);
}

/** Standard normal f32, out[n]. */
export function random_normal(
  out: usize,
  n: i32,
  first: i32,
  seedLo: i32,
  seedHi: i32,
  stream: i32,
  step: i32,
  sample: i32,
): void {
  fill(NORMAL, out, n, first, seedLo, seedHi, stream, step, sample);
}

/** Standard normal f32 truncated to [−2, 2], out[n]. */
export function random_truncated_normal(
  out: usize,
  n: i32,
  first: i32,
  seedLo: i32,
  seedHi: i32,
  stream: i32,
  step: i32,
  sample: i32,
): void {
  fill(TRUNCATED_NORMAL, out, n, first, seedLo, seedHi, stream, step, sample);
}
