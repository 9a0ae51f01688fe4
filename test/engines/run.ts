// npm run test:engines: the same bits in every engine there is. Runs program.ts in each and compares what every kernel
// computes, what policies do and how they are learned, and what a learning run saves and logs, with the Node that runs this. Reproducible numerics must agree; fused
// multiply-add is allowed to differ between engines and is reported.

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Engine, findEngines } from "./engines.js";
import type { Fingerprints } from "./program.js";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
process.chdir(here("../.."));

const script = path.resolve("build/engines/program.js");
mkdirSync(path.dirname(script), { recursive: true });
await bundle();

const own: Engine = { name: `Node ${process.version} (this one)`, command: [process.execPath] };
const expected = run(own);
let fast = expected.find(isFast);
report(own, expected);
for (const engine of findEngines()) {
  if ("missing" in engine) console.log(`${engine.name}: NOT COMPARED, ${engine.missing}`);
  else report(engine, run(engine));
}

// a script rather than a module, which not every shell takes; so the program's await has to be inside a function
async function bundle(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [here("program.ts")],
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    write: false,
    logLevel: "error",
  });
  const prelude = await build({ entryPoints: [here("prelude.js")], write: false, target: "es2022" });
  const body = outputFiles[0]!.text;
  writeFileSync(script, `${prelude.outputFiles[0]!.text}\n(async () => {\n${body}\n})();\n`);
}

function run({ command: [program, ...args] }: Engine): Fingerprints[] {
  const { stdout, stderr, error, signal } = spawnSync(program!, [...args, script], { encoding: "utf8" });
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  if (lines.length > 0) return lines.map((line) => JSON.parse(line) as Fingerprints);
  const failure = error?.message ?? (`${stderr}${stdout}`.trim() || `ended by ${signal} without a word`);
  return [{ numerics: "reproducible", failure }];
}

function report({ name }: Engine, results: readonly Fingerprints[]): void {
  for (const result of results) {
    const verdict = judge(result);
    if (verdict.startsWith("DIFFERS") || verdict.startsWith("FAILED")) process.exitCode = 1;
    console.log(`${name}, ${result.numerics}: ${verdict}`);
  }
}

function judge(result: Fingerprints): string {
  if ("failure" in result) return isFast(result) ? `none: ${result.failure}` : `FAILED: ${result.failure}`;
  // without fast numerics here, the first engine that has them is what the others are held against
  if (isFast(result) && (fast === undefined || "failure" in fast)) fast = result;
  const reference = isFast(result) ? fast : expected.find((other) => !isFast(other));
  if (reference === undefined || "failure" in reference) return "nothing to compare with";
  const parts = (["kernels", "policies", "learners", "state", "log"] as const).filter(
    (part) => result[part] !== reference[part],
  );
  const digest = `${result.kernels.slice(0, 12)} ${result.state.slice(0, 12)} ${result.log.slice(0, 12)}`;
  if (parts.length === 0) return `same bits  ${digest}`;
  return `${isFast(result) ? "other" : "DIFFERS: other"} bits of ${parts.join(", ")}  ${digest}`;
}

function isFast({ numerics }: Fingerprints): boolean {
  return numerics === "fast";
}
