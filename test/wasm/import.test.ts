// Importing the package does no work: no WebAssembly is compiled or probed, no global appears, no event is listened to.

import { suite } from "uvu";
import * as assert from "uvu/assert";

const importing = suite("import");

importing("the main entry has no side effect", async () => {
  const touched: string[] = [];
  const wasm = WebAssembly as unknown as Record<string, unknown>;
  const real: [string, unknown][] = [];
  for (const name of ["Module", "Instance", "Memory", "compile", "instantiate", "validate"]) {
    real.push([name, wasm[name]]);
    wasm[name] = new Proxy(wasm[name] as () => void, {
      apply: () => touched.push(name),
      construct: () => {
        touched.push(name);
        return {};
      },
    });
  }
  const globalsBefore = Reflect.ownKeys(globalThis);
  const listeners = process.eventNames().length;
  await import("../../src/index.js");
  for (const [name, value] of real) wasm[name] = value;
  assert.equal(touched, []);
  assert.equal(
    Reflect.ownKeys(globalThis).filter((key) => !globalsBefore.includes(key)),
    [],
  );
  assert.is(process.eventNames().length, listeners);
});

importing.run();
