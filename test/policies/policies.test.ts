// Policies against their float64 twins, and the twins against central differences: actions, log-densities, entropy, KL,
// gradients, Fisher-vector products, reparameterized gradients. On the release and the checked binary.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { box, contains, discrete } from "../../src/envs/index.js";
import { RandomStream } from "../../src/kernels/index.js";
import { createPolicy, type Policy, type PolicyKind } from "../../src/policies/index.js";
import { loadRuntime, type Runtime, type Tensor } from "../../src/wasm/index.js";
import { gradient } from "../oracle/differences.js";
import * as oracle from "../oracle/policies.js";
import { runtime, runtimes } from "../support/runtime.js";
import {
  D,
  directionOf,
  distance,
  flatOf,
  headRows,
  randomize,
  ROWS,
  rowsIn,
  setup,
  twinOf,
  variants,
} from "./support.js";

// rows of central differences, which take two passes of the twin for each parameter
const FEW = 30;
// agreement of gradients with the twin, and of the twin with central differences
const TWIN = 1e-4;
const DIFFERENCES = 1e-6;

const policies = suite("policies");

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  const error = distance(actual, expected);
  assert.ok(error <= tolerance, `${what}: relative distance ${error}`);
}

interface Batch extends ReturnType<typeof setup> {
  readonly pass: ReturnType<Policy["pass"]>;
  readonly raw: Tensor;
  readonly action: Tensor;
  readonly logProb: Tensor;
  /** Weights of rows, some of them 0. */
  readonly weight: Tensor;
  readonly twin: oracle.PolicyTwin;
  readonly xs: number[][];
}

function batch(on: Runtime, variant: (typeof variants)[number]): Batch {
  const parts = setup(on, variant);
  const { policy, observation, noise, random } = parts;
  const A = policy.actionSize;
  const pass = policy.pass(ROWS);
  pass.forward(observation, ROWS);
  const [action, raw, logProb, weight] = [
    on.tensor([ROWS, A]),
    on.tensor([ROWS, A]),
    on.tensor([ROWS]),
    on.tensor([ROWS]),
  ];
  pass.act(action, raw, logProb, noise);
  random.uniform(weight);
  weight.write(weight.read().map((w, r) => (r % 7 === 3 ? 0 : w)));
  return { ...parts, pass, action, raw, logProb, weight, twin: twinOf(policy), xs: rowsIn(observation, D) };
}

/** Another policy's head on the same rows: what the old one of a KL is. */
function movedHead({ policy, pass, observation }: Batch): Tensor {
  const before = policy.network.params.read();
  policy.network.params.write(before.map((value) => value * 1.1));
  policy.network.changed();
  pass.forward(observation, ROWS);
  const old = policy.runtime.tensor(pass.head.shape).write(pass.head.read());
  policy.network.params.write(before);
  policy.network.changed();
  pass.forward(observation, ROWS);
  return old;
}

