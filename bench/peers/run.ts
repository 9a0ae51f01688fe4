// npm run bench:peers -- [peer …] [--work "train 32"] [--numerics fast] [--node <binary>] [--clock cpu]
//   [--json] [--save]
// Runs each peer against ours in a process of its own, because they disturb each other: one adds globals that another takes
// for a browser. --save puts the lines into bench/results/peers.json, in place of older ones of the same engine.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { probeFeatures } from "../../src/wasm/probe.js";
import type { Line } from "./one.js";
import { works } from "./work.js";

const HEADER = "| work | peer | ours, ms | peer, ms | ratio (least – most) |\n| --- | --- | --- | --- | --- |";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const peers = readdirSync(here("."))
  .filter((file) => file.endsWith(".peer.ts"))
  .map((file) => file.replace(".peer.ts", ""));

const { values, positionals } = parseArgs({
  options: {
    work: { type: "string", multiple: true, default: [] },
    numerics: { type: "string", default: "reproducible" },
    node: { type: "string", default: process.execPath },
    clock: { type: "string", default: "wall" },
    json: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !peers.includes(name));
if (unknown !== undefined) stop(`no peer "${unknown}": one of ${peers.join(", ")}`);
if (!["wall", "cpu"].includes(values.clock)) stop(`no clock "${values.clock}": wall or cpu`);
const noWork = values.work.find((name) => !works.some((work) => work.name === name));
if (noWork !== undefined) stop(`no work "${noWork}": one of ${works.map(({ name }) => name).join(", ")}`);
if (!existsSync(here("node_modules"))) stop("the peers are not installed: npm ci --prefix bench/peers");

// Node 20 has relaxed SIMD behind a flag
const flags =
  values.numerics === "fast" && values.node === process.execPath && !probeFeatures().relaxedSimd
    ? ["--experimental-wasm-relaxed-simd"]
    : [];
const lines: Line[] = [];
for (const peer of positionals.length > 0 ? positionals : peers) {
  const args = [...flags, "--import", "tsx", here("one.ts"), peer, values.numerics, values.clock, ...values.work];
  const child = spawnSync(values.node, args, { encoding: "utf8" });
  const output = child.stdout.split("\n").filter((line) => line.startsWith("{"));
  if (child.status !== 0) {
    const reason = child.error?.message ?? child.stderr.match(/^\w*Error.*$/m)?.[0] ?? `exit code ${child.status}`;
    console.error(`${peer} failed: ${reason}`);
    process.exitCode = 1;
  }
  for (const text of output) {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    if (values.json) console.log(text);
    else {
      if (lines.length === 1) console.log(`${line.machine}\n\n${HEADER}`);
      console.log(row(line));
    }
  }
}
if (values.save) save(lines);

function stop(message: string): never {
  console.error(message);
  process.exit(2);
}

function row(line: Line): string {
  if ("failure" in line) return `| ${line.work} | ${line.peer} | | | failed: ${line.failure} |`;
  const [ours, theirs] = [line.ours, line.theirs].map((time) => time.toPrecision(3));
  const [ratio, least, most] = [line.ratio, line.ratioMin, line.ratioMax].map((value) => value.toPrecision(3));
  return `| ${line.work} | ${line.peer} | ${ours} | ${theirs} | **${ratio}** (${least} – ${most}) |`;
}

function save(fresh: readonly Line[]): void {
  const file = here("../results/peers.json");
  const key = ({ work, peer, numerics, node }: Line): string => [work, peer, numerics, node].join();
  const old = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Line[]) : [];
  const kept = old.filter((line) => !fresh.some((other) => key(other) === key(line)));
  mkdirSync(here("../results"), { recursive: true });
  const all = [...kept, ...fresh].map((line) => JSON.stringify(line));
  writeFileSync(file, `[\n  ${all.join(",\n  ")}\n]\n`);
}
