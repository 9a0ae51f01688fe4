// Policies: heads, actions and log-densities against their float64 twins, on the release and the checked binary; steps in Wasm; saves,
// σ, arguments, threads.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { box, contains, discrete } from "../../src/envs/index.js";
import { RandomStream } from "../../src/kernels/index.js";
import { createPolicy } from "../../src/policies/index.js";
import { loadRuntime } from "../../src/wasm/index.js";
import * as oracle from "../oracle/policies.js";
import { runtime, runtimes } from "../support/runtime.js";
import {
  batch,
  close,
  D,
  directionOf,
  headRows,
  movedHead,
  randomize,
  ROWS,
  rowsIn,
  setup,
  variants,
} from "./support.js";

const policies = suite("policies");

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
  }
}

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
