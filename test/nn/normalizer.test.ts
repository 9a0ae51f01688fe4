// Running moments against the float64 twin where E[x²] − E[x]² would fail, in one piece and in several.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createNormalizer } from "../../src/nn/index.js";
import { statistics } from "../oracle/normalizer.js";
import { assertClose, generator, numbers } from "../support/numbers.js";
import { runtimes } from "../support/runtime.js";

const D = 5;

for (const [name, runtime] of runtimes) {
  const tests = suite(`normalizer (${name})`);

  // mean 1e4 with deviation about 0.06, a constant, a tiny one, a huge one
  function rowsOf(n: number): Float32Array {
    const next = generator(n);
    const scales = [0.1, 0, 1e-20, 1e15, 1];
    return Float32Array.from(numbers(next, n * D), (v, i) => [1e4, 0.1, 0, 1e15, 0][i % D] + scales[i % D] * v);
  }

  tests("mean and deviation are the twin's, however the rows are cut", () => {
    const n = 301;
    const values = rowsOf(n);
    const expected = statistics(values, D);
    for (const cuts of [[n], [1, 7, 93, 200], [0, 300, 1]]) {
      using normalizer = createNormalizer(runtime, D);
      let from = 0;
      for (const rows of cuts) {
        using part = runtime.tensor([Math.max(rows, 1), D]);
        part.view.set(values.subarray(from * D, (from + rows) * D));
        normalizer.update(part, rows);
        from += rows;
      }
      const { mean, std } = normalizer.statistics();
      assert.is(normalizer.count, n);
      for (let d = 0; d < D; d++) {
        const varies = d !== 1 && d !== 2;
        assertClose([mean[d]], [expected.mean[d]], 1e-12, `mean ${d}`);
        assertClose([std[d]], [varies ? expected.std[d] : 1], varies ? 1e-9 : 0, `std ${d}`);
      }
    }
    runtime.checkGuards();
  });

  tests("columns by themselves have the bits of all together", () => {
    const values = rowsOf(37);
    using x = runtime.tensor([37, D]).write(values);
    const [whole, parts] = [
      [0, D],
      [0, 1, 4, D],
    ].map((cuts) => {
      using mean = runtime.tensor([D], "f64").write([1, 2, 3, 4, 5]);
      using m2 = runtime.tensor([D], "f64").write([5, 4, 3, 2, 1]);
      for (let i = 1; i < cuts.length; i++) {
        const from = cuts[i - 1];
        const [to, too, of] = [mean.address + 8 * from, m2.address + 8 * from, x.address + 4 * from];
        runtime.kernels.moments_merge(to, too, of, 11, 37, cuts[i] - from, D);
      }
      return [...mean.read(), ...m2.read()];
    });
    assert.equal(parts, whole);
    runtime.checkGuards();
  });

  tests("standardized rows have mean 0 and deviation 1; what is constant becomes 0", () => {
    const n = 200;
    const values = rowsOf(n);
    using x = runtime.tensor([n, D]).write(values);
    using out = runtime.tensor([n, D]);
    using normalizer = createNormalizer(runtime, D);
    out.view.fill(NaN);
    normalizer.update(x, 20);
    normalizer.fit(x, n);
    assert.is(normalizer.count, n);
    normalizer.standardize(out, x, n);
    const { mean, std } = statistics(out.view, D);
    for (const d of [0, 3, 4]) {
      assert.ok(Math.abs(mean[d]) < 0.01 && Math.abs(std[d] - 1) < 1e-4, `dimension ${d}: ${mean[d]}, ${std[d]}`);
    }
    assert.ok(Math.abs(mean[1]) < 1e-7 && std[1] < 1e-7);
    const apart = out.read();
    normalizer.standardize(x, x, n);
    assert.equal(x.read(), apart, "in place");
    runtime.checkGuards();
  });

  tests("before the first row it changes nothing; a NaN shows in its own dimension", () => {
    using x = runtime.tensor([2, D]).write(Array.from({ length: 2 * D }, (_, i) => i));
    using normalizer = createNormalizer(runtime, D);
    const before = x.read();
    normalizer.standardize(x, x, 2);
    assert.equal(x.read(), before);
    x.view[3] = NaN;
    normalizer.fit(x, 2);
    assert.equal([...normalizer.mean.view].map(Number.isNaN), [false, false, false, true, false]);
  });

  tests("save and load continue bit for bit", () => {
    using x = runtime.tensor([9, D]).write(rowsOf(9));
    using normalizer = createNormalizer(runtime, D);
    using resumed = createNormalizer(runtime, D);
    normalizer.update(x, 9);
    resumed.load(normalizer.save());
    assert.equal(resumed.inverseStd.read(), normalizer.inverseStd.read());
    normalizer.update(x, 4);
    resumed.update(x, 4);
    assert.equal(resumed.save(), normalizer.save());
    using other = createNormalizer(runtime, D + 1);
    assert.throws(() => other.load(normalizer.save()), /saved array "mean" expected f64\[6\], got f64\[5\]/);
    assert.throws(() => other.update(x, 9), /"x" expected at least 9 rows of 6 f32/);
  });

  tests.run();
}
