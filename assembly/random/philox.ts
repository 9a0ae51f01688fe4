// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011), four blocks at a time, one block per lane. Key (seedLo, seedHi), counter
// (i >> 2, sample, step, stream); element i is word i & 3 of its block, so it depends on nothing but i and those numbers.
// A kernel writes elements `first` … first + n − 1, first a multiple of 16: parts of a fill, each made by a call of its own,
// together have the bits of the whole.
// The rounds and what is made of their bits share one loop, because a kernel keeps no state and a function returns one
// vector: `fill` takes the distribution as a constant that the compiler folds.

import { putpart, putv } from "../memory";
import { normal_pair } from "./normal";
import { truncated_normal } from "./truncated";
import { uniform } from "./uniform";

const BITS = 0;
const UNIFORM = 1;
const NORMAL = 2;
const TRUNCATED_NORMAL = 3;

const MULTIPLIER_0: i32 = 0xd2511f53;
const MULTIPLIER_1: i32 = 0xcd9e8d57;
const WEYL_0: i32 = 0x9e3779b9;
const WEYL_1: i32 = 0xbb67ae85;

// the first `count` elements, at most four
// @ts-ignore: decorator
@inline
function put_row(out: usize, row: v128, count: i32): void {
  if (count >= 4) putv(out, row);
  else if (count > 0) putpart(out, row, count);
}

// @ts-ignore: decorator
@inline
function fill(
  distribution: i32,
  out: usize,
  n: i32,
  first: i32,
  seed_lo: i32,
  seed_hi: i32,
  stream: i32,
  step: i32,
  sample: i32,
): void {
  const m0 = i32x4.splat(MULTIPLIER_0);
  const m1 = i32x4.splat(MULTIPLIER_1);
  let blocks = i32x4.add(i32x4.splat(<i32>((<u32>first) >> 2)), i32x4(0, 1, 2, 3));
  for (; n > 0; n -= 16) {
    let c0 = blocks;
    let c1 = i32x4.splat(sample);
    let c2 = i32x4.splat(step);
    let c3 = i32x4.splat(stream);
    let k0 = seed_lo;
    let k1 = seed_hi;
    for (let round = 0; round < 10; ++round) {
      // 64-bit products of blocks 0, 1 and of blocks 2, 3
      const near0 = i64x2.extmul_low_i32x4_u(c0, m0);
      const far0 = i64x2.extmul_high_i32x4_u(c0, m0);
      const near1 = i64x2.extmul_low_i32x4_u(c2, m1);
      const far1 = i64x2.extmul_high_i32x4_u(c2, m1);
      c0 = v128.xor(v128.xor(v128.shuffle<i32>(near1, far1, 1, 3, 5, 7), c1), i32x4.splat(k0));
      c2 = v128.xor(v128.xor(v128.shuffle<i32>(near0, far0, 1, 3, 5, 7), c3), i32x4.splat(k1));
      c1 = v128.shuffle<i32>(near1, far1, 0, 2, 4, 6);
      c3 = v128.shuffle<i32>(near0, far0, 0, 2, 4, 6);
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
    if (distribution == UNIFORM) {
      c0 = uniform(c0);
      c1 = uniform(c1);
      c2 = uniform(c2);
      c3 = uniform(c3);
    } else if (distribution == NORMAL) {
      const even0 = normal_pair(c0, c1, 1);
      const odd0 = normal_pair(c0, c1, 0);
      const even1 = normal_pair(c2, c3, 1);
      const odd1 = normal_pair(c2, c3, 0);
      c0 = even0;
      c1 = odd0;
      c2 = even1;
      c3 = odd1;
    } else if (distribution == TRUNCATED_NORMAL) {
      c0 = truncated_normal(c0);
      c1 = truncated_normal(c1);
      c2 = truncated_normal(c2);
      c3 = truncated_normal(c3);
    }
    // words of four blocks to blocks of four words
    const a = v128.shuffle<i32>(c0, c1, 0, 4, 1, 5);
    const b = v128.shuffle<i32>(c2, c3, 0, 4, 1, 5);
    const c = v128.shuffle<i32>(c0, c1, 2, 6, 3, 7);
    const d = v128.shuffle<i32>(c2, c3, 2, 6, 3, 7);
    put_row(out, v128.shuffle<i64>(a, b, 0, 2), n);
    put_row(out + 16, v128.shuffle<i64>(a, b, 1, 3), n - 4);
    put_row(out + 32, v128.shuffle<i64>(c, d, 0, 2), n - 8);
    put_row(out + 48, v128.shuffle<i64>(c, d, 1, 3), n - 12);
    blocks = i32x4.add(blocks, i32x4.splat(4));
    out += 64;
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
