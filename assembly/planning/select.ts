// The best K of N returns, best first. A return that is not finite never ranks; ties go to the lower index. A heap of K
// indices with the worst of them on top, then sorted in place: O(N log K), no scratch, one order for one input.

import { get, put } from "../memory";

// @ts-ignore: decorator
@inline
function finite(returns: usize, index: u32): bool {
  const value = get<f32>(returns + ((<usize>index) << 2));
  return value - value == 0;
}

// does sequence a rank behind sequence b?
function behind(returns: usize, a: u32, b: u32): bool {
  const ofA = get<f32>(returns + ((<usize>a) << 2));
  const ofB = get<f32>(returns + ((<usize>b) << 2));
  return ofA < ofB || (ofA == ofB && a > b);
}

// moves the index at `root` down until both of its children rank before it
function sift(indices: usize, returns: usize, root: usize, count: usize): void {
  const moved = get<u32>(indices + (root << 2));
  for (let child = (root << 1) + 1; child < count; child = (root << 1) + 1) {
    if (child + 1 < count) {
      const right = get<u32>(indices + ((child + 1) << 2));
      if (behind(returns, right, get<u32>(indices + (child << 2)))) child++;
    }
    const worse = get<u32>(indices + (child << 2));
    if (!behind(returns, worse, moved)) break;
    put<u32>(indices + (root << 2), worse);
    root = child;
  }
  put<u32>(indices + (root << 2), moved);
}

/**
 * indices [K] i32: the positions of the best K finite values of returns [N] f32, best first. Returns how many there are:
 * min(K, finite values); what lies beyond in `indices` is not touched.
 */
export function elites_select(indices: usize, returns: usize, N: usize, K: usize): i32 {
  if (!K) return 0;
  let count: usize = 0;
  let next: usize = 0;
  for (; next < N && count < K; next++) {
    if (finite(returns, <u32>next)) put<u32>(indices + (count++ << 2), <u32>next);
  }
  for (let root = count >> 1; root > 0;) sift(indices, returns, --root, count);
  for (; next < N; next++) {
    if (finite(returns, <u32>next) && behind(returns, get<u32>(indices), <u32>next)) {
      put<u32>(indices, <u32>next);
      sift(indices, returns, 0, count);
    }
  }
  for (let last = count; last > 1;) {
    const end = indices + (--last << 2);
    const worst = get<u32>(indices);
    put<u32>(indices, get<u32>(end));
    put<u32>(end, worst);
    sift(indices, returns, 0, last);
  }
  return <i32>count;
}
