// What is learned with: gradients of log-densities and entropy, KL, Fisher-vector products and reparameterized gradients against the
// float64 twins, and the twins against central differences. On the release and the checked binary.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Tensor } from "../../src/wasm/index.js";
import { gradient } from "../oracle/differences.js";
import * as oracle from "../oracle/policies.js";
import { runtime, runtimes } from "../support/runtime.js";
import { batch, close, D, directionOf, flatOf, headRows, movedHead, ROWS, rowsIn, variants } from "./support.js";

// rows of central differences, which take two passes of the twin for each parameter
const FEW = 30;
// agreement of gradients with the twin, and of the twin with central differences
const TWIN = 1e-4;
const DIFFERENCES = 1e-6;

const policies = suite("gradients of policies");

for (const [name, on] of runtimes) {
  for (const variant of variants) {
    const { kind } = variant;
    const label = `${variant.name} (${name})`;

    if (kind !== "deterministic") {
      policies(`${label}: gradient of weighted log-densities and entropy`, () => {
        const all = batch(on, variant);
        const { policy, pass, raw, weight, twin, xs } = all;
        const us = rowsIn(raw, policy.actionSize);
        const w = [...weight.view];
        const entropyWeight = 0.3;
        const gradients = on.tensor([policy.network.params.size]);
        pass.gradient(gradients, raw, weight, entropyWeight);
        const dhs = xs.map((x, r) => {
          const h = oracle.headOf(twin, x);
          return oracle.score(twin, h, us[r], w[r], entropyWeight / ROWS);
        });
        const expected = oracle.flat(oracle.backward(twin, xs, dhs).gradients);
        close(flatOf(policy, gradients), expected, TWIN, "gradient");
        const value = (parameters: ArrayLike<number>): number => {
          const moved = oracle.withParameters(twin, parameters);
          return xs.slice(0, FEW).reduce((total, x, r) => {
            const h = oracle.headOf(moved, x);
            return total + w[r] * oracle.logProb(twin, h, us[r]) + (entropyWeight / ROWS) * oracle.entropy(twin, h);
          }, 0);
        };
        // an action of weight 0 does not count, whatever it is; nor does an entropy
        weight.view[3] = 0;
        pass.gradient(gradients, raw, weight, entropyWeight);
        const without = gradients.read();
        const entropies = on.tensor([ROWS]);
        raw.view.fill(Number.NaN, 3 * policy.actionSize, 4 * policy.actionSize);
        pass.gradient(gradients, raw, weight, entropyWeight);
        assert.equal(gradients.read(), without);
        pass.entropy(entropies, weight);
        const own = xs.map((x, r) => (weight.view[r] === 0 ? 0 : oracle.entropy(twin, oracle.headOf(twin, x))));
        close(entropies.read(), own, TWIN, "entropies of rows that count");
        if (name === "checked") return;
        const few = oracle.flat(oracle.backward(twin, xs.slice(0, FEW), dhs).gradients);
        close(few, differences(twin, value), DIFFERENCES, "differences");
      });

      policies(`${label}: KL`, () => {
        const all = batch(on, variant);
        const { policy, pass, weight, twin } = all;
        const own = on.tensor(pass.head.shape).write(pass.head.read());
        assert.is(pass.kl(own), 0);
        assert.is(pass.kl(own, weight), 0);
        const old = movedHead(all);
        const heads = headRows(policy, pass.head);
        const rows = headRows(policy, old).map((h, r) => oracle.kl(twin, h, heads[r]));
        assert.ok(rows.every((value) => value > 0));
        close([pass.kl(old)], [rows.reduce((a, b) => a + b) / ROWS], 1e-6, "mean");
        const w = [...weight.view];
        const weighted = rows.reduce((total, value, r) => total + w[r] * value, 0) / w.reduce((a, b) => a + b);
        close([pass.kl(old, weight)], [weighted], 1e-6, "weighted mean");
        // rows of weight 0 do not count, whatever is in them
        old.view.fill(Number.NaN, 3 * policy.headStride, 4 * policy.headStride);
        close([pass.kl(old, weight)], [weighted], 1e-6, "without a bad row");
        assert.ok(Number.isNaN(pass.kl(old)));
        weight.view.fill(0);
        assert.is(pass.kl(old, weight), 0);
      });

      policies(`${label}: Fisher-vector products`, () => {
        const { policy, pass, random, weight, twin, xs } = batch(on, variant);
        const [v, other] = [directionOf(policy, random), directionOf(policy, random)];
        const [fv, fother] = [on.tensor([v.size]), on.tensor([v.size])];
        for (const weights of [undefined, weight]) {
          pass.fisher(fv, v, weights);
          pass.fisher(fother, other, weights);
          const w = weights ? [...weights.view] : xs.map(() => 1);
          const expected = oracle.fisher(twin, xs, gradientsOf(twin, flatOf(policy, v)), w);
          close(flatOf(policy, fv), oracle.flat(expected), TWIN, "product");
          // symmetric, and no direction has negative length
          const [left, right] = [dot(v, fother), dot(other, fv)];
          assert.ok(Math.abs(left - right) <= 1e-5 * Math.sqrt(dot(v, fv) * dot(other, fother)), `${left}, ${right}`);
          assert.ok(dot(v, fv) > 0);
        }
        const copy = v.read();
        pass.fisher(v, v, weight);
        pass.fisher(fother, fv.write(copy), weight);
        assert.equal(v.read(), fother.read());
        if (name === "checked") return;
        // the twin's product is the change of the gradient of KL(old ‖ ·) along the direction
        const direction = oracle.flat(oracle.masked(twin, gradientsOf(twin, [...flatOf(policy, fv)])));
        const start = oracle.flat(twin.mlp);
        const norm = Math.sqrt(direction.reduce((sum, x) => sum + x * x, 0));
        const klAt = (step: number): number[] => {
          const moved = oracle.withParameters(
            twin,
            start.map((x, i) => x + (step * direction[i]) / norm),
          );
          const dhs = xs.map((x) =>
            oracle.klGradient(twin, oracle.headOf(twin, x), oracle.headOf(moved, x)).map((value) => value / ROWS),
          );
          return oracle.flat(oracle.backward(moved, xs, dhs).gradients);
        };
        const h = 1e-5;
        const below = klAt(-h);
        const change = klAt(h).map((value, i) => ((value - below[i]) / (2 * h)) * norm);
        const product = oracle.fisher(
          twin,
          xs,
          gradientsOf(twin, direction),
          xs.map(() => 1),
        );
        close(oracle.flat(product), change, DIFFERENCES, "change of the KL's gradient");
      });
    }

    if (kind !== "categorical") {
      policies(`${label}: reparameterized gradients, also of observations`, () => {
        const { policy, pass, random, noise, twin, xs } = batch(on, variant);
        const A = policy.actionSize;
        const g = on.tensor([ROWS, A]);
        random.normal(g);
        const gs = rowsIn(g, A);
        const gradients = on.tensor([policy.network.params.size]);
        const observationGradient = on.tensor([ROWS, D]);
        for (const drawn of [noise, undefined]) {
          const rows = drawn && rowsIn(drawn, A);
          pass.vjpAction(gradients, g, drawn, { observationGradient });
          const dhs = xs.map((x, r) => oracle.actionScore(twin, oracle.headOf(twin, x), gs[r], rows?.[r]));
          const expected = oracle.backward(twin, xs, dhs);
          close(flatOf(policy, gradients), oracle.flat(expected.gradients), TWIN, "gradient");
          close(observationGradient.read(), expected.observations.flat(), TWIN, "observation gradient");
          const objective = (moved: oracle.PolicyTwin, inputs: readonly number[][]): number =>
            inputs.reduce((total, x, r) => {
              const u = oracle.rawOf(moved, oracle.headOf(moved, x), rows?.[r]);
              return total + oracle.actionOf(moved, u).reduce((sum, value, a) => sum + value * gs[r][a], 0);
            }, 0);
          if (name === "checked") continue;
          const some = xs.slice(0, FEW);
          const few = oracle.backward(twin, some, dhs);
          const byParameters = differences(twin, (p) => objective(oracle.withParameters(twin, p), some));
          close(oracle.flat(few.gradients), byParameters, DIFFERENCES, "differences");
          const byInputs = gradient((flat) => {
            const inputs = some.map((_, r) => Array.from(flat.subarray(r * D, (r + 1) * D)));
            return objective(twin, inputs);
          }, some.flat());
          close(few.observations.flat(), byInputs, DIFFERENCES, "differences of observations");
        }
        const once = gradients.read();
        pass.vjpAction(gradients, g, undefined, { accumulate: true });
        close(
          gradients.read(),
          once.map((value) => 2 * value),
          1e-6,
          "accumulated",
        );
        pass.vjpAction(undefined, g, undefined, { observationGradient });
      });
    }
  }
}

