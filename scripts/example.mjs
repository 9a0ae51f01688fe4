// Runs an example by its name: npm run example [-- name [arguments]]; without a name that of the README. Run with tsx.
import { readdirSync } from "node:fs";

const folder = new URL("../examples/", import.meta.url);
// the example sees its own arguments only
const [name = "readme"] = process.argv.splice(2, 1);
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3));
if (names.includes(name)) await import(new URL(`${name}.ts`, folder).href);
else {
  console.error(`there is no example "${name}"; there are ${names.join(", ")}`);
  process.exitCode = 1;
}
