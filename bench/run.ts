// npm run bench -- <subject> [--json] [--numerics fast] [--threads 2] [--wide]: runs bench/<subject>.bench.ts and prints a
// line per case. One thread unless told otherwise; --wide joins vectors (Node 24). Node 20 has relaxed SIMD behind a flag,
// which is set where it is missing.

import { readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import v8 from "node:v8";
import { useWideVectors } from "../src/node/index.js";
import { loadRuntime, probeFeatures } from "../src/wasm/index.js";
import { type Bench, describe, machine, measure } from "./harness.js";

const subjects = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".bench.ts"))
  .map((file) => file.replace(".bench.ts", ""));

const { values, positionals } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    numerics: { type: "string", default: "reproducible" },
    threads: { type: "string", default: "1" },
    wide: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const unknown = positionals.find((subject) => !subjects.includes(subject));
if (positionals.length === 0 || unknown !== undefined) {
  console.error(`${unknown === undefined ? "which bench?" : `no bench "${unknown}"`} one of: ${subjects.join(", ")}`);
  process.exit(2);
}

const numerics = values.numerics as "reproducible" | "fast";
if (!probeFeatures().relaxedSimd) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
if (values.wide && !useWideVectors()) throw new Error(`Node ${process.version} cannot join vectors`);
for (const subject of positionals) {
  const runtime = await loadRuntime({ numerics, threads: Number(values.threads) });
  const { cases } = (await import(`./${subject}.bench.js`)) as Bench;
  // the machine line is no result: with --json it goes where it cannot be parsed as one
  (values.json ? console.error : console.log)(`${subject} on ${machine(runtime)}`);
  for (const subjectCase of await cases(runtime)) {
    const result = measure(subject, subjectCase);
    console.log(values.json ? JSON.stringify(result) : describe(result));
  }
  runtime.dispose();
}
