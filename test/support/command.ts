// Runs a command-line program of this repository as a process of its own, compiled to one file first so that each start is
// quick. Libraries stay outside the file, and are found from build/.
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Compiles a program of test/support or src; returns its path. */
export function compileCommand(entry: string): string {
  // two folders below the root, like the sources, which look for package.json there
  const outfile = path.join(root, "build/test", `${path.basename(entry, ".ts")}.${process.pid}.mjs`);
  const common = { bundle: true, platform: "node", format: "esm", target: "node20", packages: "external" } as const;
  buildSync({ entryPoints: [path.join(root, entry)], outfile, ...common });
  process.on("exit", () => rmSync(outfile, { force: true }));
  return outfile;
}

export interface Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

/** Starts a compiled program. */
export function startCommand(file: string, args: readonly string[], options: { cwd: string; env?: object }): Running {
  const env = { ...process.env, NODE_OPTIONS: "", NO_COLOR: "", npm_execpath: "", ...options.env };
  const child = spawn(process.execPath, [file, ...args], { cwd: options.cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const outcome = new Promise<Outcome>((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
  return { child, outcome };
}