function dot(a: Tensor, b: Tensor): number {
  const other = b.view;
  return a.view.reduce((sum, value, i) => sum + value * other[i], 0);
}

// a list of numbers as gradients
function gradientsOf(twin: oracle.PolicyTwin, values: readonly number[]) {
  const { weights, biases } = oracle.withParameters(twin, values).mlp;
  return {
    weights: weights.map((layer) => layer.map((row) => [...row])),
    biases: biases.map((row) => [...row]),
  };
}

// central differences in all parameters but the masked ones
function differences(twin: oracle.PolicyTwin, f: (parameters: Float64Array) => number): number[] {
  const values = gradient(f, oracle.flat(twin.mlp));
  return oracle.flat(oracle.masked(twin, gradientsOf(twin, [...values])));
}

policies("weights towards a log σ that is a parameter stay zero", () => {
  const { policy, pass, raw, weight, random } = batch(runtime, variants[0]);
  const { params } = policy.network;
  const state = policy.network.weights().arrays[`layer${policy.network.layers.length - 2}.weight`];
  const towards = state.data.filter((_, i) => i % policy.headSize >= policy.actionSize);
  assert.ok(towards.length > 0 && towards.every((value) => value === 0));
  const gradients = runtime.tensor([params.size]);
  const check = (): void => {
    const before = params.read();
    params.write(gradients.read());
    const { data } = policy.network.weights().arrays[`layer${policy.network.layers.length - 2}.weight`];
    params.write(before);
    data.forEach((value, i) => {
      if (i % policy.headSize >= policy.actionSize) assert.is(value, 0);
      else assert.is.not(value, 0);
    });
  };
  pass.gradient(gradients, raw, weight);
  check();
  pass.fisher(gradients, directionOf(policy, random));
  check();
});

policies.run();
