// The distributions over actions, by what is known of them: moments of draws, densities where they are hard to compute, bounds that
// hold whatever a head says.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { box, contains, discrete } from "../../src/envs/index.js";
import { RandomStream } from "../../src/kernels/index.js";
import { createPolicy, type Policy, type PolicyKind } from "../../src/policies/index.js";
import * as oracle from "../oracle/policies.js";
import { runtime } from "../support/runtime.js";
import { D, distance, headRows, rowsIn, setup, variants } from "./support.js";

const policies = suite("distributions of policies");

policies("draws of a Gaussian have its mean and variance, those of a categorical policy its probabilities", () => {
  const n = 100_000;
  for (const variant of [variants[1], variants[4]]) {
    const { policy, observation, random } = setup(runtime, variant);
    const A = policy.actionSize;
    // the same observation in all rows
    const rows = runtime.tensor([n, D]);
    runtime.kernels.rows_repeat(rows.address, observation.address, n, D);
    const pass = policy.pass(n);
    pass.forward(rows, n);
    const [action, raw, noise] = [runtime.tensor([n, A]), runtime.tensor([n, A]), runtime.tensor([n, A])];
    if (variant.kind === "categorical") random.uniform(noise);
    else random.normal(noise);
    pass.act(action, raw, undefined, noise);
    const [h] = headRows(policy, pass.head, 1);
    const values = rowsIn(raw, A, n);
    if (variant.kind === "categorical") {
      oracle.probabilities(h).forEach((p, k) => {
        const share = values.filter(([u]) => u === k).length / n;
        assert.ok(Math.abs(share - p) < 5 * Math.sqrt((p * (1 - p)) / n), `${k}: ${share} of ${p}`);
      });
      continue;
    }
    for (let a = 0; a < A; a++) {
      const std = Math.exp(Math.min(2, Math.max(-5, h[A + a])));
      const mean = values.reduce((sum, u) => sum + u[a], 0) / n;
      const variance = values.reduce((sum, u) => sum + (u[a] - h[a]) ** 2, 0) / n;
      assert.ok(Math.abs(mean - h[a]) < (5 * std) / Math.sqrt(n), `mean ${mean} of ${h[a]}`);
      assert.ok(Math.abs(variance / std ** 2 - 1) < 5 * Math.sqrt(2 / n), `variance ${variance} of ${std ** 2}`);
    }
  }
});

/** A policy whose head is the same for all observations. */
function constant(kind: PolicyKind, biases: readonly number[]): Policy {
  const A = biases.length / 2;
  const actionSpace = kind === "categorical" ? discrete(biases.length) : box(Array(A).fill(-1), Array(A).fill(1));
  const options = { kind, observationSize: 1, actionSpace, std: "state-dependent", hidden: [], seed: 0 } as const;
  const policy = createPolicy(runtime, options);
  const state = policy.network.weights();
  state.arrays["layer0.weight"].data.fill(0);
  state.arrays["layer0.bias"].data.set(biases);
  policy.network.setWeights(state);
  return policy;
}

policies("the squashed log-density is exact where tanh is 1 to all digits", () => {
  const policy = constant("squashed", [0, 1]);
  const points = [-40, -20, -8, -1, -1e-4, 0, 1e-4, 1, 8, 20, 40];
  const rows = points.length;
  const pass = policy.pass(rows);
  pass.forward(runtime.tensor([rows, 1]), rows);
  const [out, raw] = [runtime.tensor([rows]), runtime.tensor([rows, 1]).write(points)];
  pass.logProb(out, raw);
  points.forEach((_, i) => {
    const u = raw.view[i];
    const gaussian = -0.5 * (u / Math.E) ** 2 - 1 - 0.5 * Math.log(2 * Math.PI);
    // 1 − tanh² = 1 / cosh²: log cosh u = |u| − ln 2 + log1p(e^(−2|u|))
    const x = Math.abs(u);
    const expected = gaussian + 2 * (x - Math.LN2 + Math.log1p(Math.exp(-2 * x)));
    assert.ok(Math.abs(out.view[i] - expected) <= 1e-6 * Math.max(1, Math.abs(expected)), `${u}: ${out.view[i]}`);
  });
});

