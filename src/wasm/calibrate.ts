// Which register tile matrix products use. All give the same bits; which is fastest depends on the engine and the machine
// (registers, fused multiply-add, whether neighboring vectors are joined), so it is measured once per process and binary:
// every tile in turn on a small product, for a few milliseconds, in which the engine's optimizing compiler takes over.

import type { Runtime } from "./runtime.js";
import type { Variant } from "./load.js";

/** The tiles, most rows x columns, in the order of their numbers (Tile of assembly/linalg/gemm.ts). */
export const tiles = ["5x8", "6x8", "4x16", "6x16"] as const;

export type TileName = (typeof tiles)[number];

/** The tile in use and why. */
export interface TileChoice {
  readonly tile: TileName;
  readonly reason: "given" | "default" | "measured";
  /** What was measured, GFLOP/s by tile. */
  readonly rates?: Readonly<Record<TileName, number>> | undefined;
}

// sizes of the product: rows for every tile, operands that fit the first-level cache
const [M, K, N] = [60, 64, 64];
// longest time to wait for the optimizing compiler, and rounds that count once it has been at work
const PATIENCE_MS = 10;
const ROUNDS = 12;
// the compiler makes a tile more than this much faster than the baseline
const OPTIMIZED = 0.6;
// how much faster than the default another tile must be, and the coarsest clock that can tell (ms)
const MARGIN = 0.95;
const COARSEST_CLOCK = 0.02;

// readings that a clock fine enough surely moves within, and turns that are more than patience allows
const MOST_READINGS = 10_000;
const MOST_TURNS = 10_000;

const known = new Map<Variant, TileChoice>();

/** The largest tile that stays in 16 registers, without and with fused multiply-add. */
export function defaultTile(variant: Variant): TileName {
  return variant === "relaxed" ? "6x8" : "5x8";
}

/** Measures the tiles, unless this process has done so for the binary. */
export function calibrate(runtime: Runtime, variant: Variant): TileChoice {
  const before = known.get(variant);
  if (before) return before;
  const choice = measure(runtime, defaultTile(variant));
  if (choice.reason === "measured") known.set(variant, choice);
  return choice;
}

function measure(runtime: Runtime, standard: TileName): TileChoice {
  if (clockStep() > COARSEST_CLOCK) return { tile: standard, reason: "default" };
  const scope = runtime.scoped((inner) => inner);
  try {
    const [a, panels, c] = [scope.tensor([M, K]), scope.tensor([K, N]), scope.tensor([M, N])];
    const product = (tile: number): number => {
      const start = performance.now();
      for (let i = 0; i < 4; i++) {
        runtime.kernels.gemm_nn(c.address, N, a.address, K, panels.address, 0, M, N, K, 0, tile);
      }
      return (performance.now() - start) / 4;
    };
    const first = tiles.map((_, tile) => product(tile));
    const best = [...first];
    const optimized = () => best.every((time, tile) => time < OPTIMIZED * first[tile]);
    const deadline = performance.now() + PATIENCE_MS;
    // the rounds that count begin when every tile has become faster, or when patience ends
    let rounds = 0;
    for (let turn = 0; rounds < ROUNDS && turn < MOST_TURNS; turn++) {
      for (let tile = 0; tile < tiles.length; tile++) best[tile] = Math.min(best[tile], product(tile));
      if (optimized() || performance.now() > deadline) rounds++;
    }
    // on a busy machine the compiler may not come in time, and what baseline code prefers is no guide
    if (!optimized()) return { tile: standard, reason: "default" };
    const rates = Object.fromEntries(best.map((ms, tile) => [tiles[tile], (2e-6 * M * N * K) / ms]));
    const fastest = tiles[best.indexOf(Math.min(...best))];
    const worthIt = rates[standard] < MARGIN * rates[fastest];
    return { tile: worthIt ? fastest : standard, reason: "measured", rates: rates as Record<TileName, number> };
  } finally {
    scope.dispose();
  }
}

// smallest step of the clock, as far as it shows within some readings: browsers coarsen it, and tests may stop it
function clockStep(): number {
  const start = performance.now();
  for (let reading = 0; reading < MOST_READINGS; reading++) {
    const step = performance.now() - start;
    if (step > 0) return step;
  }
  return Number.POSITIVE_INFINITY;
}
