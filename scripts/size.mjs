// What a user's page loads, gzipped: the README example and each subpath, bundled, minified and tree-shaken; and each
// kernel binary. Fails above the budgets. The embedded binaries are chunks of their own, loaded on demand, one per page;
// they are listed apart. Works on dist/, so build first.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const KB = 1000;
const MAX_EXAMPLE = 40 * KB;
const MAX_WASM = 60 * KB;

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const { name, exports } = JSON.parse(readFileSync("package.json", "utf8"));
const gzipped = (bytes) => gzipSync(bytes, { level: 9 }).length;

async function bundle(contents) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: ".", loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    splitting: true,
    target: "es2022",
    external: ["node:*"],
    outdir: "out",
    write: false,
    metafile: true,
    logLevel: "error",
    tsconfigRaw: {},
  });
  const sizes = { entry: 0, onDemand: 0, binaries: [] };
  const outputs = new Map(Object.entries(metafile.outputs));
  const loaded = staticClosure(outputs);
  for (const { path, contents: code } of outputFiles) {
    const [key] = [...outputs.keys()].filter((output) => path.endsWith(output));
    const variant = Object.keys(outputs.get(key).inputs)
      .join()
      .match(/binary\/(\w+)\.gen/)?.[1];
    if (variant) sizes.binaries.push(`${variant} ${kb(gzipped(code))}`);
    else sizes[loaded.has(key) ? "entry" : "onDemand"] += gzipped(code);
  }
  return sizes;
}

// the outputs that the entry loads at once, itself included
function staticClosure(outputs) {
  const queue = [...outputs].filter(([, output]) => output.entryPoint === "<stdin>").map(([key]) => key);
  const seen = new Set(queue);
  for (const key of queue) {
    for (const { path, kind } of outputs.get(key).imports) {
      if (kind !== "import-statement" || seen.has(path) || !outputs.has(path)) continue;
      seen.add(path);
      queue.push(path);
    }
  }
  return seen;
}

function kb(bytes) {
  return `${(bytes / KB).toFixed(1)} KB`;
}

const failures = [];
function row(what, bytes, limit, note = "") {
  const over = limit !== undefined && bytes > limit;
  if (over) failures.push(`${what}: ${kb(bytes)} is above ${kb(limit)}`);
  const budget = limit === undefined ? "" : `of ${kb(limit)}`;
  console.log([what.padEnd(28), kb(bytes).padStart(9), budget.padStart(12), note].join("  ").trimEnd());
}

console.log("gzip, minified, tree-shaken (without the embedded binary)");
const example = await bundle(readFileSync("examples/readme.ts", "utf8"));
row("README example", example.entry + example.onDemand, MAX_EXAMPLE);
for (const [subpath, target] of Object.entries(exports)) {
  if (!target.default) continue;
  const { entry, onDemand } = await bundle(`export * from ${JSON.stringify(target.default)};`);
  row(name + subpath.slice(1), entry, undefined, onDemand > 0 ? `+ ${kb(onDemand)} on demand` : "");
}

console.log("\nkernel binaries, gzip");
for (const variant of ["simd", "relaxed"])
  row(`${variant}.wasm`, gzipped(readFileSync(`dist/wasm/${variant}.wasm`)), MAX_WASM);
console.log(`embedded as base64, one loaded on demand: ${example.binaries.join(", ")}`);

for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
