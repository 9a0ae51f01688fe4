// A model that is good one step ahead may be useless twenty steps ahead. Learns two models of the pendulum (measure.ts), writes an
// animated picture of them beside the real one, and prints the errors by horizon. With `--seeds 5` it draws nothing and prints
// what the errors of the model of several steps are of the other's, for each of the seeds 0 … 4.
//   npm run example -- compounding-error [file.svg] [--seeds n] [--hidden 64,64]

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadRuntime } from "mbrl-wasm";
import { compare, ratios, sizes, table } from "./compounding-error/measure.js";
import { picture } from "./compounding-error/picture.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: "string" }, hidden: { type: "string", default: sizes.hidden.join() } },
});
const hidden = values.hidden.split(",").map(Number);
const runtime = await loadRuntime();
if (values.seeds !== undefined) {
  const seeds = Array.from({ length: Number(values.seeds) }, (_, seed) => seed);
  console.log(ratios(seeds.map((seed) => compare(runtime, { ...sizes, hidden, seed }))));
} else {
  const [file = fileURLToPath(new URL("compounding-error.svg", import.meta.url))] = positionals;
  const comparison = compare(runtime, { ...sizes, hidden });
  writeFileSync(file, picture(comparison));
  console.log(`${table(comparison)}\n\nthe picture is in ${file}`);
}