for (const [name, on] of runtimes) {
  for (const variant of variants) {
    const { kind } = variant;
    const label = `${variant.name} (${name})`;

    policies(`${label}: heads, actions and log-densities of the twin`, () => {
      const { policy, pass, action, raw, logProb, noise, twin, xs } = batch(on, variant);
      const A = policy.actionSize;
      const heads = headRows(policy, pass.head);
      close(
        heads.flat(),
        xs.flatMap((x) => oracle.headOf(twin, x)),
        1e-5,
        "heads",
      );
      const us = heads.map((h, r) => oracle.rawOf(twin, h, rowsIn(noise, A)[r]));
      close(raw.read(), us.flat(), 1e-6, "u");
      const stored = rowsIn(raw, A);
      close(
        action.read(),
        stored.flatMap((u) => oracle.actionOf(twin, u)),
        1e-6,
        "actions",
      );
      for (const row of rowsIn(action, A)) {
        assert.ok(contains(policy.actionSpace, kind === "categorical" ? row[0] : row), `${row}`);
      }
      pass.act(action, raw, undefined, undefined);
      close(
        raw.read(),
        heads.flatMap((h) => oracle.rawOf(twin, h)),
        1e-6,
        "modes",
      );
      if (kind === "deterministic") {
        assert.ok(logProb.read().every((value) => value === 0));
        return;
      }
      const expected = heads.map((h, r) => oracle.logProb(twin, h, stored[r]));
      close(logProb.read(), expected, 1e-6, "log-densities as drawn");
      const again = on.tensor([ROWS]);
      const drawn = on.tensor([ROWS, A]).write(stored.flat());
      pass.logProb(again, drawn);
      assert.equal(again.read(), logProb.read());
      pass.entropy(again);
      close(
        again.read(),
        heads.map((h) => oracle.entropy(twin, h)),
        1e-6,
        "entropies",
      );
    });

    policies(`${label}: a step in Wasm has the bits of a pass, in blocks of any size`, () => {
      const { policy, action, raw, logProb, observation, noise } = batch(on, variant);
      const A = policy.actionSize;
      const { widest } = policy.network.table;
      const scratch = on.tensor([ROWS * (2 * widest + policy.headStride + D)]);
      const again = [on.tensor([ROWS, A]), on.tensor([ROWS, A]), on.tensor([ROWS])];
      const [a, u, l] = again.map(({ address }) => address);
      for (let row = 0; row < ROWS; row += 50) {
        const rows = Math.min(50, ROWS - row);
        const [x, z] = [observation.address + 4 * row * D, noise.address + 4 * row * A];
        const at = 4 * row * A;
        on.kernels.policy_step(policy.table.address, a + at, u + at, l + 4 * row, x, z, rows, scratch.address);
      }
      for (const [i, tensor] of [action, raw, logProb].entries()) assert.equal(again[i].read(), tensor.read());
    });

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

policies("saved and loaded, a policy is the same bit for bit; another one refuses", () => {
  for (const variant of variants) {
    const { policy, pass } = batch(runtime, variant);
    const copy = setup(runtime, variant, { seed: 99 });
    copy.policy.load(policy.save());
    const again = copy.policy.pass(ROWS);
    again.forward(copy.observation, ROWS);
    assert.equal(again.head.read(), pass.head.read());
    assert.equal(copy.policy.network.params.read(), policy.network.params.read());
    assert.equal(copy.policy.save(), policy.save());
  }
  const { policy } = batch(runtime, variants[0]);
  const other = setup(runtime, variants[1]);
  const before = other.policy.save();
  assert.throws(() => other.policy.load(policy.save()), /saved policy has constantStd true, this one false/);
  const wider = setup(runtime, variants[0], { hidden: [8] });
  assert.throws(() => wider.policy.load(policy.save()), /layer0\.weight/);
  assert.equal(other.policy.save(), before);
  const { meta, arrays } = other.policy.save();
  const bad = { ...arrays["filter.statistics.m2"], data: Float64Array.of(1, 1, Number.NaN, 1, 1) };
  const moved = { ...arrays["network.layer0.bias"], data: new Float32Array(19).fill(1) };
  const state = { meta, arrays: { ...arrays, "filter.statistics.m2": bad, "network.layer0.bias": moved } };
  assert.throws(() => other.policy.load(state), /statistics that are not finite/);
  assert.equal(other.policy.save(), before);
});

policies("σ is what was asked for, and is taken back", () => {
  const actionSpace = box([-1, -1], [1, 1]);
  const options = { kind: "gaussian", observationSize: 2, actionSpace, initialStd: 0.5, seed: 0 } as const;
  const policy = createPolicy(runtime, options);
  const near = (value: number): void =>
    assert.ok(policy.stdValues().every((std) => Math.abs(std / value - 1) < 1e-6) && policy.stdValues().length === 2);
  near(0.5);
  randomize(policy, new RandomStream(runtime, 0, "test"));
  policy.setStd(0.3);
  near(0.3);
  policy.initialize(5);
  near(0.5);
  assert.throws(
    () => policy.setStd(0),
    /policy\.setStd: "value" expected a finite number in \[0\.0067, 7\.3891\], got 0/,
  );
  const discreteOne = createPolicy(runtime, { ...options, kind: "categorical", actionSpace: discrete(2) });
  assert.throws(() => discreteOne.setStd(1), /policy\.setStd: "policy" expected one with a standard deviation/);
  assert.is(discreteOne.stdValues().length, 0);
});

policies("what does not fit is refused at the edge", () => {
  const actionSpace = box([-1], [1]);
  const options = { kind: "gaussian", observationSize: 3, actionSpace, seed: 0 } as const;
  const make = (change: object) => () => createPolicy(runtime, { ...options, ...change });
  assert.throws(make({ kind: "normal" }), /createPolicy: "kind" expected one of gaussian, squashed/);
  assert.throws(
    make({ actionSpace: discrete(2) }),
    /"actionSpace" expected a box space, for kind "gaussian", got "discrete"/,
  );
  assert.throws(make({ kind: "categorical" }), /"actionSpace" expected a discrete space/);
  assert.throws(make({ hidden: [0] }), /"hidden" expected an integer of at least 1/);
  assert.throws(make({ std: "constant" }), /"std" expected one of/);
  assert.throws(make({ colour: 1 }), /unknown option "colour"/);
  assert.throws(make({ filter: 1 }), /"filter" expected true or false/);
  const policy = createPolicy(runtime, options);
  const pass = policy.pass(4);
  const [rows, one] = [runtime.tensor([4, 3]), runtime.tensor([1])];
  assert.throws(() => pass.forward(rows, 5), /policyPass\.forward: "rows" expected an integer in \[0, 4\], got 5/);
  assert.throws(() => pass.forward(one, 4), /policyPass\.forward: "observation" expected at least 4 rows of 3 f32/);
  pass.forward(rows, 4);
  assert.throws(
    () => pass.logProb(one, runtime.tensor([4, 1])),
    /policyPass\.logProb: "out" expected at least 4 rows of 1/,
  );
  assert.throws(() => pass.fisher(one, one), /policyPass\.fisher: "out" expected at least 1 rows of \d+ f32/);
  const silent = createPolicy(runtime, { ...options, kind: "deterministic" }).pass(1);
  silent.forward(rows, 1);
  const isKind = (error: unknown): boolean =>
    error instanceof TypeError && /"policy" expected one with a density, got "deterministic"/.test(error.message);
  assert.throws(() => silent.logProb(one, one), isKind);
  assert.throws(() => silent.entropy(one), isKind);
  assert.throws(() => silent.kl(one), isKind);
  assert.throws(() => silent.fisher(one, one), isKind);
  assert.throws(() => silent.gradient(one, one, one), isKind);
  const choice = createPolicy(runtime, { ...options, kind: "categorical", actionSpace: discrete(2) }).pass(1);
  choice.forward(rows, 1);
  assert.throws(
    () => choice.vjpAction(undefined, one, undefined),
    /"policy" expected one whose actions are continuous/,
  );
});

policies("the same bits on two threads", async () => {
  const results: ArrayLike<number>[][] = [];
  for (const threads of [1, 2]) {
    const on = await loadRuntime({ threads });
    results.push(
      variants.flatMap((variant) => {
        const all = batch(on, variant);
        const { policy, pass, raw, action, logProb, weight, noise, random } = all;
        const out = [pass.head.read(), raw.read(), action.read(), logProb.read()];
        const gradients = on.tensor([policy.network.params.size]);
        if (variant.kind !== "deterministic") {
          pass.gradient(gradients, raw, weight, 0.1);
          out.push(gradients.read());
          pass.fisher(gradients, directionOf(policy, random), weight);
          out.push(gradients.read(), Float32Array.of(pass.kl(movedHead(all), weight)));
        }
        if (variant.kind !== "categorical") {
          const observationGradient = on.tensor([ROWS, D]);
          pass.vjpAction(gradients, noise, noise, { observationGradient });
          out.push(gradients.read(), observationGradient.read());
        }
        return out;
      }),
    );
    on.dispose();
  }
  assert.ok(results[0].length > 30);
  assert.equal(results[1], results[0]);
});

policies("no rows are no work", () => {
  const { policy, pass, observation, raw, weight } = batch(runtime, variants[0]);
  pass.forward(observation, 0);
  const gradients = runtime.tensor([policy.network.params.size]);
  gradients.view.fill(1);
  pass.gradient(gradients, raw, weight, 1);
  assert.ok(gradients.read().every((value) => value === 0));
  assert.is(pass.kl(pass.head), 0);
});

policies.run();
