// The README's example is the file that `npm run example` runs, word for word.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("readme");
const text = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");

test("the example stands in the README as it is", () => {
  const [, block] = /```ts\n(.*?)```/s.exec(text("README.md")) ?? [];
  const [header, ...lines] = text("examples/readme.ts").split("\n");
  assert.match(header, /^\/\/ /);
  assert.is(block, lines.join("\n"));
  assert.ok(lines.filter((line) => line.trim() !== "").length <= 15);
});

for (const name of ["rigid-bodies", "trpo"])
  test(`so does the one in ${name}.ts`, () => {
    const blocks = [...text("README.md").matchAll(/```ts\n(.*?)```/gs)].map(([, block]) => block);
    const [header, ...lines] = text(`examples/${name}.ts`).split("\n");
    assert.match(header, /^\/\/ /);
    assert.ok(blocks.includes(lines.join("\n")));
  });

test("every command it names exists", () => {
  const { scripts } = JSON.parse(text("package.json"));
  const named = [...text("README.md").matchAll(/npm (?:run )?([a-z:]+)(?= |`|\n)/g)].map(([, name]) => name);
  for (const name of new Set(named)) {
    assert.ok(name === "ci" || name === "install" || name in scripts, `npm run ${name}`);
  }
});

test.run();
