// Times two sides in turn: ours, the peer, ours, … so that a slow moment of the machine hits both. A sample is the median call
// of a fraction of a second, or one call where that takes longer; `ratio` is the median of the per-round ratios.

export interface Comparison {
  /** Milliseconds of a call, median over the rounds. */
  readonly ours: number;
  readonly theirs: number;
  /** How many times faster we are: median, least and greatest of the rounds. */
  readonly ratio: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
}

interface Side {
  run(): unknown;
}

const ROUNDS = 9;
const SAMPLE_MILLISECONDS = 150;
const WARM_UP_CALLS = 3;

/** `wall`; or `cpu`: processor time of this process, mean of a sample's calls, for a machine that others use as well. */
export type Clock = "wall" | "cpu";

export async function compare(ours: Side, peer: Side, clock: Clock): Promise<Comparison> {
  for (const side of [ours, peer]) {
    await sample(side, clock);
    for (let call = 0; call < WARM_UP_CALLS; call++) await side.run();
  }
  const mine: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    mine.push(await sample(ours, clock));
    theirs.push(await sample(peer, clock));
  }
  const ratios = mine.map((time, round) => theirs[round]! / time);
  return {
    ours: median(mine),
    theirs: median(theirs),
    ratio: median(ratios),
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
  };
}

async function sample(side: Side, clock: Clock): Promise<number> {
  const times: number[] = [];
  const used = process.cpuUsage();
  const end = performance.now() + SAMPLE_MILLISECONDS;
  do {
    const start = performance.now();
    const result = side.run();
    // a tick of the event loop is no part of the work of a side that needs none
    if (result instanceof Promise) await result;
    times.push(performance.now() - start);
  } while (performance.now() < end);
  const { user, system } = process.cpuUsage(used);
  return clock === "cpu" ? (user + system) / 1000 / times.length : median(times);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
