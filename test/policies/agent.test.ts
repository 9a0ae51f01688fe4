// The policy as an agent, and the observation filter: frozen between updates, statistics in float64, guards, saved states.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cartPole, makeEnv, pendulum, type Task } from "../../src/envs/index.js";
import { createObservationFilter, createPolicy } from "../../src/policies/index.js";
import type { Json } from "../../src/types.js";
import { runtime, runtimes } from "../support/runtime.js";
import { setup, variants } from "./support.js";

const agents = suite("policy agent and observation filter");

for (const [name, on] of runtimes) {
  agents(`the filter standardizes and clips; a constant dimension is only shifted (${name})`, () => {
    const filter = createObservationFilter(on, 3);
    // a large mean beside a small deviation; a constant; one that rounding alone moves
    const rows = Array.from({ length: 50 }, (_, r) => [1e4 + Math.sin(r), 0.3, 1000 + (r % 2) * 2 ** -14]);
    const x = on.tensor([50, 3]).write(rows.flat());
    const out = on.tensor([50, 3]);
    filter.apply(out, x, 50);
    // nothing is known yet: only the clip
    assert.equal([...out.view.slice(0, 3)], [10, Math.fround(0.3), 10]);
    filter.update(x, 20);
    filter.update(on.tensor([30, 3]).write(x.read().slice(60)), 30);
    assert.is(filter.count, 50);
    const stored = Array.from({ length: 50 }, (_, r) => x.view[3 * r]);
    const mean = stored.reduce((a, b) => a + b) / 50;
    const std = Math.sqrt(stored.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 50);
    assert.ok(Math.abs(filter.mean.view[0] - mean) < 1e-3);
    assert.ok(Math.abs(filter.inverseStd.view[0] * std - 1) < 1e-6);
    assert.equal([...filter.inverseStd.view.slice(1)], [1, 1]);
    x.write(rows.flatMap(([a, b, c], r) => [r === 0 ? a + 1e6 : a, b, c]));
    filter.apply(out, x, 50);
    assert.is(out.view[0], 10);
    assert.is(out.view[1], 0);
    x.view[0] = Number.NaN;
    filter.apply(x, x, 50);
    assert.ok(Number.isNaN(x.view[0]));
  });
}

agents("the filter stays as it is until it is updated, also when passes and agents use it", () => {
  const { policy, observation } = setup(runtime, variants[0]);
  const before = policy.filter.save();
  const pass = policy.pass(8);
  pass.forward(observation, 8);
  const agent = policy.agent({ stochastic: true });
  for (let i = 0; i < 5; i++) agent.act(observation.read().slice(0, 5));
  assert.equal(policy.filter.save(), before);
  policy.filter.update(observation, 8);
  assert.not.equal(policy.filter.save(), before);
});

agents("a filter that is off is the identity, without a clip", () => {
  const filter = createObservationFilter(runtime, 2, false);
  const x = runtime.tensor([2, 2]).write([1e30, -5, 0.1, 2]);
  filter.update(x, 2);
  assert.is(filter.count, 0);
  const out = runtime.tensor([2, 2]);
  filter.apply(out, x, 2);
  assert.equal(out.read(), x.read());
});

agents("an update with a number that is not finite is refused, and the statistics stay", () => {
  const { policy, observation } = setup(runtime, variants[0]);
  const before = policy.filter.save();
  for (const bad of [Number.NaN, Infinity, -Infinity]) {
    observation.view[13] = bad;
    const isRange = (error: unknown): boolean =>
      error instanceof RangeError &&
      /observationFilter\.update: "observation\[13\]" expected a finite/.test(error.message);
    assert.throws(() => policy.filter.update(observation, 10), isRange);
    assert.equal(policy.filter.save(), before);
    // beyond the rows it is told of, nothing matters
    observation.view[13] = 0;
    observation.view[50] = bad;
    const copy = createObservationFilter(runtime, 5);
    copy.update(observation, 10);
    assert.ok(copy.mean.read().every(Number.isFinite));
    observation.view[50] = 0;
  }
});

