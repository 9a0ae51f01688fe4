// Makes dist/ anew: JavaScript and declarations of src/, and the two public binaries as plain .wasm files.
// The binaries must have been compiled before (scripts/build-wasm.mjs).
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
rmSync("dist", { recursive: true, force: true });
const compiler = fileURLToPath(import.meta.resolve("typescript/bin/tsc"));
const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], { stdio: "inherit" });
if (status !== 0) process.exit(1);
for (const variant of ["simd", "relaxed"]) copyFileSync(`build/wasm/${variant}.wasm`, `dist/wasm/${variant}.wasm`);
const command = "dist/cli/mbrl.js";
if (existsSync(command)) chmodSync(command, 0o755);
