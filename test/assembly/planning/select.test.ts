// Elite selection against a sort: order, ties, values that are not finite, fewer than asked for.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { select } from "../../oracle/cem.js";
import { runtimes } from "../../support/runtime.js";
import { given } from "./support.js";

// few distinct values, so that ties are common; all that does not count among them
const anyReturn = fc.constantFrom(
  ...[0, -0, 1, 2, 3, -1, -1e-10, 1e30, -1e30, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
);

for (const [binary, runtime] of runtimes) {
  const { kernels } = runtime;
  const test = suite(`planning elite selection, ${binary}`);

  const selected = (returns: readonly number[], K: number): { found: number; indices: number[] } =>
    runtime.scoped((scope) => {
      const values = given(scope, returns);
      const indices = scope.tensor([K], "i32");
      indices.view.fill(-7);
      const found = kernels.elites_select(indices.address, values.address, returns.length, K);
      const result = { found, indices: [...indices.read()] };
      scope.dispose();
      return result;
    });

  test("equals a stable sort of the finite returns, and writes no more than it found", () => {
    const anyReturns = fc.array(fc.oneof(anyReturn, fc.float({ noDefaultInfinity: true })), { maxLength: 70 });
    fc.assert(
      fc.property(anyReturns, fc.nat(75), (returns, K) => {
        const expected = select(returns, K);
        const { found, indices } = selected(returns, K);
        assert.is(found, expected.length);
        assert.equal(indices.slice(0, found), expected);
        assert.ok(indices.slice(found).every((index) => index === -7));
      }),
      { numRuns: 300 },
    );
  });

  test("a NaN return never outranks a negative one", () => {
    assert.equal(selected([Number.NaN, -5, Number.NaN, -2, Number.NaN], 3), { found: 2, indices: [3, 1, -7] });
  });

  test("no finite return, no returns, no elites", () => {
    assert.is(selected([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], 2).found, 0);
    assert.is(selected([], 3).found, 0);
    assert.is(selected([1, 2], 0).found, 0);
  });

  test("sorted, reversed and equal returns", () => {
    const up = Array.from({ length: 1000 }, (_, i) => i);
    assert.equal(selected(up, 4).indices, [999, 998, 997, 996]);
    assert.equal(selected([...up].reverse(), 4).indices, [0, 1, 2, 3]);
    assert.equal(selected(Array(1000).fill(5), 4).indices, [0, 1, 2, 3]);
  });

  test.run();
}
