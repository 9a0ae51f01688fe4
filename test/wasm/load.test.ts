// Loading: every form in which a binary may come, and every way in which it may be the wrong thing.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError, UnsupportedError } from "../../src/check.js";
import { loadRuntime, probeFeatures, type RuntimeOptions } from "../../src/wasm/index.js";

const root = new URL("../../", import.meta.url);
const bytes = readFileSync(new URL("build/wasm/simd.wasm", root));

async function rejection(wasm: unknown): Promise<Error> {
  try {
    await loadRuntime({ wasm } as RuntimeOptions);
  } catch (error) {
    return error as Error;
  }
  throw new Error("did not reject");
}

function response(body: BodyInit, type: string): Response {
  return new Response(body, { headers: { "content-type": type } });
}

const loading = suite("load");

loading("a binary may come as a module, bytes, a view, a response of any type, or a promise of one", async () => {
  const copy = new Uint8Array(bytes);
  const sources = [
    await WebAssembly.compile(bytes),
    copy,
    copy.buffer,
    new DataView(copy.buffer),
    response(copy, "application/wasm"),
    response(copy, "text/plain"),
    Promise.resolve(response(copy, "application/octet-stream")),
  ];
  for (const wasm of sources) {
    const runtime = await loadRuntime({ wasm });
    const tensor = runtime.tensor([4]);
    assert.ok(tensor.address >= runtime.kernels.heap_base());
  }
});

loading("one module serves many runtimes, each with its own memory", async () => {
  const wasm = await WebAssembly.compile(bytes);
  const [a, b] = [await loadRuntime({ wasm }), await loadRuntime({ wasm })];
  const [x, y] = [a.tensor([1]).write([1]), b.tensor([1]).write([2])];
  assert.is(x.address, y.address);
  assert.equal([x.read()[0], y.read()[0]], [1, 2]);
});

loading("anything else is refused by kind", async () => {
  for (const wasm of [null, 5, "simd.wasm", {}, [0, 97], Promise.resolve("bytes")]) {
    const error = await rejection(wasm);
    assert.instance(error, TypeError);
    assert.match(error.message, /loadRuntime: "wasm" expected a WebAssembly.Module, bytes or a Response, got/);
  }
});

loading("bytes that are no kernel binary are refused as such", async () => {
  const truncated = new Uint8Array(bytes.subarray(0, bytes.length - 3));
  // (module) with no import and no export; and one that imports what we do not have
  const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
  const foreign = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 7, 1, 1, 97, 1, 98, 0, 0]);
  for (const wasm of [
    new Uint8Array(0),
    new Uint8Array([1, 2, 3]),
    truncated,
    empty,
    foreign,
    response("<html>", "text/html"),
  ]) {
    const error = await rejection(wasm);
    assert.instance(error, FormatError, error.stack);
    assert.match(error.message, /^loadRuntime: "wasm" is no kernel binary of this version: /);
  }
});

loading("a response that is an error page is told by its status", async () => {
  const error = await rejection(new Response("not here", { status: 404 }));
  assert.instance(error, FormatError);
  assert.match(error.message, /status 404/);
});

loading("the binaries import memory and abort, and nothing else; only the checked one looks accesses up", async () => {
  const imports = (file: string): string[] =>
    WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(new URL(`build/wasm/${file}.wasm`, root))))
      .map(({ module, name }) => `${module}.${name}`)
      .sort();
  assert.equal(imports("simd"), ["env.memory"]);
  if (probeFeatures().relaxedSimd) assert.equal(imports("relaxed"), ["env.memory"]);
  for (const name of imports("checked")) {
    assert.ok(["env.abort", "env.check_access", "env.memory"].includes(name), name);
  }
});

loading("fast numerics need relaxed SIMD, and say so", async () => {
  if (probeFeatures().relaxedSimd) {
    assert.is((await loadRuntime({ numerics: "fast" })).info().variant, "relaxed");
    return;
  }
  try {
    await loadRuntime({ numerics: "fast" });
    assert.unreachable();
  } catch (error) {
    assert.instance(error, UnsupportedError);
    assert.equal((error as UnsupportedError).missing, ["relaxed-simd"]);
    assert.match((error as Error).message, /use numerics: "reproducible"/);
  }
});

loading(
  "with relaxed SIMD, fast numerics work, simulations too, and a relaxed binary does not pass for a reproducible one",
  () => {
    const script = `
    import { readFileSync } from "node:fs";
    import { setFlagsFromString } from "node:v8";
    try { setFlagsFromString("--experimental-wasm-relaxed-simd"); } catch {}
    const { loadRuntime } = await import(${JSON.stringify(new URL("src/wasm/index.ts", root).href)});
    const runtime = await loadRuntime({ numerics: "fast" });
    console.log(runtime.info().variant, runtime.info().numerics);
    // simulations look at themselves before the first model
    const { loadMjcf } = await import(${JSON.stringify(new URL("src/physics/index.ts", root).href)});
    console.log("moves", loadMjcf(runtime, "<mujoco><worldbody><body><joint/><geom size='1'/></body></worldbody></mujoco>").nv);
    const wasm = readFileSync(${JSON.stringify(fileURLToPath(new URL("build/wasm/relaxed.wasm", root)))});
    await loadRuntime({ numerics: "fast", wasm });
    await loadRuntime({ wasm }).catch((error) => console.log(error.name));`;
    const out = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    assert.equal(out.trim().split("\n"), ["relaxed fast", "moves 1", "CorruptionError"]);
  },
);

loading.run();
