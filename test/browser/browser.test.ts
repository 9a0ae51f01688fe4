// The same bits in Chromium as in Node, on a page with a strict Content-Security-Policy and no special headers.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelFingerprint, petsFingerprint } from "./fingerprints.js";
import { BrowserHarness, call, missing } from "./harness.js";

const strict = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
const withoutWasm = "default-src 'none'; script-src 'self'; connect-src 'self'";

const browser = suite("browser");
const test = missing === undefined ? browser : browser.skip;
let harness: BrowserHarness;

browser.before(async () => {
  if (missing === undefined) harness = await BrowserHarness.start();
});
browser.after(async () => {
  await harness?.stop();
});

test("the page is as strict as it says", async () => {
  const page = await harness.open(strict);
  assert.equal(await call(page, "capabilities"), { eval: false, isolated: false });
});

test("every kernel gives the same bits as in Node", async () => {
  const page = await harness.open(strict);
  assert.is(await call(page, "kernelFingerprint"), await kernelFingerprint());
});

test("a learning run gives the same parameters and the same log as in Node", async () => {
  const page = await harness.open(strict);
  const inNode = await petsFingerprint();
  assert.equal(await call(page, "petsFingerprint"), inNode);
  assert.is(inNode.episodeReturns.length, 2);
  console.log(`note: state ${inNode.state}`);
});

test("fast numerics load where the browser has relaxed SIMD", async () => {
  const page = await harness.open(strict);
  assert.is(await call(page, "variant", "fast"), "relaxed");
});

test("a binary is taken from the network, whatever MIME type it comes with", async () => {
  const page = await harness.open(strict);
  for (const type of ["application/wasm", "text/plain"]) {
    assert.is(await call(page, "fetched", `/kernels.wasm?type=${type}`), "simd");
  }
});

test("a policy that forbids WebAssembly is named as the reason", async () => {
  const page = await harness.open(withoutWasm);
  const failure = await call(page, "variant", "reproducible").then(String, (error: Error) => error.message);
  assert.match(failure, /wasm-unsafe-eval/);
});

if (missing !== undefined) console.log(`note: ${missing}`);
else browser.before(() => console.log(`note: ${harness.version}`));
browser.run();
