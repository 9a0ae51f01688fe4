// exp and log of single f64: within two ulp of the engine's, at the ends of their ranges, and through one another.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { generator } from "../support/numbers.js";
import { runtimes } from "../support/runtime.js";

const ULP = 2 ** -52;

for (const [name, { kernels }] of runtimes) {
  const tests = suite(`scalar exp and log (${name})`);

  function near(actual: number, expected: number, what: string): void {
    assert.ok(Math.abs(actual - expected) <= 2 * ULP * Math.abs(expected), `${what}: ${actual}, not ${expected}`);
  }

  tests("exp", () => {
    const next = generator(1);
    for (let i = 0; i < 20_000; i++) {
      const x = i % 2 ? next() * 700 : next() * 2;
      near(kernels.exp_f64(x), Math.exp(x), `exp ${x}`);
    }
    assert.is(kernels.exp_f64(0), 1);
    assert.is(kernels.exp_f64(-0), 1);
    assert.is(kernels.exp_f64(710), Infinity);
    assert.is(kernels.exp_f64(Infinity), Infinity);
    assert.is(kernels.exp_f64(-709), 0);
    assert.is(kernels.exp_f64(-Infinity), 0);
    assert.ok(Number.isNaN(kernels.exp_f64(Number.NaN)));
  });

  tests("log", () => {
    const next = generator(2);
    for (let i = 0; i < 20_000; i++) {
      const x = i % 2 ? Math.exp(next() * 700) : 1 + 0.5 * next();
      near(kernels.log_f64(x), Math.log(x), `log ${x}`);
    }
    assert.is(kernels.log_f64(1), 0);
    near(kernels.log_f64(2 ** -1022), Math.log(2 ** -1022), "the smallest normal number");
  });

  tests.run();
}
