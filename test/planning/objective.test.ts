// The k of mean + k·std.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { optimistic, pessimistic } from "../../src/planning/index.js";

const test = suite("objective");

test("pessimism subtracts, optimism adds, and neither takes a negative weight", () => {
  assert.equal([pessimistic(2), optimistic(0.5)], [-2, 0.5]);
  assert.throws(() => pessimistic(-1), /pessimistic: "k" expected/);
  assert.throws(() => optimistic(Number.NaN), /optimistic: "k" expected/);
});

test.run();
