// One way to measure, for every bench: the result is checked before the clock starts, both sides are warmed up, and then run
// in turn (ours, peer, ours, …) so that a slow moment of the machine hits both; `ratio` is the median of the per-round ratios.

import { cpus, loadavg } from "node:os";
import Benchmark from "benchmark";
import type { Runtime } from "../src/wasm/index.js";
import { median } from "./spread.js";

/** What is timed: `run` does it once and returns a number that depends on the result, so that nothing is optimized away. */
export interface Side {
  readonly name: string;
  /** How many units of work one call does, where it is not as many as the case says. */
  readonly work?: number;
  run(): number;
}

/** One line of a bench. */
export interface Case {
  readonly name: string;
  /** A rate (`GFLOP/s`, …: more is better), or `ms`, `µs`, `ns`: the time of one unit of work. */
  readonly unit: string;
  /** How many units of work one call does. Default 1. */
  readonly work?: number;
  readonly ours: Side;
  /** What we are held against in the same run. */
  readonly peer?: Side;
  /** Throws when the result is wrong; called before anything is timed. */
  check(): void;
}

/** What a `<subject>.bench.ts` exports. */
export interface Bench {
  cases(runtime: Runtime): readonly Case[] | Promise<readonly Case[]>;
}

/** One line of `--json`. */
export interface Result {
  readonly subject: string;
  readonly case: string;
  readonly unit: string;
  /** Median over the rounds, and the least and greatest. */
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly peer?: string;
  /** How many times faster we are than the peer: median over the rounds, and the least and greatest. */
  readonly ratio?: number;
  readonly ratioMin?: number;
  readonly ratioMax?: number;
}

// units of time, in a second
const times = { ms: 1e3, µs: 1e6, ns: 1e9 } as const;
const ROUNDS = 7;
const WARM_UP_SECONDS = 0.1;
const ROUND_SECONDS = 0.1;

let sink = 0;

/** What the figures were taken on, and how busy it was (1: one core). */
export function machine(runtime: Runtime): string {
  const { variant, tile, threads } = runtime.info();
  const cores = cpus();
  const machine = `${cores[0]?.model ?? "unknown CPU"}, ${cores.length} cores, load ${loadavg()[0]!.toFixed(1)}`;
  return `${machine}, Node ${process.version}, ${variant} ${tile.tile}, threads: ${threads}`;
}

/** Runs a case. */
export function measure(subject: string, subjectCase: Case): Result {
  const { name, unit, work = 1, ours, peer } = subjectCase;
  subjectCase.check();
  warmUp(ours);
  if (peer) warmUp(peer);
  const values: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const rate = callsPerSecond(ours);
    values.push(unit in times ? times[unit as keyof typeof times] / (work * rate) : work * rate);
    if (peer) ratios.push((work * rate) / ((peer.work ?? work) * callsPerSecond(peer)));
  }
  if (!Number.isFinite(sink)) throw new Error(`bench ${subject}, ${name}: a result is not finite`);
  const result = {
    subject,
    case: name,
    unit,
    value: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
  };
  if (!peer) return result;
  const [ratioMin, ratioMax] = [Math.min(...ratios), Math.max(...ratios)];
  return { ...result, peer: peer.name, ratio: median(ratios), ratioMin, ratioMax };
}

/** A result as a line of text. */
export function describe({ case: name, unit, value, min, max, peer, ratio, ratioMin, ratioMax }: Result): string {
  const spread = (middle = 0, least = 0, most = 0): string =>
    `${middle.toPrecision(3)} (${least.toPrecision(3)} – ${most.toPrecision(3)})`;
  const figures = `${name.padEnd(44)} ${`${spread(value, min, max)} ${unit}`.padEnd(34)}`;
  return peer === undefined ? figures.trimEnd() : `${figures} × ${spread(ratio, ratioMin, ratioMax)} of ${peer}`;
}

function warmUp(side: Side): void {
  const end = performance.now() + 1000 * WARM_UP_SECONDS;
  do sink += side.run();
  while (performance.now() < end);
}

function callsPerSecond(side: Side): number {
  const benchmark = new Benchmark(
    side.name,
    () => {
      sink += side.run();
    },
    { maxTime: ROUND_SECONDS, minSamples: 3, minTime: ROUND_SECONDS / 4 },
  );
  benchmark.run({ async: false });
  if (benchmark.error) throw benchmark.error;
  // the median of the samples, which a hiccup of the machine moves less than the mean
  return 1 / median(benchmark.stats.sample);
}
