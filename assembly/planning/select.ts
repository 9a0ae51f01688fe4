// The best K of N returns, best first. A return that is not finite never ranks; ties go to the lower index. A heap of K
// indices with the worst of them on top, then sorted in place: O(N log K), no scratch, one order for one input.

import { get, put } from "../memory";

// @ts-ignore: decorator
@inline
function return_of(returns: usize, index: u32): f32 {
  return get<f32>(returns + ((<usize>index) << 2));
}

// @ts-ignore: decorator
@inline
function finite(value: f32): bool {
  return value - value == 0;
}

// does sequence a, which returns `ofA`, rank behind sequence b?
// @ts-ignore: decorator
@inline
function behind(a: u32, ofA: f32, b: u32, ofB: f32): bool {
  return ofA < ofB || (ofA == ofB && a > b);
}

// puts `moved` at `root` or as far below as it takes until both of its children rank before it
function sift(indices: usize, returns: usize, moved: u32, root: usize, count: usize): void {
  const ofMoved = return_of(returns, moved);
  for (let child = (root << 1) + 1; child < count; child = (root << 1) + 1) {
    let worse = get<u32>(indices + (child << 2));
    let ofWorse = return_of(returns, worse);
    if (child + 1 < count) {
      const right = get<u32>(indices + (child << 2) + 4);
      const ofRight = return_of(returns, right);
      // without a branch, which would go either way
      const isRight = behind(right, ofRight, worse, ofWorse);
      worse = select<u32>(right, worse, isRight);
      ofWorse = select<f32>(ofRight, ofWorse, isRight);
      child += <usize>isRight;
    }
    if (!behind(worse, ofWorse, moved, ofMoved)) break;
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
    if (finite(return_of(returns, <u32>next))) put<u32>(indices + (count++ << 2), <u32>next);
  }
  for (let root = count >> 1; root > 0;) {
    --root;
    sift(indices, returns, get<u32>(indices + (root << 2)), root, count);
  }
  if (count == K) {
    // a later sequence must be better than the worst so far
    let worst = return_of(returns, get<u32>(indices));
    for (; next < N; next++) {
      const value = return_of(returns, <u32>next);
      if (value > worst && finite(value)) {
        sift(indices, returns, <u32>next, 0, count);
        worst = return_of(returns, get<u32>(indices));
      }
    }
  }
  for (let last = count; last > 1;) {
    const end = indices + (--last << 2);
    const moved = get<u32>(end);
    put<u32>(end, get<u32>(indices));
    sift(indices, returns, moved, 0, last);
  }
  return <i32>count;
}
