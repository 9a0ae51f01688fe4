// Rows of a replay buffer that follow one another: which row comes after which, and runs of them to hold out.

import type { ReplayBuffer } from "../data/index.js";
import type { RandomStream } from "../kernels/index.js";
import { MOST_SCORED } from "./training.js";

/** In place of a row's number: none follows. */
export const NONE = 0xffffffff;

/** The row that follows each row in its trajectory, or `NONE`. */
export function followingRows(buffer: ReplayBuffer): Uint32Array {
  // the buffer's -1 are the bits of NONE
  return new Uint32Array(buffer.follower.view.subarray(0, buffer.length));
}

/** Draws runs of up to `length` rows that follow one another, until they are a share of all rows; some rows are left. */
export function drawnRuns(following: Uint32Array, share: number, length: number, random: RandomStream): Uint32Array {
  const n = following.length;
  const wanted = Math.min(Math.floor(n * share), MOST_SCORED, n - 1);
  const most = Math.max(1, Math.min(length, wanted));
  const isFirst = new Uint8Array(n).fill(1);
  for (const row of following) if (row !== NONE) isFirst[row] = 0;
  const runs: number[][] = [];
  for (let first = 0; first < n; first++) {
    if (!isFirst[first]) continue;
    let run: number[] = [];
    for (let row = first; row !== NONE; row = following[row]) {
      if (run.length === most) {
        runs.push(run);
        run = [];
      }
      run.push(row);
    }
    runs.push(run);
  }
  const out: number[] = [];
  for (const i of random.permutation(new Uint32Array(runs.length))) {
    if (out.length >= wanted) break;
    out.push(...runs[i].slice(0, wanted - out.length));
  }
  return Uint32Array.from(out);
}

/** `following` without the links between rows that are held out and rows that are not: no window looks over the fence. */
export function withoutLinks(following: Uint32Array, heldOut: Uint32Array): Uint32Array {
  const isOut = new Uint8Array(following.length);
  for (const row of heldOut) isOut[row] = 1;
  return following.map((next, row) => (next !== NONE && isOut[next] === isOut[row] ? next : NONE));
}
