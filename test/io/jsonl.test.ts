import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodeLines, encodeLine } from "../../src/io/index.js";

const test = suite("jsonl");

test("lines come back as they went in", () => {
  const values = [{ a: 1.5, b: "x\ny" }, [null, -0], "é"];
  const read = decodeLines(values.map(encodeLine).join(""));
  assert.is(JSON.stringify(read), JSON.stringify(values));
  assert.ok(Object.is((read[1] as number[])[1], -0));
});

test("an unfinished last line is left out", () => {
  assert.equal(decodeLines('1\n2\n{"a":'), [1, 2]);
  assert.equal(decodeLines(""), []);
});

test("a damaged line is named", () => {
  assert.throws(() => decodeLines("1\nnope\n3\n"), /line 2: log line is not valid JSON/);
});

test.run();
