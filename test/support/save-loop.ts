// A process that saves checkpoints until it is killed: node save-loop.js <file>, with the first number on stdin. It prints the number
// of each save that has returned. Number n fills its array with n, so a mixture of two would show.
import { writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { saveCheckpoint } from "../../src/node/index.js";

const file = process.argv[2] as string;
for (let n = Number(await text(process.stdin)); ; n++) {
  const data = new Float32Array(100_000).fill(n);
  await saveCheckpoint(file, {
    save: () => ({ meta: { n }, arrays: { x: { dtype: "f32", shape: [100_000], data } } }),
  });
  writeSync(1, `${n}\n`);
}
