// Joined vectors: the same bits where the engine has them, and no more than an answer where it has not. In a process of its
// own, because the switch stays on, and without the baseline compiler, which does not join vectors.

import { execFileSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelFingerprint } from "../browser/fingerprints.js";

const tests = suite("wide vectors");

tests("no bit changes, on one thread and on two", async () => {
  const program = `
    import { useWideVectors } from "./src/node/index.ts";
    import { kernelFingerprint } from "./test/browser/fingerprints.ts";
    const wide = useWideVectors();
    console.log(JSON.stringify([wide, await kernelFingerprint({ threads: 1 }), await kernelFingerprint({ threads: 2 })]));`;
  const root = new URL("../..", import.meta.url);
  const command = ["--no-liftoff", "--import", "tsx", "--input-type=module", "--eval", program];
  const [wide, one, two] = JSON.parse(execFileSync(process.execPath, command, { cwd: root, encoding: "utf8" }));
  assert.is(wide, Number.parseInt(process.versions.v8, 10) >= 13);
  const expected = await kernelFingerprint({ threads: 1 });
  assert.is(one, expected);
  assert.is(two, expected);
});

tests.run();
