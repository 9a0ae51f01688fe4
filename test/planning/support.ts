// Rollouts that are plain functions of the actions, and the planners to try on them.
import type { Box, Rollout } from "../../src/types.js";
import { cem, icem, mppi, type Planner, type PlannerOptions, randomShooting } from "../../src/planning/index.js";
import type { Runtime } from "../../src/wasm/index.js";

/** A box of actions with these bounds. */
export function box(low: readonly number[], high: readonly number[]): Box {
  return { kind: "box", low: Float32Array.from(low), high: Float32Array.from(high), shape: [low.length] };
}

/** Two actions with bounds of their own. */
export const pair = box([-1, -2], [1, 3]);

/** A rollout whose return is a function of the sequence [H, A] (and of the start, a number). */
export function rolloutOf(
  actionSpace: Box,
  value: (sequence: Float32Array, start: number) => number,
  seen?: (actions: Float32Array, shape: readonly number[]) => void,
): Rollout<number> {
  return {
    actionSpace,
    returns(start, actions, out) {
      const all = actions.read();
      seen?.(all, actions.shape);
      const length = all.length / out.size;
      out.write(Array.from({ length: out.size }, (_, n) => value(all.subarray(n * length, (n + 1) * length), start)));
    },
  };
}

/** −Σ (a − target)², whose best sequence is `target`. */
export function quadratic(target: ArrayLike<number>): (sequence: Float32Array) => number {
  return (sequence) => -sequence.reduce((sum, a, i) => sum + (a - target[i]) ** 2, 0);
}

/** The planners by name, each with a budget that suits small problems. */
export const planners: readonly [string, (runtime: Runtime, options: PlannerOptions) => Planner][] = [
  ["randomShooting", randomShooting],
  ["cem", cem],
  ["icem", (runtime, options) => icem(runtime, { iterations: 8, noiseExponent: 1, ...options })],
  ["mppi", (runtime, options) => mppi(runtime, { iterations: 15, rewardWeight: 5, noiseScale: 0.3, ...options })],
];
