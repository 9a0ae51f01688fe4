// A model that is good one step ahead may be useless twenty steps ahead. Learns two models of the pendulum (measure.ts), writes an
// animated picture of them beside the real one, and prints the errors by horizon.
//   npm run example -- compounding-error [file.svg]

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadRuntime } from "mbrl-wasm";
import { compare, table } from "./compounding-error/measure.js";
import { picture } from "./compounding-error/picture.js";

const file = process.argv[2] ?? fileURLToPath(new URL("compounding-error.svg", import.meta.url));
const comparison = compare(await loadRuntime());
writeFileSync(file, picture(comparison));
console.log(`${table(comparison)}\n\nthe picture is in ${file}`);
