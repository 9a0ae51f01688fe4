// One peer against ours, in this process: node --import tsx bench/peers/one.ts <peer> <reproducible | fast> <wall | cpu> [work …]. Prints a
// line of JSON per work, with `failure` in place of figures where a side fails or the sides disagree.

import { loadRuntime } from "../../src/wasm/index.js";
import { machine } from "../harness.js";
import { type Clock, type Comparison, compare } from "./measure.js";
import * as ours from "./ours.js";
import { checkInference, checkTraining, type Peer, works } from "./work.js";

/** One work of one peer. */
export type Line = {
  readonly work: string;
  readonly peer: string;
  readonly numerics: string;
  readonly node: string;
  readonly clock: string;
  readonly machine: string;
} & (Comparison | { readonly failure: string });

type Arguments = [file: string, numerics: "reproducible" | "fast", clock: Clock, ...wanted: string[]];
const [file, numerics, clock, ...wanted] = process.argv.slice(2) as Arguments;
const { peer } = (await import(`./${file}.peer.js`)) as { peer: Peer };

for (const work of works) {
  if (peer[work.kind] === undefined || (wanted.length > 0 && !wanted.includes(work.name))) continue;
  const runtime = await loadRuntime({ numerics, threads: 1 });
  const heading = {
    work: work.name,
    peer: peer.name,
    numerics,
    node: process.version,
    clock,
    machine: machine(runtime),
  };
  const problem = ours.problem(runtime, work.rows);
  let outcome: Comparison | { failure: string };
  try {
    if (work.kind === "training") {
      const sides = [ours.training(runtime, problem), await peer.training!(problem)] as const;
      await checkTraining(...sides);
      outcome = await compare(...sides, clock);
    } else {
      const sides = [ours.inference(runtime, problem), await peer.inference!(problem)] as const;
      await checkInference(...sides);
      outcome = await compare(...sides, clock);
    }
  } catch (error) {
    outcome = { failure: (error as Error).message };
  }
  const line: Line = { ...heading, ...outcome };
  console.log(JSON.stringify(line));
  runtime.dispose();
}
