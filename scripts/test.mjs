// Runs test files, each in a process of its own, two at a time:
//   node scripts/test.mjs [--folder test/slow] [part of a file name …]
// Without --folder: all of test/ but the slow and the browser tests. A file fails when its process fails or takes too long,
// when a test fails, and also when it ran no test or left a suite without `.run()`: uvu passes silently in those cases.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const AT_ONCE = 2;
const MINUTE = 60_000;

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const { values, positionals } = parseArgs({ options: { folder: { type: "string" } }, allowPositionals: true });
const folder = values.folder ?? "test";
const limit = values.folder ? 60 * MINUTE : 5 * MINUTE;

function testFiles() {
  const apart = values.folder ? [] : ["slow", "browser"];
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith(".test.ts") && !apart.includes(file.split(path.sep)[0]))
    .map((file) => path.join(folder, file))
    .filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)))
    .sort();
}

function suitesNotRun(file) {
  const source = readFileSync(file, "utf8");
  return [...source.matchAll(/^const (\w+) = suite\(/gm)]
    .map(([, name]) => name)
    .filter((name) => !source.includes(`${name}.run()`));
}

function run(file) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(process.execPath, ["--expose-gc", "--import", "tsx", file], { timeout: limit });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("close", (code, signal) => {
      const count = (word) => Number(output.match(new RegExp(`^  ${word}: +(\\d+)`, "m"))?.[1] ?? 0);
      const total = count("Total");
      const passed = count("Passed");
      const reasons = [];
      if (signal) reasons.push(`ended by ${signal} after ${((performance.now() - started) / 1000).toFixed(0)} s`);
      else if (total + count("Skipped") === 0) reasons.push(`ran no test (exit code ${code})`);
      else if (passed < total) reasons.push(`${total - passed} of ${total} tests failed`);
      else if (code !== 0) reasons.push(`exit code ${code}`);
      for (const name of suitesNotRun(file)) reasons.push(`suite "${name}" has no .run()`);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      resolve({ file, output, passed, skipped: count("Skipped"), reasons, total, seconds });
    });
  });
}

const queue = testFiles();
let [passed, failed, skipped] = [0, 0, 0];
async function worker() {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const result = await run(file);
    passed += result.passed;
    skipped += result.skipped;
    // a file that fails without a failing test (a crash, no test at all) counts as one failure
    if (result.reasons.length > 0) failed += Math.max(1, result.total - result.passed);
    const mark = result.reasons.length > 0 ? `FAIL  ${result.reasons.join("; ")}` : "ok";
    const skips = result.skipped > 0 ? `, ${result.skipped} skipped` : "";
    console.log(`${file}  ${result.passed}/${result.total}${skips}  ${result.seconds} s  ${mark}`);
    if (result.reasons.length > 0) console.log(result.output.replace(/^(.{2000}).+$/gm, "$1 …"));
    else for (const [note] of result.output.matchAll(/note: .*$/gm)) console.log(`  ${note}`);
  }
}
if (queue.length === 0) {
  console.log(`no test file in ${folder} matches ${positionals.join(", ") || "*.test.ts"}`);
  failed = 1;
}
await Promise.all(Array.from({ length: AT_ONCE }, worker));
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
