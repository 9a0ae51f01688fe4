#!/usr/bin/env node
// The `mbrl` command. In a checkout the compiled program appears with `npm run build`; this file is there from the start, so
// that npm can link it.
import { existsSync } from "node:fs";

const program = new URL("../dist/cli/mbrl.js", import.meta.url);
if (existsSync(program)) await import(program.href);
else {
  console.error("mbrl: not built yet; run `npm run build` first");
  process.exitCode = 2;
}
