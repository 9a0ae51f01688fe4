// Bookkeeping of particles while action sequences run through an ensemble. P = E·Q particles per sequence; row
// (e, n, q) = (e·N + n)·Q + q, so that the rows of one member are contiguous.

import { row_copy } from "../data/rows";
import { get, put } from "../memory";

/**
 * out [rows, A]: each particle gets action t of its sequence, for `rows` particles of one member from its particle `first`
 * on, Q to a sequence; actions [N, H, A].
 */
export function particle_actions(
  out: usize,
  actions: usize,
  t: usize,
  first: usize,
  rows: usize,
  Q: usize,
  H: usize,
  A: usize,
): void {
  const bytes = A << 2;
  let source = actions + ((first / Q) * H + t) * bytes;
  let left = Q - (first % Q);
  for (let r: usize = 0; r < rows; r++) {
    row_copy(out, source, A);
    out += bytes;
    if (--left == 0) {
      source += H * bytes;
      left = Q;
    }
  }
}

/**
 * index [E·N·Q]: for each sequence a random permutation of its particles' rows (Fisher–Yates), so that every member gets
 * exactly Q of them. `bits` holds P u32 for each sequence.
 */
export function particle_shuffle(index: usize, bits: usize, E: usize, N: usize, Q: usize): void {
  const P = E * Q;
  for (let n: usize = 0; n < N; n++) {
    for (let p: usize = 0; p < P; p++) put<u32>(index + (row(p, n, N, Q) << 2), <u32>row(p, n, N, Q));
    for (let left = P; left > 1; left--) {
      const pick = <usize>((<u64>get<u32>(bits + ((n * P + left - 1) << 2)) * <u64>left) >> 32);
      const a = index + (row(left - 1, n, N, Q) << 2);
      const b = index + (row(pick, n, N, Q) << 2);
      const held = get<u32>(a);
      put<u32>(a, get<u32>(b));
      put<u32>(b, held);
    }
  }
}

// row of particle p = e·Q + q of sequence n
// @ts-ignore: decorator
@inline
function row(p: usize, n: usize, N: usize, Q: usize): usize {
  const e = p / Q;
  return (e * N + n) * Q + (p - e * Q);
}

/**
 * total [rows] f64 += reward for particles still alive; a terminated one collects nothing from then on.
 * alive, terminated: bytes. A non-finite reward of a live particle stays in its total.
 */
export function particle_rewards(total: usize, alive: usize, reward: usize, terminated: usize, rows: usize): void {
  // without branches, which a random world makes hard to predict
  for (let r: usize = 0; r < rows; r++) {
    const live = get<u8>(alive + r);
    const at = total + (r << 3);
    put<f64>(at, get<f64>(at) + select<f64>(<f64>get<f32>(reward + (r << 2)), 0, live));
    put<u8>(alive + r, select<u8>(0, live, get<u8>(terminated + r)));
  }
}

/** Reorders totals and flags with their particles: out[r] = in[index[r]]. */
export function particle_reorder(
  totalOut: usize,
  aliveOut: usize,
  total: usize,
  alive: usize,
  index: usize,
  rows: usize,
): void {
  for (let r: usize = 0; r < rows; r++) {
    const source = <usize>get<u32>(index + (r << 2));
    put<f64>(totalOut + (r << 3), get<f64>(total + (source << 3)));
    put<u8>(aliveOut + r, get<u8>(alive + source));
  }
}

/**
 * out [N] = mean over all particles + risk · standard deviation over members of each member's mean (population form).
 * total [E·N·Q] f64.
 */
export function particle_returns(out: usize, total: usize, risk: f64, E: usize, N: usize, Q: usize): void {
  for (let n: usize = 0; n < N; n++) {
    let sum: f64 = 0;
    for (let e: usize = 0; e < E; e++) sum += memberMean(total, e, n, N, Q);
    const mean = sum / <f64>E;
    let spread: f64 = 0;
    if (risk != 0) {
      for (let e: usize = 0; e < E; e++) {
        const difference = memberMean(total, e, n, N, Q) - mean;
        spread += difference * difference;
      }
      spread = risk * Math.sqrt(spread / <f64>E);
    }
    put<f32>(out + (n << 2), <f32>(mean + spread));
  }
}

// @ts-ignore: decorator
@inline
function memberMean(total: usize, e: usize, n: usize, N: usize, Q: usize): f64 {
  let sum: f64 = 0;
  for (let q: usize = 0; q < Q; q++) sum += get<f64>(total + (((e * N + n) * Q + q) << 3));
  return sum / <f64>Q;
}
