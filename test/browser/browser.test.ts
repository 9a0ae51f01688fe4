// The same bits in Chromium as in Node, on a page with a strict Content-Security-Policy and no special headers, and on one
// with the headers that allow threads.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelFingerprint, learnersFingerprint, petsFingerprint, policyFingerprint } from "./fingerprints.js";
import { BrowserHarness, call, missing } from "./harness.js";

const strict = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
const withWorkers = `${strict}; worker-src blob:`;
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

test("policies draw the same actions and have the same gradients as in Node", async () => {
  const page = await harness.open(strict);
  assert.is(await call(page, "policyFingerprint"), await policyFingerprint());
});

test("policies learned in an environment and in models, by every algorithm, are those of Node", async () => {
  const page = await harness.open(strict);
  const inNode = await learnersFingerprint();
  assert.equal(Object.keys(inNode), ["trpo", "ppo", "me-trpo", "me-ppo", "svg", "td3", "steve"]);
  for (const value of Object.values(inNode)) assert.match(value, /^[0-9a-f]{64} [0-9a-f]{64} 2$/);
  assert.equal(await call(page, "learnersFingerprint"), inNode);
});

test("without special headers there is one thread, and the headers are named", async () => {
  const page = await harness.open(withWorkers);
  const { threads, reason } = await call(page, "threads", "auto");
  assert.is(threads, 1);
  assert.match(reason, /Cross-Origin-Opener-Policy: same-origin/);
  assert.match(
    (await call(page, "threads", 2)).reason,
    /2 threads are impossible here: .*Cross-Origin-Embedder-Policy/,
  );
});

test("with the headers there are threads, and the same bits", async () => {
  const page = await harness.open(withWorkers, { isolated: true });
  assert.equal(await call(page, "capabilities"), { eval: false, isolated: true });
  for (const threads of [2, 3]) {
    assert.equal(await call(page, "threads", threads), { threads, reason: "every thread is up" });
    assert.is(await call(page, "kernelFingerprint", { threads }), await kernelFingerprint({ threads: 1 }));
  }
  assert.equal(await call(page, "petsFingerprint", { threads: 2 }), await petsFingerprint({ threads: 1 }));
  assert.is(await call(page, "policyFingerprint", { threads: 2 }), await policyFingerprint({ threads: 1 }));
  assert.equal(await call(page, "learnersFingerprint", { threads: 2 }), await learnersFingerprint({ threads: 1 }));
});

test("with the headers, threads start by themselves", async () => {
  const page = await harness.open(withWorkers, { isolated: true });
  const cores = (await page.evaluate("navigator.hardwareConcurrency")) as number;
  const expected = Math.min(cores, 8);
  assert.is((await call(page, "threads", "auto")).threads, expected);
  if (expected > 1) {
    assert.equal(await call(page, "threadsAfterWork"), { threads: expected, reason: "every thread is up" });
  }
});

test("a policy that forbids the workers leaves one thread, and is named", async () => {
  const page = await harness.open(strict, { isolated: true });
  assert.match((await call(page, "threads", 2)).reason, /2 threads are impossible here: .*worker-src blob:/);
  const { threads, reason } = await call(page, "threadsAfterWork");
  assert.is(threads, 1);
  assert.match(reason, /worker-src blob:|one core/);
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