policies("the squashed density integrates to one over the action", () => {
  const policy = constant("squashed", [0.4, -0.3]);
  const rows = 20_000;
  const pass = policy.pass(rows);
  pass.forward(runtime.tensor([rows, 1]), rows);
  const y = Array.from({ length: rows }, (_, i) => -1 + (2 * (i + 0.5)) / rows);
  const raw = runtime.tensor([rows, 1]).write(y.map((value) => Math.atanh(value)));
  const out = runtime.tensor([rows]);
  pass.logProb(out, raw);
  const mass = [...out.view].reduce((sum, value) => sum + Math.exp(value) * (2 / rows), 0);
  assert.ok(Math.abs(mass - 1) < 1e-4, `${mass}`);
});

policies("log σ beyond its bounds is clamped, and has no gradient there", () => {
  const policy = constant("gaussian", [0, 0, -9, 5]);
  const pass = policy.pass(1);
  pass.forward(runtime.tensor([1, 1]), 1);
  const [action, raw, out] = [runtime.tensor([1, 2]), runtime.tensor([1, 2]), runtime.tensor([1])];
  pass.act(action, raw, out, runtime.tensor([1, 2]).write([1, 1]));
  assert.ok(Math.abs(raw.view[0] - Math.exp(-5)) < 1e-8 && Math.abs(raw.view[1] - Math.exp(2)) < 1e-5);
  const gradients = runtime.tensor([policy.network.params.size]);
  pass.gradient(gradients, raw, runtime.tensor([1]).write([1]), 1);
  assert.equal([...gradients.view.slice(-8)].map(Math.sign), [1, 1, 0, 0, 0, 0, 0, 0]);
  pass.fisher(gradients, gradients);
  assert.equal([...gradients.view.slice(-6)], [0, 0, 0, 0, 0, 0]);
});

policies("actions lie within bounds that float32 rounds, however far u is", () => {
  const random = new RandomStream(runtime, 7, "bounds");
  const rows = 400;
  const bounds = runtime.tensor([2, rows]);
  random.normal(bounds);
  const [a, b] = [bounds.read().slice(0, rows), bounds.read().slice(rows)];
  const actionSpace = box(
    a.map((x, i) => Math.min(x, b[i])),
    a.map((x, i) => Math.max(x, b[i])),
  );
  for (const kind of ["gaussian", "squashed", "deterministic"] as const) {
    const policy = createPolicy(runtime, { kind, observationSize: 1, actionSpace, hidden: [], seed: 0 });
    const state = policy.network.weights();
    for (const u of [-30, 30]) {
      state.arrays["layer0.bias"].data.fill(u, 0, rows);
      policy.network.setWeights(state);
      const action = policy.agent().act([0]);
      assert.ok(contains(actionSpace, action));
      assert.ok(distance(action, u < 0 ? actionSpace.low : actionSpace.high) < 1e-6);
    }
  }
});

policies("choices at the ends of the uniform numbers, among logits far apart", () => {
  const policy = constant("categorical", [-1000, 2, 2, 1000]);
  const rows = 3;
  const pass = policy.pass(rows);
  pass.forward(runtime.tensor([rows, 1]), rows);
  const [action, raw, out] = [runtime.tensor([rows, 1]), runtime.tensor([rows, 1]), runtime.tensor([rows])];
  pass.act(action, raw, out, runtime.tensor([rows, 1]).write([2 ** -24, 0.5, 1 - 2 ** -24]));
  assert.equal([...raw.view, ...out.view], [3, 3, 3, 0, 0, 0]);
  const even = constant("categorical", [1, 1, 1, 1]);
  const other = even.pass(4);
  other.forward(runtime.tensor([4, 1]), 4);
  const [a, u] = [runtime.tensor([4, 1]), runtime.tensor([4, 1])];
  other.act(a, u, undefined, runtime.tensor([4, 1]).write([2 ** -24, 0.3, 0.6, 1 - 2 ** -24]));
  assert.equal([...u.view], [0, 1, 2, 3]);
  other.act(a, u, undefined, undefined);
  assert.equal([...u.view], [0, 0, 0, 0]);
});

policies.run();
