// STEVE's toy problem: with models that err, the rule that weighs horizons by variance comes to the true values, and the others by
// how far ahead they look at their worst; with perfect models all do.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ExpansionRule } from "../../src/learning/index.js";
import { learnChain } from "../support/chain.js";
import { generator } from "../support/numbers.js";
import { runtime } from "../support/runtime.js";

const test = suite("noisy chain");

// mean square errors of the targets in the last tenth, of each seed
function errors(rule: ExpansionRule, noise: number, seeds: number, steps: number): number[] {
  return Array.from({ length: seeds }, (_, seed) => {
    const next = generator(seed + 1);
    return learnChain(runtime, { rule, noise, steps, random: () => (next() + 1) / 2 }).target[9];
  });
}

test("models that err: STEVE before the λ-like mean, the mean, the last and the least horizon, in 20 seeds", () => {
  const [steve, lambda, mean, last, min] = (["steve", "lambda", "mean", "last", "min"] as const).map((rule) =>
    errors(rule, 0.1, 20, 6500),
  );
  const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const order = [steve, lambda, mean, last, min].map(average);
  for (let i = 1; i < order.length; i++) assert.ok(order[i - 1] < 0.95 * order[i], `${order}`);
  steve.forEach((error, seed) => {
    assert.ok(error < Math.min(lambda[seed], mean[seed], last[seed]), `seed ${seed}: ${error}`);
  });
});

test("perfect models: every mixture comes to the true values, the longest horizon first", () => {
  for (const rule of ["last", "mean", "steve"] as const) {
    for (const error of errors(rule, 0, 3, 5000)) assert.ok(error < 0.01, `${rule}: ${error}`);
  }
  const [soon, late] = (["last", "lambda"] as const).map((rule) => errors(rule, 0, 2, 2000));
  for (const [seed, error] of soon.entries()) assert.ok(error < late[seed], `${error} and ${late[seed]}`);
});

test.run();