agents("a saved filter is the same bit for bit and goes on alike", () => {
  const [filter, copy] = [createObservationFilter(runtime, 5), createObservationFilter(runtime, 5)];
  const { observation } = setup(runtime, variants[0]);
  filter.update(observation, 30);
  copy.load(filter.save());
  filter.update(observation, 50);
  copy.update(observation, 50);
  assert.equal(copy.save(), filter.save());
  assert.equal(copy.inverseStd.read(), filter.inverseStd.read());
  assert.throws(() => createObservationFilter(runtime, 4).load(filter.save()), /saved array "mean"/);
  const narrow = createObservationFilter(runtime, 5, true, 2);
  assert.throws(() => narrow.load(filter.save()), /saved observation filter clips at 10, this one at 2/);
  const { arrays, meta } = filter.save();
  const { statistics } = meta as { statistics: Json };
  copy.load({ arrays, meta: { statistics } });
  assert.equal(copy.save(), filter.save());
  assert.throws(
    () => filter.update(observation, 1000),
    /observationFilter\.update: "observation" expected at least 1000 rows/,
  );
});

agents("the mode is one action; draws are a function of the seed, and go on after loading", () => {
  for (const variant of variants) {
    const { policy, observation } = setup(runtime, variant);
    const x = observation.read().slice(0, 5);
    const mode = policy.agent();
    assert.equal(mode.act(x), mode.act([...x]));
    const [one, two] = [policy.agent({ stochastic: true, seed: 5 }), policy.agent({ stochastic: true, seed: 5 })];
    const drawn = Array.from({ length: 20 }, () => one.act(x));
    const again = Array.from({ length: 10 }, () => two.act(x));
    assert.equal(again, drawn.slice(0, 10));
    const late = policy.agent({ stochastic: true });
    late.load(two.save());
    two.dispose();
    const out = new Float32Array(policy.envActionSize);
    assert.is(late.act(x, out), out);
    assert.equal(out, drawn[10]);
    const distinct = new Set(drawn.map(String)).size;
    if (variant.kind === "deterministic") assert.is(distinct, 1);
    else assert.ok(distinct > 1);
  }
});

agents("an agent plays tasks with continuous and with discrete actions", () => {
  for (const [task, kind] of [
    [pendulum, "gaussian"],
    [pendulum, "squashed"],
    [cartPole, "categorical"],
  ] as const) {
    const env = makeEnv(runtime, task as Task, { seed: 1 });
    const { observationSpace, actionSpace } = env;
    const observationSize = observationSpace.kind === "box" ? observationSpace.low.length : 1;
    const policy = createPolicy(runtime, { kind, observationSize, actionSpace, seed: 0 });
    const agent = policy.agent({ stochastic: true });
    let { observation } = env.reset();
    for (let t = 0, ended = false; t < 50 && !ended; t++) {
      const step = env.step(agent.act(observation));
      ({ observation } = step);
      ended = step.terminated || step.truncated;
    }
    env.close();
  }
});

agents("hostile observations are refused, and nothing is drawn", () => {
  const { policy } = setup(runtime, variants[0]);
  const agent = policy.agent({ stochastic: true });
  const before = agent.save();
  for (const bad of [Number.NaN, Infinity, -Infinity]) {
    const isRange = (error: unknown): boolean =>
      error instanceof RangeError && error.message.startsWith('policy.act: "observation[2]" expected a finite number');
    assert.throws(() => agent.act([0, 0, bad, 0, 0]), isRange);
  }
  assert.throws(() => agent.act([1, 2]), /policy\.act: "observation" expected shape \[5\], got \[2\]/);
  assert.throws(() => agent.act("12345" as never), /policy\.act: "observation" expected numbers/);
  assert.throws(() => agent.act([0, 0, 0, 0, 0], new Float32Array(2)), /policy\.act: "out" expected 3 elements/);
  assert.throws(
    () => policy.agent({ seed: -1 }),
    /policy\.agent: "seed" expected an integer in \[0, 9007199254740991\], got -1/,
  );
  assert.throws(() => policy.agent({ greedy: true } as never), /unknown option "greedy"/);
  assert.equal(agent.save(), before);
});

agents.run();
